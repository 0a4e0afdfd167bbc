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
/// neighbours (plan_neighbours.cpp). `boot_file` is the path of our boot file for the NIC; empty
/// when somebody else sets the NIC up.
void plan_neighbours(Draft& draft, const std::string& boot_file);

/// Whether the aliases wait for the owner of their NIC (Wanted::deserted): then each has its line
/// that says so, and plan_aliases() is not called. (plan_wait.cpp)
bool plan_wait(Draft& draft);

/// Makes one group of the steps from `begin` on (the new primary address and the default route)
/// and ends it with a question to the gateway, where there is a former way to go back to.
/// (plan_guard.cpp)
void guard_change(Draft& draft, std::size_t begin);

/// Settles `item` by an address that is there; the note says when it is not ours.
void settle_present(Draft& draft, std::string item, const KernelAddress& present);

}  // namespace metalwright::netcfg
