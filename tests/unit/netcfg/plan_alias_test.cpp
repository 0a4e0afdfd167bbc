#include <gmock/gmock.h>
#include <linux/if_addr.h>

#include <set>

#include "scene.hpp"

namespace metalwright::netcfg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The error that alias `text` gets on a server whose eth0 is 10.0.0.10/24 with gateway .1.
Error refusal(std::string_view text, Observed seen = server()) {
    seen.addresses.push_back(foreign("10.0.0.10/24"));
    seen.routes.push_back(route("0.0.0.0/0", "10.0.0.1", 4));
    const Plan<Op> made = plan(aliases({text}), seen, {});
    EXPECT_THAT(kernel_steps(made), IsEmpty());
    const ItemResult result = settled(made, "alias/" + cidr(text).text());
    EXPECT_EQ(result.outcome, Outcome::failed) << text;
    return result.error.value_or(Error{});
}

TEST(PlanAliases, AbsentMeansUnmanaged) {
    Observed seen = server();
    seen.addresses = {ours("10.0.0.7/32")};
    EXPECT_EQ(plan({.nic = {.name = "eth0"}}, seen, {}), Plan<Op>{});
    EXPECT_FALSE(has_item(plan(primary("10.0.0.5/24"), seen, {}), "alias/10.0.0.7/32"));
}

TEST(PlanAliases, EmptyRemovesOursAndNothingElse) {
    Observed seen = server();
    seen.addresses = {foreign("10.0.0.10/24"), ours("10.0.0.7/32"), foreign("10.0.0.8/32")};
    seen.routes = {local_route("10.0.1.0/28"), local_route("10.0.2.0/28", 66)};
    EXPECT_THAT(steps_of(plan(aliases({}), seen, {})),
                ElementsAre("alias/10.0.0.7/32: remove 10.0.0.7/32",
                            "alias/10.0.1.0/28: remove local route 10.0.1.0/28"));
}

TEST(PlanAliases, EachFormBecomesItsKernelObject) {
    const Plan<Op> made =
        plan(aliases({"10.0.0.5", "10.0.1.1/24", "10.0.2.0/28", "fd00::5", "fd00:1::/126"}),
             server(), {});
    EXPECT_THAT(
        steps_of(made),
        ElementsAre("alias/10.0.0.5/32: add 10.0.0.5/32", "alias/10.0.1.1/24: add 10.0.1.1/24",
                    "alias/10.0.2.0/28: add local route 10.0.2.0/28",
                    "alias/fd00::5/128: add fd00::5/128",
                    "alias/fd00:1::/126: add 4 addresses from fd00:1::/128 on"));
    const auto* range = as<AddRoute>(made.steps[2].op);
    ASSERT_NE(range, nullptr);
    EXPECT_EQ(range->route, local_route("10.0.2.0/28"));
    EXPECT_TRUE(as<AddAddress>(made.steps[3].op)->deprecated);
    EXPECT_FALSE(as<AddAddress>(made.steps[0].op)->deprecated);
}

TEST(PlanAliases, ARoutedIpv6RangeIsOneRoute) {
    Wanted wanted = aliases({"fd00:1::/64"});
    wanted.aliases->front().routed = true;
    EXPECT_THAT(steps_of(plan(wanted, server(), {})),
                ElementsAre("alias/fd00:1::/64: add local route fd00:1::/64"));
}

Wanted as_routes(const std::vector<std::string_view>& texts) {
    Wanted wanted = aliases(texts);
    for (Alias& alias : *wanted.aliases) alias.as = Alias::As::local_route;
    return wanted;
}

TEST(PlanAliases, ASingleIpv4AddressIsALocalRouteWhereTheSpecSaysSo) {
    const Wanted wanted = as_routes({"10.0.0.5", "10.0.1.1/24", "fd00::5", "fd00:1::/126"});
    const Plan<Op> made = plan(wanted, server(), {});
    EXPECT_THAT(
        steps_of(made),
        ElementsAre("alias/10.0.0.5/32: add local route 10.0.0.5/32",
                    "alias/10.0.1.1/24: add 10.0.1.1/24", "alias/fd00::5/128: add fd00::5/128",
                    "alias/fd00:1::/126: add 4 addresses from fd00:1::/128 on"));
    EXPECT_EQ(made.steps.front().why, "add alias 10.0.0.5/32 as a local route on eth0");
    EXPECT_THAT(owned_after(wanted, server(), {}).local_routes, ElementsAre(cidr("10.0.0.5/32")));
    Observed seen = server();
    seen.routes = {local_route("10.0.0.5/32")};
    const Plan<Op> again = plan(as_routes({"10.0.0.5"}), seen, {});
    EXPECT_THAT(again.steps, IsEmpty());
    EXPECT_EQ(settled(again, "alias/10.0.0.5/32").outcome, Outcome::unchanged);
}

TEST(PlanAliases, AnAliasThatChangesItsFormGetsTheNewOneBeforeTheFormerGoes) {
    Observed seen = server();
    seen.addresses = {ours("10.0.0.5/32")};
    EXPECT_THAT(steps_of(plan(as_routes({"10.0.0.5"}), seen, {})),
                ElementsAre("alias/10.0.0.5/32: add local route 10.0.0.5/32",
                            "alias/10.0.0.5/32: remove 10.0.0.5/32"));
    seen.addresses = {};
    seen.routes = {local_route("10.0.0.5/32")};
    EXPECT_THAT(steps_of(plan(aliases({"10.0.0.5"}), seen, {})),
                ElementsAre("alias/10.0.0.5/32: add 10.0.0.5/32",
                            "alias/10.0.0.5/32: remove local route 10.0.0.5/32"));
}

TEST(PlanAliases, AFormerPrimaryThatBecomesALocalRouteIsRemovedAsAnAddress) {
    Observed seen = server();
    seen.addresses = {ours("10.0.0.5/32")};
    const Owned owned{
        .mac = eth0().mac, .primaries = {cidr("10.0.0.5/32")}, .addresses = {cidr("10.0.0.5/32")}};
    Wanted wanted = as_routes({"10.0.0.5"});
    wanted.primary = Primary{.address = cidr("10.0.0.9/24")};
    EXPECT_THAT(
        steps_of(plan(wanted, seen, owned)),
        ElementsAre("primary: add 10.0.0.9/24", "alias/10.0.0.5/32: add local route 10.0.0.5/32",
                    "primary: remove 10.0.0.5/32"));
}

TEST(PlanAliases, TheSameRulesHoldForALocalRouteAsForAnAddress) {
    Observed seen = server();
    seen.addresses = {foreign("10.0.0.10/24"), foreign("10.0.0.6/32", 3)};
    const Plan<Op> made =
        plan(as_routes({"10.0.0.255", "10.0.0.6", "10.0.0.7", "10.0.0.7"}), seen, {});
    EXPECT_THAT(steps_of(made), ElementsAre("alias/10.0.0.7/32: add local route 10.0.0.7/32"));
    EXPECT_THAT(settled(made, "alias/10.0.0.255/32").error->message, HasSubstr("broadcast"));
    EXPECT_EQ(settled(made, "alias/10.0.0.6/32").error->code, Errc::conflict);
    EXPECT_THAT(settled(made, "alias/10.0.0.7/32#2").error->message, HasSubstr("asked for twice"));
}

TEST(PlanAliases, SpelledOrNotIsTheSameItem) {
    Observed seen = server();
    seen.addresses = {ours("10.0.0.5/32")};
    for (const std::string_view text : {"10.0.0.5", "10.0.0.5/32"}) {
        const Plan<Op> made = plan(aliases({text}), seen, {});
        EXPECT_THAT(made.steps, IsEmpty());
        EXPECT_EQ(settled(made, "alias/10.0.0.5/32").outcome, Outcome::unchanged);
        EXPECT_EQ(settled(made, "alias/10.0.0.5/32").note, "");
    }
}

TEST(PlanAliases, WhatSomebodyElseSetIsUnchangedAndNeverRemoved) {
    Observed seen = server();
    seen.addresses = {foreign("10.0.0.5/32"), foreign("10.0.0.6/24")};
    seen.routes = {local_route("10.0.2.0/28", 66)};
    const Wanted wanted = aliases({"10.0.0.5", "10.0.0.6", "10.0.2.0/28"});
    const Plan<Op> made = plan(wanted, seen, {});
    EXPECT_THAT(made.steps, IsEmpty());
    for (const char* item : {"alias/10.0.0.5/32", "alias/10.0.0.6/32", "alias/10.0.2.0/28"}) {
        EXPECT_EQ(settled(made, item).outcome, Outcome::unchanged);
        EXPECT_THAT(settled(made, item).note, HasSubstr("not ours"));
    }
    const Owned owned = owned_after(wanted, seen, {});
    EXPECT_THAT(owned.addresses, testing::Not(testing::Contains(cidr("10.0.0.5/32"))));
    EXPECT_THAT(steps_of(plan(aliases({}), seen, owned)), IsEmpty());
}

TEST(PlanAliases, ByStoreWhereTheKernelKeepsNoMark) {
    Observed seen = server();
    const Wanted wanted = aliases({"10.0.0.5"});
    const Owned owned = owned_after(wanted, seen, {});
    EXPECT_EQ(owned.mac, "52:54:00:4d:57:01");
    seen.addresses = {foreign("10.0.0.5/32"), foreign("10.0.0.5/32", 3)};
    EXPECT_THAT(steps_of(plan(aliases({}), seen, owned)),
                ElementsAre("alias/10.0.0.5/32: remove 10.0.0.5/32"));
    seen.addresses[0].protocol = 18;  // keepalived has taken it over
    EXPECT_THAT(steps_of(plan(aliases({}), seen, owned)), IsEmpty());
}

TEST(PlanAliases, RefusesWhatNoHostCanHave) {
    for (const std::string_view text :
         {"0.0.0.0", "0.1.2.3", "127.0.0.9", "224.0.0.9", "239.1.2.3/24", "255.255.255.255",
          "::", "::1", "ff02::1", "::ffff:10.0.0.1", "10.0.0.0", "10.0.0.255", "10.0.1.143/28",
          "255.255.255.240/28", "127.0.0.0/24"}) {
        const Error error = refusal(text);
        EXPECT_EQ(error.code, Errc::invalid_spec) << text << ": " << error.message;
        EXPECT_EQ(error.where, "/aliasIps/0");
    }
}

TEST(PlanAliases, RefusesARangeThatIsNotOurs) {
    EXPECT_THAT(refusal("10.0.0.0/28").message, HasSubstr("contains the gateway 10.0.0.1"));
    EXPECT_THAT(refusal("10.0.0.8/29").message, HasSubstr("contains 10.0.0.10"));
    EXPECT_THAT(refusal("10.0.0.0/23").message, HasSubstr("contains the gateway"));
    EXPECT_THAT(refusal("10.0.0.1/32").message, HasSubstr("the gateway's address"));
    EXPECT_THAT(refusal("10.16.0.0/19").message, HasSubstr("wider than /20"));
    EXPECT_THAT(refusal("fd00::/119").message, HasSubstr("more than 256"));
    for (const char* text : {"10.0.0.0/28", "10.0.0.8/29", "10.16.0.0/19", "fd00::/119"})
        EXPECT_EQ(refusal(text).code, Errc::refused);

    Observed neighbour = server();
    neighbour.addresses = {foreign("192.168.7.130/25")};
    EXPECT_THAT(refusal("192.168.7.128/25", neighbour).message, HasSubstr("own address"));
    // A part of the subnet that has none of them is just what is sold.
    Observed seen = server();
    seen.addresses = {foreign("10.0.0.10/24")};
    EXPECT_THAT(steps_of(plan(aliases({"10.0.0.128/28"}), seen, {})),
                ElementsAre("alias/10.0.0.128/28: add local route 10.0.0.128/28"));
}

TEST(PlanAliases, ARangeOverAnAliasesSubnetIsRefused) {
    const Plan<Op> made =
        plan(aliases({"10.0.1.1/24", "10.0.0.0/23", "10.0.1.0/28"}), server(), {});
    EXPECT_THAT(settled(made, "alias/10.0.0.0/23").error->message,
                HasSubstr("contains the on-link subnet 10.0.1.0/24"));
    EXPECT_EQ(made.steps.size(), 2u);
}

TEST(PlanAliases, OneBadItemSpoilsNoOther) {
    const Wanted wanted =
        aliases({"10.0.0.5", "0.0.0.0", "10.0.0.5/32", "10.0.0.6", "10.0.0.6/24", "224.0.0.1"});
    const Plan<Op> made = plan(wanted, server(), {});
    std::set<std::string> items;
    for (const Step<Op>& step : made.steps) items.insert(step.item);
    for (const ItemResult& result : made.settled) items.insert(result.item);
    items.erase("nic");
    items.erase("persist");
    EXPECT_THAT(items, ElementsAre("alias/0.0.0.0/32", "alias/10.0.0.5/32", "alias/10.0.0.5/32#2",
                                   "alias/10.0.0.6/24", "alias/10.0.0.6/32", "alias/224.0.0.1/32"));
    EXPECT_THAT(steps_of(made), ElementsAre("alias/10.0.0.5/32: add 10.0.0.5/32",
                                            "alias/10.0.0.6/32: add 10.0.0.6/32"));
    EXPECT_THAT(settled(made, "alias/10.0.0.5/32#2").error->message,
                HasSubstr("asked for twice, first at /aliasIps/0"));
    EXPECT_EQ(settled(made, "alias/10.0.0.5/32#2").error->where, "/aliasIps/2");
    EXPECT_EQ(settled(made, "alias/10.0.0.6/24").outcome, Outcome::failed);
}

TEST(PlanAliases, AtMostSoManyOnOneNic) {
    Wanted wanted = aliases({"10.0.0.5", "0.0.0.0", "10.0.0.6", "10.0.0.7"});
    wanted.limits.aliases = 2;
    const Plan<Op> made = plan(wanted, server(), {});
    EXPECT_THAT(steps_of(made), ElementsAre("alias/10.0.0.5/32: add 10.0.0.5/32",
                                            "alias/10.0.0.6/32: add 10.0.0.6/32"));
    EXPECT_THAT(settled(made, "alias/10.0.0.7/32").error->message,
                HasSubstr("more than 2 aliases"));
}

TEST(PlanAliases, TheSameAddressOnTwoNicsIsAConflict) {
    Observed seen = server();
    seen.addresses = {foreign("10.0.0.5/24", 3), ours("10.0.0.6/32", 3), foreign("10.0.3.9/24", 3)};
    const Plan<Op> made = plan(aliases({"10.0.0.5", "10.0.0.6", "10.0.3.0/28"}), seen, {});
    EXPECT_EQ(settled(made, "alias/10.0.0.5/32").error->code, Errc::conflict);
    EXPECT_THAT(settled(made, "alias/10.0.0.5/32").error->message, HasSubstr("is on eth1 already"));
    EXPECT_EQ(settled(made, "alias/10.0.3.0/28").error->code, Errc::conflict);
    // Ours moves.
    EXPECT_THAT(steps_of(made), ElementsAre("alias/10.0.0.6/32: add 10.0.0.6/32",
                                            "alias/10.0.0.6/32: remove 10.0.0.6/32"));
    EXPECT_EQ(as<RemoveAddress>(made.steps[1].op)->ifindex, 3);
}

TEST(PlanAliases, TheProperPrimaryAddressIsNoAlias) {
    Wanted wanted = primary("10.0.0.10/24");
    wanted.aliases = {alias("10.0.0.10")};
    EXPECT_THAT(settled(plan(wanted, server(), {}), "alias/10.0.0.10/32").error->message,
                HasSubstr("is the primary address already"));
}

TEST(PlanAliases, ADuplicateOnTheWireIsAFailure) {
    Observed seen = server();
    seen.addresses = {ours("fd00::5/128", 2, IFA_F_DADFAILED | IFA_F_TENTATIVE)};
    const Plan<Op> made = plan(aliases({"fd00::5"}), seen, {});
    EXPECT_EQ(settled(made, "alias/fd00::5/128").error->code, Errc::conflict);
    EXPECT_THAT(made.steps, IsEmpty());
}

TEST(PlanAliases, AnotherLengthInIpv6IsExchanged) {
    Observed seen = server();
    seen.addresses = {ours("fd00::5/64")};
    EXPECT_THAT(
        steps_of(plan(aliases({"fd00::5"}), seen, {})),
        ElementsAre("alias/fd00::5/128: remove fd00::5/64", "alias/fd00::5/128: add fd00::5/128"));
}

TEST(PlanAliases, AHalfAddedIpv6RangeIsFinished) {
    Observed seen = server();
    seen.addresses = {ours("fd00::/128"), ours("fd00::2/128")};
    const Plan<Op> made = plan(aliases({"fd00::/126"}), seen, {});
    ASSERT_EQ(made.steps.size(), 1u);
    EXPECT_THAT(made.steps[0].why, HasSubstr("2 missing of 4"));
    seen.addresses.push_back(ours("fd00::1/128"));
    seen.addresses.push_back(ours("fd00::3/128"));
    EXPECT_EQ(settled(plan(aliases({"fd00::/126"}), seen, {}), "alias/fd00::/126").outcome,
              Outcome::unchanged);
}

TEST(PlanAliases, ARangeThatIsRefusedNowIsTakenOutOfForce) {
    Observed seen = server();
    seen.addresses = {foreign("10.0.0.10/24")};
    seen.routes = {route("0.0.0.0/0", "10.0.0.129", 4), local_route("10.0.0.128/28")};
    const Plan<Op> made = plan(aliases({"10.0.0.128/28"}), seen, {});
    EXPECT_EQ(settled(made, "alias/10.0.0.128/28").outcome, Outcome::failed);
    EXPECT_THAT(steps_of(made),
                ElementsAre("alias/10.0.0.128/28 (in force before): remove local route "
                            "10.0.0.128/28"));
}

TEST(PlanAliases, SecondariesGoBeforeTheFirstOfTheirSubnet) {
    Observed seen = server();
    seen.addresses = {ours("10.0.1.1/24"), ours("10.0.1.2/24", 2, IFA_F_SECONDARY)};
    const Plan<Op> made = plan(aliases({}), seen, {});
    EXPECT_THAT(steps_of(made), ElementsAre("alias/10.0.1.2/24: remove 10.0.1.2/24",
                                            "alias/10.0.1.1/24: remove 10.0.1.1/24"));
    EXPECT_FALSE(as<RemoveAddress>(made.steps[1].op)->keep_siblings);
}

TEST(PlanAliases, TheFirstOfASubnetDoesNotTakeItsSiblingsAlong) {
    Observed seen = server();
    seen.addresses = {ours("10.0.1.1/24"), foreign("10.0.1.2/24", 2, IFA_F_SECONDARY)};
    Plan<Op> made = plan(aliases({}), seen, {});
    ASSERT_EQ(made.steps.size(), 1u);
    EXPECT_TRUE(as<RemoveAddress>(made.steps[0].op)->keep_siblings);
    seen.links[1].promote_secondaries = true;
    made = plan(aliases({}), seen, {});
    EXPECT_FALSE(as<RemoveAddress>(made.steps[0].op)->keep_siblings);
}

TEST(PlanAliases, AnUnmanagedPrimaryIsNoAliasEvenWhenItCarriesOurMark) {
    Observed seen = server();
    seen.addresses = {ours("10.0.0.10/24"), ours("10.0.0.7/32")};
    seen.routes = {route("0.0.0.0/0", "10.0.0.1", 4)};
    EXPECT_THAT(steps_of(plan(aliases({}), seen, {})),
                ElementsAre("alias/10.0.0.7/32: remove 10.0.0.7/32"));
    seen.routes.clear();
    const Owned owned{.mac = eth0().mac,
                      .primaries = {cidr("10.0.0.10/24")},
                      .addresses = {cidr("10.0.0.10/24"), cidr("10.0.0.7/32")}};
    EXPECT_THAT(steps_of(plan(aliases({}), seen, owned)),
                ElementsAre("alias/10.0.0.7/32: remove 10.0.0.7/32"));
}

TEST(PlanAliases, WithoutANicEachItemHasItsLine) {
    Wanted wanted = primary("10.0.0.10/24", "10.0.0.1");
    wanted.nic.name = "wan0";
    wanted.aliases = {alias("10.0.0.5"), alias("10.0.2.0/28")};
    const Plan<Op> made = plan(wanted, server(), {});
    EXPECT_THAT(made.steps, IsEmpty());
    for (const char* item :
         {"nic", "primary", "route/default", "alias/10.0.0.5/32", "alias/10.0.2.0/28"})
        EXPECT_EQ(settled(made, item).error->code, Errc::not_found);
}

}  // namespace
}  // namespace metalwright::netcfg
