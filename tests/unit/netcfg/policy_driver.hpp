#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "core/run_plan.hpp"
#include "netcfg/planner.hpp"
#include "netcfg/room.hpp"
#include "tests/unit/netcfg/scene.hpp"

// Policy routing by itself: everything else of the network is as the test has set it.
namespace metalwright::netcfg {

inline Plan<Op> policy_plan(const Observed& observed, const Owned& owned,
                            std::span<const PolicyNic> nics) {
    const Wanted nothing;
    const Link none;
    const Site site(nothing, observed, owned, nics.empty() ? none : *nics.front().nic);
    Draft draft{.site = site, .aliases = {}, .primary = std::nullopt};
    plan_policy(draft, nics);
    std::ranges::move(draft.removals, std::back_inserter(draft.plan.steps));
    return std::move(draft.plan);
}

/// From `from` to table `number`, with the priority `number`.
inline KernelRule rule(std::uint32_t number, std::string_view from,
                       std::uint8_t protocol = our_protocol) {
    const Prefix source = cidr(from);
    return {.v6 = source.address.v6,
            .priority = number,
            .table = number,
            .protocol = protocol,
            .from = source};
}

inline KernelRoute in_table(std::uint32_t table, std::string_view to, std::string_view via,
                            int ifindex, std::uint8_t protocol = our_protocol) {
    KernelRoute made = route(to, via, protocol, ifindex);
    made.table = table;
    return made;
}

/// A NIC as it is ordered, by name: its link is looked up anew in each observation.
struct Ordered {
    std::string name;
    std::vector<std::string> sources;
    std::string gateway{};
    std::vector<StaticRoute> routes{};
};

/// For the lifetime of `observed`. NICs are numbered in their order.
inline std::vector<PolicyNic> nics_in(const Observed& observed, const std::vector<Ordered>& order) {
    std::vector<PolicyNic> nics;
    for (const Ordered& each : order) {
        const auto link = std::ranges::find(observed.links, each.name, &Link::name);
        if (link == observed.links.end()) {
            ADD_FAILURE() << "no " << each.name;
            return {};
        }
        PolicyNic nic;
        nic.nic = &*link;
        nic.number = static_cast<unsigned>(nics.size());
        nic.routes = each.routes;
        for (const std::string& source : each.sources)
            nic.sources.push_back(Prefix::parse(source).value());
        if (!each.gateway.empty()) nic.gateway = Address::parse(each.gateway).value();
        nics.push_back(std::move(nic));
    }
    return nics;
}

/// The kernel with the tables that so many NICs have.
inline Observed look_at(Rtnl& rtnl, std::size_t nics) {
    Result<Observed> seen = rtnl.dump();
    EXPECT_TRUE(seen) << describe(seen.error());
    if (!seen) return {};
    const auto tables = policy_tables(*seen, static_cast<unsigned>(nics));
    const Result<void> read = rtnl.dump_policy(tables, *seen);
    EXPECT_TRUE(read) << describe(read.error());
    return std::move(*seen);
}

/// As the engine does it: remember, run, read back.
inline std::vector<ItemResult> bring_policy_to(const std::vector<Ordered>& order, Doors& doors,
                                               Owned& owned) {
    NoJournal journal;
    const Observed before = look_at(doors.rtnl, order.size());
    const std::vector<PolicyNic> nics = nics_in(before, order);
    owned.settings = settings_after(before, owned, nics);
    const auto act = [&](std::span<const Step<Op>> steps) {
        return apply(steps, before, doors, journal);
    };
    std::vector<ItemResult> results = run_plan(policy_plan(before, owned, nics), journal, act, [] {
        return std::chrono::steady_clock::time_point{};
    });
    const Observed after = look_at(doors.rtnl, order.size());
    const std::vector<PolicyNic> nics_after = nics_in(after, order);
    for (const Step<Op>& step : policy_plan(after, owned, nics_after).steps)
        for (ItemResult& result : results)
            if (step.item == result.item && result.outcome == Outcome::changed) {
                result.outcome = Outcome::failed;
                result.error = Error{Errc::internal, "read back: " + step.why, step.item};
            }
    owned.settings = settings_after(after, owned, nics_after);
    return results;
}

}  // namespace metalwright::netcfg
