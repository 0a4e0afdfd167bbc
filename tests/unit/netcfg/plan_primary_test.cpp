#include <gmock/gmock.h>
#include <linux/if_addr.h>

#include "scene.hpp"

namespace metalwright::netcfg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(PlanPrimary, SetsUpABareNic) {
    Observed seen = server();
    seen.links[1].up = false;
    Wanted wanted = primary("10.0.0.10/24", "10.0.0.1");
    wanted.primary->mtu = 9000;
    wanted.primary->routes = {{.to = cidr("10.8.0.0/16"), .via = ip("10.0.0.254"), .metric = 100}};
    EXPECT_THAT(
        steps_of(plan(wanted, seen, {})),
        ElementsAre("nic: bring the NIC up", "mtu: set the MTU to 9000",
                    "primary: add 10.0.0.10/24", "route/default: add route 0.0.0.0/0 via 10.0.0.1",
                    "route/10.8.0.0/16 metric 100: add route 10.8.0.0/16 via 10.0.0.254"));
}

TEST(PlanPrimary, WhatTheImageSetAlreadyIsUnchanged) {
    Observed seen = server();
    seen.addresses = {foreign("10.0.0.10/24")};
    seen.routes = {route("0.0.0.0/0", "10.0.0.1", 4)};
    const Plan<Op> made = plan(primary("10.0.0.10/24", "10.0.0.1"), seen, {});
    EXPECT_THAT(made.steps, IsEmpty());
    for (const char* item : {"nic", "primary", "route/default"})
        EXPECT_EQ(settled(made, item).outcome, Outcome::unchanged);
    EXPECT_THAT(settled(made, "nic").note, HasSubstr("named by the spec"));
    EXPECT_THAT(owned_after(primary("10.0.0.10/24"), seen, {}).addresses, IsEmpty());
}

TEST(PlanPrimary, TheFormerOneGoesAfterTheNewOneIsIn) {
    Observed seen = server();
    seen.addresses = {foreign("10.0.0.10/24"), foreign("192.168.9.9/24")};
    seen.routes = {route("0.0.0.0/0", "10.0.0.1", our_protocol)};
    const Owned owned{.mac = eth0().mac,
                      .primaries = {cidr("10.0.0.10/24")},
                      .addresses = {cidr("10.0.0.10/24")}};
    const Plan<Op> made = plan(primary("10.0.0.11/24", "10.0.0.2"), seen, owned);
    EXPECT_THAT(steps_of(made), ElementsAre("primary: add 10.0.0.11/24",
                                            "route/default: exchange route 0.0.0.0/0 via 10.0.0.2",
                                            "route/default: ask 10.0.0.2 from 10.0.0.11",
                                            "primary: remove 10.0.0.10/24"));
    EXPECT_TRUE(as<RemoveAddress>(made.steps[3].op)->keep_siblings);
}

TEST(PlanPrimary, TheStoreRemembersTheFormerOneUntilItIsGone) {
    Observed seen = server();
    const Wanted first = primary("10.0.0.10/24");
    const Wanted second = primary("10.0.1.10/24");
    Owned owned = owned_after(first, seen, {});
    seen.addresses = {foreign("10.0.0.10/24")};  // a kernel without marks
    owned = owned_after(second, seen, owned);
    EXPECT_THAT(owned.primaries, ElementsAre(cidr("10.0.1.10/24"), cidr("10.0.0.10/24")));
    // The machine crashed here, before anything was done: planned again from the store.
    EXPECT_THAT(steps_of(plan(second, seen, owned)),
                ElementsAre("primary: add 10.0.1.10/24", "primary: remove 10.0.0.10/24"));
    seen.addresses = {foreign("10.0.1.10/24")};
    EXPECT_THAT(owned_after(second, seen, owned).addresses, ElementsAre(cidr("10.0.1.10/24")));
}

TEST(PlanPrimary, AFormerPrimaryThatIsAnAliasNowStays) {
    Observed seen = server();
    seen.addresses = {ours("10.0.0.10/24")};
    const Owned owned{.mac = eth0().mac,
                      .primaries = {cidr("10.0.0.10/24")},
                      .addresses = {cidr("10.0.0.10/24")}};
    Wanted wanted = primary("10.0.0.11/24");
    wanted.aliases = {alias("10.0.0.10/24")};
    EXPECT_THAT(steps_of(plan(wanted, seen, owned)), ElementsAre("primary: add 10.0.0.11/24"));
    seen.addresses.push_back(ours("10.0.0.11/24"));
    EXPECT_THAT(owned_after(wanted, seen, owned).primaries, ElementsAre(cidr("10.0.0.11/24")));
}

TEST(PlanPrimary, AnImpossibleOneTouchesNothing) {
    Observed seen = server();
    seen.addresses = {ours("10.0.0.9/24")};
    seen.routes = {route("0.0.0.0/0", "10.0.0.1", our_protocol)};
    const Owned owned{.primaries = {cidr("10.0.0.9/24")}, .addresses = {cidr("10.0.0.9/24")}};
    for (const char* text : {"0.0.0.0/24", "127.0.0.1/8", "224.0.0.5/24", "10.0.0.0/24",
                             "10.0.0.255/24", "255.255.255.255", "10.0.0.5/0", "::1/64"}) {
        const Plan<Op> made = plan(primary(text), seen, owned);
        EXPECT_THAT(made.steps, IsEmpty()) << text;
        EXPECT_EQ(settled(made, "primary").error->code, Errc::invalid_spec) << text;
        EXPECT_EQ(settled(made, "persist").outcome, Outcome::skipped);
    }
    EXPECT_EQ(
        settled(plan(primary("10.0.0.0/24", "10.0.0.2"), seen, owned), "route/default").outcome,
        Outcome::failed);
    EXPECT_THAT(plan(primary("10.0.0.4/31", "10.0.0.5"), server(), {}).steps.size(), 2u);
}

TEST(PlanPrimary, OnAnotherNicIsAConflict) {
    Observed seen = server();
    seen.addresses = {foreign("10.0.0.10/16", 3)};
    const Plan<Op> made = plan(primary("10.0.0.10/24"), seen, {});
    EXPECT_EQ(settled(made, "primary").error->code, Errc::conflict);
    EXPECT_THAT(settled(made, "primary").error->message, HasSubstr("eth1"));
}

TEST(PlanPrimary, AGatewayMustBeOnLinkAndAHost) {
    const auto error = [](const char* address, const char* gateway) {
        const Plan<Op> made = plan(primary(address, gateway), server(), {});
        EXPECT_THAT(kernel_steps(made), Not(IsEmpty())) << "the address itself is right";
        return settled(made, "route/default").error.value_or(Error{}).message;
    };
    EXPECT_THAT(error("10.0.0.10/24", "10.0.1.1"), HasSubstr("not on link"));
    EXPECT_THAT(error("10.0.0.10/24", "10.0.0.255"), HasSubstr("broadcast address"));
    EXPECT_THAT(error("10.0.0.10/24", "10.0.0.10"), HasSubstr("itself"));
    EXPECT_THAT(error("10.0.0.10/24", "fe80::1"), HasSubstr("another family"));
    EXPECT_THAT(error("10.0.0.10/24", "0.0.0.0"), HasSubstr("this network"));
    EXPECT_EQ(plan(primary("fd00::5/64", "fe80::1"), server(), {}).steps.size(), 2u);
}

TEST(PlanPrimary, AForeignRouteInTheWayIsToldAndLeftAlone) {
    Observed seen = server();
    seen.routes = {route("0.0.0.0/0", "10.0.9.1", 3, 3)};
    const Plan<Op> made = plan(primary("10.0.0.10/24", "10.0.0.1"), seen, {});
    EXPECT_EQ(settled(made, "route/default").error->code, Errc::conflict);
    EXPECT_THAT(settled(made, "route/default").error->message,
                HasSubstr("via 10.0.9.1 on eth1 (protocol 3)"));
    seen.routes[0].metric = 1024;  // by DHCP; both can be there
    EXPECT_THAT(
        steps_of(plan(primary("10.0.0.10/24", "10.0.0.1"), seen, {})),
        ElementsAre("primary: add 10.0.0.10/24", "route/default: add route 0.0.0.0/0 via 10.0.0.1",
                    "route/default: ask 10.0.0.1 from 10.0.0.10"));
}

TEST(PlanPrimary, StaleRoutesOfOursGoAndForeignOnesStay) {
    Observed seen = server();
    seen.addresses = {ours("10.0.0.10/24")};
    seen.routes = {route("10.8.0.0/16", "10.0.0.254", our_protocol),
                   route("10.9.0.0/16", "10.0.0.254", 4),
                   route("0.0.0.0/0", "10.0.0.1", our_protocol)};
    EXPECT_THAT(steps_of(plan(primary("10.0.0.10/24"), seen, {})),
                ElementsAre("route/10.8.0.0/16: remove route 10.8.0.0/16 via 10.0.0.254",
                            "route/default: remove route 0.0.0.0/0 via 10.0.0.1"));
    EXPECT_THAT(steps_of(plan(aliases({}), seen, {})), IsEmpty()) << "the primary is unmanaged";
}

TEST(PlanPrimary, AnIpv6RouteWithoutMetricIsTheKernels1024) {
    Observed seen = server();
    seen.addresses = {ours("fd00::5/64")};
    seen.routes = {route("::/0", "fd00::1", our_protocol)};
    seen.routes[0].metric = 1024;
    const Plan<Op> made = plan(primary("fd00::5/64", "fd00::1"), seen, {});
    EXPECT_THAT(made.steps, IsEmpty());
    EXPECT_EQ(settled(made, "route/default").outcome, Outcome::unchanged);
}

TEST(PlanPrimary, BadStaticRoutesAreToldOneByOne) {
    Wanted wanted = primary("10.0.0.10/24");
    wanted.primary->routes = {{.to = cidr("10.8.0.1/16"), .via = ip("10.0.0.254")},
                              {.to = cidr("10.9.0.0/16"), .via = ip("10.0.0.254")},
                              {.to = cidr("10.9.0.0/16"), .via = ip("10.0.0.253")},
                              {.to = cidr("10.7.0.0/16"), .via = ip("fd00::1")}};
    const Plan<Op> made = plan(wanted, server(), {});
    EXPECT_THAT(settled(made, "route/10.8.0.1/16").error->message, HasSubstr("write 10.8.0.0/16"));
    EXPECT_THAT(settled(made, "route/10.9.0.0/16#2").error->message, HasSubstr("twice"));
    EXPECT_THAT(settled(made, "route/10.7.0.0/16").error->message, HasSubstr("another family"));
    EXPECT_THAT(kernel_steps(made),
                ElementsAre("primary: add 10.0.0.10/24",
                            "route/10.9.0.0/16: add route 10.9.0.0/16 via 10.0.0.254"));
}

TEST(PlanPrimary, TheMtuHasBounds) {
    const auto outcome = [](std::uint32_t mtu, std::vector<Alias> some = {}) {
        Wanted wanted = primary("10.0.0.10/24");
        wanted.primary->mtu = mtu;
        wanted.aliases = std::move(some);
        const Plan<Op> made = plan(wanted, server(), {});
        const auto it = std::ranges::find(made.settled, "mtu", &ItemResult::item);
        return it == made.settled.end() ? Outcome::changed : it->outcome;
    };
    EXPECT_EQ(outcome(575), Outcome::failed);
    EXPECT_EQ(outcome(9217), Outcome::failed);
    EXPECT_EQ(outcome(576), Outcome::changed);
    EXPECT_EQ(outcome(9216), Outcome::changed);
    EXPECT_EQ(outcome(1500), Outcome::unchanged);
    EXPECT_EQ(outcome(1279, {alias("fd00::7")}), Outcome::failed);
}

TEST(PlanPrimary, MovesWithTheNicItIsWantedOn) {
    Observed seen = server();
    seen.addresses = {ours("10.0.0.10/24", 3)};
    const Owned owned{.mac = eth1().mac,
                      .primaries = {cidr("10.0.0.10/24")},
                      .addresses = {cidr("10.0.0.10/24")}};
    const Plan<Op> made = plan(primary("10.0.0.10/24"), seen, owned);
    EXPECT_THAT(steps_of(made),
                ElementsAre("primary: add 10.0.0.10/24", "primary: remove 10.0.0.10/24"));
    EXPECT_EQ(as<AddAddress>(made.steps[0].op)->ifindex, 2);
    EXPECT_EQ(as<RemoveAddress>(made.steps[1].op)->ifindex, 3);
}

TEST(Owned, IsTheSameInWhateverOrderTheStoreGivesIt) {
    const Owned one{.mac = eth0().mac,
                    .addresses = {cidr("10.0.0.5/32"), cidr("10.0.0.10/24")},
                    .routes = {{.to = cidr("10.8.0.0/16")}, {.to = cidr("10.9.0.0/16")}},
                    .elsewhere = {{"m2", cidr("10.1.0.1/32"), Kind::alias},
                                  {"m1", cidr("10.1.0.2/32"), Kind::elastic}}};
    Owned other = one;
    std::ranges::reverse(other.addresses);
    std::ranges::reverse(other.routes);
    std::ranges::reverse(other.elsewhere);
    EXPECT_TRUE(same_things(one, other));
    other.elsewhere[0].kind = Kind::secondary;
    EXPECT_FALSE(same_things(one, other));
    other = one;
    other.addresses.push_back(cidr("10.0.0.6/32"));
    EXPECT_FALSE(same_things(one, other));
}

}  // namespace
}  // namespace metalwright::netcfg
