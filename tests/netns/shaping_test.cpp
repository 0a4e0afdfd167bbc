#include <gmock/gmock.h>
#include <linux/pkt_sched.h>

#include <array>
#include <cstdio>
#include <regex>

#include "lab.hpp"
#include "netcfg/monitor.hpp"
#include "netcfg/shaping_op.hpp"

namespace metalwright::netcfg {
namespace {

using testing::AllOf;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

Wanted rate(std::uint32_t egress, std::uint32_t ingress = 0) {
    return {.shaping = Shaping{egress, ingress}, .wan = {.name = "va"}};
}

/// What a program prints: tc reads the kernel with code that is not ours.
std::string printed(const std::string& command) {
    std::string text;
    FILE* pipe = ::popen(command.c_str(), "r");
    EXPECT_NE(pipe, nullptr);
    if (pipe == nullptr) return text;
    std::array<char, 4096> part;
    while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe))
        text.append(part.data(), size);
    EXPECT_EQ(::pclose(pipe), 0) << command;
    return text;
}

/// Without what the kernel counts, which is nobody's setting.
std::string root_of(const std::string& nic) {
    return std::regex_replace(printed("tc qdisc show dev " + nic + " root"),
                              std::regex(" (refcnt|direct_packets_stat) [0-9]+"), "");
}

class ShapingInTheKernel : public Netns {
 protected:
    /// What the report says of an item; the read-back is in it.
    Outcome set(const Wanted& wanted, const std::string& item = "bandwidth") {
        return outcome(bring_to(wanted), item);
    }
    /// Many times what a bucket of 1 Mbit/s holds; of small frames, which it takes long to count.
    static void send_much(const char* to) {
        Udp sender(false);
        for (int i = 0; i < 2'000; ++i) sender.send(Address::parse(to).value(), 9);
    }
    /// Whether a bucket ever made somebody wait, as the kernel counts it.
    static bool held_back(const std::string& nic) {
        const std::string text = printed("tc -s qdisc show dev " + nic + " root");
        return text.find("overlimits ") != std::string::npos &&
               text.find("overlimits 0 ") == std::string::npos;
    }
};

TEST_F(ShapingInTheKernel, IsSetAndReadBackAsItself) {
    EXPECT_EQ(set(rate(100)), Outcome::changed);
    EXPECT_THAT(root_of("va"), HasSubstr("tbf 4d57: "));
    EXPECT_THAT(root_of("va"), HasSubstr("rate 100Mbit burst 50000b lat 25ms"));
    EXPECT_EQ(set(rate(100)), Outcome::unchanged);
    const std::uint64_t before = rtnl_->mutations();
    EXPECT_THAT(plan(rate(100), seen(rate(100)), {}).steps, IsEmpty());
    EXPECT_EQ(rtnl_->mutations(), before);
}

TEST_F(ShapingInTheKernel, EveryRateIsReadBackAsItself) {
    for (const std::uint32_t mbps : {1u, 3u, 7u, 32u, 33u, 333u, 1000u, 9999u, 10'240u, 34'359u,
                                     34'360u, 99'999u, 1'000'000u, 2'000'000u})
        EXPECT_EQ(set(rate(mbps)), Outcome::changed) << mbps;
    EXPECT_EQ(set(rate(34'360)), Outcome::changed);
    EXPECT_THAT(root_of("va"), HasSubstr("rate 34360Mbit"));
}

TEST_F(ShapingInTheKernel, IsChangedInPlaceWithoutAMomentUnshaped) {
    bring_to(rate(100));
    auto monitor = Monitor::open();
    ASSERT_TRUE(monitor);
    monitor->know(seen().links);
    EXPECT_EQ(set(rate(200)), Outcome::changed);
    EXPECT_THAT(root_of("va"), HasSubstr("tbf 4d57: "));
    EXPECT_THAT(root_of("va"), HasSubstr("rate 200Mbit"));
    const auto told = monitor->read();
    ASSERT_TRUE(told);
    std::vector<QdiscChange> changes;
    for (const Change& change : told->list)
        if (const auto* qdisc = std::get_if<QdiscChange>(&change)) changes.push_back(*qdisc);
    ASSERT_THAT(changes, SizeIs(1)) << "changed: neither removed nor made a second time";
    EXPECT_TRUE(changes.front().added);
    EXPECT_EQ(changes.front().qdisc.handle, shaper_handle);
    EXPECT_EQ(changes.front().qdisc.rate, 25'000'000u);
}

TEST_F(ShapingInTheKernel, SomebodyWhoTakesItAwayIsHeard) {
    bring_to(rate(100));
    auto monitor = Monitor::open();
    ASSERT_TRUE(monitor);
    shell("tc qdisc del dev va root");
    const auto told = monitor->read();
    ASSERT_TRUE(told);
    EXPECT_TRUE(std::ranges::any_of(told->list, [](const Change& change) {
        const auto* qdisc = std::get_if<QdiscChange>(&change);
        return qdisc != nullptr && !qdisc->added && qdisc->qdisc.handle == shaper_handle;
    }));
    EXPECT_EQ(set(rate(100)), Outcome::changed);
}

TEST_F(ShapingInTheKernel, ZeroRemovesItAndAddressesStay) {
    shell("ip address add 10.9.0.9/24 dev va");
    bring_to(rate(100));
    EXPECT_EQ(set(rate(0)), Outcome::changed);
    EXPECT_THAT(root_of("va"), Not(HasSubstr("tbf")));
    EXPECT_EQ(set(rate(0)), Outcome::unchanged);
    EXPECT_TRUE(has_address("10.9.0.9/24"));
}

TEST_F(ShapingInTheKernel, LimitsWhatGoesOut) {
    shell("ip address add 10.9.0.9/24 dev va");
    bring_to(rate(1));
    EXPECT_FALSE(held_back("va"));
    send_much("10.9.0.1");
    EXPECT_TRUE(held_back("va"));
}

TEST_F(ShapingInTheKernel, TheLargestFrameGetsThroughAtTheLowestRate) {
    shell("ip address add 10.9.0.9/24 dev va");
    shell("ip link set va mtu 9216");
    in_peer([] { shell("ip link set vb mtu 9216"); });
    bring_to(rate(1, 1));
    // 9216 bytes with the headers of IP and ICMP, in one piece, there and back.
    shell("ping -q -c 1 -M do -s 9188 10.9.0.1 > /dev/null");
}

TEST_F(ShapingInTheKernel, AnothersRootQdiscIsUntouched) {
    shell("tc qdisc add dev va root handle 1: htb default 1");
    const std::string before = root_of("va");
    EXPECT_EQ(set(rate(100)), Outcome::failed);
    EXPECT_EQ(set(rate(0)), Outcome::unchanged);
    EXPECT_EQ(root_of("va"), before);
    // Whoever came after we looked is not replaced either.
    const Plan<Op> late = plan(rate(100), Observed{.links = seen().links}, {});
    NoJournal journal;
    const auto done = apply(late.steps, seen(), *doors_, journal);
    ASSERT_THAT(done, SizeIs(1));
    EXPECT_FALSE(done.front());
    EXPECT_EQ(root_of("va"), before);
}

TEST_F(ShapingInTheKernel, WorksOnANicThatIsDown) {
    shell("ip link set va down");
    EXPECT_EQ(set(rate(100)), Outcome::changed);
    shell("ip link set va up");
    EXPECT_EQ(set(rate(100)), Outcome::unchanged);
}

// ---- what comes in ------------------------------------------------------------------------------

TEST_F(ShapingInTheKernel, WhatComesInIsLimitedAndStillComesIn) {
    shell("ip address add 10.9.0.9/24 dev va");
    EXPECT_EQ(set(rate(0, 1), "bandwidth/ingress"), Outcome::changed);
    EXPECT_EQ(set(rate(0, 1), "bandwidth/ingress"), Outcome::unchanged);
    Udp listener(false);
    ASSERT_TRUE(listener.bind(Address::parse("10.9.0.9").value(), 9));
    in_peer([] { send_much("10.9.0.9"); });
    EXPECT_TRUE(listener.receive());
    EXPECT_TRUE(held_back("mw-ifb0"));
}

TEST_F(ShapingInTheKernel, WhatComesInIsChangedInPlaceToo) {
    bring_to(rate(10, 10));
    EXPECT_EQ(set(rate(10, 20), "bandwidth/ingress"), Outcome::changed);
    EXPECT_THAT(root_of("mw-ifb0"), HasSubstr("rate 20Mbit"));
    EXPECT_THAT(root_of("va"), HasSubstr("rate 10Mbit"));
}

TEST_F(ShapingInTheKernel, NoIngressWantedLeavesNothingOfOursBehind) {
    bring_to(rate(10, 10));
    EXPECT_EQ(set(rate(10), "bandwidth/ingress"), Outcome::changed);
    EXPECT_EQ(printed("tc filter show dev va ingress"), "");
    EXPECT_THAT(printed("tc qdisc show dev va"), Not(HasSubstr("ingress")));
    for (const Link& link : seen().links) EXPECT_NE(link.name, ifb_name);
}

TEST_F(ShapingInTheKernel, EachPartOfIngressComesBack) {
    for (const char* away :
         {"ip link del mw-ifb0", "tc qdisc del dev va ingress", "tc filter del dev va ingress",
          "ip link set mw-ifb0 down", "tc qdisc del dev mw-ifb0 root"}) {
        bring_to(rate(10, 10));
        shell(away);
        EXPECT_EQ(set(rate(10, 10), "bandwidth/ingress"), Outcome::changed) << away;
        EXPECT_THAT(printed("tc filter show dev va ingress"),
                    HasSubstr("Egress Redirect to device mw-ifb0"))
            << away;
        EXPECT_THAT(root_of("mw-ifb0"), HasSubstr("tbf 4d57: ")) << away;
    }
}

TEST_F(ShapingInTheKernel, AnothersFiltersOnWhatComesInAreUntouched) {
    shell("tc qdisc add dev va clsact");
    EXPECT_EQ(set(rate(0, 10), "bandwidth/ingress"), Outcome::failed);
    shell("tc qdisc del dev va clsact");
    shell("tc qdisc add dev va ingress");
    shell(
        "tc filter add dev va ingress prio 5 protocol all u32 match u32 0 0 action mirred "
        "egress mirror dev lo");
    const std::string before = printed("tc filter show dev va ingress");
    EXPECT_EQ(set(rate(0, 10), "bandwidth/ingress"), Outcome::failed);
    EXPECT_EQ(printed("tc filter show dev va ingress"), before);
}

TEST_F(ShapingInTheKernel, ALaterFilterOfAnothersOutlivesOurs) {
    bring_to(rate(0, 10));
    shell(
        "tc filter add dev va ingress prio 5 protocol all u32 match u32 0 0 action mirred "
        "egress mirror dev lo");
    EXPECT_EQ(set(rate(0), "bandwidth/ingress"), Outcome::changed);
    const std::string left = printed("tc filter show dev va ingress");
    EXPECT_THAT(left, AllOf(HasSubstr("pref 5 "), Not(HasSubstr("pref 19799"))));
}

}  // namespace
}  // namespace metalwright::netcfg
