#include "netcfg/plan.hpp"

#include <linux/if_addr.h>

#include <algorithm>
#include <iterator>
#include <ranges>
#include <unordered_map>
#include <unordered_set>

#include "netcfg/alias_form.hpp"
#include "netcfg/made_links.hpp"
#include "netcfg/nic.hpp"
#include "netcfg/planner.hpp"
#include "netcfg/spread.hpp"

namespace metalwright::netcfg {
namespace {

/// Without a NIC every wanted item has its line all the same.
Plan<Op> without_nic(const Wanted& wanted, const Standing& standing, const Error& error) {
    Plan<Op> plan;
    const std::string nic = "nic" + standing.suffix;
    plan.settled.push_back({.item = nic, .outcome = Outcome::failed, .error = error});
    const auto fail_item = [&](const std::string& item, const std::string& where) {
        plan.settled.push_back(
            {.item = item,
             .outcome = Outcome::failed,
             .error =
                 Error{error.code, "there is no NIC to put it on; see the item " + nic, where}});
    };
    // The judge only names the items here: nothing is observed on a NIC that is not there.
    const Observed nothing;
    const Owned nobody;
    const Link none;
    const Site site(wanted, nothing, nobody, none, standing);
    if (const auto primary = judge_primary(site); primary && wanted.primary) {
        fail_item(site.line("primary"), "primary");
        if (wanted.primary->mtu) fail_item(site.line("mtu"), "mtu");
        for (const JudgedRoute& route : primary->routes) fail_item(route.item, route.item);
        if (site.first() && !wanted.primary->dns.empty()) fail_item("dns", "dns");
    }
    for (const JudgedAlias& judged : judge_aliases(site))
        fail_item(judged.item(), judged.alias->where);
    return plan;
}

void plan_nic(Draft& draft, const std::string& why) {
    const Link& nic = draft.site.nic();
    if (nic.up)
        draft.unchanged(draft.site.line("nic"), why);
    else
        draft.step(draft.site.line("nic"), "bring up " + why,
                   KernelOp{SetLink{.ifindex = nic.index, .up = true}});
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

namespace {

bool is_wanted(const Wanted& wanted) {
    return wanted.primary || wanted.aliases || wanted.bond || wanted.vlan || !wanted.others.empty();
}

template <class T>
void move_behind(std::vector<T>& list, std::vector<T>&& more) {
    if (list.empty())
        list.swap(more);
    else
        std::ranges::move(more, std::back_inserter(list));
}

/// Behind the addresses of all NICs, which its routes need. As part of the first NIC's plan.
void add_policy(const Portion& first, bool guarded, std::span<const PolicyNic> nics,
                const Observed& observed, const Owned& owned, Plan<Op>& plan) {
    const Site site(*first.wanted, observed, owned, *first.nic->link, first.standing);
    Draft draft{.site = site, .aliases = {}, .primary = std::nullopt};
    draft.guarded = guarded;
    plan_policy(draft, nics);
    move_behind(plan.settled, std::move(draft.plan.settled));
    move_behind(plan.steps, std::move(draft.plan.steps));
    move_behind(plan.steps, std::move(draft.removals));
}

/// What is put on a NIC that is made rests on the steps that make it, or on the guarded change that
/// they are part of; so does what moves to another NIC with the primary address.
void let_the_rest_need(const std::string& made_item, Draft& draft) {
    if (draft.made == 0 && !(draft.guarded && draft.moves)) return;
    const std::string& needs = draft.guarded ? "primary" : made_item;
    for (Step<Op>& step : draft.plan.steps | std::views::drop(draft.made))
        if (step.group.empty() && step.needs.empty() && step.item != needs) step.needs = needs;
}

/// The NIC's own part of the links that are made, at the front of its plan.
void begin_with(MadeLinks::Work& work, Draft& draft) {
    draft.made = work.steps.size();
    draft.cuts_way = work.cuts_way;
    draft.plan.steps = std::move(work.steps);
    draft.plan.settled = std::move(work.settled);
    draft.removals = std::move(work.removals);
    draft.stale = std::move(work.stale);
    work = {};
}

/// All but the shaping, which may be wanted alone.
Plan<Op> plan_nics(const Wanted& wanted, MadeLinks& links, const Owned& owned) {
    Plan<Op> plan;
    if (!is_wanted(wanted)) return plan;
    const Observed& observed = links.observed();
    Spread spread(wanted, observed, owned);
    const bool several = spread.portions().size() > 1;
    Taken taken;
    if (several)
        for (const Portion& portion : spread.portions()) taken.want(*portion.wanted);
    std::vector<PolicyNic> ways;
    bool guarded = false;
    unsigned number = 0;
    for (Portion& portion : spread.portions()) {
        const unsigned own_number = number++;
        MadeLinks::Work nothing;
        MadeLinks::Work& work = own_number < links.size() ? links.work(own_number) : nothing;
        if (!portion.nic) {
            move_behind(plan.steps, std::move(work.steps));
            move_behind(plan.settled, std::move(work.settled));
            Plan<Op> none = without_nic(*portion.wanted, portion.standing, portion.nic.error());
            move_behind(plan.settled, std::move(none.settled));
            continue;
        }
        Standing standing = portion.standing;
        if (several) standing.taken = &taken;
        const Site site(*portion.wanted, observed, owned, *portion.nic->link, std::move(standing));
        Draft draft{.site = site, .aliases = judge_aliases(site), .primary = judge_primary(site)};
        const std::string made_item = work.steps.empty() ? std::string() : work.steps.front().item;
        begin_with(work, draft);
        plan_nic(draft, portion.nic->why);
        plan_primary(draft);
        if (!plan_wait(draft)) plan_aliases(draft);
        guard_siblings(draft);
        move_behind(draft.plan.steps, std::move(draft.removals));
        move_behind(draft.plan.steps, std::move(draft.awaited));
        // Elastic addresses alone are no reason to set a NIC up at boot.
        if (!portion.standing.only_wan) plan_persist(draft);
        let_the_rest_need(made_item, draft);
        if (several) {
            taken.add(site, draft.primary, draft.aliases);
            if (auto way = policy_nic(site, draft.primary, draft.aliases, own_number))
                ways.push_back(std::move(*way));
        }
        guarded = guarded || draft.guarded;
        move_behind(plan.steps, std::move(draft.plan.steps));
        move_behind(plan.settled, std::move(draft.plan.settled));
    }
    // Nothing to look up on the ordinary host: one NIC, and nothing of ours.
    const bool policy = ways.size() > 1 || !owned.settings.empty() || !observed.rules.empty();
    if (const Portion& first = spread.portions().front(); first.nic && policy)
        add_policy(first, guarded, ways, observed, owned, plan);
    return plan;
}

}  // namespace

Plan<Op> plan(const Wanted& wanted, const Observed& observed, const Owned& owned) {
    MadeLinks links(wanted, observed, owned);
    Plan<Op> made = plan_nics(wanted, links, owned);
    plan_shaping(wanted, links.observed(), owned, made);
    return made;
}

namespace {

/// Collects what is to be remembered, NIC by NIC.
class Memory {
 public:
    Memory(const Observed& observed, const Owned& before, const std::string& mac)
        : observed_(observed), named_(observed.addresses.size()) {
        owned_.mac = mac;
        owned_.addresses.reserve(before.addresses.size());
        owned_.local_routes.reserve(before.local_routes.size());
    }

    void add(const Site& site, unsigned number) {
        const auto primary = judge_primary(site);
        const std::vector<JudgedAlias> aliases = judge_aliases(site);
        if (site.taken() != nullptr) {
            taken_.add(site, primary, aliases);
            if (auto way = policy_nic(site, primary, aliases, number))
                ways_.push_back(std::move(*way));
        }
        // Until the new primary address is there the former one is what it was, also where an alias
        // is called like it: another try is guarded like the first.
        bool waits_for_primary = false;
        if (primary) {
            const Prefix& address = primary->accepted.address;
            waits_for_primary = primary->address || site.on_nic(address) == nullptr;
            if (!primary->address) add(site, {address, Kind::primary}, false);
            for (const JudgedRoute& route : primary->routes)
                if (!route.error) owned_.routes.push_back(route.route);
        }
        const bool may_overlap = std::ranges::any_of(aliases, [](const JudgedAlias& judged) {
            return form_of(*judged.alias) == AliasForm::addresses;
        });
        for (const JudgedAlias& judged : aliases) {
            if (judged.error) continue;
            const Alias& alias = *judged.alias;
            if (form_of(alias) == AliasForm::local_route) {
                owned_.local_routes.push_back(alias.cidr);
                continue;
            }
            const Prefix first = first_of(alias);
            const KernelAddress* present = waits_for_primary ? site.on_nic(first) : nullptr;
            const bool former = present != nullptr && site.was_primary(*present);
            const Kind kind = former ? Kind::primary : alias.kind;
            for (std::uint32_t i = 0; i < count_of(alias); ++i)
                add(site, {{first.address.plus(i), first.length}, kind, alias.adopt}, may_overlap);
        }
    }

    /// What is there and was not spoken of stays remembered for what it was.
    void add_the_rest(const Site& first) {
        for (const KernelAddress& address : observed_.addresses) {
            const auto at = static_cast<std::size_t>(&address - observed_.addresses.data());
            if (named_[at] || !first.ours(address)) continue;
            if (const Link* on = first.link(address.ifindex))
                put(*on, address.prefix, first.kind_of(address).value_or(Kind::alias));
        }
    }

    /// What is on a NIC that is about to become a part of another one is there until then.
    void add_dropped(const Site& before, std::span<const KernelAddress> dropped) {
        PrefixSet known(owned_.addresses.size() + dropped.size());
        for (const Prefix& prefix : owned_.addresses) known.insert(prefix);
        for (const KernelAddress& address : dropped) {
            const Link* on = before.link(address.ifindex);
            if (on == nullptr || !before.ours(address)) continue;
            if (identity_of(*on) == owned_.mac && !known.insert(address.prefix)) continue;
            put(*on, address.prefix, before.kind_of(address).value_or(Kind::alias));
        }
    }

    const Taken& taken() const noexcept { return taken_; }
    std::span<const PolicyNic> ways() const noexcept { return ways_; }
    Owned& owned() noexcept { return owned_; }

 private:
    struct One {
        Prefix prefix;
        Kind kind;
        bool adopt = false;
    };

    void add(const Site& site, const One& one, bool may_overlap) {
        if (const KernelAddress* present = site.on_nic(one.prefix)) {
            if (!site.ours(*present) && !one.adopt) return;
            const auto at = static_cast<std::size_t>(present - observed_.addresses.data());
            if (named_[at]) return;
            named_[at] = true;
        } else if (may_overlap && !absent_.insert(one.prefix)) {
            return;  // IPv6 ranges may overlap where nothing is
        }
        put(site.nic(), one.prefix, one.kind);
    }

    void put(const Link& nic, const Prefix& prefix, Kind kind) {
        if (identity_of(nic) != owned_.mac) {
            owned_.elsewhere.push_back({identity_of(nic), prefix, kind});
            return;
        }
        owned_.addresses.push_back(prefix);
        if (kind == Kind::primary) owned_.primaries.push_back(prefix);
        if (kind == Kind::secondary) owned_.secondaries.push_back(prefix);
        if (kind == Kind::elastic) owned_.elastics.push_back(prefix);
    }

    const Observed& observed_;
    std::vector<bool> named_;  // by position: remembered already
    PrefixSet absent_;
    Taken taken_;
    std::vector<PolicyNic> ways_;
    Owned owned_;
};

}  // namespace

Owned owned_after(const Wanted& wanted, const Observed& there, const Owned& before) {
    if (!is_wanted(wanted)) return before;
    const MadeLinks links(wanted, there, before);
    const Observed& observed = links.observed();
    Spread spread(wanted, observed, before);
    const Portion& first = spread.portions().front();
    if (!first.nic) return before;

    const bool several = spread.portions().size() > 1;
    Memory memory(observed, before, identity_of(*first.nic->link));
    std::optional<Site> first_site;  // what it has indexed serves the rest as well
    unsigned number = 0;
    for (const Portion& portion : spread.portions()) {
        const unsigned own_number = number++;
        if (!portion.nic) continue;
        Standing standing = portion.standing;
        if (several) standing.taken = &memory.taken();
        const Link& nic = *portion.nic->link;
        if (!first_site)
            memory.add(first_site.emplace(*portion.wanted, observed, before, nic, standing),
                       own_number);
        else
            memory.add(Site(*portion.wanted, observed, before, nic, standing), own_number);
    }
    memory.owned().settings = settings_after(observed, before, memory.ways());
    if (!wanted.primary) memory.owned().routes = before.routes;
    if (!wanted.aliases) memory.owned().local_routes = before.local_routes;
    memory.add_the_rest(*first_site);
    if (!links.dropped().empty())
        memory.add_dropped(Site(wanted, there, before, *first.nic->link), links.dropped());
    return std::move(memory.owned());
}

}  // namespace metalwright::netcfg
