// Kinds of addresses, and several NICs in one plan.
#include <gmock/gmock.h>
#include <linux/if_addr.h>

#include "netcfg/nic.hpp"
#include "scene.hpp"

namespace metalwright::netcfg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Alias of_kind(Kind kind, std::string_view text) {
    Alias made = alias(text);
    made.kind = kind;
    return made;
}

/// eth0 is the primary NIC; `list` is all that is managed, of the kinds in it.
Wanted wanted_of(const std::vector<Alias>& list) {
    Wanted wanted{.nic = {.name = "eth0"}, .aliases = list, .managed = {}};
    for (const Alias& one : list) wanted.managed.add(one.kind);
    return wanted;
}

Wanted only_managing(Kind kind) {
    Wanted wanted = wanted_of({});
    wanted.managed.add(kind);
    return wanted;
}

Link wan0() {
    return nic(5, "wan0", "52:54:00:4d:57:05", "pci0000:00/0000:00:05.0/virtio2");
}
Observed with_wan() {
    Observed seen = server();
    seen.links.push_back(wan0());
    return seen;
}

std::string message_of(const Plan<Op>& made, std::string_view item) {
    const ItemResult result = settled(made, item);
    EXPECT_EQ(result.outcome, Outcome::failed) << item;
    return result.error ? result.error->message : "";
}

TEST(PlanKinds, EachKindHasItsLineAndItsPlace) {
    const Wanted wanted =
        wanted_of({of_kind(Kind::alias, "10.0.0.5"), of_kind(Kind::secondary, "10.0.0.6"),
                   of_kind(Kind::elastic, "203.0.113.9")});
    const Plan<Op> made = plan(wanted, with_wan(), {});
    EXPECT_THAT(steps_of(made), ElementsAre("alias/10.0.0.5/32: add 10.0.0.5/32",
                                            "secondary/10.0.0.6/32: add 10.0.0.6/32",
                                            "elastic/203.0.113.9/32: add 203.0.113.9/32"));
    EXPECT_EQ(as<AddAddress>(made.steps[1].op)->ifindex, eth0().index);
    EXPECT_EQ(as<AddAddress>(made.steps[2].op)->ifindex, wan0().index);
    EXPECT_THAT(settled(made, "nic on wan0").note, HasSubstr("by its name it is the WAN NIC"));
}

TEST(PlanKinds, WithoutAWanNicElasticAddressesAreOnThePrimaryOneOrWhereTheConfigurationSays) {
    Wanted wanted = wanted_of({of_kind(Kind::elastic, "203.0.113.9")});
    const Plan<Op> made = plan(wanted, server(), {});
    ASSERT_THAT(steps_of(made), ElementsAre("elastic/203.0.113.9/32: add 203.0.113.9/32"));
    EXPECT_EQ(as<AddAddress>(made.steps[0].op)->ifindex, eth0().index);
    EXPECT_FALSE(has_item(made, "nic on eth0"));

    wanted.wan.name = "eth1";
    const Plan<Op> configured = plan(wanted, with_wan(), {});
    EXPECT_EQ(as<AddAddress>(configured.steps[0].op)->ifindex, eth1().index);

    wanted.wan.name = "eth7";
    const Plan<Op> none = plan(wanted, with_wan(), {});
    EXPECT_THAT(steps_of(none), IsEmpty());
    EXPECT_THAT(message_of(none, "nic on eth7"), HasSubstr("there is no NIC named eth7"));
    EXPECT_THAT(message_of(none, "elastic/203.0.113.9/32"), HasSubstr("see the item nic on eth7"));
}

TEST(PlanKinds, OneKindIsRemovedWithoutTheOther) {
    const Wanted before =
        wanted_of({of_kind(Kind::alias, "10.0.0.5"), of_kind(Kind::secondary, "10.0.0.6")});
    const Owned owned = owned_after(before, server(), {});
    Observed seen = server();
    seen.addresses = {ours("10.0.0.5/32"), ours("10.0.0.6/32")};
    EXPECT_THAT(steps_of(plan(only_managing(Kind::alias), seen, owned)),
                ElementsAre("alias/10.0.0.5/32: remove 10.0.0.5/32"));
    EXPECT_THAT(steps_of(plan(only_managing(Kind::secondary), seen, owned)),
                ElementsAre("secondary/10.0.0.6/32: remove 10.0.0.6/32"));
    EXPECT_THAT(steps_of(plan(only_managing(Kind::elastic), seen, owned)), IsEmpty());
    // What is not spoken of stays remembered for what it is.
    EXPECT_EQ(owned_after(only_managing(Kind::alias), seen, owned), owned);
}

TEST(PlanKinds, AnElasticAddressGoesFromTheWanNicAlone) {
    const Wanted before =
        wanted_of({of_kind(Kind::alias, "10.0.0.5"), of_kind(Kind::elastic, "203.0.113.9")});
    const Owned owned = owned_after(before, with_wan(), {});
    Observed seen = with_wan();
    seen.addresses = {ours("10.0.0.5/32"), ours("203.0.113.9/32", wan0().index)};
    EXPECT_THAT(plan(before, seen, owned).steps, IsEmpty());
    EXPECT_THAT(steps_of(plan(only_managing(Kind::elastic), seen, owned)),
                ElementsAre("elastic/203.0.113.9/32: remove 203.0.113.9/32"));
    EXPECT_THAT(steps_of(plan(only_managing(Kind::alias), seen, owned)),
                ElementsAre("alias/10.0.0.5/32: remove 10.0.0.5/32"));
    // And where the WAN NIC has become another one, from the one that it was.
    Wanted moved = wanted_of({of_kind(Kind::elastic, "203.0.113.9")});
    moved.wan.name = "eth1";
    EXPECT_THAT(steps_of(plan(moved, seen, owned)),
                ElementsAre("elastic/203.0.113.9/32 (on wan0 before): remove 203.0.113.9/32",
                            "elastic/203.0.113.9/32: add 203.0.113.9/32"));
}

TEST(PlanKinds, EachKindHasItsOwnLimit) {
    std::vector<Alias> list;
    for (int i = 1; i <= 3; ++i) {
        list.push_back(of_kind(Kind::alias, "10.0.1." + std::to_string(i)));
        list.push_back(of_kind(Kind::secondary, "10.0.2." + std::to_string(i)));
        list.push_back(of_kind(Kind::elastic, "203.0.113." + std::to_string(i)));
    }
    Wanted wanted = wanted_of(list);
    wanted.limits.aliases = 1;
    wanted.limits.secondaries = 2;
    wanted.limits.elastics = 2;
    const Plan<Op> made = plan(wanted, server(), {});
    EXPECT_EQ(made.steps.size(), 5u);
    EXPECT_THAT(message_of(made, "alias/10.0.1.2/32"), HasSubstr("more than 1 aliases on one NIC"));
    EXPECT_THAT(message_of(made, "secondary/10.0.2.3/32"),
                HasSubstr("more than 2 secondary addresses on one NIC"));
    EXPECT_THAT(message_of(made, "elastic/203.0.113.3/32"),
                HasSubstr("more than 2 elastic addresses on one NIC"));
    EXPECT_EQ(Limits().secondaries, 39u);
    EXPECT_EQ(Limits().elastics, 64u);
}

TEST(PlanKinds, ASecondaryAddressIsOfTheNicsNetworkOrOfAPool) {
    Wanted wanted =
        wanted_of({of_kind(Kind::secondary, "10.0.0.6"), of_kind(Kind::secondary, "10.9.0.6"),
                   of_kind(Kind::secondary, "10.8.0.0/28")});
    wanted.primary = Primary{.address = cidr("10.0.0.10/24")};
    EXPECT_THAT(message_of(plan(wanted, server(), {}), "secondary/10.9.0.6/32"),
                HasSubstr("10.9.0.6 is not in 10.0.0.0/24, the network of eth0, nor in a pool"));
    EXPECT_THAT(message_of(plan(wanted, server(), {}), "secondary/10.8.0.0/28"),
                HasSubstr("is a range"));
    wanted.pools = {cidr("10.9.0.0/24")};
    EXPECT_TRUE(has_item(plan(wanted, server(), {}), "secondary/10.9.0.6/32"));
    EXPECT_EQ(plan(wanted, server(), {}).steps.size(), 3u);  // with the primary one
}

TEST(PlanKinds, AForeignAddressIsTakenOverOnlyWhereTheSpecAsksForIt) {
    Observed seen = server();
    seen.addresses = {foreign("10.0.0.5/32"), foreign("fd00::5/128")};
    Wanted wanted = aliases({"10.0.0.5", "fd00::5"});
    EXPECT_THAT(plan(wanted, seen, {}).steps, IsEmpty());
    EXPECT_THAT(owned_after(wanted, seen, {}).addresses, IsEmpty());
    for (Alias& one : *wanted.aliases) one.adopt = true;
    const Plan<Op> made = plan(wanted, seen, {});
    EXPECT_THAT(steps_of(made), ElementsAre("alias/10.0.0.5/32: take over 10.0.0.5/32",
                                            "alias/fd00::5/128: take over fd00::5/128"));
    // From before it is done, so that a kernel without marks knows it too.
    const Owned owned = owned_after(wanted, seen, {});
    EXPECT_THAT(owned.addresses, ElementsAre(cidr("10.0.0.5/32"), cidr("fd00::5/128")));
    EXPECT_THAT(plan(wanted, seen, owned).steps, IsEmpty());
    EXPECT_EQ(plan(aliases({}), seen, owned).steps.size(), 2u);
}

TEST(PlanKinds, ADuplicateIsAskedForWhereTheSpecSaysSo) {
    Wanted wanted = aliases({"fd00::5", "fd00::6"});
    wanted.aliases->front().detect_duplicate = true;
    const Plan<Op> made = plan(wanted, server(), {});
    ASSERT_EQ(made.steps.size(), 3u);
    EXPECT_TRUE(as<AddAddress>(made.steps[0].op)->detect_duplicate);
    EXPECT_FALSE(as<AddAddress>(made.steps[1].op)->detect_duplicate);
    // The wait comes behind all that is added, and belongs to the item.
    EXPECT_EQ(made.steps[2].op, Op(AwaitUnique{2, cidr("fd00::5/128")}));
    EXPECT_EQ(made.steps[2].item, "alias/fd00::5/128");
    Observed seen = server();
    seen.addresses = {ours("fd00::5/128", 2, IFA_F_TENTATIVE), ours("fd00::6/128")};
    EXPECT_EQ(plan(wanted, seen, {}).steps.size(), 1u);
    seen.addresses.front().flags = IFA_F_TENTATIVE | IFA_F_DADFAILED;
    EXPECT_THAT(message_of(plan(wanted, seen, {}), "alias/fd00::5/128"),
                HasSubstr("another host on the network has fd00::5 already"));
}

TEST(PlanKinds, AnIpv6AddressIsPreferredOnlyWhereTheSpecSaysSo) {
    Wanted wanted = aliases({"fd00::5", "fd00:1::/126"});
    EXPECT_TRUE(as<AddAddress>(plan(wanted, server(), {}).steps[0].op)->deprecated);
    for (Alias& one : *wanted.aliases) one.preferred = true;
    for (const Step<Op>& step : plan(wanted, server(), {}).steps)
        EXPECT_FALSE(as<AddAddress>(step.op)->deprecated) << step.item;
}

/// eth0 with 10.0.0.10/24, eth1 with 10.0.2.10/24 and an alias.
Wanted two_nics() {
    Wanted wanted = primary("10.0.0.10/24", "10.0.0.1");
    wanted.aliases = std::vector<Alias>{alias("10.0.0.20")};
    Wanted other{.nic = {.name = "eth1"}, .primary = Primary{.address = cidr("10.0.2.10/24")}};
    other.primary->gateway = ip("10.0.2.1");
    other.primary->routes = {{.to = cidr("10.20.0.0/16"), .via = ip("10.0.2.254")}};
    other.aliases = std::vector<Alias>{alias("10.0.2.20")};
    wanted.others.push_back(other);
    return wanted;
}

Observed with_two_nics() {
    Observed seen = server();
    seen.addresses = {ours("10.0.0.10/24"), ours("10.0.0.20/32"), ours("10.0.2.10/24", 3),
                      ours("10.0.2.20/32", 3)};
    seen.routes = {route("0.0.0.0/0", "10.0.0.1", our_protocol),
                   route("10.20.0.0/16", "10.0.2.254", our_protocol, 3)};
    return seen;
}

/// But for policy routing, which policy_test.cpp is about.
std::vector<std::string> steps_but_policy(const Plan<Op>& made) {
    std::vector<std::string> steps = kernel_steps(made);
    std::erase_if(steps, [](const std::string& step) { return step.starts_with("policy/"); });
    return steps;
}

TEST(PlanNics, EachNicGetsItsOwnAndTheFirstAloneTheDefaultRoute) {
    const Plan<Op> made = plan(two_nics(), server(), {});
    EXPECT_THAT(
        steps_but_policy(made),
        ElementsAre("primary: add 10.0.0.10/24", "route/default: add route 0.0.0.0/0 via 10.0.0.1",
                    "alias/10.0.0.20/32: add 10.0.0.20/32", "primary on eth1: add 10.0.2.10/24",
                    "route/10.20.0.0/16 on eth1: add route 10.20.0.0/16 via 10.0.2.254",
                    "alias/10.0.2.20/32: add 10.0.2.20/32"));
}

TEST(PlanNics, WhatIsThereOnBothIsUnchanged) {
    const Owned owned = owned_after(two_nics(), server(), {});
    EXPECT_THAT(steps_but_policy(plan(two_nics(), with_two_nics(), owned)), IsEmpty());
    EXPECT_EQ(owned_after(two_nics(), with_two_nics(), owned), owned);
    // Without the store the marks tell as much.
    EXPECT_THAT(steps_but_policy(plan(two_nics(), with_two_nics(), {})), IsEmpty());
}

TEST(PlanNics, ANicThatIsNoLongerWantedIsClearedOfOurs) {
    const Owned owned = owned_after(two_nics(), server(), {});
    Wanted one = two_nics();
    one.others.clear();
    Observed seen = with_two_nics();
    seen.addresses.push_back(foreign("10.0.2.66/24", 3));
    EXPECT_THAT(kernel_steps(plan(one, seen, owned)),
                testing::UnorderedElementsAre(
                    "route/10.20.0.0/16: remove route 10.20.0.0/16 via 10.0.2.254",
                    "primary: remove 10.0.2.10/24", "alias/10.0.2.20/32: remove 10.0.2.20/32"));
}

TEST(PlanNics, OneAddressIsOnOneNicOnly) {
    Wanted wanted = two_nics();
    wanted.others[0].aliases->push_back(alias("10.0.0.20"));
    wanted.others[0].aliases->push_back(alias("10.0.0.16/28"));
    wanted.others[0].primary->routes.push_back({.to = cidr("0.0.0.0/0"), .via = ip("10.0.2.1")});
    const Plan<Op> made = plan(wanted, server(), {});
    EXPECT_THAT(message_of(made, "alias/10.0.0.16/28"),
                HasSubstr("10.0.0.16/28 is wanted on eth0 already"));
    EXPECT_THAT(message_of(made, "route/default on eth1"), HasSubstr("is wanted on eth0 already"));
    // Each line has its own name, also where two are about one address.
    EXPECT_THAT(message_of(made, "alias/10.0.0.20/32 on eth1"),
                HasSubstr("10.0.0.20/32 is wanted on eth0 already"));
}

TEST(PlanNics, TheOtherNicIsFoundWhereTheSpecNamesNone) {
    Wanted wanted = two_nics();
    wanted.others[0].nic = {};
    EXPECT_TRUE(has_item(plan(wanted, server(), {}), "primary on eth1"));
    Observed seen = server();
    seen.links.pop_back();
    const Plan<Op> none = plan(wanted, seen, {});
    EXPECT_THAT(message_of(none, "nic on another NIC"),
                HasSubstr("there is no other physical NIC"));
    EXPECT_THAT(message_of(none, "alias/10.0.2.20/32"), HasSubstr("there is no NIC to put it on"));
    // The first NIC is served all the same.
    EXPECT_EQ(kernel_steps(none).size(), 3u);

    wanted.others[0].nic.name = "eth0";
    EXPECT_THAT(message_of(plan(wanted, server(), {}), "nic on eth0"),
                HasSubstr("eth0 is spoken of already"));
}

}  // namespace
}  // namespace metalwright::netcfg
