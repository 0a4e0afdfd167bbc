#include <gmock/gmock.h>
#include <linux/if_addr.h>

#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "host.hpp"
#include "netcfg/alias_form.hpp"

// Any observed state and any wanted state, out of a small world so that they meet often.
namespace metalwright::netcfg {
namespace {

using Random = std::mt19937;

template <class T>
const T& any_of(Random& random, const std::vector<T>& all) {
    return all[random() % all.size()];
}

const std::vector<std::string_view> world{
    "10.0.0.5/32",   "10.0.0.6/32",   "10.0.0.5/24",  "10.0.0.6/24", "10.0.0.7/24",
    "10.0.1.1/24",   "10.0.1.2/24",   "10.0.1.3/28",  "10.0.1.0/28", "10.0.1.16/28",
    "10.0.0.0/29",   "10.0.0.128/28", "10.0.2.0/24",  "fd00::5/128", "fd00::6/128",
    "fd00::6/64",    "fd00::10/126",  "fd00:1::/126", "0.0.0.0/32",  "224.0.0.1/32",
    "10.0.0.255/32", "10.0.0.1/32",   "10.0.3.0/28",  "10.0.1.1/32", "10.0.16.0/19"};
const std::vector<std::string_view> primaries{"10.0.0.5/24",  "10.0.0.6/24", "10.0.1.1/24",
                                              "10.0.0.7/24",  "fd00::5/64",  "10.0.0.0/24",
                                              "10.0.0.10/24", "10.0.1.9/24"};
const std::vector<std::string_view> gateways{"10.0.0.1", "10.0.1.254", "fd00::1", "10.0.0.2"};

Wanted random_wanted(Random& random) {
    Wanted wanted{.nic = {.name = random() % 4 == 0 ? "eth1" : "eth0"}};
    wanted.limits.aliases = random() % 3 == 0 ? 3 : 50;
    if (random() % 3 != 0) {
        wanted.primary = Primary{.address = cidr(any_of(random, primaries))};
        if (random() % 2 == 0) wanted.primary->gateway = ip(any_of(random, gateways));
        if (random() % 4 == 0)
            wanted.primary->routes = {{.to = cidr("10.8.0.0/16"), .via = wanted.primary->gateway}};
        if (random() % 4 == 0) wanted.primary->mtu = 1400;
        if (random() % 4 == 0) wanted.primary->dns = {ip("10.0.0.2")};
    }
    if (random() % 5 != 0) {
        const bool routed = random() % 4 == 0;
        const Alias::As as = random() % 3 == 0 ? Alias::As::local_route : Alias::As::automatic;
        wanted.aliases = std::vector<Alias>{};
        for (std::size_t n = random() % 8; n-- > 0;) {
            wanted.aliases->push_back(alias(any_of(random, world)));
            wanted.aliases->back().routed = routed;
            wanted.aliases->back().as = as;
        }
    }
    return wanted;
}

/// What somebody else may have set before we came.
void add_foreign(Random& random, Observed& kernel) {
    for (std::size_t n = random() % 5; n-- > 0;) {
        const Prefix prefix = cidr(any_of(random, world));
        if (prefix.is_range()) continue;
        KernelAddress address{
            .ifindex = random() % 4 == 0 ? 3 : 2, .prefix = prefix, .flags = 0x80};
        bool fits = true;
        for (const KernelAddress& other : kernel.addresses) {
            if (other.prefix.address == prefix.address) fits = false;
            if (other.ifindex == address.ifindex && !prefix.address.v6 && !prefix.is_single() &&
                other.prefix.network() == prefix.network())
                address.flags |= IFA_F_SECONDARY;
        }
        if (fits) kernel.addresses.push_back(address);
    }
    if (random() % 4 == 0) kernel.routes.push_back(local_route("10.0.3.0/28", 66));
    if (random() % 4 == 0) kernel.routes.push_back(route("0.0.0.0/0", "10.0.9.1", 3, 3));
    for (Link& link : kernel.links) {
        if (!link.loopback && random() % 6 == 0) link.up = false;
        link.promote_secondaries = random() % 3 == 0;
    }
}

using Place = std::pair<int, Prefix>;

std::set<Place> places(const std::vector<KernelAddress>& all) {
    std::set<Place> set;
    for (const KernelAddress& address : all) set.insert({address.ifindex, address.prefix});
    return set;
}

std::vector<KernelRoute> default_routes(const Observed& kernel) {
    std::vector<KernelRoute> routes;
    for (const KernelRoute& each : kernel.routes)
        if (each.to.length == 0) routes.push_back(each);
    std::ranges::sort(routes);
    return routes;
}

void check_round(Host& host, const Wanted& wanted, std::set<Place>& foreign,
                 const std::vector<KernelRoute>& foreign_routes) {
    const std::vector<KernelRoute> ways = default_routes(host.kernel.kernel());
    const std::vector<ItemResult> results = host.bring_to(wanted);
    const Observed after = host.kernel.kernel();
    SCOPED_TRACE(host.trace);

    // One line each, and each wanted alias has its own.
    std::set<std::string> items;
    std::size_t alias_lines = 0;
    for (const ItemResult& result : results) {
        EXPECT_TRUE(items.insert(result.item).second) << result.item << " twice";
        EXPECT_EQ(result.outcome == Outcome::failed,
                  result.error && result.outcome != Outcome::skipped)
            << result.item;
    }
    if (wanted.aliases) {
        std::map<std::string, unsigned> times;
        for (const Alias& each : *wanted.aliases) {
            std::string item = "alias/" + each.cidr.text();
            if (const unsigned time = ++times[item]; time > 1) item += '#' + std::to_string(time);
            EXPECT_TRUE(items.contains(item)) << item;
            ++alias_lines;
        }
        EXPECT_GE(items.size(), alias_lines);
    }

    // A change that did not prove itself leaves the way to the network as it was; where the kernel
    // does not take the former route back (its gateway is on no link any more) that is said.
    const bool told = std::ranges::any_of(results, [](const ItemResult& result) {
        return result.error && result.error->message.contains("could not take back");
    });
    if (!host.prober.answers && !host.prober.asked.empty() && !told) {
        EXPECT_EQ(default_routes(after), ways);
    }

    // Foreign: exactly as before.
    const std::set<Place> now = places(after.addresses);
    for (const Place& place : foreign)
        EXPECT_TRUE(now.contains(place)) << place.second.text() << " of somebody else is gone";
    for (const KernelRoute& each : foreign_routes)
        EXPECT_NE(std::ranges::find(after.routes, each), after.routes.end()) << each.to.text();

    // Observed and ours = wanted, for each section that is managed.
    const int nic_index = wanted.nic.name == "eth1" ? 3 : 2;
    const auto applied = [&](const std::string& item) {
        const auto it = std::ranges::find(results, item, &ItemResult::item);
        return it != results.end() &&
               (it->outcome == Outcome::changed || it->outcome == Outcome::unchanged);
    };
    std::set<Place> expected;
    std::set<Place> tolerated;  // refused now, in force before
    if (wanted.aliases) {
        for (const Alias& each : *wanted.aliases) {
            if (form_of(each) == AliasForm::local_route) continue;
            for (std::uint32_t i = 0; i < std::min(count_of(each), 256U); ++i)
                (applied("alias/" + each.cidr.text()) ? expected : tolerated)
                    .insert({nic_index, {first_of(each).address.plus(i), first_of(each).length}});
        }
        if (wanted.primary)
            (applied("primary") ? expected : tolerated)
                .insert({nic_index, wanted.primary->address});
    }
    if (wanted.aliases && wanted.primary && applied("primary")) {
        for (const Place& place : now)
            if (!foreign.contains(place)) {
                EXPECT_TRUE(expected.contains(place) || tolerated.contains(place))
                    << place.second.text() << " is ours and not wanted";
            }
        for (const Place& place : expected) {
            const bool there = std::ranges::any_of(now, [&](const Place& other) {
                // A foreign address of another length stands for it.
                return other == place ||
                       (foreign.contains(other) && other.second.address == place.second.address &&
                        other.first == place.first);
            });
            EXPECT_TRUE(there) << place.second.text() << " is missing";
        }
    }
    if (wanted.aliases)
        for (const KernelRoute& each : after.routes)
            if (each.table == 255 && each.protocol == our_protocol) {
                // With a primary address that did not prove itself all of this stays as it was.
                EXPECT_TRUE(applied("alias/" + each.to.text()) ||
                            (wanted.primary && !applied("primary")))
                    << each.to.text();
            }

    // A second time: nothing to do but what was refused.
    const std::uint64_t mutations = host.kernel.mutations();
    const std::vector<ItemResult> again = host.bring_to(wanted);
    SCOPED_TRACE("again:\n" + host.trace);
    std::set<std::string> failed_before;
    for (const ItemResult& result : results)
        if (result.outcome == Outcome::failed) failed_before.insert(result.item);
    for (const ItemResult& result : again)
        if (!failed_before.contains(result.item)) {
            EXPECT_NE(result.outcome, Outcome::changed) << result.item;
        }
    if (failed_before.empty()) {
        EXPECT_EQ(host.kernel.mutations(), mutations);
    }
    EXPECT_EQ(places(host.kernel.kernel().addresses), now);
}

void campaign(bool marks, unsigned seeds) {
    if (const char* more = std::getenv("METALWRIGHT_SEEDS"))
        seeds = static_cast<unsigned>(std::strtoul(more, nullptr, 10));
    for (unsigned seed = 1; seed <= seeds && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random(seed);
        Observed state = server();
        add_foreign(random, state);
        const std::set<Place> all_foreign = places(state.addresses);
        const std::vector<KernelRoute> foreign_routes = state.routes;
        Host host(state);
        host.kernel.keeps_marks = marks;
        std::set<Place> foreign = all_foreign;
        for (int round = 0; round < 4 && !testing::Test::HasFailure(); ++round) {
            SCOPED_TRACE("round " + std::to_string(round));
            host.prober.answers = random() % 4 != 0;
            host.prober.asked.clear();
            check_round(host, random_wanted(random), foreign, foreign_routes);
        }
    }
}

TEST(AnyState, ConvergesLeavesForeignAloneAndIsIdempotent) {
    campaign(true, 400);
}

TEST(AnyState, TheStoreStandsInForAKernelWithoutMarks) {
    campaign(false, 200);
}

}  // namespace
}  // namespace metalwright::netcfg
