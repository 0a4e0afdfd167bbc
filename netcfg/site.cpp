#include "netcfg/site.hpp"

#include "netcfg/nic.hpp"

namespace metalwright::netcfg {

Site::Site(const Wanted& wanted, const Observed& observed, const Owned& owned, const Link& nic)
    : wanted_(wanted), observed_(observed), owned_(owned), nic_(nic) {
    for (const Prefix& prefix : owned.addresses) remembered_.emplace(prefix, false);
    for (const Prefix& prefix : owned.primaries) remembered_[prefix] = true;
    for (const Link& link : observed.links) links_.emplace(link.index, &link);
    addresses_.reserve(observed.addresses.size());
    for (const KernelAddress& address : observed.addresses)
        addresses_.emplace(address.prefix.address, &address);
    routes_.reserve(observed.routes.size());
    for (const KernelRoute& route : observed.routes) routes_.emplace(route.to, &route);
}

std::optional<bool> Site::remembered(const KernelAddress& address) const {
    const Link* on = link(address.ifindex);
    const auto is_on = [&](const std::string& mac) {
        return on != nullptr && (same_mac(on->mac, mac) || same_mac(on->permanent_mac, mac));
    };
    if (const auto it = remembered_.find(address.prefix);
        it != remembered_.end() && (owned_.mac.empty() || is_on(owned_.mac)))
        return it->second;
    for (const Owned::LeftBehind& left : owned_.left_behind)
        if (left.prefix == address.prefix && is_on(left.mac)) return left.primary;
    return std::nullopt;
}

bool Site::ours(const KernelAddress& address) const {
    if (address.protocol == our_protocol) return true;
    return address.protocol == 0 && remembered(address).has_value();
}

bool Site::was_primary(const KernelAddress& address) const {
    return ours(address) && remembered(address).value_or(false);
}

const KernelAddress* Site::on_nic(const Prefix& prefix) const {
    const auto [first, last] = addresses_.equal_range(prefix.address);
    for (auto it = first; it != last; ++it)
        if (it->second->prefix == prefix && it->second->ifindex == nic_.index) return it->second;
    return nullptr;
}

std::vector<const KernelAddress*> Site::places(const Address& address) const {
    std::vector<const KernelAddress*> found;
    const auto [first, last] = addresses_.equal_range(address);
    for (auto it = first; it != last; ++it) found.push_back(it->second);
    return found;
}

std::vector<const KernelRoute*> Site::routes(const Prefix& to, std::uint32_t table) const {
    std::vector<const KernelRoute*> found;
    const auto [first, last] = routes_.equal_range(to);
    for (auto it = first; it != last; ++it)
        if (it->second->table == table) found.push_back(it->second);
    return found;
}

const Link* Site::link(int ifindex) const {
    const auto it = links_.find(ifindex);
    return it == links_.end() ? nullptr : it->second;
}

std::string Site::link_name(int ifindex) const {
    const Link* found = link(ifindex);
    return found == nullptr ? "NIC " + std::to_string(ifindex) : found->name;
}

}  // namespace metalwright::netcfg
