#include <gmock/gmock.h>
#include <linux/pkt_sched.h>

#include <random>
#include <utility>

#include "netcfg/nic.hpp"
#include "netcfg/room.hpp"
#include "scene.hpp"
#include "tests/fakes/fake_exec.hpp"
#include "tests/fakes/fake_files.hpp"
#include "tests/fakes/fake_rtnl.hpp"

namespace metalwright::netcfg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int ifb_index = 19799;

/// The kernel in memory, and what plan() makes of it when nothing but shaping is wanted.
class PlanShaping : public testing::Test {
 protected:
    PlanShaping() { kernel.kernel() = server(); }

    Observed& there() { return kernel.kernel(); }
    void root(int ifindex, std::string kind, std::uint32_t handle) {
        there().traffic.qdiscs.push_back(
            {.ifindex = ifindex, .handle = handle, .parent = TC_H_ROOT, .kind = std::move(kind)});
    }
    void ingress_qdisc(int ifindex, std::string kind) {
        there().traffic.qdiscs.push_back({.ifindex = ifindex,
                                          .handle = TC_H_MAKE(TC_H_INGRESS, 0),
                                          .parent = TC_H_INGRESS,
                                          .kind = std::move(kind)});
    }
    static Wanted rate(std::uint32_t egress, std::uint32_t ingress = 0) {
        return {.nic = {.name = "eth0"}, .shaping = Shaping{egress, ingress}};
    }
    Plan<Op> planned(const Wanted& wanted) {
        const auto seen = observe(doors, wanted);
        EXPECT_TRUE(seen);
        return plan(wanted, *seen, {});
    }
    /// The steps; then does them, and asks again for nothing to be left.
    std::vector<std::string> brought_to(const Wanted& wanted) {
        const Plan<Op> made = planned(wanted);
        NoJournal journal;
        for (const Result<void>& done : apply(made.steps, there(), doors, journal))
            EXPECT_TRUE(done) << describe(done.error());
        EXPECT_THAT(steps_of(planned(wanted)), IsEmpty());
        return steps_of(made);
    }
    std::string refusal(const Wanted& wanted, std::string_view item) {
        const Observed before = there();
        const Plan<Op> made = planned(wanted);
        EXPECT_THAT(steps_of(made), IsEmpty());
        const ItemResult result = settled(made, item);
        EXPECT_EQ(result.outcome, Outcome::failed);
        return result.error ? result.error->message : "";
    }

    fakes::FakeRtnl kernel;
    fakes::FakeExec exec;
    fakes::FakeFiles files;
    Doors doors{kernel, exec, files};
};

TEST(Bucket, IsSizedForItsRate) {
    EXPECT_EQ(token_bucket(1), (TokenBucket{125'000, 16'384, 16'384 + 3'125}));
    EXPECT_EQ(token_bucket(100), (TokenBucket{12'500'000, 50'000, 50'000 + 312'500}));
    EXPECT_EQ(token_bucket(10'240), (TokenBucket{1'280'000'000, 5'120'000, 37'120'000}));
}

TEST(Bucket, EndsWhereTheKernelsNumbersDo) {
    EXPECT_EQ(token_bucket(2'000'000), (TokenBucket{250'000'000'000, 1'000'000'000, 0xffff'ffff}));
    EXPECT_EQ(token_bucket(0xffff'ffff).burst, 0xffff'ffffU);
}

TEST_F(PlanShaping, AbsentMeansUnmanaged) {
    root(2, "tbf", shaper_handle);
    EXPECT_EQ(planned({.nic = {.name = "eth0"}}), Plan<Op>{});
    EXPECT_TRUE(observe(doors, aliases({}))->traffic.qdiscs.empty()) << "nobody looks at them";
}

TEST_F(PlanShaping, TheKernelsOwnQdiscGivesWay) {
    for (const char* kind : {"noqueue", "mq", "fq_codel", "pfifo_fast"}) {
        there() = server();
        root(2, kind, 0);
        EXPECT_THAT(brought_to(rate(100)), ElementsAre("bandwidth: shape to 100 Mbit/s")) << kind;
    }
    there() = server();
    EXPECT_THAT(brought_to(rate(100)), ElementsAre("bandwidth: shape to 100 Mbit/s"));
}

TEST_F(PlanShaping, IsChangedInPlaceAndThenLeftAlone) {
    brought_to(rate(100));
    const Plan<Op> made = planned(rate(200));
    ASSERT_EQ(made.steps.size(), 1u);
    EXPECT_THAT(made.steps[0].why, HasSubstr("to 200 Mbit/s in place, it is 100 Mbit/s"));
    EXPECT_THAT(brought_to(rate(200)), ElementsAre("bandwidth: shape to 200 Mbit/s"));
    const ItemResult same = settled(planned(rate(200)), "bandwidth");
    EXPECT_EQ(same.outcome, Outcome::unchanged);
    EXPECT_THAT(same.note, HasSubstr("200 Mbit/s on eth0"));
}

TEST_F(PlanShaping, EveryRateIsReadBackAsItself) {
    for (std::uint32_t mbps = 1; mbps < 2'000'000; mbps += 1 + mbps / 3)
        EXPECT_FALSE(brought_to(rate(mbps)).empty()) << mbps;
}

TEST_F(PlanShaping, WhatSomebodyMadeOfOurBucketIsPutRight) {
    const auto ours = [&]() -> Qdisc& { return there().traffic.qdiscs.front(); };
    brought_to(rate(100));
    for (const auto change :
         {+[](Qdisc& q) { q.rate *= 2; }, +[](Qdisc& q) { q.limit *= 2; },
          +[](Qdisc& q) { q.burst_ns *= 2; }, +[](Qdisc& q) { q.burst_ns /= 2; }}) {
        change(ours());
        EXPECT_EQ(brought_to(rate(100)).size(), 1u);
    }
}

TEST_F(PlanShaping, ZeroRemovesOursWhereverItIsAndNothingElse) {
    brought_to(rate(100));
    root(3, "tbf", shaper_handle);
    there().links.push_back(nic(4, "eth2", "52:54:00:4d:57:03"));
    root(4, "htb", 0x10000);
    EXPECT_EQ(brought_to(rate(0)).size(), 2u);
    const ItemResult none = settled(planned(rate(0)), "bandwidth");
    EXPECT_EQ(none.outcome, Outcome::unchanged);
    EXPECT_EQ(there().traffic.qdiscs.back().kind, "htb");
}

TEST_F(PlanShaping, ZeroNeedsNoNic) {
    there().links = {loopback()};
    Wanted wanted = rate(0);
    wanted.nic = {};
    EXPECT_EQ(settled(planned(wanted), "bandwidth").outcome, Outcome::unchanged);
}

TEST_F(PlanShaping, AnothersRootQdiscIsLeftAlone) {
    root(2, "htb", 0x10000);
    EXPECT_THAT(refusal(rate(100), "bandwidth"),
                HasSubstr("somebody else has set the root qdisc of eth0 (htb)"));
    EXPECT_THAT(brought_to(rate(0)), IsEmpty());
}

TEST_F(PlanShaping, OurHandleOnAnotherKindIsNotOurs) {
    root(2, "htb", shaper_handle);
    EXPECT_THAT(refusal(rate(100), "bandwidth"), HasSubstr("somebody else"));
    EXPECT_THAT(brought_to(rate(0)), IsEmpty());
}

TEST_F(PlanShaping, WhoComesBetweenLookAndRequestIsNotReplaced) {
    const Plan<Op> made = planned(rate(100));
    root(2, "htb", 0x10000);
    NoJournal journal;
    const auto done = apply(made.steps, there(), doors, journal);
    ASSERT_FALSE(done.front());
    EXPECT_EQ(done.front().error().where, "eth0");
    EXPECT_EQ(there().traffic.qdiscs.back().kind, "htb");
}

TEST_F(PlanShaping, FollowsTheWanNic) {
    brought_to(rate(100));
    Wanted wanted = rate(100);
    wanted.wan = {.name = "eth1"};
    EXPECT_THAT(brought_to(wanted), ElementsAre("bandwidth (on eth0 before): remove the shaping",
                                                "bandwidth: shape to 100 Mbit/s"));
}

TEST_F(PlanShaping, IsThereBesideAddressesAndRestsOnNoneOfThem) {
    Wanted wanted = aliases({"10.0.0.5", "224.0.0.1"});
    wanted.shaping = Shaping{50};
    const Plan<Op> made = planned(wanted);
    EXPECT_THAT(kernel_steps(made),
                ElementsAre("alias/10.0.0.5/32: add 10.0.0.5/32", "bandwidth: shape to 50 Mbit/s"));
    EXPECT_EQ(made.steps.back().needs, "");
    EXPECT_EQ(settled(made, "alias/224.0.0.1/32").outcome, Outcome::failed);
}

TEST_F(PlanShaping, WithoutItsNicItIsToldWhy) {
    Wanted wanted = rate(100, 100);
    wanted.wan = {.mac = "52:54:00:00:00:00"};
    EXPECT_THAT(refusal(wanted, "bandwidth"), HasSubstr("the configured WAN NIC is not there"));
    EXPECT_THAT(refusal(wanted, "bandwidth/ingress"), HasSubstr("there are eth0"));
}

// ---- what comes in ------------------------------------------------------------------------------

TEST_F(PlanShaping, WhatComesInGoesThroughAnIfbThatIsShapedFirst) {
    EXPECT_THAT(brought_to(rate(100, 80)),
                ElementsAre("bandwidth: shape to 100 Mbit/s", "bandwidth/ingress: make mw-ifb0",
                            "bandwidth/ingress: shape to 80 Mbit/s",
                            "bandwidth/ingress: lead what comes in through mw-ifb0"));
    EXPECT_EQ(there().links.back().index, ifb_index);
    EXPECT_EQ(settled(planned(rate(100, 80)), "bandwidth/ingress").outcome, Outcome::unchanged);
    EXPECT_THAT(brought_to(rate(100, 90)), ElementsAre("bandwidth/ingress: shape to 90 Mbit/s"));
}

TEST_F(PlanShaping, TakesAnIndexThatIsFree) {
    there().links.push_back(nic(ifb_index, "x", "52:54:00:4d:57:09"));
    brought_to(rate(100, 80));
    EXPECT_EQ(there().links.back().index, ifb_index + 1);
}

TEST_F(PlanShaping, NoIngressWantedTakesAllOfOursAway) {
    brought_to(rate(100, 80));
    EXPECT_THAT(brought_to(rate(100)),
                ElementsAre("bandwidth/ingress: lead what comes in past mw-ifb0 again",
                            "bandwidth/ingress: remove mw-ifb0"));
    EXPECT_THAT(there().traffic.filters, IsEmpty());
    EXPECT_FALSE(has_item(planned(rate(100)), "bandwidth/ingress"));
    brought_to(rate(100, 80));
    brought_to(rate(0));
    EXPECT_EQ(there().links, server().links);
}

TEST_F(PlanShaping, AnIfbThatWasTakenAwayComesBack) {
    brought_to(rate(100, 80));
    fakes::shape(there(), RemoveIfb{ifb_index});
    EXPECT_THAT(
        brought_to(rate(100, 80)),
        ElementsAre("bandwidth/ingress: make mw-ifb0", "bandwidth/ingress: shape to 80 Mbit/s",
                    "bandwidth/ingress: lead what comes in past mw-ifb0 again",
                    "bandwidth/ingress: lead what comes in through mw-ifb0"));
}

TEST_F(PlanShaping, EachPartThatIsMissingComesBack) {
    brought_to(rate(100, 80));
    there().links.back().up = false;
    EXPECT_THAT(brought_to(rate(100, 80)), ElementsAre("bandwidth/ingress: bring the NIC up"));
    there().traffic.filters.clear();
    EXPECT_THAT(brought_to(rate(100, 80)),
                ElementsAre("bandwidth/ingress: lead what comes in through mw-ifb0"));
    fakes::shape(there(), RemoveShaper{ifb_index});
    EXPECT_THAT(brought_to(rate(100, 80)), ElementsAre("bandwidth/ingress: shape to 80 Mbit/s"));
}

TEST_F(PlanShaping, OthersWhoLookAtWhatComesInAreLeftAlone) {
    ingress_qdisc(2, "clsact");
    EXPECT_THAT(refusal(rate(0, 80), "bandwidth/ingress"),
                HasSubstr("looks at what comes in through eth0 (clsact)"));
    there().traffic.qdiscs.clear();
    ingress_qdisc(2, "ingress");
    there().traffic.filters = {{.ifindex = 2, .priority = 10, .kind = "bpf"}};
    EXPECT_THAT(refusal(rate(0, 80), "bandwidth/ingress"),
                HasSubstr("filters of its ingress qdisc"));
}

TEST_F(PlanShaping, AFilterOfAnothersBesideOursKeepsTheQdisc) {
    brought_to(rate(0, 80));
    there().traffic.filters.push_back({.ifindex = 2, .priority = 10, .kind = "bpf"});
    brought_to(rate(0));
    EXPECT_EQ(there().traffic.filters.size(), 1u);
    EXPECT_EQ(there().traffic.qdiscs.front().kind, "ingress");
}

TEST_F(PlanShaping, WhatIsLedNowhereIsNotLeftSo) {
    const auto lost = [&] {
        there() = server();
        brought_to(rate(0, 80));
        fakes::shape(there(), RemoveIfb{ifb_index});
    };
    lost();
    there().traffic.filters.push_back({.ifindex = 2, .priority = 10, .kind = "bpf"});
    EXPECT_EQ(brought_to(rate(0, 80)).size(), 4u) << "beside one who came later too";
    EXPECT_EQ(there().traffic.filters.size(), 2u);

    lost();
    there().links.push_back(nic(9, "mw-ifb0", "52:54:00:4d:57:09"));
    EXPECT_THAT(
        brought_to(rate(0, 80)),
        ElementsAre("bandwidth/ingress (on eth0 before): lead what comes in past mw-ifb0 again"));
    EXPECT_EQ(settled(planned(rate(0, 80)), "bandwidth/ingress").outcome, Outcome::failed);

    lost();
    Wanted wanted = rate(0, 80);
    wanted.wan = {.name = "eth7"};
    EXPECT_EQ(brought_to(wanted).size(), 1u);
    EXPECT_THAT(there().traffic.filters, IsEmpty());
}

TEST_F(PlanShaping, IngressFollowsTheWanNic) {
    brought_to(rate(0, 80));
    Wanted wanted = rate(0, 80);
    wanted.wan = {.name = "eth1"};
    EXPECT_THAT(
        brought_to(wanted),
        ElementsAre("bandwidth/ingress (on eth0 before): lead what comes in past mw-ifb0 again",
                    "bandwidth/ingress: lead what comes in through mw-ifb0"));
}

TEST_F(PlanShaping, ALinkOfThatNameThatIsNoIfbIsNotTouched) {
    there().links.push_back(nic(9, "mw-ifb0", "52:54:00:4d:57:09"));
    EXPECT_THAT(refusal(rate(0, 80), "bandwidth/ingress"), HasSubstr("which is no ifb"));
    EXPECT_THAT(brought_to(rate(0)), IsEmpty());
}

TEST_F(PlanShaping, AnothersQdiscOnTheIfbIsToldToo) {
    brought_to(rate(0, 80));
    for (Qdisc& qdisc : there().traffic.qdiscs)
        if (qdisc.ifindex == ifb_index) qdisc.kind = "htb";
    EXPECT_THAT(refusal(rate(0, 80), "bandwidth/ingress"),
                HasSubstr("root qdisc of mw-ifb0 (htb)"));
}

TEST_F(PlanShaping, AnyStateConvergesAndForeignOnesStay) {
    std::mt19937 random(77);
    const auto one_in = [&](unsigned n) { return random() % n == 0; };
    const auto some_rate = [&] { return static_cast<std::uint32_t>(random() % 3 * 100); };
    constexpr int other = 50;  // the ifb, which is ours with all that is on it, or a bond
    const auto foreign = [&](const TrafficControl& traffic) {
        std::vector<Qdisc> qdiscs;
        for (const Qdisc& qdisc : traffic.qdiscs)
            if (qdisc.ifindex != other && qdisc.handle != 0 &&
                (qdisc.handle != shaper_handle || qdisc.kind != "tbf") && qdisc.kind != "ingress")
                qdiscs.push_back(qdisc);
        std::vector<IngressFilter> filters;
        for (const IngressFilter& filter : traffic.filters)
            if (filter.priority != redirect_priority) filters.push_back(filter);
        return std::pair(qdiscs, filters);
    };
    for (int round = 0; round < 2'000; ++round) {
        SCOPED_TRACE(round);
        there() = server();
        if (one_in(2))
            there().links.push_back({.index = other,
                                     .name = one_in(2) ? "mw-ifb0" : "bond0",
                                     .mac = "02:00:00:00:00:01",
                                     .kind = one_in(4) ? "dummy" : "ifb",
                                     .up = one_in(2)});
        for (const int nic : {2, 3, other}) {
            if (nic == other && there().links.size() == 3) continue;
            if (one_in(3))
                root(nic, "fq_codel", 0);
            else if (one_in(4))
                root(nic, "htb", 0x10000);
            else if (one_in(2))
                root(nic, "tbf", shaper_handle);
            if (nic == other || one_in(2)) continue;
            ingress_qdisc(nic, one_in(4) ? "clsact" : "ingress");
            if (there().traffic.qdiscs.back().kind == "clsact") continue;
            if (one_in(2))
                there().traffic.filters.push_back(
                    {nic, redirect_priority, "u32", one_in(2) ? other : 0});
            if (one_in(4)) there().traffic.filters.push_back({nic, 10, "bpf", 0});
        }
        Wanted wanted = rate(some_rate(), some_rate());
        if (one_in(3)) wanted.wan = {.name = "eth1"};
        const auto before = foreign(there().traffic);
        brought_to(wanted);
        EXPECT_EQ(foreign(there().traffic), before);
    }
}

// ---- which NIC ----------------------------------------------------------------------------------

TEST(ChooseWan, ConfiguredThenWan0ThenBond0ThenThePrimaryOne) {
    Observed seen = server();
    const auto chosen = [&](const NicSelector& configured) {
        const auto choice = choose_wan(configured, seen, choose_nic({.name = "eth0"}, seen, {}));
        return choice ? choice->why : choice.error().message;
    };
    EXPECT_THAT(chosen({}), HasSubstr("eth0 (52:54:00:4d:57:01): no WAN NIC is configured"));
    seen.links.push_back(nic(4, "bond0", "52:54:00:4d:57:04"));
    EXPECT_THAT(chosen({}), HasSubstr("bond0 (52:54:00:4d:57:04): by its name"));
    seen.links.push_back(nic(5, "wan0", "52:54:00:4d:57:05"));
    EXPECT_THAT(chosen({}), HasSubstr("wan0 (52:54:00:4d:57:05): by its name"));
    EXPECT_THAT(chosen({.mac = "52:54:00:4d:57:02"}), HasSubstr("eth1"));
    EXPECT_THAT(chosen({.name = "eth7"}),
                HasSubstr("the configured WAN NIC is not there: there is no NIC named eth7"));
}

}  // namespace
}  // namespace metalwright::netcfg
