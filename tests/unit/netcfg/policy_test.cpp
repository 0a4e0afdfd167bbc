#include <gmock/gmock.h>

#include "policy_driver.hpp"
#include "tests/fakes/fake_exec.hpp"
#include "tests/fakes/fake_files.hpp"
#include "tests/fakes/fake_rtnl.hpp"

namespace metalwright::netcfg {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

const std::vector<Ordered> two_nics{{"eth0", {"10.0.0.10/24"}, "10.0.0.1"},
                                    {"eth1", {"10.0.1.10/24"}, "10.0.1.1"}};

class Policy : public testing::Test {
 protected:
    Policy() {
        kernel.kernel() = server();
        kernel.kernel().addresses = {foreign("10.0.0.10/24", 2), foreign("10.0.1.10/24", 3)};
    }

    std::vector<ItemResult> bring_to(const std::vector<Ordered>& order) {
        return bring_policy_to(order, doors, owned);
    }
    std::vector<std::string> steps(const std::vector<Ordered>& order) {
        const Observed seen = look_at(kernel, order.size());
        return steps_of(policy_plan(seen, owned, nics_in(seen, order)));
    }
    Link& link(std::size_t at) { return kernel.kernel().links[at]; }
    std::vector<KernelRule>& rules() { return kernel.kernel().rules; }

    /// Sources that a rule sends to a NIC's table.
    std::vector<std::string> sources(std::uint32_t table) {
        std::vector<std::string> found;
        for (const KernelRule& each : rules())
            if (each.priority == table) found.push_back(each.from ? each.from->text() : "all");
        return found;
    }

    fakes::FakeRtnl kernel;
    fakes::FakeExec exec;
    fakes::FakeFiles files;
    Doors doors{kernel, exec, files};
    Owned owned;
};

TEST_F(Policy, EachNicGetsItsTableAndItsRule) {
    EXPECT_THAT(
        steps(two_nics),
        ElementsAre("policy/eth0: add rule 7699 from all IPv4 to table 254",
                    "policy/eth0: add route 10.0.0.0/24",
                    "policy/eth0: add route 0.0.0.0/0 via 10.0.0.1",
                    "policy/eth0: add rule 7700 from 10.0.0.0/24 to table 7700",
                    "policy/eth0: set arp_filter to 1", "policy/eth0: set arp_announce to 2",
                    "policy/eth0: set group to 7700", "policy/eth1: add route 10.0.1.0/24",
                    "policy/eth1: add route 0.0.0.0/0 via 10.0.1.1",
                    "policy/eth1: add rule 7701 from 10.0.1.0/24 to table 7701",
                    "policy/eth1: set arp_filter to 1", "policy/eth1: set arp_announce to 2",
                    "policy/eth1: set group to 7700"));
}

TEST_F(Policy, OneNicNeedsNone) {
    EXPECT_THAT(steps({two_nics.front()}), IsEmpty());
    EXPECT_THAT(steps({}), IsEmpty());
    EXPECT_THAT(bring_to({two_nics.front()}), IsEmpty());
}

TEST_F(Policy, ASecondRunChangesNothing) {
    for (const ItemResult& result : bring_to(two_nics))
        EXPECT_EQ(result.outcome, Outcome::changed) << result.item;
    const std::uint64_t mutations = kernel.mutations();
    const std::vector<ItemResult> again = bring_to(two_nics);
    ASSERT_EQ(again.size(), 2u);
    for (const ItemResult& result : again)
        EXPECT_EQ(result.outcome, Outcome::unchanged) << result.item;
    EXPECT_EQ(kernel.mutations(), mutations);
}

TEST_F(Policy, SwitchedOffItLeavesNothingAndSettingsAreAsTheyWere) {
    link(2).arp_announce = 1;
    link(2).rp_filter = 1;
    const Observed before = kernel.kernel();
    bring_to(two_nics);
    EXPECT_EQ(link(2).arp_announce, 2);
    EXPECT_EQ(link(2).arp_filter, 1);
    for (const ItemResult& result : bring_to({two_nics.front()}))
        EXPECT_EQ(result.outcome, Outcome::changed) << result.item;
    EXPECT_EQ(kernel.kernel(), before);
    EXPECT_THAT(owned.settings, IsEmpty());
    EXPECT_THAT(bring_to({}), IsEmpty());
}

TEST_F(Policy, WhatASettingWasIsRememberedOnceAndBeforeItIsChanged) {
    link(1).arp_announce = 1;
    const Observed seen = look_at(kernel, 2);
    const std::vector<PolicyNic> nics = nics_in(seen, two_nics);
    const Owned::Setting expected{link(1).mac, "eth0", NicSetting::arp_announce, 1};
    owned.settings = settings_after(seen, {}, nics);
    EXPECT_THAT(owned.settings, Contains(expected));
    bring_to(two_nics);
    bring_to(two_nics);
    EXPECT_THAT(owned.settings, Contains(expected));
    EXPECT_EQ(owned.settings.size(), 6u);
}

TEST_F(Policy, ASettingThatSomebodyHasChangedSinceIsTheirs) {
    bring_to(two_nics);
    link(2).arp_announce = 0;
    link(2).group = 5;
    bring_to({});
    EXPECT_EQ(link(2).group, 5);
    EXPECT_EQ(link(2).arp_filter, 0);
    EXPECT_THAT(owned.settings, IsEmpty());
}

TEST_F(Policy, SettingsThatWereSoAlreadyAreNotOurs) {
    for (const std::size_t at : {1u, 2u}) {
        link(at).arp_filter = 1;
        link(at).arp_announce = 2;
    }
    bring_to(two_nics);
    bring_to({});
    EXPECT_EQ(link(1).arp_filter, 1);
    EXPECT_EQ(link(2).arp_announce, 2);
    EXPECT_EQ(link(2).group, 0);
}

TEST_F(Policy, ADeviceGroupOfSomebodyElseStaysAndThatIsSaid) {
    link(2).group = 5;
    bring_to(two_nics);
    EXPECT_EQ(link(2).group, 5);
    for (const ItemResult& result : bring_to(two_nics))
        if (result.item == "policy/eth1") {
            EXPECT_EQ(result.outcome, Outcome::unchanged);
            EXPECT_THAT(result.note, HasSubstr("eth1 is in device group 5 of somebody else"));
        }
}

TEST_F(Policy, SettingsFollowANicThatWasRenamed) {
    bring_to(two_nics);
    link(2).name = "lan1";
    bring_to({});
    EXPECT_EQ(link(2).arp_filter, 0);
    EXPECT_EQ(link(2).group, 0);
}

// ---- rp_filter --------------------------------------------------------------------------------

TEST_F(Policy, AStrictNicWithADefaultRouteStaysStrict) {
    link(2).rp_filter = 1;
    bring_to(two_nics);
    EXPECT_EQ(link(2).rp_filter, 1) << "the rule shows the kernel the way back";
}

TEST_F(Policy, AStrictNicWithoutOneIsLoosenedUntilItHasOne) {
    std::vector<Ordered> order = two_nics;
    order[1].gateway = "";
    for (const bool all : {false, true}) {
        link(2).rp_filter = all ? 0 : 1;
        kernel.kernel().rp_filter_of_all = all ? 1 : 0;
        bring_to(order);
        EXPECT_EQ(link(2).rp_filter, 2);
        EXPECT_EQ(link(1).rp_filter, 0);
        for (const ItemResult& result : bring_to(order))
            EXPECT_EQ(result.outcome, Outcome::unchanged) << result.item;
        bring_to(two_nics);
        EXPECT_EQ(link(2).rp_filter, all ? 0 : 1) << "it has a gateway now";
    }
    link(2).rp_filter = 2;
    bring_to(order);
    EXPECT_THAT(owned.settings,
                Not(Contains(testing::Field(&Owned::Setting::key, NicSetting::rp_filter))));
}

TEST_F(Policy, TheDefaultRouteOfTableMainIsAWayBackToo) {
    std::vector<Ordered> order = two_nics;
    order[0].gateway = "";
    link(1).rp_filter = 1;
    kernel.kernel().routes = {route("0.0.0.0/0", "10.0.0.1", 3, 2)};
    bring_to(order);
    EXPECT_EQ(link(1).rp_filter, 1);
}

// ---- sources ----------------------------------------------------------------------------------

TEST_F(Policy, AliasesInTheNicsNetworkNeedNoRuleOfTheirOwn) {
    std::vector<Ordered> order = two_nics;
    for (int i = 20; i < 200; ++i) order[1].sources.push_back("10.0.1." + std::to_string(i));
    order[1].sources.insert(order[1].sources.end(),
                            {"10.7.0.5", "10.8.0.0/28", "10.9.0.1/24", "10.9.0.2/24"});
    bring_to(order);
    EXPECT_THAT(sources(7701),
                ElementsAre("10.0.1.0/24", "10.7.0.5/32", "10.8.0.0/28", "10.9.0.0/24"));
    EXPECT_THAT(kernel.kernel().routes, Contains(in_table(7701, "10.9.0.0/24", "", 3)));
}

TEST_F(Policy, TwoNicsInOneNetworkAreToldApartByTheirAddresses) {
    const std::vector<Ordered> order{{"eth0", {"10.0.0.10/24", "10.0.0.12"}, "10.0.0.1"},
                                     {"eth1", {"10.0.0.11/24", "10.0.0.16/30"}, "10.0.0.1"}};
    kernel.kernel().addresses = {foreign("10.0.0.10/24", 2), foreign("10.0.0.11/24", 3)};
    bring_to(order);
    EXPECT_THAT(sources(7700), ElementsAre("10.0.0.10/32", "10.0.0.12/32"));
    EXPECT_THAT(sources(7701), ElementsAre("10.0.0.11/32", "10.0.0.16/30"));
    EXPECT_THAT(kernel.kernel().routes, IsSupersetOf({in_table(7700, "10.0.0.0/24", "", 2),
                                                      in_table(7701, "10.0.0.0/24", "", 3)}));
}

TEST_F(Policy, AnAliasInTheNetworkOfAnotherNicLeavesByItsOwn) {
    std::vector<Ordered> order = two_nics;
    order[1].sources.emplace_back("10.0.0.99");
    bring_to(order);
    EXPECT_THAT(sources(7700), ElementsAre("10.0.0.10/32"));
    EXPECT_THAT(sources(7701), ElementsAre("10.0.0.99/32", "10.0.1.0/24"));
}

TEST_F(Policy, AFamilyWithoutRoutesHasNoRules) {
    std::vector<Ordered> order = two_nics;
    order[1].sources.emplace_back("fd00::5");
    EXPECT_THAT(steps(order), Not(Contains(HasSubstr("fd00"))));
    order[1].sources.back() = "fd00::5/64";
    bring_to(order);
    EXPECT_THAT(sources(7701), ElementsAre("10.0.1.0/24", "fd00::/64"));
    EXPECT_THAT(sources(7699), ElementsAre("all", "all"));
    EXPECT_THAT(kernel.kernel().routes, IsSupersetOf({in_table(7701, "fd00::/64", "", 3),
                                                      in_table(7701, "fe80::/64", "", 3)}));
    bring_to(two_nics);
    EXPECT_THAT(sources(7699), ElementsAre("all"));
}

TEST_F(Policy, AnIpv6NicHasItsDefaultRouteThereAndTheKernelsMetricIsNoOtherRoute) {
    const std::vector<Ordered> order{{"eth0", {"fd00::10/64"}, "fd00::1"},
                                     {"eth1", {"fd00:1::10/64"}, "fe80::1"}};
    bring_to(order);
    for (KernelRoute& each : kernel.kernel().routes)
        if (each.to.address.v6) each.metric = 1024;
    EXPECT_THAT(steps(order), IsEmpty());
    EXPECT_THAT(sources(7701), ElementsAre("fd00:1::/64"));
    EXPECT_EQ(link(2).arp_filter, 0) << "nobody asks ARP there";
}

TEST_F(Policy, StaticRoutesOfANicHoldForItsOwnSources) {
    std::vector<Ordered> order = two_nics;
    order[1].routes = {{.to = cidr("10.8.0.0/16"), .via = ip("10.0.1.254"), .metric = 50}};
    bring_to(order);
    KernelRoute expected = in_table(7701, "10.8.0.0/16", "10.0.1.254", 3);
    expected.metric = 50;
    EXPECT_THAT(kernel.kernel().routes, Contains(expected));
    bring_to(two_nics);
    EXPECT_THAT(kernel.kernel().routes, Not(Contains(expected)));
}

TEST(PolicySources, AreCondensedWithoutGainOrLoss) {
    const auto condense = [](const std::vector<std::string_view>& texts) {
        std::vector<Prefix> prefixes;
        for (const std::string_view text : texts) prefixes.push_back(cidr(text));
        std::vector<std::string> result;
        for (const Prefix& prefix : condensed(prefixes)) result.push_back(prefix.text());
        return result;
    };
    EXPECT_THAT(condense({}), IsEmpty());
    EXPECT_THAT(condense({"10.0.0.1", "10.0.0.1"}), ElementsAre("10.0.0.1/32"));
    EXPECT_THAT(condense({"10.0.0.3", "10.0.0.2", "10.0.0.1", "10.0.0.0"}),
                ElementsAre("10.0.0.0/30"));
    EXPECT_THAT(condense({"10.0.0.1", "10.0.0.2"}), ElementsAre("10.0.0.1/32", "10.0.0.2/32"));
    EXPECT_THAT(condense({"10.0.0.7", "10.0.0.0/28"}), ElementsAre("10.0.0.0/28"));
    EXPECT_THAT(condense({"0.0.0.0/1", "128.0.0.0/1", "fd00::", "fd00::1"}),
                ElementsAre("0.0.0.0/0", "fd00::/127"));
    EXPECT_THAT(condense({"0.0.0.0/0", "::/0"}), ElementsAre("0.0.0.0/0", "::/0"));
}

TEST_F(Policy, OneNicTooManyIsSaid) {
    const Observed seen = look_at(kernel, 2);
    std::vector<PolicyNic> nics = nics_in(seen, two_nics);
    nics[1].number = 100;
    const Plan<Op> made = policy_plan(seen, {}, nics);
    EXPECT_EQ(settled(made, "policy/eth1").outcome, Outcome::failed);
    EXPECT_TRUE(has_item(made, "policy/eth0"));
}

// ---- what changes under us --------------------------------------------------------------------

TEST_F(Policy, SurplusRulesOfOursGo) {
    bring_to(two_nics);
    rules().push_back(rule(7701, "10.0.1.0/24"));
    rules().push_back(rule(7701, "10.0.1.0/24"));
    rules().push_back(rule(7705, "10.9.0.0/24"));
    bring_to(two_nics);
    EXPECT_THAT(sources(7701), ElementsAre("10.0.1.0/24"));
    EXPECT_THAT(sources(7705), IsEmpty());
}

TEST_F(Policy, ALinkThatWentDownGetsItsRoutesBack) {
    bring_to(two_nics);
    const Observed complete = kernel.kernel();
    ASSERT_TRUE(kernel.apply(std::vector<KernelOp>{SetLink{.ifindex = 3, .up = false}})[0]);
    ASSERT_TRUE(kernel.apply(std::vector<KernelOp>{SetLink{.ifindex = 3, .up = true}})[0]);
    EXPECT_THAT(steps(two_nics), ElementsAre("policy/eth1: add route 10.0.1.0/24",
                                             "policy/eth1: add route 0.0.0.0/0 via 10.0.1.1"));
    bring_to(two_nics);
    EXPECT_THAT(kernel.kernel().routes, testing::UnorderedElementsAreArray(complete.routes));
}

TEST_F(Policy, AnotherGatewayOrAnotherNicTakesTheTableOver) {
    bring_to(two_nics);
    std::vector<Ordered> order = two_nics;
    order[1].gateway = "10.0.1.2";
    EXPECT_THAT(steps(order), ElementsAre("policy/eth1: exchange route 0.0.0.0/0 via 10.0.1.2"));
    bring_to(order);
    kernel.kernel().links.push_back(nic(4, "eth2", "52:54:00:4d:57:03"));
    kernel.kernel().addresses.push_back(foreign("10.0.1.11/24", 4));
    order[1].name = "eth2";
    for (const ItemResult& result : bring_to(order))
        if (result.item != "policy/eth0") {
            EXPECT_EQ(result.outcome, Outcome::changed) << result.item;
        }
    for (const KernelRoute& each : kernel.kernel().routes)
        if (each.table == 7701) {
            EXPECT_EQ(each.ifindex, 4) << each.to.text();
        }
    EXPECT_EQ(link(2).arp_filter, 0) << "eth1 is as it was";
    EXPECT_EQ(link(3).arp_filter, 1);
}

TEST_F(Policy, ARuleIsThereBeforeTheOneItReplacesGoes) {
    bring_to(two_nics);
    std::vector<Ordered> order = two_nics;
    order[1].sources = {"10.0.2.10/24"};
    order[1].gateway = "10.0.2.1";
    const std::vector<std::string> made = steps(order);
    const auto at = [&](std::string_view what) {
        return std::ranges::find_if(
                   made,
                   [&](const std::string& line) { return line.find(what) != std::string::npos; }) -
               made.begin();
    };
    EXPECT_LT(at("add rule 7701 from 10.0.2.0/24"), at("remove rule 7701 from 10.0.1.0/24"));
    EXPECT_LT(at("exchange route 0.0.0.0/0 via 10.0.2.1"), at("add rule 7701"));
    EXPECT_LT(at("remove route 10.0.1.0/24"), at("remove rule 7701"));
}

// ---- somebody else's --------------------------------------------------------------------------

TEST_F(Policy, ARuleOfSomebodyElseInTheWayFailsThatNicAlone) {
    bring_to(two_nics);
    KernelRule theirs = rule(7701, "10.0.1.0/28", 3);
    theirs.table = 100;
    rules().push_back(theirs);
    const std::vector<KernelRule> before = rules();
    for (const ItemResult& result : bring_to(two_nics)) {
        if (result.item == "policy/eth0") {
            EXPECT_EQ(result.outcome, Outcome::unchanged);
            continue;
        }
        EXPECT_EQ(result.outcome, Outcome::failed);
        EXPECT_EQ(describe(*result.error),
                  "eth1: somebody else has a rule of priority 7701, which is ours here, from "
                  "10.0.1.0/28 to table 100 (protocol 3); give that one another priority");
    }
    EXPECT_EQ(rules(), before);
}

TEST_F(Policy, ARuleOfSomebodyElseThatMeetsNoSourceIsNotInTheWay) {
    rules() = {rule(7701, "192.168.7.0/24", 3), rule(7701, "fd00::/64", 3)};
    const std::vector<KernelRule> theirs = rules();
    for (const ItemResult& result : bring_to(two_nics))
        EXPECT_EQ(result.outcome, Outcome::changed) << result.item;
    bring_to({});
    EXPECT_EQ(rules(), theirs);
}

TEST_F(Policy, TheVeryRuleOfSomebodyElseWillDo) {
    rules() = {rule(7701, "10.0.1.0/24", 3)};
    bring_to(two_nics);
    EXPECT_THAT(sources(7701), ElementsAre("10.0.1.0/24"));
    for (const ItemResult& result : bring_to(two_nics))
        if (result.item == "policy/eth1") {
            EXPECT_EQ(result.outcome, Outcome::unchanged);
            EXPECT_EQ(result.note, "a rule of it was already there; it is not ours");
        }
    bring_to({});
    EXPECT_EQ(rules(), (std::vector<KernelRule>{rule(7701, "10.0.1.0/24", 3)}));
}

TEST_F(Policy, ARuleWithOurMarkThatSaysMoreIsNotOurs) {
    KernelRule more = rule(7777, "10.0.1.0/24");
    more.plain = false;
    KernelRule elsewhere = rule(9000, "10.0.1.0/24");
    rules() = {more, elsewhere};
    bring_to(two_nics);
    bring_to({});
    EXPECT_EQ(rules(), (std::vector<KernelRule>{more, elsewhere}));
}

TEST_F(Policy, ARouteOfSomebodyElseInTheWayFailsInWords) {
    const KernelRoute theirs = in_table(7701, "0.0.0.0/0", "10.0.1.9", 3, 3);
    kernel.kernel().routes = {theirs, in_table(7701, "10.5.0.0/16", "10.0.1.9", 3, 3)};
    for (const ItemResult& result : bring_to(two_nics))
        if (result.item == "policy/eth1") {
            ASSERT_EQ(result.outcome, Outcome::failed);
            EXPECT_THAT(result.error->message,
                        HasSubstr("a route in table 7701, which is ours here, to 0.0.0.0/0 via "
                                  "10.0.1.9 on eth1 (protocol 3); remove that one"));
        }
    EXPECT_THAT(kernel.kernel().routes, Contains(theirs));
    EXPECT_THAT(sources(7701), IsEmpty());
    std::erase(kernel.kernel().routes, theirs);
    for (const ItemResult& result : bring_to(two_nics))
        if (result.item == "policy/eth1") {
            EXPECT_EQ(result.outcome, Outcome::changed);
        }
    bring_to({});
    EXPECT_THAT(kernel.kernel().routes,
                ElementsAre(in_table(7701, "10.5.0.0/16", "10.0.1.9", 3, 3)));
}

TEST_F(Policy, TheKernelsRefusalBelongsToItsNic) {
    kernel.refuse("add rule 7701 from 10.0.1.0/24 to table 7701", EPERM, "not today");
    for (const ItemResult& result : bring_to(two_nics))
        EXPECT_EQ(result.outcome, result.item == "policy/eth1" ? Outcome::failed : Outcome::changed)
            << result.item;
}

TEST_F(Policy, AWayThatHasYetToProveItselfIsWaitedFor) {
    bring_to(two_nics);
    std::vector<Ordered> order = two_nics;
    order[0].gateway = "10.0.0.2";
    rules().push_back(rule(7705, "10.9.0.0/24"));
    const Observed seen = look_at(kernel, 2);
    const std::vector<PolicyNic> nics = nics_in(seen, order);
    const Wanted nothing;
    const Site site(nothing, seen, owned, *nics.front().nic);
    Draft draft{.site = site, .aliases = {}, .primary = std::nullopt, .guarded = true};
    plan_policy(draft, nics);
    ASSERT_EQ(draft.plan.steps.size(), 1u);
    EXPECT_EQ(draft.plan.steps[0].needs, "primary");
    ASSERT_EQ(draft.removals.size(), 1u);
    EXPECT_EQ(draft.removals[0].needs, "primary");
}

TEST_F(Policy, ItsOperationsAreInNoGroup) {
    EXPECT_EQ(journal_form(KernelOp{AddRule{rule(7701, "10.0.1.0/24")}}), "");
    EXPECT_EQ(journal_form(KernelOp{RemoveRule{rule(7701, "10.0.1.0/24")}}), "");
    EXPECT_EQ(journal_form(KernelOp{SetNicSetting{3, NicSetting::group, 1}}), "");
}

TEST(NicSettings, AreKnownAgainByTheirNames) {
    for (const NicSetting each : {NicSetting::arp_filter, NicSetting::arp_announce,
                                  NicSetting::rp_filter, NicSetting::group})
        EXPECT_EQ(nic_setting_from(to_string(each)), each);
    EXPECT_EQ(nic_setting_from("mtu"), std::nullopt);
}

TEST_F(Policy, WhatIsLeftOfItIsSeenByThoseWhoWantNone) {
    bring_to(two_nics);
    const auto tables = [&](const Observed& seen) {
        return std::ranges::count_if(
            seen.routes, [](const KernelRoute& each) { return is_policy_table(each.table); });
    };
    EXPECT_EQ(tables(observe(doors).value()), 4);
    EXPECT_EQ(tables(observe(doors, aliases({"10.0.0.5"})).value()), 4);
}

TEST(PolicyTables, AreReadForWhatIsWantedAndForWhatMayBeLeft) {
    Observed seen;
    EXPECT_THAT(policy_tables(seen, 0), IsEmpty());
    EXPECT_THAT(policy_tables(seen, 1), IsEmpty());
    EXPECT_THAT(policy_tables(seen, 2), ElementsAre(7700, 7701));
    seen.rules = {rule(7703, "10.0.1.0/24"),
                  rule(7702, "10.0.1.0/24", 3),
                  {.priority = 7699, .table = 254, .protocol = our_protocol}};
    EXPECT_THAT(policy_tables(seen, 0), ElementsAre(7702, 7703));
}

}  // namespace
}  // namespace metalwright::netcfg
