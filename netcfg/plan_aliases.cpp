#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "netcfg/alias_form.hpp"
#include "netcfg/planner.hpp"

namespace metalwright::netcfg {
namespace {

void plan_address(Draft& draft, std::string item, const Alias& alias) {
    const Site& site = draft.site;
    const int nic = site.nic().index;
    if (const KernelAddress* present = site.on_nic(alias.cidr))
        return settle_present(draft, std::move(item), *present);
    for (const KernelAddress* other : site.places(alias.cidr.address)) {
        if (other->ifindex != nic) continue;
        if (!site.ours(*other)) return settle_present(draft, std::move(item), *other);
        // IPv4 has one address with two lengths, until ours of the other length is removed.
        if (alias.cidr.address.v6)
            draft.step(item, "remove " + other->prefix.text() + ", of another length",
                       KernelOp{RemoveAddress{nic, other->prefix}});
    }
    draft.step(std::move(item), "add alias " + alias.cidr.text() + " on " + site.nic().name,
               KernelOp{AddAddress{
                   .ifindex = nic, .first = alias.cidr, .deprecated = alias.cidr.address.v6}});
}

void plan_addresses(Draft& draft, std::string item, const Alias& alias) {
    const Site& site = draft.site;
    const Prefix first = first_of(alias);
    const std::uint32_t count = count_of(alias);
    std::uint32_t present = 0;
    for (std::uint32_t i = 0; i < count; ++i)
        if (site.on_nic({first.address.plus(i), first.length}) != nullptr) ++present;
    if (present == count) return draft.unchanged(std::move(item));
    draft.step(
        std::move(item),
        "add the " + std::to_string(count - present) + " missing of " + std::to_string(count) +
            " addresses of alias " + alias.cidr.text() + " on " + site.nic().name,
        KernelOp{AddAddress{
            .ifindex = site.nic().index, .first = first, .count = count, .deprecated = true}});
}

std::string name_of(const Prefix& cidr) {
    return (cidr.is_single() ? "alias " : "alias range ") + cidr.text();
}

void plan_local_route(Draft& draft, std::string item, const Alias& alias) {
    const Site& site = draft.site;
    bool replace = false;
    for (const KernelRoute* route : site.routes(alias.cidr, table_local)) {
        if (route->ifindex == site.nic().index && route->type == type_local)
            return draft.unchanged(std::move(item),
                                   Site::ours(*route)
                                       ? std::string{}
                                       : "a local route was already there; it is not ours");
        if (!Site::ours(*route))
            return draft.failed(
                std::move(item),
                {Errc::conflict,
                 "somebody else has a route for " + alias.cidr.text() + " in table local on " +
                     site.link_name(route->ifindex) + "; remove that one first",
                 alias.where});
        replace = true;
    }
    draft.step(item, "add " + name_of(alias.cidr) + " as a local route on " + site.nic().name,
               KernelOp{AddRoute{.route = {.ifindex = site.nic().index,
                                           .to = alias.cidr,
                                           .table = table_local,
                                           .protocol = our_protocol,
                                           .type = type_local},
                                 .replace = replace}});
}

/// While the primary address is unmanaged, an address that the default gateway is reached through
/// is never taken for an alias, even when the store has forgotten what it was.
bool carries_a_gateway(const Site& site, const KernelAddress& address) {
    if (address.prefix.is_single()) return false;
    return std::ranges::any_of(site.observed().routes, [&](const KernelRoute& route) {
        return route.to.length == 0 && route.via && route.ifindex == address.ifindex &&
               address.prefix.contains(*route.via);
    });
}

void plan_stale(Draft& draft) {
    const Site& site = draft.site;
    PrefixSet addresses(draft.aliases.size() + 1);
    PrefixSet ranges;
    for (const JudgedAlias& judged : draft.aliases) {
        const Alias& alias = *judged.alias;
        if (form_of(alias) == AliasForm::local_route) {
            // A range that is refused now would answer for somebody else if it stayed.
            if (!judged.error) ranges.insert(alias.cidr);
            continue;
        }
        const Prefix first = first_of(alias);
        const std::uint32_t count = std::min(count_of(alias), site.wanted().limits.v6_singles);
        for (std::uint32_t i = 0; i < count; ++i)
            addresses.insert({first.address.plus(i), first.length});
    }
    if (draft.primary) addresses.insert(site.wanted().primary->address);

    PrefixSet replaced;  // IPv6 of another length: plan_address removes it
    for (const Step<Op>& step : draft.plan.steps)
        if (const auto* op = std::get_if<KernelOp>(&step.op))
            if (const auto* remove = std::get_if<RemoveAddress>(op))
                replaced.insert(remove->prefix);

    std::unordered_set<std::string> refused;
    for (const JudgedAlias& judged : draft.aliases)
        if (judged.error) refused.insert(judged.item());
    // The item's own line says that it was refused; no step of that line would be run.
    const auto line_of = [&](const Prefix& cidr) {
        const std::string item = "alias/" + cidr.text();
        return refused.contains(item) ? item + " (in force before)" : item;
    };

    for (const KernelAddress& address : site.observed().addresses) {
        if (!site.ours(address) || site.was_primary(address)) continue;
        const bool here = address.ifindex == site.nic().index;
        if (here && (addresses.contains(address.prefix) || replaced.contains(address.prefix)))
            continue;
        if (!draft.primary && carries_a_gateway(site, address)) continue;
        draft.remove(
            line_of(address.prefix),
            "remove alias " + address.prefix.text() + " from " + site.link_name(address.ifindex),
            RemoveAddress{address.ifindex, address.prefix});
    }
    for (const KernelRoute& route : site.observed().routes) {
        if (!Site::ours(route) || route.table != table_local || ranges.contains(route.to)) continue;
        draft.remove(line_of(route.to),
                     "remove " + name_of(route.to) + " from " + site.link_name(route.ifindex),
                     RemoveRoute{route});
    }
}

}  // namespace

void plan_aliases(Draft& draft) {
    if (!draft.site.wanted().aliases) return;
    for (const JudgedAlias& judged : draft.aliases) {
        if (judged.error) {
            draft.failed(judged.item(), *judged.error);
            continue;
        }
        switch (form_of(*judged.alias)) {
            case AliasForm::address: plan_address(draft, judged.item(), *judged.alias); break;
            case AliasForm::addresses: plan_addresses(draft, judged.item(), *judged.alias); break;
            case AliasForm::local_route:
                plan_local_route(draft, judged.item(), *judged.alias);
                break;
        }
    }
    plan_stale(draft);
}

}  // namespace metalwright::netcfg
