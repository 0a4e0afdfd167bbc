#include <gmock/gmock.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cstring>

#include "bytes.hpp"
#include "netcfg/rtnl_decode.hpp"
#include "netcfg/rtnl_encode.hpp"
#include "scene.hpp"

namespace metalwright::netcfg {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string encoded(const KernelOp& op, std::uint32_t expected_messages = 1) {
    std::vector<std::byte> bytes;
    EXPECT_EQ(encode(op, 7, bytes), expected_messages);
    return hex(bytes);
}

TEST(Encode, AnAddressCarriesItsMark) {
    EXPECT_EQ(encoded(AddAddress{.ifindex = 2, .first = cidr("10.0.0.5/24")}),
              "30000000 14000506 07000000 00000000 "  // length 48, RTM_NEWADDR, EXCL CREATE ACK
              "02180000 02000000 "                    // AF_INET /24, NIC 2
              "08000200 0a000005 08000100 0a000005 "  // IFA_LOCAL, IFA_ADDRESS
              "05000b00 4d000000");                   // IFA_PROTO 77
}

TEST(Encode, AnIpv6AliasIsUsableAtOnceAndNeverPreferred) {
    EXPECT_EQ(encoded(AddAddress{.ifindex = 2, .first = cidr("fd00::5"), .deprecated = true}),
              "5c000000 14000506 07000000 00000000 "
              "0a800200 02000000 "  // AF_INET6 /128, IFA_F_NODAD
              "14000200 fd000000 00000000 00000000 00000005 "
              "14000100 fd000000 00000000 00000000 00000005 "
              "05000b00 4d000000 "
              "14000600 00000000 ffffffff 00000000 00000000");  // preferred 0, valid for ever
}

TEST(Encode, ARangeOfAddressesIsAMessageEach) {
    std::vector<std::byte> bytes;
    EXPECT_EQ(encode(AddAddress{.ifindex = 2, .first = cidr("fd00::fe"), .count = 4}, 7, bytes),
              4u);
    ASSERT_EQ(bytes.size(), 4 * 72u);
    EXPECT_EQ(hex(std::span(bytes).subspan(3 * 72 + 8, 4)), "0a000000") << "the sequence counts on";
    EXPECT_EQ(hex(std::span(bytes).subspan(3 * 72 + 40, 4)), "00000101") << "fe + 3, with carry";
}

TEST(Encode, ARangeIsOneLocalRoute) {
    EXPECT_EQ(encoded(AddRoute{.route = local_route("10.0.2.0/28")}),
              "2c000000 1800050c 07000000 00000000 "  // APPEND CREATE: beside the kernel's own
              "021c0000 ff4dfe02 00000000 "  // table local, protocol 77, scope host, type local
              "08000100 0a000200 08000400 02000000");
}

TEST(Encode, ADefaultRouteIsExchangedAtOnce) {
    KernelRoute wanted = route("0.0.0.0/0", "10.0.0.1", our_protocol);
    wanted.metric = 100;
    EXPECT_EQ(encoded(AddRoute{.route = wanted, .replace = true}),
              "34000000 18000505 07000000 00000000 "  // REPLACE CREATE
              "02000000 fe4d0001 00000000 "
              "08000500 0a000001 08000400 02000000 08000600 64000000");
}

TEST(Encode, ARouteIsRemovedByItsProtocolToo) {
    EXPECT_EQ(encoded(RemoveRoute{route("10.8.0.0/16", "10.0.0.1", our_protocol)}),
              "34000000 19000500 07000000 00000000 "
              "02100000 fe4dff01 00000000 "  // scope nowhere
              "08000100 0a080000 08000500 0a000001 08000400 02000000");
}

TEST(Encode, KeepingSiblingsIsThreeMessagesInOneBatch) {
    EXPECT_EQ(encoded(RemoveAddress{2, cidr("10.0.0.5/24"), true}, 3),
              "34000000 13000500 07000000 00000000 "
              "00000000 02000000 00000000 00000000 "
              "14001a80 10000280 0c000180 08001400 01000000 "  // AF_SPEC > INET > CONF > 20 = 1
              "28000000 15000500 08000000 00000000 "
              "02180000 02000000 08000200 0a000005 08000100 0a000005 "
              "34000000 13000500 09000000 00000000 "
              "00000000 02000000 00000000 00000000 "
              "14001a80 10000280 0c000180 08001400 00000000");
}

TEST(Encode, LinkSettingsTouchOnlyWhatIsAsked) {
    EXPECT_EQ(encoded(SetLink{.ifindex = 2, .up = true}),
              "20000000 10000500 07000000 00000000 00000000 02000000 01000000 01000000");
    EXPECT_EQ(encoded(SetLink{.ifindex = 2, .mtu = 9000}),
              "28000000 10000500 07000000 00000000 00000000 02000000 00000000 00000000 "
              "08000400 28230000");
}

// ---- decode -----------------------------------------------------------------------------------

TEST(Decode, TheKernelsOwnWordsAreKept) {
    Datagram datagram;
    datagram.message(NLMSG_ERROR, NLM_F_CAPPED, 4, nlmsgerr{.error = 0, .msg = {}});
    datagram
        .message(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS, 5,
                 nlmsgerr{.error = -ENODEV, .msg = {.nlmsg_len = 48}})
        .attribute(NLMSGERR_ATTR_MSG, std::string_view("ipv4: Device not found\0", 23));
    Observed objects;
    const auto answer = decode(datagram.bytes(), 0, objects);
    ASSERT_TRUE(answer);
    EXPECT_THAT(answer->acks, ElementsAre(Ack{4, 0, ""}, Ack{5, ENODEV, "ipv4: Device not found"}));
}

TEST(Decode, TheTextIsFoundBehindAnUncappedRequestToo) {
    Datagram datagram;
    datagram.message(NLMSG_ERROR, NLM_F_ACK_TLVS, 5,
                     nlmsgerr{.error = -EEXIST, .msg = {.nlmsg_len = 24}});
    datagram.attribute(99, "abcd");  // stands for 8 bytes of the request's payload
    datagram.attribute(NLMSGERR_ATTR_MSG, std::string_view("no\0", 3));
    Observed objects;
    EXPECT_THAT(decode(datagram.bytes(), 0, objects)->acks, ElementsAre(Ack{5, EEXIST, "no"}));

    // No kernel sends it, but the fuzzer: it has no counterpart above zero.
    Datagram smallest;
    smallest.message(NLMSG_ERROR, NLM_F_CAPPED, 5, nlmsgerr{.error = INT_MIN, .msg = {}});
    EXPECT_THAT(decode(smallest.bytes(), 0, objects)->acks, ElementsAre(Ack{5, INT_MAX, ""}));
}

TEST(Decode, AnAddressWithItsFlagsAndItsOwner) {
    Datagram datagram;
    datagram.message(RTM_NEWADDR, NLM_F_MULTI, 3, ifaddrmsg{AF_INET, 24, 0x80, 0, 2})
        .attribute(IFA_ADDRESS, std::string_view("\x0a\0\0\x01", 4))
        .attribute(IFA_LOCAL, std::string_view("\x0a\0\0\x05", 4))
        .attribute(IFA_FLAGS, std::string_view("\x81\x02\0\0", 4))
        .attribute(IFA_PROTO, "M");
    datagram.message(NLMSG_DONE, NLM_F_MULTI, 3, int{0});
    Observed objects;
    const auto answer = decode(datagram.bytes(), 3, objects);
    EXPECT_TRUE(answer->done);
    EXPECT_THAT(objects.addresses, ElementsAre(KernelAddress{2, cidr("10.0.0.5/24"), 77, 0x281}));
}

TEST(Decode, ForeignNumbersKernelRoutesAndInterruptedDumps) {
    const rtmsg kernels{.rtm_family = AF_INET,
                        .rtm_dst_len = 32,
                        .rtm_table = RT_TABLE_LOCAL,
                        .rtm_protocol = RTPROT_KERNEL,
                        .rtm_type = RTN_LOCAL};
    rtmsg ours = kernels;
    ours.rtm_protocol = our_protocol;
    Datagram datagram;
    datagram.message(RTM_NEWROUTE, NLM_F_MULTI, 3, kernels);
    datagram.message(RTM_NEWROUTE, NLM_F_MULTI, 2, ours);
    datagram.message(RTM_NEWROUTE, NLM_F_MULTI | NLM_F_DUMP_INTR, 3, ours)
        .attribute(RTA_DST, std::string_view("\x0a\0\x02\0", 4))
        .attribute(RTA_OIF, std::string_view("\x02\0\0\0", 4))
        .attribute(RTA_PRIORITY, std::string_view("\x64\0\0\0", 4));
    Observed objects;
    const auto answer = decode(datagram.bytes(), 3, objects);
    EXPECT_TRUE(answer->interrupted);
    KernelRoute expected = local_route("10.0.2.0/32");
    expected.metric = 100;
    EXPECT_THAT(objects.routes, ElementsAre(expected));
}

TEST(Decode, ALinkAsFarAsWeCare) {
    std::string settings(32UL * 4, '\0');
    settings[19UL * 4] = 1;  // promote_secondaries
    const auto nested = [](std::uint16_t type, const std::string& content) {
        std::string text(4, '\0');
        const auto length = static_cast<std::uint16_t>(4 + content.size());
        std::memcpy(text.data(), &length, 2);
        std::memcpy(text.data() + 2, &type, 2);
        text += content;
        text.resize((text.size() + 3) / 4 * 4);
        return text;
    };
    Datagram datagram;
    datagram.message(RTM_NEWLINK, NLM_F_MULTI, 3, ifinfomsg{.ifi_index = 2, .ifi_flags = IFF_UP})
        .attribute(IFLA_IFNAME, std::string_view("eth0\0", 5))
        .attribute(IFLA_ADDRESS, "RT\x01\x02\xab\xff")
        .attribute(IFLA_PERM_ADDRESS, "RT\x01\x02\xab\xfe")
        .attribute(IFLA_MTU, std::string_view("\xdc\x05\0\0", 4))
        .attribute(IFLA_MASTER, std::string_view("\x09\0\0\0", 4))
        .attribute(IFLA_CARRIER, "\x01")
        .attribute(IFLA_LINKINFO, nested(IFLA_INFO_KIND, std::string("veth\0", 5)))
        .attribute(IFLA_AF_SPEC, nested(AF_INET, nested(IFLA_INET_CONF, settings)));
    Observed objects;
    ASSERT_TRUE(decode(datagram.bytes(), 3, objects));
    EXPECT_THAT(objects.links, ElementsAre(Link{.index = 2,
                                                .name = "eth0",
                                                .mac = "52:54:01:02:ab:ff",
                                                .kind = "veth",
                                                .mtu = 1500,
                                                .up = true,
                                                .carrier = true,
                                                .permanent_mac = "52:54:01:02:ab:fe",
                                                .master = 9,
                                                .promote_secondaries = true}));
}

TEST(Decode, WhatIsCutShortIsAnErrorNotACrash) {
    Datagram whole;
    whole.message(RTM_NEWADDR, NLM_F_MULTI, 3, ifaddrmsg{AF_INET, 24, 0x80, 0, 2})
        .attribute(IFA_LOCAL, std::string_view("\x0a\0\0\x05", 4));
    whole
        .message(NLMSG_ERROR, NLM_F_ACK_TLVS | NLM_F_CAPPED, 3,
                 nlmsgerr{.error = -1, .msg = {.nlmsg_len = 48}})
        .attribute(NLMSGERR_ATTR_MSG, "no end");
    for (std::size_t size = 0; size < whole.bytes().size(); ++size) {
        // A copy of its own, so that the address sanitizer sees a read past the end.
        std::vector<std::byte> part(whole.bytes().begin(),
                                    whole.bytes().begin() + static_cast<std::ptrdiff_t>(size));
        Observed objects;
        const auto answer = decode(part, 3, objects);
        EXPECT_EQ(answer.has_value(), size < 16 || (size >= 32 && size < 48)) << size;
    }
    // Every byte spoiled in turn: whatever comes out, it is read within bounds.
    for (std::size_t at = 0; at < whole.bytes().size(); ++at)
        for (const int value : {0, 1, 3, 4, 0x7f, 0xff}) {
            std::vector<std::byte> spoiled(whole.bytes().begin(), whole.bytes().end());
            spoiled[at] = static_cast<std::byte>(value);
            Observed objects;
            (void)decode(spoiled, 3, objects);
        }
}

}  // namespace
}  // namespace metalwright::netcfg
