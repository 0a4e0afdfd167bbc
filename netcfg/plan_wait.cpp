// Aliases on a NIC whose owner is away: a pulled cable, a connection that is taken down.

#include <algorithm>

#include "netcfg/planner.hpp"

namespace metalwright::netcfg {

bool plan_wait(Draft& draft) {
    const Site& site = draft.site;
    const std::vector<int>& deserted = site.wanted().deserted;
    const int nic = site.nic().index;
    if (site.wanted().primary || std::ranges::find(deserted, nic) == deserted.end()) return false;
    const bool owner_is_here =
        site.nic().carrier &&
        std::ranges::any_of(site.observed().addresses, [&](const KernelAddress& address) {
            return address.ifindex == nic && !address.prefix.address.is_link_local() &&
                   !site.ours(address);
        });
    if (owner_is_here) return false;
    // NetworkManager 1.42 takes a NIC on which it finds an address for one that somebody else has
    // set up, and never brings its own connection back.
    for (const JudgedAlias& judged : draft.aliases)
        draft.skipped(judged.item(), {Errc::busy,
                                      "waits for the cable of " + site.nic().name +
                                          " and for the address of whoever sets it up",
                                      judged.alias->where});
    return true;
}

}  // namespace metalwright::netcfg
