#include "netcfg/site.hpp"

#include "netcfg/nic.hpp"

namespace metalwright::netcfg {

Site::Site(const Wanted& wanted, const Observed& observed, const Owned& owned, const Link& nic)
    : wanted_(wanted), observed_(observed), owned_(owned), nic_(nic) {
    owned_addresses_.insert(owned.addresses.begin(), owned.addresses.end());
    owned_primaries_.insert(owned.primaries.begin(), owned.primaries.end());
    for (const Link& link : observed.links) links_.emplace(link.index, &link);
    addresses_.reserve(observed.addresses.size());
    for (const KernelAddress& address : observed.addresses)
        addresses_.emplace(address.prefix.address, &address);
    routes_.reserve(observed.routes.size());
    for (const KernelRoute& route : observed.routes) routes_.emplace(route.to, &route);
}

bool Site::in_store(const KernelAddress& address,
                    const std::unordered_set<Prefix, Hash>& known) const {
    if (!known.contains(address.prefix)) return false;
    if (owned_.mac.empty()) return true;
    const Link* on = link(address.ifindex);
    return on != nullptr &&
           (same_mac(on->mac, owned_.mac) || same_mac(on->permanent_mac, owned_.mac));
}

bool Site::ours(const KernelAddress& address) const {
    if (address.protocol == our_protocol) return true;
    return address.protocol == 0 && in_store(address, owned_addresses_);
}

bool Site::was_primary(const KernelAddress& address) const {
    return ours(address) && in_store(address, owned_primaries_);
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
