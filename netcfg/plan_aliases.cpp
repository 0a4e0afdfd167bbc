#include <linux/if_addr.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "netcfg/alias_form.hpp"
#include "netcfg/plan.hpp"
#include "netcfg/planner.hpp"

namespace metalwright::netcfg {
namespace {

/// One string of its final size; `+` makes a new one for each part.
std::string joined(std::initializer_list<std::string_view> parts) {
    std::size_t size = 0;
    for (const std::string_view part : parts) size += part.size();
    std::string text;
    text.reserve(size);
    for (const std::string_view part : parts) text += part;
    return text;
}

std::string_view noun_of(Kind kind) {
    switch (kind) {
        case Kind::secondary: return "secondary address";
        case Kind::elastic: return "elastic address";
        case Kind::primary:
        case Kind::alias: break;
    }
    return "alias";
}

/// The address on the NIC that is just `prefix`, which from now on is known as wanted.
const KernelAddress* find_wanted(Draft& draft, const Prefix& prefix) {
    const KernelAddress* present = draft.site.on_nic(prefix);
    if (present != nullptr) {
        const auto& all = draft.site.observed().addresses;
        draft.wanted_addresses[static_cast<std::size_t>(present - all.data())] = true;
    }
    return present;
}

/// Whether the kernel is one that keeps a mark on addresses (5.18): it puts its own on the
/// loopback's.
bool keeps_marks(const Site& site) {
    return std::ranges::any_of(site.observed().addresses,
                               [](const KernelAddress& address) { return address.protocol != 0; });
}

/// After all are added: the kernel asks for all at once, so the waits cost no more than one.
void await_unique(Draft& draft, std::string item, const Alias& alias) {
    draft.awaited.push_back(
        {.item = std::move(item),
         .why = "ask the network whether somebody else has " + alias.cidr.address.text(),
         .op = AwaitUnique{draft.site.nic().index, alias.cidr}});
}

void plan_address(Draft& draft, std::string item, const Alias& alias) {
    const Site& site = draft.site;
    const int nic = site.nic().index;
    const bool v6 = alias.cidr.address.v6;
    const bool asks = v6 && alias.detect_duplicate;
    if (const KernelAddress* present = find_wanted(draft, alias.cidr)) {
        if (asks && (present->flags & IFA_F_TENTATIVE) != 0 &&
            (present->flags & IFA_F_DADFAILED) == 0)
            return await_unique(draft, std::move(item), alias);
        if (!alias.adopt || present->protocol == our_protocol ||
            (site.ours(*present) && !keeps_marks(site)))
            return settle_present(draft, std::move(item), *present);
        return draft.step(std::move(item),
                          joined({"take over ", alias.cidr.text(), " on ", site.nic().name,
                                  ", which somebody else has set"}),
                          KernelOp{AddAddress{.ifindex = nic,
                                              .first = alias.cidr,
                                              .deprecated = v6 && !alias.preferred,
                                              .take_over = true}});
    }
    bool exchanged = false;
    for (const KernelAddress* other : site.places(alias.cidr.address)) {
        if (other->ifindex != nic) continue;
        if (!site.ours(*other)) return settle_present(draft, std::move(item), *other);
        // IPv4 has one address with two lengths, until ours of the other length is removed.
        if (!v6) continue;
        exchanged = true;
        draft.step_after_guard(item, "remove " + other->prefix.text() + ", of another length",
                               KernelOp{RemoveAddress{nic, other->prefix}});
    }
    if (asks) await_unique(draft, item, alias);
    std::string why =
        joined({"add ", noun_of(alias.kind), " ", alias.cidr.text(), " on ", site.nic().name});
    const KernelOp add = AddAddress{.ifindex = nic,
                                    .first = alias.cidr,
                                    .deprecated = v6 && !alias.preferred,
                                    .detect_duplicate = asks};
    // Where the other length stays with a change that is taken back, there is no room for this one.
    if (exchanged)
        draft.step_after_guard(std::move(item), std::move(why), add);
    else
        draft.step(std::move(item), std::move(why), add);
}

void plan_addresses(Draft& draft, std::string item, const Alias& alias) {
    const Site& site = draft.site;
    const Prefix first = first_of(alias);
    const std::uint32_t count = count_of(alias);
    std::uint32_t present = 0;
    for (std::uint32_t i = 0; i < count; ++i)
        if (find_wanted(draft, {first.address.plus(i), first.length}) != nullptr) ++present;
    if (present == count) return draft.unchanged(std::move(item));
    draft.step(std::move(item),
               "add the " + std::to_string(count - present) + " missing of " +
                   std::to_string(count) + " addresses of alias " + alias.cidr.text() + " on " +
                   site.nic().name,
               KernelOp{AddAddress{.ifindex = site.nic().index,
                                   .first = first,
                                   .count = count,
                                   .deprecated = !alias.preferred}});
}

std::string_view kind_of(const Prefix& cidr) {
    return cidr.is_single() ? "alias " : "alias range ";
}

void plan_local_route(Draft& draft, std::string item, const Alias& alias) {
    const Site& site = draft.site;
    bool replace = false;
    for (const KernelRoute* route : site.routes(alias.cidr, table_local)) {
        if (route->ifindex == site.nic().index && route->type == type_local) {
            const auto& all = site.observed().routes;
            draft.wanted_routes[static_cast<std::size_t>(route - all.data())] = true;
            return draft.unchanged(std::move(item),
                                   Site::ours(*route)
                                       ? std::string{}
                                       : "a local route was already there; it is not ours");
        }
        if (!Site::ours(*route))
            return draft.failed(
                std::move(item),
                {Errc::conflict,
                 "somebody else has a route for " + alias.cidr.text() + " in table local on " +
                     site.link_name(route->ifindex) + "; remove that one first",
                 alias.where});
        replace = true;
    }
    draft.step(std::move(item),
               joined({"add ", kind_of(alias.cidr), alias.cidr.text(), " as a local route on ",
                       site.nic().name}),
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
        return route.table == table_main && route.to.length == 0 && route.via &&
               route.ifindex == address.ifindex && address.prefix.contains(*route.via);
    });
}

void plan_stale(Draft& draft) {
    const Site& site = draft.site;
    std::vector<const KernelAddress*> addresses_of_ours;
    for (std::size_t at = 0; at < site.observed().addresses.size(); ++at) {
        const KernelAddress& address = site.observed().addresses[at];
        if (draft.wanted_addresses[at] || !site.ours(address) || site.was_primary(address) ||
            !site.sweeps(address))
            continue;
        addresses_of_ours.push_back(&address);
    }
    std::vector<const KernelRoute*> routes_of_ours;
    for (std::size_t at = 0; at < site.observed().routes.size(); ++at) {
        const KernelRoute& route = site.observed().routes[at];
        if (!draft.wanted_routes[at] && Site::ours(route) && route.table == table_local &&
            site.sweeps(route))
            routes_of_ours.push_back(&route);
    }
    if (addresses_of_ours.empty() && routes_of_ours.empty()) return;

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
    // The line of an alias that is wanted says what becomes of it, here or on another NIC; once it
    // has failed no step of that line would be run.
    const auto line_of = [&](Kind kind, const Prefix& cidr, int ifindex) {
        std::string item = item_of(kind, cidr);
        if (refused.contains(item)) return item + " (in force before)";
        if (site.taken() != nullptr && site.taken()->is_wanted(kind, cidr))
            return item + " (on " + site.link_name(ifindex) + " before)";
        return item;
    };

    for (const KernelAddress* each : addresses_of_ours) {
        const KernelAddress& address = *each;
        const bool here = address.ifindex == site.nic().index;
        if (here && (addresses.contains(address.prefix) || replaced.contains(address.prefix)))
            continue;
        if (!draft.primary && carries_a_gateway(site, address)) continue;
        const Kind kind = site.kind_of(address).value_or(Kind::alias);
        draft.remove(line_of(kind, address.prefix, address.ifindex),
                     joined({"remove ", noun_of(kind), " ", address.prefix.text(), " from ",
                             site.link_name(address.ifindex)}),
                     RemoveAddress{address.ifindex, address.prefix});
    }
    for (const KernelRoute* route : routes_of_ours)
        if (!ranges.contains(route->to))
            draft.remove(line_of(Kind::alias, route->to, route->ifindex),
                         joined({"remove ", kind_of(route->to), route->to.text(), " from ",
                                 site.link_name(route->ifindex)}),
                         RemoveRoute{*route});
}

}  // namespace

void plan_aliases(Draft& draft) {
    if (!draft.site.sweeps_anything()) return;
    draft.wanted_addresses.resize(draft.site.observed().addresses.size());
    draft.wanted_routes.resize(draft.site.observed().routes.size());
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
