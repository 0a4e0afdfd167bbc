#include "netcfg/site.hpp"

#include <algorithm>
#include <utility>

#include "netcfg/nic.hpp"

namespace metalwright::netcfg {
namespace {

bool has_mac(const Link& link, const std::string& mac) {
    return same_mac(link.mac, mac) || same_mac(link.permanent_mac, mac);
}

HashIndex index_of(const std::vector<Prefix>& prefixes) {
    HashIndex index(prefixes.size());
    for (const Prefix& prefix : prefixes) index.add(Hash{}(prefix));
    return index;
}

}  // namespace

Site::Site(const Wanted& wanted, const Observed& observed, const Owned& owned, const Link& nic,
           Standing standing)
    : wanted_(wanted),
      observed_(observed),
      owned_(owned),
      nic_(nic),
      standing_(std::move(standing)),
      owned_primaries_(index_of(owned.primaries)),
      owned_secondaries_(index_of(owned.secondaries)),
      owned_elastics_(index_of(owned.elastics)),
      owned_elsewhere_(owned.elsewhere.size()),
      any_primary_(!owned.primaries.empty()),
      routes_(observed.routes.size()),
      elsewhere_index_(0) {
    for (const Owned::Elsewhere& other : owned.elsewhere) {
        owned_elsewhere_.add(Hash{}(other.prefix));
        any_primary_ = any_primary_ || other.kind == Kind::primary;
    }
    for (const Link& link : observed.links)
        links_.emplace(link.index, Place{&link, owned.mac.empty() || has_mac(link, owned.mac)});
    for (const KernelAddress& address : observed.addresses) {
        if (address.ifindex == nic.index) continue;
        elsewhere_.push_back(&address);
        elsewhere_index_.add(Hash{}(address.prefix.address));
    }
    for (const KernelRoute& route : observed.routes) routes_.add(Hash{}(route.to));
}

std::optional<Kind> Site::kind_of(const KernelAddress& address) const {
    const auto on = links_.find(address.ifindex);
    if (owned_.mac.empty() || (on != links_.end() && on->second.owned)) {
        const std::size_t hash = Hash{}(address.prefix);
        const auto is_in = [&](const HashIndex& index, const std::vector<Prefix>& list) {
            const auto same = [&](std::size_t at) { return list[at] == address.prefix; };
            return index.find(hash, same) != HashIndex::none;
        };
        if (is_in(owned_primaries_, owned_.primaries)) return Kind::primary;
        if (is_in(owned_secondaries_, owned_.secondaries)) return Kind::secondary;
        if (is_in(owned_elastics_, owned_.elastics)) return Kind::elastic;
        if (!owned_addresses_) owned_addresses_.emplace(index_of(owned_.addresses));
        if (is_in(*owned_addresses_, owned_.addresses)) return Kind::alias;
    }
    if (on == links_.end()) return std::nullopt;
    const std::size_t other = owned_elsewhere_.find(Hash{}(address.prefix), [&](std::size_t at) {
        const Owned::Elsewhere& each = owned_.elsewhere[at];
        return each.prefix == address.prefix && has_mac(*on->second.link, each.mac);
    });
    if (other == HashIndex::none) return std::nullopt;
    return owned_.elsewhere[other].kind;
}

bool Site::ours(const KernelAddress& address) const {
    if (address.protocol == our_protocol) return true;
    return address.protocol == 0 && kind_of(address).has_value();
}

bool Site::was_primary(const KernelAddress& address) const {
    return any_primary_ && answers_for(address.ifindex) && ours(address) &&
           kind_of(address) == Kind::primary;
}

bool Site::answers_for(int ifindex) const noexcept {
    if (ifindex == nic_.index) return true;
    return first() && std::ranges::find(standing_.others, ifindex) == standing_.others.end();
}

bool Site::in_plan(int ifindex) const noexcept {
    return ifindex == nic_.index ||
           std::ranges::find(standing_.others, ifindex) != standing_.others.end();
}

bool Site::sweeps(const KernelAddress& address) const {
    const bool here = address.ifindex == nic_.index;
    if (!answers_for(address.ifindex) || address.ifindex == standing_.wan) return false;
    Kinds kinds = here && !standing_.only_wan ? Kinds{.elastic = standing_.managed.elastic}
                                              : standing_.managed;
    if (here && wanted_.aliases) kinds.add(wanted_.managed);
    const std::optional<Kind> kind = kind_of(address);
    return kind ? kinds.has(*kind) : kinds.any();
}

bool Site::sweeps(const KernelRoute& route) const {
    if (route.ifindex == nic_.index) return wanted_.manages(Kind::alias);
    return answers_for(route.ifindex) && standing_.managed.alias;
}

const HashIndex& Site::addresses() const {
    if (!addresses_) {
        addresses_.emplace(observed_.addresses.size());
        for (const KernelAddress& address : observed_.addresses)
            addresses_->add(Hash{}(address.prefix.address));
    }
    return *addresses_;
}

const KernelAddress* Site::on_nic(const Prefix& prefix) const {
    const auto is_it = [&](std::size_t at) {
        const KernelAddress& place = observed_.addresses[at];
        return place.prefix == prefix && place.ifindex == nic_.index;
    };
    std::size_t found = next_;
    if (next_ >= observed_.addresses.size() || !is_it(next_))
        found = addresses().find(Hash{}(prefix.address), is_it);
    if (found == HashIndex::none) return nullptr;
    next_ = found + 1;
    return &observed_.addresses[found];
}

std::vector<const KernelAddress*> Site::places(const Address& address) const {
    std::vector<const KernelAddress*> found;
    addresses().each(Hash{}(address), [&](std::size_t at) {
        const KernelAddress& place = observed_.addresses[at];
        if (place.prefix.address == address) found.push_back(&place);
    });
    return found;
}

std::vector<const KernelAddress*> Site::places_elsewhere(const Address& address) const {
    std::vector<const KernelAddress*> found;
    if (elsewhere_.size() < 4) {  // the loopback's alone, on most hosts
        for (const KernelAddress* each : elsewhere_)
            if (each->prefix.address == address) found.push_back(each);
        return found;
    }
    elsewhere_index_.each(Hash{}(address), [&](std::size_t at) {
        if (elsewhere_[at]->prefix.address == address) found.push_back(elsewhere_[at]);
    });
    return found;
}

std::vector<const KernelRoute*> Site::routes(const Prefix& to, std::uint32_t table) const {
    std::vector<const KernelRoute*> found;
    routes_.each(Hash{}(to), [&](std::size_t at) {
        const KernelRoute& route = observed_.routes[at];
        if (route.to == to && route.table == table) found.push_back(&route);
    });
    return found;
}

const Link* Site::link(int ifindex) const {
    const auto it = links_.find(ifindex);
    return it == links_.end() ? nullptr : it->second.link;
}

std::string Site::link_name(int ifindex) const {
    const Link* found = link(ifindex);
    return found == nullptr ? "NIC " + std::to_string(ifindex) : found->name;
}

}  // namespace metalwright::netcfg
