// A change of the way to the network proves itself or is taken back.

#include <algorithm>

#include "netcfg/planner.hpp"

namespace metalwright::netcfg {
namespace {

/// What a step of the guarded change leaves behind, taken away again.
std::vector<Op> undo_of(const Site& site, const Op& op) {
    const auto& kernel = std::get<KernelOp>(op);
    if (const auto* add = std::get_if<AddAddress>(&kernel))
        return {KernelOp{RemoveAddress{.ifindex = add->ifindex,
                                       .prefix = add->first,
                                       .keep_siblings = !site.nic().promote_secondaries}}};
    if (const auto* remove = std::get_if<RemoveAddress>(&kernel))
        return {KernelOp{AddAddress{.ifindex = remove->ifindex, .first = remove->prefix}}};
    if (const auto* set = std::get_if<SetLink>(&kernel); set != nullptr && set->mtu != 0)
        for (const Link& link : site.observed().links)
            if (link.index == set->ifindex)
                return {KernelOp{SetLink{.ifindex = link.index, .mtu = link.mtu}}};
    if (!std::holds_alternative<AddRoute>(kernel)) return {};
    const auto& route = std::get<AddRoute>(kernel);
    for (const KernelRoute* former : site.routes(route.route.to, table_main))
        if (Site::ours(*former) && metric_of(former->to.address.v6, former->metric) ==
                                       metric_of(former->to.address.v6, route.route.metric))
            return {KernelOp{AddRoute{.route = *former, .replace = true}}};
    return {KernelOp{RemoveRoute{route.route}}};
}

/// Whether the host has another way that worked: without one there is nothing to go back to. The
/// very way that is wanted is none, when only a part of it is to be put back.
bool has_former_way(const Site& site, const Primary& wanted) {
    const auto leads_elsewhere = [&](const KernelRoute& route) {
        return route.table == table_main && route.to.length == 0 && route.via &&
               route.to.address.v6 == wanted.address.address.v6 &&
               (route.via != wanted.gateway || route.ifindex != site.nic().index);
    };
    const auto former = [&](const KernelAddress& address) {
        return site.was_primary(address) && address.prefix != wanted.address;
    };
    return std::ranges::any_of(site.observed().routes, leads_elsewhere) ||
           std::ranges::any_of(site.observed().addresses, former);
}

}  // namespace

void guard_change(Draft& draft, std::size_t begin) {
    const Site& site = draft.site;
    const JudgedPrimary& primary = *draft.primary;
    std::vector<Step<Op>>& steps = draft.plan.steps;
    const std::optional<Address>& gateway = primary.accepted.gateway;
    const bool made = draft.made != 0;
    if (made) begin = 0;
    if (!site.first() || begin == steps.size() || primary.address || !gateway ||
        !(draft.cuts_way || has_former_way(site, primary.accepted)))
        return;
    draft.guarded = true;
    draft.moves = std::ranges::any_of(site.observed().addresses, [&](const auto& address) {
        return address.ifindex != site.nic().index && site.was_primary(address);
    });
    for (std::size_t i = begin; i < steps.size(); ++i) {
        steps[i].group = "primary";
        if (steps[i].undo.empty()) steps[i].undo = undo_of(site, steps[i].op);
    }
    Guard rule = site.wanted().guard;
    // A switch takes some seconds to let traffic through a new LACP port.
    if (made) rule.within += std::chrono::seconds(10);
    const std::string item = steps.back().item;
    draft.step(item,
               "ask whether the gateway " + gateway->text() + " answers, for " +
                   std::to_string(rule.within.count()) + " ms; else take the change back",
               Probe{.ifindex = site.nic().index,
                     .source = primary.accepted.address.address,
                     .gateway = *gateway,
                     .guard = rule});
    steps.back().group = "primary";
}

}  // namespace metalwright::netcfg
