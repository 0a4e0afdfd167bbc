#include <algorithm>
#include <array>

#include "netcfg/alias_form.hpp"
#include "netcfg/judge.hpp"
#include "netcfg/plan.hpp"

namespace metalwright::netcfg {
namespace {

/// What an alias may not be or cover on this NIC.
struct Surroundings {
    std::vector<Prefix> subnets;  // on link, IPv4 and IPv6
    std::vector<Address> gateways;
    std::vector<Address> primaries;  // addresses of the NIC that are no alias
};

/// `is_alias` tells whether a prefix is one of those wanted.
template <class IsAlias>
Surroundings surroundings_of(const Site& site, const IsAlias& is_alias) {
    Surroundings around;
    const auto& primary = site.wanted().primary;
    if (primary) {
        around.primaries.push_back(primary->address.address);
        if (!primary->address.is_single()) around.subnets.push_back(primary->address.network());
        if (primary->gateway) around.gateways.push_back(*primary->gateway);
        for (const StaticRoute& route : primary->routes)
            if (route.via) around.gateways.push_back(*route.via);
    }
    for (const KernelAddress& address : site.observed().addresses) {
        if (address.ifindex != site.nic().index) continue;
        // Ours is an alias, or a former primary that goes; while the primary address is unmanaged,
        // one that was put there as primary stays.
        if (site.ours(address) && (primary || !site.was_primary(address))) continue;
        if (is_alias(address.prefix)) continue;
        around.primaries.push_back(address.prefix.address);
        if (!address.prefix.is_single()) around.subnets.push_back(address.prefix.network());
    }
    for (const KernelRoute& route : site.observed().routes)
        if (route.via && route.ifindex == site.nic().index && (!primary || !Site::ours(route)))
            around.gateways.push_back(*route.via);
    return around;
}

class AliasJudge {
 public:
    AliasJudge(const Site& site, const std::vector<Alias>& wanted)
        : site_(site), wanted_(wanted), by_address_(0) {
        judged_.reserve(wanted.size());
        const auto address_of = [](const Alias& alias) { return alias.cidr.address; };
        in_order_ = std::ranges::adjacent_find(wanted, std::ranges::greater_equal(), address_of) ==
                    wanted.end();
        for (const Alias& alias : wanted) {
            if (!in_order_) by_address_.add(Hash{}(alias.cidr.address));
            if (form_of(alias) == AliasForm::address && !alias.cidr.is_single())
                alias_subnets_.push_back(alias.cidr.network());
        }
        around_ = surroundings_of(site, [&](const Prefix& prefix) {
            const auto same = [&](std::size_t at) { return wanted_[at].cidr == prefix; };
            if (!in_order_)
                return by_address_.find(Hash{}(prefix.address), same) != HashIndex::none;
            const auto it = std::ranges::lower_bound(wanted_, prefix.address, {}, address_of);
            return it != wanted_.end() && it->cidr == prefix;
        });
    }

    std::vector<JudgedAlias> judge() {
        for (const Alias& alias : wanted_) {
            JudgedAlias verdict{.alias = &alias};
            if (site_.taken() != nullptr && site_.taken()->names(alias))
                verdict.suffix = &site_.suffix();
            const Alias* first = nullptr;  // an accepted one that is the same
            by_address_.each(Hash{}(alias.cidr.address), [&](std::size_t at) {
                if (at >= judged_.size()) return;  // this one, and those behind it
                if (wanted_[at].cidr == alias.cidr && wanted_[at].kind == alias.kind)
                    ++verdict.time;
                if (!judged_[at].error && key_of(wanted_[at]) == key_of(alias))
                    first = &wanted_[at];
            });
            if (std::optional<Error> error = refusal(alias, first))
                verdict.error = std::make_unique<Error>(std::move(*error));
            else
                ++accepted_[static_cast<std::size_t>(alias.kind)];
            judged_.push_back(std::move(verdict));
        }
        return std::move(judged_);
    }

 private:
    std::optional<Error> refusal(const Alias& alias, const Alias* first) const {
        const Prefix& cidr = alias.cidr;
        const bool range = cidr.is_range();
        if (auto why = range ? bad_range(alias) : bad_address(alias)) return why;
        if (auto why = bad_kind(alias)) return why;

        if (first != nullptr)
            return invalid(
                cidr.text() + " is asked for twice, first at " + first->where + "; leave one out",
                alias.where);
        if (auto why = elsewhere(alias)) return why;
        const Bound bound = bound_of(alias.kind);
        if (accepted_[static_cast<std::size_t>(alias.kind)] >= bound.most)
            return Error{Errc::refused,
                         "more than " + std::to_string(bound.most) + ' ' + bound.what +
                             " on one NIC; leave some out or raise the limit",
                         alias.where};
        return std::nullopt;
    }

    struct Bound {
        unsigned most;
        const char* what;
    };
    Bound bound_of(Kind kind) const {
        const Limits& limits = site_.wanted().limits;
        switch (kind) {
            case Kind::secondary: return {limits.secondaries, "secondary addresses"};
            case Kind::elastic: return {limits.elastics, "elastic addresses"};
            case Kind::primary:
            case Kind::alias: break;
        }
        return {limits.aliases, "aliases"};
    }

    /// What is asked of one kind only.
    std::optional<Error> bad_kind(const Alias& alias) const {
        const Prefix& cidr = alias.cidr;
        if (alias.kind != Kind::secondary && alias.kind != Kind::elastic) return std::nullopt;
        if (cidr.is_range())
            return invalid(cidr.text() + " is a range; " +
                               (alias.kind == Kind::secondary ? "a secondary" : "an elastic") +
                               " address is a single one",
                           alias.where);
        if (alias.kind == Kind::elastic) {
            if (!cidr.address.v6) return std::nullopt;
            return invalid(cidr.text() + " is IPv6; elastic addresses are IPv4", alias.where);
        }
        const auto& primary = site_.wanted().primary;
        if (!primary || primary->address.is_single() ||
            primary->address.address.v6 != cidr.address.v6 ||
            primary->address.contains(cidr.address))
            return std::nullopt;
        const auto has_it = [&](const Prefix& pool) { return pool.contains(cidr.address); };
        if (std::ranges::any_of(site_.wanted().pools, has_it)) return std::nullopt;
        return Error{Errc::refused,
                     cidr.address.text() + " is not in " + primary->address.network().text() +
                         ", the network of " + site_.nic().name +
                         ", nor in a pool that is delegated to this host",
                     alias.where};
    }

    std::optional<Error> bad_address(const Alias& alias) const {
        const Prefix& cidr = alias.cidr;
        std::optional<std::string> why = unusable(cidr.address);
        if (!why) why = unusable_in(cidr, cidr.address);
        for (const Prefix& subnet : around_.subnets)
            if (!why) why = unusable_in(subnet, cidr.address);
        if (why)
            return invalid(cidr.address.text() + ' ' + *why + "; no host can have it", alias.where);
        if (std::ranges::find(around_.gateways, cidr.address) != around_.gateways.end())
            return Error{Errc::refused,
                         cidr.address.text() + " is the gateway's address; we would answer for it",
                         alias.where};
        const auto& primary = site_.wanted().primary;
        if (primary && primary->address.address == cidr.address)
            return Error{Errc::refused, cidr.address.text() + " is the primary address already",
                         alias.where};
        return std::nullopt;
    }

    std::optional<Error> bad_range(const Alias& alias) const {
        const Prefix& cidr = alias.cidr;
        const Limits& limits = site_.wanted().limits;
        const auto refused = [&](std::string why) {
            return Error{Errc::refused, "the range " + cidr.text() + ' ' + std::move(why),
                         alias.where};
        };
        const bool spelled = form_of(alias) == AliasForm::addresses;
        if (!cidr.address.v6 && cidr.length < limits.widest_v4)
            return refused("is wider than /" + std::to_string(limits.widest_v4) +
                           ", the widest that is accepted");
        if (spelled && count_of(alias) > limits.v6_singles)
            return refused("has more than " + std::to_string(limits.v6_singles) +
                           " addresses; have it routed to the primary address and declare it "
                           "routed, or order a smaller one");
        // Those nets are wider than any range, so one end tells; but for the last address of all.
        if (auto why = unusable(cidr.address))
            return invalid("the range " + cidr.text() + " begins at an address that " + *why,
                           alias.where);
        if (!cidr.address.v6 && all_ones(broadcast_of(cidr)))
            return invalid("the range " + cidr.text() + " ends at 255.255.255.255", alias.where);

        const auto covers = [&](const Address& address) { return cidr.contains(address); };
        if (const auto it = std::ranges::find_if(around_.gateways, covers);
            it != around_.gateways.end())
            return refused("contains the gateway " + it->text() + "; we would answer for it");
        if (const auto it = std::ranges::find_if(around_.primaries, covers);
            it != around_.primaries.end())
            return refused("contains " + it->text() + ", this NIC's own address");
        for (const auto* subnets : {&around_.subnets, &alias_subnets_})
            for (const Prefix& subnet : *subnets)
                if (cidr.length <= subnet.length && cidr.contains(subnet.address))
                    return refused("contains the on-link subnet " + subnet.text() +
                                   "; we would answer for our neighbours");
        return std::nullopt;
    }

    /// On another NIC already, by somebody else: the kernel would answer for it on both.
    std::optional<Error> elsewhere(const Alias& alias) const {
        if (site_.taken() != nullptr)
            if (const std::string* nic = site_.taken()->nic_of(alias.cidr))
                return Error{Errc::conflict,
                             alias.cidr.text() + " is wanted on " + *nic +
                                 " already; one address is on one NIC only",
                             alias.where};
        const auto conflict = [&](const KernelAddress& other) {
            return Error{Errc::conflict,
                         other.prefix.text() + " is on " + site_.link_name(other.ifindex) +
                             " already; remove it there first",
                         alias.where};
        };
        if (alias.cidr.is_single() || form_of(alias) == AliasForm::address) {
            for (const KernelAddress* other : site_.places_elsewhere(alias.cidr.address))
                if (!site_.ours(*other)) return conflict(*other);
            return std::nullopt;
        }
        for (const KernelAddress* other : site_.elsewhere())
            if (alias.cidr.contains(other->prefix.address) && !site_.ours(*other))
                return conflict(*other);
        return std::nullopt;
    }

    /// Two aliases of one address are the same whatever their lengths; two ranges only when equal.
    static Prefix key_of(const Alias& alias) {
        if (form_of(alias) != AliasForm::address) return alias.cidr;
        return Prefix::single(alias.cidr.address);
    }

    const Site& site_;
    const std::vector<Alias>& wanted_;
    bool in_order_ = false;  // each address beyond the one before: none is there twice
    HashIndex by_address_;   // of wanted_; empty where that is in order
    Surroundings around_;
    std::vector<Prefix> alias_subnets_;
    std::vector<JudgedAlias> judged_;        // so far, in the order of wanted_
    std::array<std::size_t, 4> accepted_{};  // by kind
};

}  // namespace

std::string item_of(Kind kind, const Prefix& cidr) {
    std::string item(to_string(kind));
    return (item += '/') += cidr.text();
}

std::string JudgedAlias::item() const {
    std::string item = item_of(alias->kind, alias->cidr);
    if (suffix != nullptr) item += *suffix;
    if (time > 1) item += '#' + std::to_string(time);
    return item;
}

std::vector<JudgedAlias> judge_aliases(const Site& site) {
    if (!site.wanted().aliases) return {};
    return AliasJudge(site, *site.wanted().aliases).judge();
}

}  // namespace metalwright::netcfg
