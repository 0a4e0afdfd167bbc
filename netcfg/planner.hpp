#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/plan.hpp"
#include "netcfg/judge.hpp"
#include "netcfg/op.hpp"
#include "netcfg/policy.hpp"
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
    std::vector<Step<Op>> awaited{};     ///< behind all other steps for the kernel
    std::size_t made = 0;                ///< so many steps at the front of the plan make the NIC
    bool cuts_way = false;               ///< they take down the way to the network
    std::vector<RemoveAddress> stale{};  ///< see ReloadPersister
    /// The former primary address is on another NIC: nothing leaves that before the change is
    /// proved.
    bool moves = false;
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

/// bandwidth..., behind whatever else is in the plan: it rests on nothing of it, so it has no
/// draft. Nothing when shaping is not wanted. (plan_shaping.cpp)
void plan_shaping(const Wanted& wanted, const Observed& observed, const Owned& owned,
                  Plan<Op>& plan);

/// Makes one group of the steps from `begin` on (the new primary address and the default route;
/// from the front on where the NIC itself is made) and ends it with a question to the gateway,
/// where there is a former way to go back to. (plan_guard.cpp)
void guard_change(Draft& draft, std::size_t begin);

/// The NIC as policy routing sees it; nothing where no primary address of it is accepted.
std::optional<PolicyNic> policy_nic(const Site& site, const std::optional<JudgedPrimary>& primary,
                                    const std::vector<JudgedAlias>& aliases, unsigned number);

/// policy/...: routes, rules and settings so that answers leave by the NIC they were asked on.
/// Fewer than two NICs: what is ours of that is removed, and settings are put back. Their links are
/// among draft.site.observed(), which was read with their tables (policy_tables(),
/// Rtnl::dump_policy()). Call it once per plan, after plan_primary() of each NIC: routes need its
/// addresses. (plan_policy.cpp)
void plan_policy(Draft& draft, std::span<const PolicyNic> nics);

/// Settles `item` by an address that is there; the note says when it is not ours.
void settle_present(Draft& draft, std::string item, const KernelAddress& present);

}  // namespace metalwright::netcfg
