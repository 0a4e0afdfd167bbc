#include <gmock/gmock.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>

#include "bytes.hpp"
#include "netcfg/monitor_decode.hpp"
#include "netcfg/rtnl_decode.hpp"
#include "netcfg/rtnl_encode.hpp"

namespace metalwright::netcfg {
namespace {

using namespace std::string_view_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string encoded(const ShapingOp& op, std::uint32_t expected_messages = 1) {
    std::vector<std::byte> bytes;
    EXPECT_EQ(encode(KernelOp{op}, 7, bytes), expected_messages);
    return hex(bytes);
}

template <class T>
std::string raw(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string attribute(std::uint16_t type, const std::string& content) {
    std::string text = raw(rtattr{static_cast<unsigned short>(4 + content.size()), type});
    text += content;
    text.resize((text.size() + 3) / 4 * 4);
    return text;
}

TEST(EncodeShaping, ABucketIsMadeOrChangedInPlaceAndReplacesNobody) {
    EXPECT_EQ(encoded(SetShaper{2, token_bucket(100)}),
              "60000000 24000504 07000000 00000000 "           // NEWQDISC, CREATE ACK: no REPLACE
              "00000000 02000000 0000574d ffffffff 00000000 "  // NIC 2, handle 4d57:, root
              "08000100 74626600 "                             // "tbf"
              "34000280 "                                      // options
              "28000100 "                                      // parameters
              "00010000 00000000 20bcbe00 "                    // ethernet, 12500000 bytes/s
              "00000000 00000000 00000000 "                    // no peak rate
              "04880500 24f40000 00000000 "                    // limit 362500, 62500 ticks of 64 ns
              "08000600 50c30000");                            // burst 50000 bytes
}

TEST(EncodeShaping, BeyondThirtyTwoBitsTheRateHasAnAttributeOfItsOwn) {
    EXPECT_THAT(encoded(SetShaper{2, token_bucket(34'359)}), Not(HasSubstr("0c000400")));
    // 34360 Mbit/s are 4295000000 bytes/s.
    EXPECT_THAT(encoded(SetShaper{2, token_bucket(34'360)}),
                HasSubstr("0c000400 c07f0000 01000000"));
}

TEST(EncodeShaping, OnlyWhatHasOurHandleAndKindIsRemoved) {
    EXPECT_EQ(encoded(RemoveShaper{2}),
              "2c000000 25000500 07000000 00000000 "
              "00000000 02000000 0000574d ffffffff 00000000 "
              "08000100 74626600");
}

TEST(EncodeShaping, TheIfbComesUpWithTheIndexItWasGiven) {
    EXPECT_EQ(encoded(MakeIfb{0x4d57}),
              "38000000 10000506 07000000 00000000 "
              "00000000 574d0000 01000000 01000000 "  // NIC 19799, up
              "0c000300 6d772d69 66623000 "           // "mw-ifb0"
              "0c001280 08000100 69666200");          // kind "ifb"
    EXPECT_EQ(encoded(RemoveIfb{0x4d57}),
              "20000000 11000500 07000000 00000000 00000000 574d0000 00000000 00000000");
}

TEST(EncodeShaping, AllThatComesInIsRedirected) {
    const std::string qdisc =
        "30000000 24000506 07000000 00000000 "
        "00000000 02000000 0000ffff f1ffffff 00000000 "
        "0c000100 696e6772 65737300 ";  // "ingress"
    const auto filter = [](const std::string& seq) {
        return "8c000000 2c000506 " + seq +
               " 00000000 "
               "00000000 02000000 00000000 0000ffff 0003574d "  // priority 4d57, any protocol
               "08000100 75333200 "                             // "u32"
               "60000280 "
               "24000500 01000100 00000000 00000000 00000000 "  // terminal, one key: matches all
               "00000000 00000000 00000000 00000000 "
               "38000780 34000180 "
               "0b000100 6d697272 65640000 "  // "mirred"
               "24000280 20000200 "
               "00000000 00000000 04000000 00000000 00000000 "  // stolen
               "01000000 574d0000";                             // egress redirect to 19799
    };
    EXPECT_EQ(encoded(Redirect{2, 0x4d57}, 2), qdisc + filter("08000000"));
    EXPECT_EQ(encoded(Redirect{2, 0x4d57, false}), filter("07000000"));
}

TEST(EncodeShaping, OnlyOurPriorityIsTakenAway) {
    const std::string filter =
        "2c000000 2d000500 07000000 00000000 "
        "00000000 02000000 00000000 0000ffff 0003574d 08000100 75333200";
    EXPECT_EQ(encoded(EndRedirect{2, false}), filter);
    EXPECT_EQ(encoded(EndRedirect{2}, 2),
              filter +
                  " 30000000 25000500 08000000 00000000 "
                  "00000000 02000000 0000ffff f1ffffff 00000000 0c000100 696e6772 65737300");
}

TEST(EncodeShaping, WhatIsAskedFor) {
    std::vector<std::byte> bytes;
    encode(Dump{.what = Dump::What::qdiscs}, 3, bytes);
    EXPECT_EQ(hex(bytes),
              "24000000 26000103 03000000 00000000 "
              "00000000 00000000 00000000 00000000 00000000");
    bytes.clear();
    encode(Dump{.what = Dump::What::ingress_filters, .ifindex = 2}, 3, bytes);
    EXPECT_EQ(hex(bytes),
              "24000000 2e000103 03000000 00000000 "
              "00000000 02000000 00000000 f2ffffff 00000000");
}

// ---- decode -------------------------------------------------------------------------------------

tcmsg head(std::uint32_t handle, std::uint32_t parent, std::uint32_t info = 0) {
    tcmsg header{};
    header.tcm_ifindex = 2;
    header.tcm_handle = handle;
    header.tcm_parent = parent;
    header.tcm_info = info;
    return header;
}

tc_tbf_qopt parameters() {
    tc_tbf_qopt values{};
    values.rate.rate = 12'500'000;
    values.limit = 362'500;
    values.buffer = 62'500;
    return values;
}

TrafficControl decoded(const Datagram& datagram) {
    Observed objects;
    EXPECT_TRUE(decode(datagram.bytes(), 3, objects));
    return objects.traffic;
}

TEST(DecodeShaping, ABucketWithItsRateItsBurstAndWhatMayWait) {
    Datagram datagram;
    datagram.message(RTM_NEWQDISC, NLM_F_MULTI, 3, head(shaper_handle, TC_H_ROOT))
        .attribute(TCA_KIND, "tbf\0"sv)
        .attribute(TCA_OPTIONS, attribute(TCA_TBF_PARMS, raw(parameters())));
    const Qdisc expected{.ifindex = 2,
                         .handle = shaper_handle,
                         .parent = TC_H_ROOT,
                         .kind = "tbf",
                         .rate = 12'500'000,
                         .burst_ns = 4'000'000,
                         .limit = 362'500};
    EXPECT_THAT(decoded(datagram).qdiscs, ElementsAre(expected));
}

TEST(DecodeShaping, ALargeRateIsReadFromItsOwnAttribute) {
    tc_tbf_qopt full = parameters();
    full.rate.rate = 0xffffffff;
    Datagram datagram;
    datagram.message(RTM_NEWQDISC, NLM_F_MULTI, 3, head(shaper_handle, TC_H_ROOT))
        .attribute(TCA_KIND, "tbf\0"sv)
        .attribute(TCA_OPTIONS, attribute(TCA_TBF_PARMS, raw(full)) +
                                    attribute(TCA_TBF_RATE64, raw(std::uint64_t{5'000'000'000})));
    EXPECT_EQ(decoded(datagram).qdiscs.front().rate, 5'000'000'000u);
}

TEST(DecodeShaping, ChildrenAndWhatIsCutShortArePassedOver) {
    Datagram datagram;
    datagram.message(RTM_NEWQDISC, NLM_F_MULTI, 3, head(0, 0x10001))
        .attribute(TCA_KIND, "fq_codel\0"sv);
    datagram.message(RTM_NEWQDISC, NLM_F_MULTI, 3, std::array<char, 8>{});
    datagram.message(RTM_NEWTFILTER, NLM_F_MULTI, 3, std::array<char, 8>{});
    EXPECT_EQ(decoded(datagram), TrafficControl{});
}

TEST(DecodeShaping, ABucketWithoutReadableNumbersIsNoBucketOfOurs) {
    for (const std::string& options :
         {std::string(), attribute(TCA_TBF_PARMS, "short"), std::string("\xff\xff\x01\0", 4)}) {
        Datagram datagram;
        datagram.message(RTM_NEWQDISC, NLM_F_MULTI, 3, head(shaper_handle, TC_H_ROOT))
            .attribute(TCA_KIND, "tbf\0"sv)
            .attribute(TCA_OPTIONS, options);
        const TrafficControl seen = decoded(datagram);
        ASSERT_EQ(seen.qdiscs.size(), 1u);
        EXPECT_EQ(seen.qdiscs.front().rate, 0u);
    }
}

std::string mirred_to(std::uint32_t ifindex, std::int32_t what = TCA_EGRESS_REDIR) {
    tc_mirred mirred{};
    mirred.eaction = what;
    mirred.ifindex = ifindex;
    return attribute(
        TCA_U32_ACT,
        attribute(1, attribute(TCA_ACT_KIND, std::string("mirred\0", 7)) +
                         attribute(TCA_ACT_OPTIONS, attribute(TCA_MIRRED_PARMS, raw(mirred)))));
}

TEST(DecodeShaping, TheMessagesOfAFilterAreOneFilter) {
    const std::uint32_t info = TC_H_MAKE(std::uint32_t{redirect_priority} << 16, 0x300);
    Datagram datagram;
    for (const std::uint32_t handle : {0u, 0x80000000u})
        datagram.message(RTM_NEWTFILTER, NLM_F_MULTI, 3, head(handle, 0xffff0000, info))
            .attribute(TCA_KIND, "u32\0"sv);
    datagram.message(RTM_NEWTFILTER, NLM_F_MULTI, 3, head(0x80000800, 0xffff0000, info))
        .attribute(TCA_KIND, "u32\0"sv)
        .attribute(TCA_OPTIONS, mirred_to(9));
    datagram.message(RTM_NEWTFILTER, NLM_F_MULTI, 3, head(1, 0xffff0000, 10u << 16))
        .attribute(TCA_KIND, "bpf\0"sv)
        .attribute(TCA_OPTIONS, mirred_to(9));
    EXPECT_THAT(
        decoded(datagram).filters,
        ElementsAre(IngressFilter{2, redirect_priority, "u32", 9}, IngressFilter{2, 10, "bpf", 0}));
}

TEST(DecodeShaping, AMirrorIsNoRedirection) {
    Datagram datagram;
    datagram.message(RTM_NEWTFILTER, NLM_F_MULTI, 3, head(0x80000800, 0xffff0000, 10u << 16))
        .attribute(TCA_KIND, "u32\0"sv)
        .attribute(TCA_OPTIONS, mirred_to(9, TCA_EGRESS_MIRROR));
    EXPECT_EQ(decoded(datagram).filters.front().redirect_to, 0);
}

TEST(DecodeShaping, ChangesAreHeard) {
    Datagram datagram;
    datagram.message(RTM_DELQDISC, 0, 0, head(shaper_handle, TC_H_ROOT))
        .attribute(TCA_KIND, "tbf\0"sv);
    datagram.message(RTM_NEWQDISC, 0, 0, head(0x10000, TC_H_ROOT)).attribute(TCA_KIND, "htb\0"sv);
    datagram.message(RTM_DELTFILTER, 0, 0, head(0, 0xffff0000, 10u << 16))
        .attribute(TCA_KIND, "u32\0"sv);
    KnownLinks known;
    std::vector<Change> changes;
    EXPECT_TRUE(decode_changes(datagram.bytes(), known, changes));
    EXPECT_THAT(changes,
                ElementsAre(Change(QdiscChange{false, {2, shaper_handle, TC_H_ROOT, "tbf"}}),
                            Change(QdiscChange{true, {2, 0x10000, TC_H_ROOT, "htb"}}),
                            Change(FilterChange{false, {2, 10, "u32", 0}})));
}

}  // namespace
}  // namespace metalwright::netcfg
