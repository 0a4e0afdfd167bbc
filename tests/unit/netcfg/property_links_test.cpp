// Any chain of orders with bonds and VLANs, over NICs on which somebody else has things too.
#include <gmock/gmock.h>

#include <random>
#include <set>

#include "host.hpp"

namespace metalwright::netcfg {
namespace {

using Random = std::mt19937;

bool chance(Random& random, unsigned of) {
    return random() % of == 0;
}

Observed host_with_three(Random& random) {
    Observed seen = server();
    seen.links.push_back(nic(4, "eth2", "52:54:00:4d:57:03", "pci0000:00/0000:00:05.0/virtio2"));
    for (Link& link : seen.links) link.promote_secondaries = chance(random, 3);
    if (chance(random, 4)) seen.links[2].up = false;
    if (chance(random, 2)) seen.addresses.push_back(foreign("192.0.2.9/24", 4));
    if (chance(random, 6)) seen.addresses.push_back(foreign("192.0.2.8/24", 3));
    if (chance(random, 3))
        seen.links.push_back({.index = 8,
                              .name = "eth2.7",
                              .mac = "52:54:00:4d:57:03",
                              .kind = "vlan",
                              .mtu = 1500,
                              .up = true,
                              .carrier = true,
                              .parent = 4,
                              .vlan = 7});
    return seen;
}

/// Everything is spoken of, so that whatever is ours is either wanted or gone.
Wanted random_wanted(Random& random) {
    Wanted wanted = primary(chance(random, 2) ? "10.0.0.10/24" : "10.0.0.11/24", "10.0.0.1");
    wanted.nic = {};
    wanted.bond.emplace();
    switch (random() % 4) {
        case 0: break;  // the two first NICs
        case 1: wanted.bond->ports = {{.name = "eth1"}, {.name = "eth0"}}; break;
        case 2: wanted.bond->ports = {{.mac = eth0().mac}, {.name = "eth2"}}; break;
        default: wanted.bond->ports.emplace(); wanted.nic.name = "eth0";
    }
    if (chance(random, 3)) wanted.bond->mode = Bond::Mode::active_backup;
    constexpr std::array<std::uint16_t, 3> vlans{0, 100, 200};
    wanted.vlan = vlans[random() % vlans.size()];
    if (chance(random, 3)) wanted.primary->mtu = chance(random, 2) ? 9000 : 1400;
    wanted.aliases.emplace();
    for (const char* text : {"10.0.0.51/32", "fd00::51/128", "10.0.3.0/28", "10.0.0.52/24"})
        if (chance(random, 2)) wanted.aliases->push_back(alias(text));
    return wanted;
}

std::set<std::string> link_names(const Observed& state) {
    std::set<std::string> names;
    for (const Link& link : state.links)
        names.insert(link.name + " of " + std::to_string(link.master));
    return names;
}

std::set<std::string> things(const Observed& state) {
    std::set<std::string> all;
    for (const KernelAddress& each : state.addresses)
        all.insert(each.prefix.text() + " on " + std::to_string(each.ifindex));
    for (const KernelRoute& each : state.routes)
        all.insert("route " + each.to.text() + " on " + std::to_string(each.ifindex));
    return all;
}

bool any_failed(const std::vector<ItemResult>& results) {
    return std::ranges::find(results, Outcome::failed, &ItemResult::outcome) != results.end();
}

void check_round(Host& host, const Wanted& wanted, bool answers) {
    const Observed before = host.kernel.kernel();
    const bool hindered =
        std::ranges::any_of(
            before.addresses,
            [&](const KernelAddress& address) {
                return address.protocol == 0 && wanted.bonded() &&
                       address.ifindex ==
                           (wanted.bond->ports && wanted.bond->ports->back().name == "eth2" ? 4
                                                                                            : 3);
            }) ||
        (wanted.bonded() && wanted.bond->ports && wanted.bond->ports->back().name == "eth2" &&
         std::ranges::find(before.links, "eth2.7", &Link::name) != before.links.end());
    host.prober.answers = answers;
    const std::size_t asked = host.prober.asked.size();
    const std::vector<ItemResult> results = host.bring_to(wanted);
    std::string told;
    for (const ItemResult& result : results)
        if (result.error) told += result.item + ": " + result.error->message + '\n';
    SCOPED_TRACE(host.trace + told);
    const bool refused = host.prober.asked.size() > asked && !answers;
    std::set<std::string> lines;
    for (const ItemResult& result : results)
        EXPECT_TRUE(lines.insert(result.item).second) << result.item << " twice";

    const Observed& now = host.kernel.kernel();
    for (const KernelAddress& address : before.addresses)
        if (address.protocol == 0) {
            EXPECT_NE(std::ranges::find(now.addresses, address), now.addresses.end())
                << address.prefix.text() << " of somebody else is gone";
        }
    for (const Link& link : before.links)
        if (link.kind == "vlan" && link.alias.empty()) {
            EXPECT_NE(std::ranges::find(now.links, link.index, &Link::index), now.links.end())
                << link.name << " of somebody else is gone";
        }
    if (refused) {
        EXPECT_EQ(link_names(now), link_names(before));
        // Aliases that nobody wants any more may go, whether the way is a new one or not.
        const auto is_wanted = [&](const std::string& thing) {
            return thing.find("10.0.0.1") != std::string::npos ||
                   thing.starts_with("route 0.0.0.0") ||
                   std::ranges::any_of(*wanted.aliases, [&](const Alias& each) {
                       return thing.find(each.cidr.text() + ' ') != std::string::npos;
                   });
        };
        const std::set<std::string> all = things(now);
        for (const std::string& thing : things(before))
            EXPECT_TRUE(all.contains(thing) || !is_wanted(thing)) << thing << " was not put back";
        return;
    }
    EXPECT_EQ(any_failed(results), hindered);
    if (hindered) return;
    const std::string base = wanted.bonded() ? "bond0" : "eth0";
    const std::string name = *wanted.vlan == 0 ? base : base + '.' + std::to_string(*wanted.vlan);
    const auto on = std::ranges::find(now.links, name, &Link::name);
    ASSERT_NE(on, now.links.end()) << name;
    for (const KernelAddress& address : now.addresses)
        if (address.protocol == our_protocol) {
            EXPECT_EQ(address.ifindex, on->index) << address.prefix.text();
        }
    for (const Link& link : now.links)
        if (link.alias == our_link_alias) {
            EXPECT_TRUE(link.name == name || link.index == on->parent) << link.name << " is left";
        }
    EXPECT_EQ(std::ranges::count(now.addresses, our_protocol, &KernelAddress::protocol),
              1 + std::ranges::count_if(*wanted.aliases,
                                        [](const Alias& each) { return !each.cidr.is_range(); }));

    const std::uint64_t mutations = host.kernel.mutations();
    host.bring_to(wanted);
    EXPECT_EQ(host.kernel.mutations(), mutations) << "again:\n" << host.trace;
}

TEST(PropertyLinks, AnyChainOfOrdersEndsAsWantedOrAsBefore) {
    for (unsigned seed = 0; seed < 400 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random(seed);
        Host host(host_with_three(random));
        for (int round = 0; round < 6 && !testing::Test::HasFailure(); ++round) {
            // One after the other: of two arguments no compiler has to draw the first one first.
            const Wanted wanted = random_wanted(random);
            check_round(host, wanted, !chance(random, 4));
        }
    }
}

}  // namespace
}  // namespace metalwright::netcfg
