#include "netcfg/plan.hpp"

#include <linux/if_addr.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <unordered_set>

#include "netcfg/alias_form.hpp"
#include "netcfg/nic.hpp"
#include "netcfg/planner.hpp"

namespace metalwright::netcfg {
namespace {

/// Without a NIC every wanted item has its line all the same.
Plan<Op> without_nic(const Wanted& wanted, const Error& error) {
    Plan<Op> plan;
    plan.settled.push_back({.item = "nic", .outcome = Outcome::failed, .error = error});
    const auto fail_item = [&](const std::string& item, const std::string& where) {
        plan.settled.push_back(
            {.item = item,
             .outcome = Outcome::failed,
             .error = Error{error.code, "there is no NIC to put it on; see the item nic", where}});
    };
    // The judge only names the items here: nothing is observed on a NIC that is not there.
    const Observed nothing;
    const Owned nobody;
    const Link none;
    const Site site(wanted, nothing, nobody, none);
    if (const auto primary = judge_primary(site); primary && wanted.primary) {
        fail_item("primary", "primary");
        if (wanted.primary->mtu) fail_item("mtu", "mtu");
        for (const JudgedRoute& route : primary->routes) fail_item(route.item, route.item);
        if (!wanted.primary->dns.empty()) fail_item("dns", "dns");
    }
    for (const JudgedAlias& judged : judge_aliases(site))
        fail_item(judged.item(), judged.alias->where);
    return plan;
}

void plan_nic(Draft& draft, const std::string& why) {
    const Link& nic = draft.site.nic();
    if (nic.up)
        draft.unchanged("nic", why);
    else
        draft.step("nic", "bring up " + why, KernelOp{SetLink{.ifindex = nic.index, .up = true}});
}

struct OnLink {
    int ifindex;
    Prefix network;
    bool operator==(const OnLink&) const = default;
};
struct OnLinkHash {
    std::size_t operator()(const OnLink& on) const noexcept {
        return Hash{}(on.network) ^ static_cast<std::size_t>(on.ifindex);
    }
};

bool is_v4_subnet(const Prefix& prefix) {
    return !prefix.address.v6 && prefix.length < 32;
}

/// With promote_secondaries off the kernel deletes a whole IPv4 subnet with its first address. So
/// secondaries go before it, and where some of them are to stay the kernel is told to keep them.
void guard_siblings(Draft& draft) {
    const Site& site = draft.site;
    std::vector<Step<Op>>& removals = draft.removals;
    if (removals.empty()) return;
    std::unordered_multiset<OnLink, OnLinkHash> staying;
    std::unordered_map<OnLink, std::unordered_set<Prefix, Hash>, OnLinkHash> secondary;
    for (const KernelAddress& address : site.observed().addresses) {
        if (!is_v4_subnet(address.prefix)) continue;
        const OnLink on{address.ifindex, address.prefix.network()};
        staying.insert(on);
        if ((address.flags & IFA_F_SECONDARY) != 0) secondary[on].insert(address.prefix);
    }
    for (const Step<Op>& step : draft.plan.steps) {
        const auto* op = std::get_if<KernelOp>(&step.op);
        if (op == nullptr) continue;
        if (const auto* add = std::get_if<AddAddress>(op); add && is_v4_subnet(add->first))
            staying.insert({add->ifindex, add->first.network()});
    }
    const auto removal = [](Step<Op>& step) -> RemoveAddress* {
        auto* op = std::get_if<KernelOp>(&step.op);
        auto* remove = op == nullptr ? nullptr : std::get_if<RemoveAddress>(op);
        return remove != nullptr && is_v4_subnet(remove->prefix) ? remove : nullptr;
    };
    const auto is_secondary = [&](const RemoveAddress& remove) {
        const auto it = secondary.find({remove.ifindex, remove.prefix.network()});
        return it != secondary.end() && it->second.contains(remove.prefix);
    };
    // What waits for a guarded change may stay.
    const auto waits = [&](const Step<Op>& step) {
        return draft.guarded && (step.item == "primary" || step.needs == "primary");
    };
    for (Step<Op>& step : removals)
        if (const RemoveAddress* remove = removal(step); remove != nullptr && !waits(step))
            if (const auto it = staying.find({remove->ifindex, remove->prefix.network()});
                it != staying.end())
                staying.erase(it);
    for (Step<Op>& step : removals) {
        RemoveAddress* remove = removal(step);
        if (remove == nullptr || is_secondary(*remove)) continue;
        const Link* link = site.link(remove->ifindex);
        const bool promotes = link != nullptr && link->promote_secondaries;
        const std::size_t others =
            staying.count({remove->ifindex, remove->prefix.network()}) - (waits(step) ? 1 : 0);
        remove->keep_siblings = !promotes && others > 0;
    }
    std::ranges::stable_partition(removals, [&](Step<Op>& step) {
        const RemoveAddress* remove = removal(step);
        return remove == nullptr || is_secondary(*remove);
    });
}

/// By which MAC the store knows a NIC: one that nobody changes, where there is one.
const std::string& identity_of(const Link& link) {
    return link.permanent_mac.empty() ? link.mac : link.permanent_mac;
}

}  // namespace

namespace {

/// Room for one more, and at once for all that may follow: a list that grows by doubling is moved
/// and touches fresh memory again and again.
template <class T>
void make_room(std::vector<T>& list, std::size_t may_follow) {
    if (list.size() == list.capacity()) list.reserve(std::max(list.size() * 2, may_follow + 16));
}

}  // namespace

void Draft::unchanged(std::string item, std::string note) {
    plan.settled.push_back(
        {.item = std::move(item), .outcome = Outcome::unchanged, .note = std::move(note)});
}
void Draft::failed(std::string item, Error error) {
    plan.settled.push_back(
        {.item = std::move(item), .outcome = Outcome::failed, .error = std::move(error)});
}
void Draft::skipped(std::string item, Error why) {
    plan.settled.push_back(
        {.item = std::move(item), .outcome = Outcome::skipped, .error = std::move(why)});
}
void Draft::step(std::string item, std::string why, Op op) {
    make_room(plan.steps, aliases.size());
    plan.steps.push_back({.item = std::move(item), .why = std::move(why), .op = std::move(op)});
}
void Draft::step_after_guard(std::string item, std::string why, Op op) {
    const bool waits = guarded && item != "primary";
    step(std::move(item), std::move(why), std::move(op));
    if (waits) plan.steps.back().needs = "primary";
}
void Draft::remove(std::string item, std::string why, const KernelOp& op) {
    removals.push_back({.item = std::move(item), .why = std::move(why), .op = op});
}

void settle_present(Draft& draft, std::string item, const KernelAddress& present) {
    if ((present.flags & IFA_F_DADFAILED) != 0)
        return draft.failed(std::move(item),
                            {Errc::conflict,
                             "another host on the network has " + present.prefix.address.text() +
                                 " already (duplicate address detection failed)",
                             draft.site.nic().name});
    draft.unchanged(std::move(item),
                    draft.site.ours(present)
                        ? std::string{}
                        : present.prefix.text() + " was already there; it is not ours");
}

Plan<Op> plan(const Wanted& wanted, const Observed& observed, const Owned& owned) {
    if (!wanted.primary && !wanted.aliases) return {};
    const Result<NicChoice> nic = choose_nic(wanted.nic, observed, owned.mac);
    if (!nic) return without_nic(wanted, nic.error());

    const Site site(wanted, observed, owned, *nic->link);
    Draft draft{.site = site, .aliases = judge_aliases(site), .primary = judge_primary(site)};
    plan_nic(draft, nic->why);
    plan_primary(draft);
    if (!plan_wait(draft)) plan_aliases(draft);
    guard_siblings(draft);
    std::ranges::move(draft.removals, std::back_inserter(draft.plan.steps));
    plan_persist(draft);
    return std::move(draft.plan);
}

Owned owned_after(const Wanted& wanted, const Observed& observed, const Owned& before) {
    if (!wanted.primary && !wanted.aliases) return before;
    const Result<NicChoice> nic = choose_nic(wanted.nic, observed, before.mac);
    if (!nic) return before;

    const Site site(wanted, observed, before, *nic->link);
    Owned owned{.mac = identity_of(*nic->link)};
    owned.addresses.reserve(before.addresses.size());
    owned.local_routes.reserve(before.local_routes.size());
    // By position: an address that `owned` names already. IPv6 ranges may overlap where nothing is.
    std::vector<bool> named(observed.addresses.size());
    PrefixSet absent;
    const auto remember = [&](const Prefix& prefix, bool may_overlap) {
        if (const KernelAddress* present = site.on_nic(prefix)) {
            if (!site.ours(*present)) return false;
            const auto at = static_cast<std::size_t>(present - observed.addresses.data());
            if (named[at]) return true;
            named[at] = true;
        } else if (may_overlap && !absent.insert(prefix)) {
            return true;
        }
        owned.addresses.push_back(prefix);
        return true;
    };

    if (const auto primary = judge_primary(site)) {
        if (!primary->address && remember(primary->accepted.address, false))
            owned.primaries.push_back(primary->accepted.address);
        for (const JudgedRoute& route : primary->routes)
            if (!route.error) owned.routes.push_back(route.route);
    } else {
        owned.routes = before.routes;
    }
    const std::vector<JudgedAlias> aliases = judge_aliases(site);
    const bool may_overlap = std::ranges::any_of(aliases, [](const JudgedAlias& judged) {
        return form_of(*judged.alias) == AliasForm::addresses;
    });
    for (const JudgedAlias& judged : aliases) {
        if (judged.error) continue;
        if (form_of(*judged.alias) == AliasForm::local_route) {
            owned.local_routes.push_back(judged.alias->cidr);
            continue;
        }
        const Prefix first = first_of(*judged.alias);
        for (std::uint32_t i = 0; i < count_of(*judged.alias); ++i)
            remember({first.address.plus(i), first.length}, may_overlap);
    }
    if (!wanted.aliases) owned.local_routes = before.local_routes;

    for (const KernelAddress& address : observed.addresses) {
        if (!site.ours(address)) continue;
        const bool primary = site.was_primary(address);
        if (address.ifindex != nic->link->index) {
            if (const Link* on = site.link(address.ifindex))
                owned.left_behind.push_back({identity_of(*on), address.prefix, primary});
            continue;
        }
        if (!named[static_cast<std::size_t>(&address - observed.addresses.data())])
            owned.addresses.push_back(address.prefix);
        const auto is_alias = [&](const JudgedAlias& judged) {
            return !judged.error && judged.alias->cidr == address.prefix &&
                   form_of(*judged.alias) != AliasForm::local_route;
        };
        if (primary && std::ranges::none_of(aliases, is_alias) &&
            std::ranges::find(owned.primaries, address.prefix) == owned.primaries.end())
            owned.primaries.push_back(address.prefix);
    }
    return owned;
}

}  // namespace metalwright::netcfg
