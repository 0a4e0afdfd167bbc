#include <algorithm>

#include "netcfg/alias_form.hpp"
#include "netcfg/planner.hpp"

namespace metalwright::netcfg {
namespace {

std::string wire(const Draft& draft) {
    return " on " + draft.site.nic().name;
}

void plan_mtu(Draft& draft, const JudgedPrimary& judged) {
    const Link& nic = draft.site.nic();
    const std::string item = draft.site.line("mtu");
    if (judged.mtu) return draft.failed(item, *judged.mtu);
    const std::optional<std::uint32_t>& mtu = judged.accepted.mtu;
    if (!mtu) return;
    if (nic.mtu == *mtu) return draft.unchanged(item);
    const auto set = [&](const Link& link) {
        draft.step(item,
                   "set the MTU of " + link.name + " to " + std::to_string(*mtu) + ", it is " +
                       std::to_string(link.mtu),
                   KernelOp{SetLink{.ifindex = link.index, .mtu = *mtu}});
    };
    // The kernel gives a VLAN no more than the link under it has; for ours that is done by now.
    if (nic.kind == "vlan")
        for (const Link& under : draft.site.observed().links)
            if (under.index == nic.parent && under.mtu < *mtu) set(under);
    set(nic);
}

void plan_address(Draft& draft, const JudgedPrimary& primary) {
    const Site& site = draft.site;
    const Prefix& wanted = primary.accepted.address;
    const std::string item = site.line("primary");
    if (primary.address) return draft.failed(item, *primary.address);
    if (const KernelAddress* present = site.on_nic(wanted)) {
        settle_present(draft, item, *present);
    } else {
        // IPv6 has an address once only, whatever its length.
        if (wanted.address.v6)
            for (const KernelAddress* other : site.places(wanted.address))
                if (other->ifindex == site.nic().index)
                    draft.step(
                        item,
                        "remove " + other->prefix.text() + ", of another length" + wire(draft),
                        KernelOp{RemoveAddress{other->ifindex, other->prefix}});
        draft.step(item, "add the primary address " + wanted.text() + wire(draft),
                   KernelOp{AddAddress{.ifindex = site.nic().index, .first = wanted}});
    }
}

/// As steps of the item "primary": when the new address is refused, or does not prove itself, the
/// former one stays.
void plan_former(Draft& draft, const JudgedPrimary& primary) {
    const Site& site = draft.site;
    if (primary.address) return;
    PrefixSet stays(draft.aliases.size() + 1);
    stays.insert(primary.accepted.address);
    for (const JudgedAlias& judged : draft.aliases)
        if (form_of(*judged.alias) == AliasForm::address) stays.insert(judged.alias->cidr);
    for (const KernelAddress& address : site.observed().addresses) {
        if (!site.was_primary(address)) continue;
        const bool here = address.ifindex == site.nic().index;
        if (here && (stays.contains(address.prefix) ||
                     (address.prefix.address == primary.accepted.address.address &&
                      address.prefix.address.v6)))
            continue;
        draft.remove(site.line("primary"),
                     "remove the former primary address " + address.prefix.text() + " from " +
                         site.link_name(address.ifindex),
                     RemoveAddress{address.ifindex, address.prefix});
    }
}

std::string words_of(const Site& site, const KernelRoute& route) {
    return (route.via ? "via " + route.via->text() + " on " : "on ") +
           site.link_name(route.ifindex) + " (protocol " + std::to_string(route.protocol) + ')';
}

void plan_route(Draft& draft, const JudgedRoute& judged) {
    const Site& site = draft.site;
    if (judged.error) return draft.failed(judged.item, *judged.error);
    const StaticRoute& wanted = judged.route;
    const bool v6 = wanted.to.address.v6;
    const std::uint32_t metric = metric_of(v6, wanted.metric.value_or(0));
    bool replace = false;
    for (const KernelRoute* route : site.routes(wanted.to, table_main)) {
        if (metric_of(v6, route->metric) != metric) continue;
        if (route->ifindex == site.nic().index && route->via == wanted.via &&
            route->type == type_unicast)
            return draft.unchanged(judged.item, Site::ours(*route)
                                                    ? std::string{}
                                                    : "it was already there; it is not ours");
        if (!Site::ours(*route))
            return draft.failed(judged.item,
                                {Errc::conflict,
                                 "somebody else has set this route " + words_of(site, *route) +
                                     "; remove that one, or give ours another metric",
                                 judged.item});
        replace = true;
    }
    const std::string name =
        wanted.to.length == 0 ? "default route" : "route to " + wanted.to.text();
    draft.step_after_guard(judged.item,
                           (replace ? "exchange the " : "add a ") + name +
                               (wanted.via ? " via " + wanted.via->text() : "") + wire(draft),
                           KernelOp{AddRoute{.route = {.ifindex = site.nic().index,
                                                       .to = wanted.to,
                                                       .via = wanted.via,
                                                       .table = table_main,
                                                       .metric = wanted.metric.value_or(0),
                                                       .protocol = our_protocol,
                                                       .type = type_unicast},
                                             .replace = replace}});
}

/// Routes of ours that nobody wants any more. One whose key is wanted is exchanged, not removed.
void plan_stale_routes(Draft& draft, const JudgedPrimary& primary) {
    const Site& site = draft.site;
    if (primary.address) return;
    const auto wanted = [&](const KernelRoute& route) {
        return std::ranges::any_of(primary.routes, [&](const JudgedRoute& judged) {
            const bool v6 = route.to.address.v6;
            return judged.route.to == route.to &&
                   metric_of(v6, judged.route.metric.value_or(0)) == metric_of(v6, route.metric);
        });
    };
    for (const KernelRoute& route : site.observed().routes) {
        if (!Site::ours(route) || route.table != table_main || wanted(route) ||
            !site.answers_for(route.ifindex))
            continue;
        const bool usual =
            metric_of(route.to.address.v6, 0) == metric_of(route.to.address.v6, route.metric);
        const std::string item =
            site.line((route.to.length == 0 ? "route/default" : "route/" + route.to.text()) +
                      (usual ? "" : " metric " + std::to_string(route.metric)));
        draft.remove(item, "remove the route to " + route.to.text() + ' ' + words_of(site, route),
                     RemoveRoute{route});
        if (draft.guarded) draft.removals.back().needs = "primary";
    }
}

}  // namespace

void plan_primary(Draft& draft) {
    if (!draft.primary) return;
    const JudgedPrimary& primary = *draft.primary;
    plan_mtu(draft, primary);
    const std::size_t begin = draft.plan.steps.size();
    plan_address(draft, primary);
    // Every route goes through the address, so it waits for the address to prove itself.
    bool guarded = false;
    for (const JudgedRoute& route : primary.routes) {
        const bool is_default = route.route.to.length == 0 && primary.accepted.gateway &&
                                route.route.via == primary.accepted.gateway;
        if (!is_default && !guarded) {
            guard_change(draft, begin);
            guarded = true;
        }
        if (primary.address && !route.error)
            draft.failed(route.item,
                         {primary.address->code, "not set, since the primary address was refused",
                          route.item});
        else
            plan_route(draft, route);
    }
    if (!guarded) guard_change(draft, begin);
    plan_stale_routes(draft, primary);
    plan_former(draft, primary);
}

}  // namespace metalwright::netcfg
