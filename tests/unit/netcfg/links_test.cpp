#include <gmock/gmock.h>

#include "host.hpp"
#include "netcfg/made_links.hpp"
#include "netcfg/persist/links.hpp"
#include "netcfg/persist/text.hpp"
#include "netcfg/stack.hpp"

// Bonds and VLANs: made before anything is put on them, and taken back with it.
namespace metalwright::netcfg {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;

constexpr int bond0 = 7700;
constexpr int vlan = 7701;

Wanted on_bond(std::optional<std::uint16_t> id = std::nullopt) {
    Wanted wanted = primary("10.0.0.10/24", "10.0.0.1");
    wanted.nic = {};
    wanted.bond.emplace();
    wanted.vlan = id;
    return wanted;
}

/// A host that runs with an address and a default route of ours on eth0.
Observed running() {
    Observed state = server();
    state.addresses = {ours("10.0.0.10/24"), ours("10.0.0.51/32"), ours("fd00::51/128")};
    state.routes = {route("0.0.0.0/0", "10.0.0.1", our_protocol), local_route("10.0.3.0/28")};
    return state;
}

Wanted with_aliases(Wanted wanted) {
    wanted.aliases = {alias("10.0.0.51"), alias("fd00::51"), alias("10.0.3.0/28")};
    return wanted;
}

const Link* link(Host& host, std::string_view name) {
    const auto& links = host.kernel.kernel().links;
    const auto it = std::ranges::find(links, name, &Link::name);
    return it == links.end() ? nullptr : &*it;
}

/// "10.0.0.10/24 on eth0", of addresses and routes alike.
std::vector<std::string> things(Host& host) {
    const Observed& state = host.kernel.kernel();
    const auto on = [&](int index) {
        const auto it = std::ranges::find(state.links, index, &Link::index);
        return " on " + (it == state.links.end() ? "nothing" : it->name);
    };
    std::vector<std::string> all;
    for (const KernelAddress& each : state.addresses)
        all.push_back(each.prefix.text() + on(each.ifindex));
    for (const KernelRoute& each : state.routes)
        all.push_back("route " + each.to.text() + on(each.ifindex));
    std::ranges::sort(all);
    return all;
}

ItemResult line(const std::vector<ItemResult>& results, std::string_view item) {
    const auto it = std::ranges::find(results, item, &ItemResult::item);
    return it == results.end() ? ItemResult{.item = "absent"} : *it;
}

void nothing_left(Host& host, const Wanted& wanted) {
    const Observed now = observe(host.doors, wanted).value();
    EXPECT_THAT(steps_of(plan(wanted, now, host.owned)), IsEmpty());
}

TEST(Links, ABondAndAVlanAreMadeBeforeTheAddressIsPutOnThem) {
    Host host(server());
    const auto results = host.bring_to(on_bond(100));
    for (const char* item : {"bond", "vlan", "primary", "route/default", "persist"})
        EXPECT_EQ(line(results, item).outcome, Outcome::changed) << item << '\n' << host.trace;
    EXPECT_THAT(things(host),
                ElementsAre("10.0.0.10/24 on bond0.100", "route 0.0.0.0/0 on bond0.100"));
    EXPECT_EQ(link(host, "eth0")->master, bond0);
    EXPECT_EQ(link(host, "eth1")->master, bond0);
    ASSERT_NE(link(host, "bond0"), nullptr);
    EXPECT_EQ(link(host, "bond0")->bond,
              (BondState{.mode = 4, .hash = 1, .fast = true, .miimon_ms = 100}));
    EXPECT_EQ(link(host, "bond0")->mac, eth0().mac);
    EXPECT_EQ(link(host, "bond0.100")->parent, bond0);
    EXPECT_EQ(link(host, "bond0.100")->vlan, 100);
    EXPECT_THAT(host.prober.asked, IsEmpty()) << "there was no way to go back to";
    nothing_left(host, on_bond(100));
}

TEST(Links, WhatOfOursIsOnThePortsMovesToTheBond) {
    Host host(running());
    host.bring_to(with_aliases(primary("10.0.0.10/24", "10.0.0.1")));
    const auto results = host.bring_to(with_aliases(on_bond()));
    EXPECT_EQ(line(results, "primary").outcome, Outcome::changed) << host.trace;
    EXPECT_THAT(things(host), ElementsAre("10.0.0.10/24 on bond0", "10.0.0.51/32 on bond0",
                                          "fd00::51/128 on bond0", "route 0.0.0.0/0 on bond0",
                                          "route 10.0.3.0/28 on bond0"));
    ASSERT_EQ(host.prober.asked.size(), 1U) << "the gateway is asked, through the bond";
    EXPECT_EQ(host.prober.asked[0].ifindex, bond0);
    EXPECT_GT(host.prober.asked[0].guard.within, Guard().within) << "LACP takes its time";
    nothing_left(host, with_aliases(on_bond()));
}

TEST(Links, ABondThroughWhichTheGatewayIsSilentIsTakenBack) {
    for (const auto id : {std::optional<std::uint16_t>(), std::optional<std::uint16_t>(100)}) {
        Host host(running());
        host.bring_to(with_aliases(primary("10.0.0.10/24", "10.0.0.1")));
        const auto before = things(host);
        host.prober.answers = false;
        const auto results = host.bring_to(with_aliases(on_bond(id)));
        EXPECT_THAT(line(results, "primary").error->message,
                    HasSubstr("all of the change was taken back"));
        EXPECT_EQ(line(results, "bond").outcome, Outcome::failed);
        EXPECT_EQ(line(results, "alias/10.0.0.51/32").outcome, Outcome::skipped);
        EXPECT_EQ(things(host), before) << host.trace;
        EXPECT_EQ(link(host, "bond0"), nullptr);
        EXPECT_TRUE(link(host, "eth0")->up);
        EXPECT_EQ(link(host, "eth0")->master, 0);
    }
}

TEST(Links, ACrashInTheMiddleIsTakenBackFromTheJournal) {
    Host host(running());
    host.bring_to(with_aliases(primary("10.0.0.10/24", "10.0.0.1")));
    const auto before = things(host);
    const Wanted wanted = on_bond(100);
    const Observed seen = observe(host.doors, wanted).value();
    const Plan<Op> made = plan(wanted, seen, host.owned);
    NoJournal journal;
    std::vector<std::string> undo;
    for (const Step<Op>& step : made.steps) {
        if (step.group.empty() || std::holds_alternative<Probe>(step.op)) continue;
        ASSERT_TRUE(apply(std::span(&step, 1), seen, host.doors, journal)[0]);
        std::vector<std::string> texts = undo_of(step);
        undo.insert(undo.begin(), texts.begin(), texts.end());
    }
    EXPECT_NE(link(host, "bond0.100"), nullptr);
    ASSERT_TRUE(take_back(undo, host.doors));
    EXPECT_EQ(things(host), before);
    EXPECT_EQ(link(host, "bond0"), nullptr);
}

TEST(Links, SomebodyElsesAddressKeepsANicOutOfABond) {
    Observed state = server();
    state.addresses = {foreign("192.0.2.7/24", 3)};
    Host host(state);
    const auto results = host.bring_to(on_bond());
    EXPECT_EQ(line(results, "bond").outcome, Outcome::failed);
    EXPECT_THAT(line(results, "bond").error->message,
                HasSubstr("eth1 has 192.0.2.7/24, which somebody else has set"));
    EXPECT_EQ(line(results, "primary").outcome, Outcome::failed);
    EXPECT_EQ(host.kernel.mutations(), 0U);
}

TEST(Links, AVlanThatIsThereGetsALargerMtuWithTheBondUnderIt) {
    Host host(server());
    Wanted wanted = on_bond(100);
    host.bring_to(wanted);
    for (const std::uint32_t mtu : {9000U, 1400U}) {
        wanted.primary->mtu = mtu;
        const auto results = host.bring_to(wanted);
        EXPECT_EQ(line(results, "mtu").outcome, Outcome::changed) << host.trace;
        EXPECT_EQ(line(results, "persist").outcome, Outcome::changed) << host.trace;
        EXPECT_EQ(link(host, "bond0.100")->mtu, mtu);
        EXPECT_EQ(link(host, "bond0")->mtu, 9000U) << "others may stand on it";
        for (const ItemResult& result : host.bring_to(wanted))
            EXPECT_EQ(result.outcome, Outcome::unchanged) << result.item << host.trace;
    }
}

TEST(Links, SomebodyElsesBondIsUsedWhereItFitsAndNeverChanged) {
    Observed state = server();
    state.links.push_back({.index = 9,
                           .name = "bond0",
                           .mac = eth0().mac,
                           .kind = "bond",
                           .mtu = 1500,
                           .up = true,
                           .carrier = true,
                           .bond = BondState{.mode = 4}});
    state.links[1].master = state.links[2].master = 9;
    Host fits(state);
    auto results = fits.bring_to(on_bond());
    EXPECT_EQ(line(results, "bond").outcome, Outcome::unchanged);
    EXPECT_THAT(line(results, "bond").note, HasSubstr("not ours"));
    EXPECT_THAT(things(fits), Contains("10.0.0.10/24 on bond0"));
    Wanted none = on_bond();
    none.bond->ports.emplace();
    none.nic.name = "bond0";
    EXPECT_THAT(line(fits.bring_to(none), "bond").note, HasSubstr("somebody else's and stays"));

    Wanted other = on_bond();
    other.bond->mode = Bond::Mode::active_backup;
    Host differs(state);
    results = differs.bring_to(other);
    EXPECT_EQ(line(results, "bond").outcome, Outcome::failed);
    EXPECT_THAT(line(results, "bond").error->message, HasSubstr("its mode is not active-backup"));
    EXPECT_EQ(link(differs, "bond0")->bond->mode, 4);

    state.links[2].master = 0;
    Host lacks(state);
    EXPECT_THAT(line(lacks.bring_to(on_bond()), "bond").error->message,
                HasSubstr("eth1 is no port of it"));
}

TEST(Links, AnotherModeMakesTheBondAnewAndNoneTakesItApart) {
    Host host(server());
    host.bring_to(with_aliases(on_bond(100)));
    Wanted other = with_aliases(on_bond(100));
    other.bond->mode = Bond::Mode::active_backup;
    host.bring_to(other);
    EXPECT_EQ(link(host, "bond0")->bond->mode, 1) << host.trace;
    EXPECT_THAT(things(host), Contains("10.0.0.51/32 on bond0.100"));
    nothing_left(host, other);

    Wanted dual = with_aliases(primary("10.0.0.10/24", "10.0.0.1"));
    dual.bond.emplace().ports.emplace();
    dual.vlan = 0;
    const auto results = host.bring_to(dual);
    EXPECT_EQ(line(results, "bond").outcome, Outcome::changed) << host.trace;
    EXPECT_EQ(link(host, "bond0"), nullptr);
    EXPECT_EQ(link(host, "bond0.100"), nullptr);
    EXPECT_THAT(things(host),
                ElementsAre("10.0.0.10/24 on eth0", "10.0.0.51/32 on eth0", "fd00::51/128 on eth0",
                            "route 0.0.0.0/0 on eth0", "route 10.0.3.0/28 on eth0"));
    nothing_left(host, dual);
}

TEST(Links, AnotherVlanReplacesTheFormerOne) {
    Host host(server());
    host.bring_to(on_bond(100));
    const auto results = host.bring_to(on_bond(200));
    EXPECT_EQ(line(results, "vlan").outcome, Outcome::changed) << host.trace;
    EXPECT_THAT(things(host),
                ElementsAre("10.0.0.10/24 on bond0.200", "route 0.0.0.0/0 on bond0.200"));
    EXPECT_EQ(link(host, "bond0.100"), nullptr);
    nothing_left(host, on_bond(200));
    host.prober.answers = false;
    const auto before = things(host);
    host.bring_to(on_bond(300));
    EXPECT_EQ(things(host), before) << host.trace;
    EXPECT_EQ(link(host, "bond0.300"), nullptr);
    EXPECT_NE(link(host, "bond0.200"), nullptr);
}

TEST(Links, TwoVlansOfOneBondAreTwoNics) {
    Wanted wanted = on_bond(100);
    wanted.others.push_back(
        {.nic = {.name = "bond0"},
         .vlan = 200,
         .primary = Primary{.address = cidr("10.0.2.10/24"), .gateway = ip("10.0.2.1")}});
    Host host(server());
    const auto results = host.bring_to(wanted);
    EXPECT_EQ(line(results, "primary on bond0.200").outcome, Outcome::changed) << host.trace;
    EXPECT_THAT(things(host),
                IsSupersetOf({"10.0.0.10/24 on bond0.100", "10.0.2.10/24 on bond0.200"}));
    nothing_left(host, wanted);
    const auto parent = host.files.read("/etc/systemd/network/05-metalwright-bond0.network");
    ASSERT_TRUE(parent);
    EXPECT_THAT(*parent, HasSubstr("VLAN=bond0.100\nVLAN=bond0.200\n"));
}

TEST(Links, AVlanThatCarriesTheDefaultRouteIsFoundAndNoneIsMadeOnIt) {
    Observed state = server();
    state.links.push_back({.index = 9,
                           .name = "eth1.100",
                           .mac = eth1().mac,
                           .kind = "vlan",
                           .mtu = 1500,
                           .up = true,
                           .carrier = true,
                           .parent = 3,
                           .vlan = 100});
    state.addresses = {foreign("10.0.0.9/24", 9)};
    state.routes = {route("0.0.0.0/0", "10.0.0.1", 4, 9)};
    Wanted wanted = aliases({"10.0.0.51"});
    wanted.nic = {};
    wanted.vlan = 100;
    Host host(state);
    const auto results = host.bring_to(wanted);
    EXPECT_EQ(line(results, "vlan").outcome, Outcome::unchanged) << host.trace;
    EXPECT_THAT(things(host), Contains("10.0.0.51/32 on eth1.100"));
    EXPECT_EQ(host.kernel.kernel().links.size(), state.links.size());
}

TEST(Links, APortThatWasTakenOutIsPutBackAndOneThatIsNotWantedLeaves) {
    Host host(server());
    host.bring_to(on_bond());
    for (Link& each : host.kernel.kernel().links)
        if (each.name == "eth1") each.master = 0;
    EXPECT_EQ(line(host.bring_to(on_bond()), "bond").outcome, Outcome::changed);
    EXPECT_EQ(link(host, "eth1")->master, bond0);
    Wanted alone = on_bond();
    alone.bond->ports = {{.name = "eth0"}};
    EXPECT_EQ(line(host.bring_to(alone), "bond").outcome, Outcome::changed);
    EXPECT_EQ(link(host, "eth1")->master, 0);
    nothing_left(host, alone);
}

TEST(Links, WhatCannotBeABondIsSaid) {
    const auto refusal = [](const Wanted& wanted, const Observed& state) {
        Host host(state);
        const ItemResult bond = line(host.bring_to(wanted), "bond");
        EXPECT_EQ(host.kernel.mutations(), 0U);
        return bond.error ? bond.error->message : "none";
    };
    Observed one = server();
    one.links.pop_back();
    EXPECT_THAT(refusal(on_bond(), one), HasSubstr("there is only eth0"));
    Wanted twice = on_bond();
    twice.bond->ports = {{.name = "eth0"}, {.mac = eth0().mac}};
    EXPECT_THAT(refusal(twice, server()), HasSubstr("eth0 is named twice"));
    Wanted absent = on_bond();
    absent.bond->ports = {{.name = "eth0"}, {.name = "eth9"}};
    EXPECT_THAT(refusal(absent, server()), HasSubstr("there is no NIC named eth9"));
    Observed bridged = server();
    bridged.links[2].master = 12;
    Wanted both = on_bond();
    both.bond->ports = {{.name = "eth0"}, {.name = "eth1"}};
    EXPECT_THAT(refusal(both, bridged), HasSubstr("eth1 is a port of something else"));
    Wanted taken = on_bond();
    taken.bond->name = "eth1";
    EXPECT_THAT(refusal(taken, server()), HasSubstr("it is no bond"));
}

TEST(Links, TheNextBootMakesThemBeforeTheAgentIsThere) {
    Host host(server());
    host.bring_to(on_bond(100));
    const auto text = [&](std::string_view name) {
        return host.files.read("/etc/systemd/network/05-metalwright-" + std::string(name))
            .value_or("");
    };
    EXPECT_THAT(text("bond0.netdev"), HasSubstr("Name=bond0\nKind=bond\n"));
    EXPECT_THAT(text("bond0.netdev"),
                HasSubstr("[Bond]\nMode=802.3ad\nMIIMonitorSec=100ms\n"
                          "TransmitHashPolicy=layer3+4\nLACPTransmitRate=fast\n"));
    EXPECT_THAT(text("eth0.network"),
                HasSubstr("PermanentMACAddress=52:54:00:4d:57:01\n\n[Network]\nBond=bond0\n"));
    EXPECT_THAT(text("eth1.network"), HasSubstr("Bond=bond0\n"));
    EXPECT_THAT(text("bond0.network"), HasSubstr("VLAN=bond0.100\n"));
    EXPECT_THAT(text("bond0.100.netdev"), HasSubstr("Kind=vlan\n"));
    EXPECT_THAT(text("bond0.100.netdev"), HasSubstr("[VLAN]\nId=100\n"));
    EXPECT_THAT(text("bond0.100.network"), HasSubstr("Address=10.0.0.10/24\n"));

    // Made by networkd at boot they carry no mark, and are ours all the same.
    for (Link& each : host.kernel.kernel().links) each.alias.clear();
    nothing_left(host, on_bond(100));
    Wanted dual = primary("10.0.0.10/24", "10.0.0.1");
    dual.bond.emplace().ports.emplace();
    dual.vlan = 0;
    host.bring_to(dual);
    EXPECT_EQ(link(host, "bond0"), nullptr);
    for (const char* gone :
         {"bond0.netdev", "bond0.network", "bond0.100.netdev", "bond0.100.network", "eth1.network"})
        EXPECT_EQ(text(gone), "") << gone;
    EXPECT_THAT(text("eth0.network"), HasSubstr("Address=10.0.0.10/24\n"));
}

TEST(Links, IfupdownIsToldTheSame) {
    const Link eth = eth0();
    const Link port = [] {
        Link one = eth1();
        one.master = bond0;
        return one;
    }();
    const Link bond{.index = bond0,
                    .name = "bond0",
                    .mac = eth.mac,
                    .kind = "bond",
                    .mtu = 9000,
                    .bond = BondState{.mode = 4, .hash = 1, .fast = true, .miimon_ms = 100}};
    const Link on_top{.index = vlan,
                      .name = "bond0.100",
                      .kind = "vlan",
                      .mtu = 1500,
                      .parent = bond0,
                      .vlan = 100};
    const std::vector<Link> links{eth, port, bond, on_top};
    EXPECT_EQ(persist::ifupdown_links(on_top, links),
              "    pre-up /sbin/ip link add name bond0 address 52:54:00:4d:57:01 type bond mode "
              "802.3ad miimon 100 "
              "xmit_hash_policy layer3+4 lacp_rate fast || true\n"
              "    pre-up [ -e /sys/class/net/bond0/lower_eth1 ] || { /sbin/ip link set eth1 down; "
              "/sbin/ip link set eth1 master bond0; } || true\n"
              "    pre-up /sbin/ip link set bond0 mtu 9000 up || true\n"
              "    pre-up /sbin/ip link add link bond0 name bond0.100 type vlan id 100 || true\n");
    EXPECT_EQ(persist::ifupdown_links(eth, links), "");
    const TextFile file{persist::ifupdown_path(on_top), persist::ifupdown_links(on_top, links)};
    EXPECT_TRUE(persist::makes(file, bond));
    EXPECT_TRUE(persist::makes(file, on_top));
    EXPECT_FALSE(persist::makes(file, eth));
}

TEST(Links, OperationsAreReadBackFromTheJournal) {
    const std::vector<KernelOp> ops{
        MakeLink{.ifindex = bond0,
                 .name = "bond0",
                 .mac = "52:54:00:4d:57:01",
                 .mtu = 1500,
                 .bond = BondState{.mode = 4, .hash = 2, .fast = true, .miimon_ms = 100}},
        MakeLink{.ifindex = vlan, .name = "bond0.100", .mtu = 9000, .parent = bond0, .vlan = 100},
        RemoveLink{bond0, "bond0"},
        SetMaster{2, "eth0", bond0},
        SetMaster{2, "eth0", 0},
        SetLink{.ifindex = 2, .mtu = 1400}};
    for (const KernelOp& op : ops) {
        const auto back = op_from(journal_form(Op(op)));
        ASSERT_TRUE(back) << journal_form(Op(op));
        EXPECT_EQ(*back, op);
    }
    for (const char* text :
         {"make link", "make link bond0 nic x", "set master eth0 nic 2", "remove link bond0",
          "set mtu x nic 2", "set mtu 1400", "set link mtu nic 2", "set link mtu nic 2 mtu x"})
        EXPECT_FALSE(op_from(text)) << text;
}

TEST(Links, ANameThatIsTooLongIsAnother) {
    EXPECT_EQ(vlan_name({.name = "bond0"}, 100), "bond0.100");
    EXPECT_EQ(vlan_name({.name = "enp129s0f0np0"}, 100), "vlan100");
}

}  // namespace
}  // namespace metalwright::netcfg
