// Any state of three NICs and any order of all kinds of addresses on them.
#include <gmock/gmock.h>
#include <linux/if_addr.h>

#include <map>
#include <random>
#include <set>

#include "host.hpp"

namespace metalwright::netcfg {
namespace {

using Random = std::mt19937;
using Place = std::pair<int, Prefix>;

template <class T>
const T& any_of(Random& random, const std::vector<T>& all) {
    return all[random() % all.size()];
}

const std::vector<std::string_view> world{
    "10.0.0.5/32", "10.0.0.6/32", "10.0.0.7/24",    "10.0.2.5/32",    "10.0.2.6/32",
    "10.0.2.7/24", "10.0.4.5/32", "203.0.113.7/32", "203.0.113.8/32", "203.0.113.9/32",
    "fd00::5/128", "fd00::6/128", "fd00:2::5/128",  "10.0.0.255/32",  "0.0.0.0/32"};

Observed host_with_three() {
    Observed seen = server();
    seen.links.push_back(nic(4, "wan0", "52:54:00:4d:57:03", "pci0000:00/0000:00:05.0/virtio2"));
    return seen;
}

std::vector<Alias> random_list(Random& random, const std::vector<Kind>& kinds) {
    std::vector<Alias> list;
    for (std::size_t n = random() % 7; n-- > 0;) {
        list.push_back(alias(any_of(random, world)));
        list.back().kind = any_of(random, kinds);
        list.back().adopt = random() % 5 == 0;
    }
    return list;
}

/// Everything is spoken of, so that whatever is ours is either wanted or gone.
Wanted random_wanted(Random& random) {
    Wanted wanted = primary(random() % 2 == 0 ? "10.0.0.10/24" : "10.0.0.11/24", "10.0.0.1");
    wanted.managed = {.alias = true, .secondary = true, .elastic = true};
    wanted.aliases = random_list(random, {Kind::alias, Kind::secondary, Kind::elastic});
    wanted.pools = {cidr("10.0.2.0/24")};
    wanted.limits.secondaries = random() % 4 == 0 ? 1 : 39;
    wanted.wan.name = any_of(random, std::vector<std::string>{"", "eth0", "eth1", "wan0"});
    if (random() % 2 == 0) {
        Wanted other{.nic = {.name = "eth1"}, .primary = Primary{.address = cidr("10.0.2.10/24")}};
        if (random() % 2 == 0) other.primary->gateway = ip("10.0.2.1");
        other.aliases = random_list(random, {Kind::alias, Kind::secondary});
        other.managed = {.alias = true, .secondary = true};
        wanted.others.push_back(other);
    }
    return wanted;
}

std::set<Place> places(const Observed& state) {
    std::set<Place> set;
    for (const KernelAddress& address : state.addresses)
        set.insert({address.ifindex, address.prefix});
    return set;
}

/// Where the order puts each of its addresses, accepted or not.
struct Ordered {
    std::string item;
    Place place;
    bool adopt = false;
};

std::vector<Ordered> ordered(const Wanted& wanted, const Observed& state) {
    std::vector<Ordered> all;
    const auto index = [&](std::string_view name) {
        return std::ranges::find(state.links, name, &Link::name)->index;
    };
    const int wan = index(wanted.wan.name.empty() ? "wan0" : wanted.wan.name);
    const auto add = [&](const Wanted& one, int nic, const std::string& suffix) {
        all.push_back({"primary" + suffix, {nic, one.primary->address}});
        std::map<std::string, unsigned> times;
        for (const Alias& each : *one.aliases) {
            std::string item = item_of(each.kind, each.cidr);
            // Of two that are alike the second one is refused.
            if (const unsigned time = ++times[item]; time > 1) item += '#' + std::to_string(time);
            all.push_back({item, {each.kind == Kind::elastic ? wan : nic, each.cidr}, each.adopt});
        }
    };
    add(wanted, index("eth0"), "");
    for (const Wanted& other : wanted.others) add(other, index("eth1"), " on eth1");
    return all;
}

void check_round(Host& host, const Wanted& wanted, std::set<Place>& foreign) {
    const std::vector<ItemResult> results = host.bring_to(wanted);
    SCOPED_TRACE(host.trace);
    std::set<std::string> lines;
    for (const ItemResult& result : results)
        EXPECT_TRUE(lines.insert(result.item).second) << result.item << " twice";
    const std::set<Place> now = places(host.kernel.kernel());
    // Where a NIC before has such a line, the NIC's name is behind it.
    const auto line = [&](const std::string& item, int nic) {
        std::string with_nic = item;
        with_nic.insert(std::min(item.find('#'), item.size()), " on eth1");
        const auto on_nic = std::ranges::find(results, with_nic, &ItemResult::item);
        if (nic == 3 && on_nic != results.end()) return on_nic;
        return std::ranges::find(results, item, &ItemResult::item);
    };

    std::set<Place> expected;
    std::set<Place> allowed;
    for (const auto& [item, place, adopt] : ordered(wanted, host.kernel.kernel())) {
        const auto told = line(item, place.first);
        ASSERT_NE(told, results.end()) << item << " has no line";
        const bool applied = told->outcome != Outcome::failed;
        allowed.insert(place);  // refused now: it may be in force from before
        if (applied) expected.insert(place);
        // What somebody else had set is ours from now on, where the order says so.
        if (applied && adopt) foreign.erase(place);
    }
    for (const Place& place : foreign)
        EXPECT_TRUE(now.contains(place)) << place.second.text() << " of somebody else is gone";
    for (const Place& place : now)
        if (!foreign.contains(place)) {
            EXPECT_TRUE(allowed.contains(place))
                << place.second.text() << " on " << place.first << " is ours and not wanted";
        }
    for (const Place& place : expected) {
        const bool there = std::ranges::any_of(
            now, [&](const Place& other) { return other.second.address == place.second.address; });
        EXPECT_TRUE(there) << place.second.text() << " is missing";
    }

    // Again: nothing is sent, unless something was refused; and nothing moves.
    const std::uint64_t mutations = host.kernel.mutations();
    const bool any_failed =
        std::ranges::find(results, Outcome::failed, &ItemResult::outcome) != results.end();
    host.bring_to(wanted);
    if (!any_failed) {
        EXPECT_EQ(host.kernel.mutations(), mutations);
    }
    EXPECT_EQ(places(host.kernel.kernel()), now);
}

void campaign(bool marks, unsigned seeds) {
    for (unsigned seed = 1; seed <= seeds && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random(seed);
        Observed state = host_with_three();
        // So that a kernel with marks is known for one.
        if (marks) {
            state.addresses.push_back(foreign("127.0.0.1/8", 1));
            state.addresses.back().protocol = 1;
        }
        std::set<netcfg::Address> used;
        for (std::size_t n = random() % 5; n-- > 0;) {
            const Prefix prefix = cidr(any_of(random, world));
            if (!prefix.is_single() || !used.insert(prefix.address).second) continue;
            state.addresses.push_back(
                {.ifindex = 2 + static_cast<int>(random() % 3), .prefix = prefix, .flags = 0x80});
        }
        std::set<Place> foreign = places(state);
        Host host(state);
        host.kernel.keeps_marks = marks;
        for (int round = 0; round < 5 && !testing::Test::HasFailure(); ++round) {
            SCOPED_TRACE("round " + std::to_string(round));
            check_round(host, random_wanted(random), foreign);
        }
    }
}

TEST(AnyNics, ConvergeLeaveForeignAloneAndAreIdempotent) {
    campaign(true, 300);
}

TEST(AnyNics, TheStoreStandsInForAKernelWithoutMarks) {
    campaign(false, 200);
}

}  // namespace
}  // namespace metalwright::netcfg
