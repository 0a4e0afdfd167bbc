#pragma once

#include <string>
#include <vector>

#include "core/plan.hpp"
#include "netcfg/judge.hpp"
#include "netcfg/op.hpp"
#include "netcfg/site.hpp"

namespace metalwright::netcfg {

/// A plan under construction, and the parts of plan() that write to it, one file each. Steps of
/// one item never share a batch, so what may wait (removals) is kept back to the end.
struct Draft {
    const Site& site;
    std::vector<JudgedAlias> aliases;
    std::optional<JudgedPrimary> primary;
    Plan<Op> plan{};
    std::vector<Step<Op>> removals{};
    bool guarded = false;  ///< a group "primary" is in the plan; what rests on it needs that item
    // By position in site.observed(): an alias of the plan is just this, so it does not go.
    std::vector<bool> wanted_addresses{};
    std::vector<bool> wanted_routes{};

    void unchanged(std::string item, std::string note = {});
    void failed(std::string item, Error error);
    void skipped(std::string item, Error why);
    void step(std::string item, std::string why, Op op);
    /// Like step(), for what may only be done once a guarded change has proved itself.
    void step_after_guard(std::string item, std::string why, Op op);
    void remove(std::string item, std::string why, const KernelOp& op);
};

void plan_primary(Draft& draft);  ///< mtu, primary, routes  (plan_primary.cpp)
void plan_aliases(Draft& draft);  ///< alias/...             (plan_aliases.cpp)
void plan_persist(Draft& draft);  ///< persist, dns          (plan_persist.cpp)

/// bandwidth..., behind whatever else is in the plan: it rests on nothing of it, so it has no
/// draft. Nothing when shaping is not wanted. (plan_shaping.cpp)
void plan_shaping(const Wanted& wanted, const Observed& observed, const Owned& owned,
                  Plan<Op>& plan);

/// Makes one group of the steps from `begin` on (the new primary address and the default route)
/// and ends it with a question to the gateway, where there is a former way to go back to.
/// (plan_guard.cpp)
void guard_change(Draft& draft, std::size_t begin);

/// Settles `item` by an address that is there; the note says when it is not ours.
void settle_present(Draft& draft, std::string item, const KernelAddress& present);

}  // namespace metalwright::netcfg
