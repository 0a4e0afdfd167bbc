#include "agent/spec/leases.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace metalwright::spec {
namespace {

constexpr auto place = "/network/secondaryCount";

/// Whatever is somebody's: it is never handed out.
class Occupied {
 public:
    void add(const HostSpec& spec) {
        for (const netcfg::Prefix& lease : spec.leases) singles_.insert(lease.address);
        if (spec.network) add(*spec.network);
    }
    void add(const netcfg::Address& address) { singles_.insert(address); }

    bool has(const netcfg::Address& address) const {
        return singles_.contains(address) ||
               std::ranges::any_of(
                   ranges_, [&](const netcfg::Prefix& range) { return range.contains(address); });
    }

 private:
    void add(const netcfg::Wanted& network) {
        if (network.primary) {
            singles_.insert(network.primary->address.address);
            if (network.primary->gateway) singles_.insert(*network.primary->gateway);
            for (const netcfg::Address& server : network.primary->dns) singles_.insert(server);
            for (const netcfg::StaticRoute& route : network.primary->routes)
                if (route.via) singles_.insert(*route.via);
        }
        const std::vector<netcfg::Alias> none;
        for (const netcfg::Alias& alias : network.aliases ? *network.aliases : none) {
            if (alias.cidr.is_range())
                ranges_.push_back(alias.cidr);
            else
                singles_.insert(alias.cidr.address);
        }
        for (const netcfg::Wanted& other : network.others) add(other);
    }

    std::set<netcfg::Address> singles_;
    std::vector<netcfg::Prefix> ranges_;
};

/// The addresses of a pool that a host can have: not the network's own, not the broadcast address.
/// IPv6 has no broadcast, but its first address is every router's (RFC 4291, 2.6.1).
struct Bounds {
    std::uint64_t first;
    std::uint64_t end;
};
Bounds bounds_of(const netcfg::Prefix& pool) {
    const bool v6 = pool.address.v6;
    const unsigned bits = (v6 ? 128U : 32U) - pool.length;
    const std::uint64_t size = std::uint64_t{1} << std::min(bits, 32U);
    if (size <= 2) return {0, size};
    return {1, v6 ? size : size - 1};
}

/// Up to `count` free addresses of one family.
std::vector<netcfg::Prefix> free_ones(std::span<const netcfg::Prefix> pools, bool v6,
                                      std::size_t count, Occupied& occupied) {
    std::vector<netcfg::Prefix> found;
    for (const netcfg::Prefix& pool : pools) {
        if (pool.address.v6 != v6) continue;
        const Bounds bounds = bounds_of(pool);
        for (std::uint64_t i = bounds.first; i < bounds.end && found.size() < count; ++i) {
            const netcfg::Address address = pool.address.plus(static_cast<std::uint32_t>(i));
            if (occupied.has(address)) continue;
            occupied.add(address);
            found.push_back(netcfg::Prefix::single(address));
        }
    }
    return found;
}

std::string said(std::size_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + ' ' + std::string(count == 1 ? one : many);
}

void add_pools(std::vector<netcfg::Prefix>& pools, std::span<const netcfg::Prefix> more) {
    for (const netcfg::Prefix& pool : more)
        if (std::ranges::find(pools, pool) == pools.end()) pools.push_back(pool);
}

}  // namespace

std::expected<void, Errors> hand_out(HostSpec& spec, std::span<const netcfg::Prefix> before,
                                     std::span<const Sourced> others,
                                     std::span<const netcfg::Prefix> pools) {
    spec.leases.clear();
    if (!spec.secondary_count) return {};
    std::vector<netcfg::Prefix> all;
    if (spec.network) add_pools(all, spec.network->pools);
    Occupied occupied;
    occupied.add(spec);
    for (const Sourced& other : others) {
        occupied.add(other.spec);
        if (other.spec.network) add_pools(all, other.spec.network->pools);
    }
    add_pools(all, pools);

    Errors errors;
    for (const bool v6 : {false, true}) {
        const std::size_t count = v6 ? spec.secondary_count->ipv6 : spec.secondary_count->ipv4;
        std::vector<netcfg::Prefix> given;
        for (const netcfg::Prefix& lease : before)
            if (lease.address.v6 == v6 && given.size() < count && !occupied.has(lease.address)) {
                occupied.add(lease.address);
                given.push_back(lease);
            }
        const std::size_t missing = count - given.size();
        const std::vector<netcfg::Prefix> more = free_ones(all, v6, missing, occupied);
        if (more.size() < missing) {
            const std::string family = v6 ? "IPv6" : "IPv4";
            errors.push_back(
                {Errc::conflict,
                 said(missing, "more " + family + " address is",
                      "more " + family + " addresses are") +
                     " asked for, and the pools that are delegated to this host have " +
                     (more.empty() ? std::string("none") : std::to_string(more.size())) +
                     " free: delegate another network ([network] pools, or \"pools\" in the "
                     "document)",
                 std::string(place) + (v6 ? "/ipv6" : "/ipv4")});
            continue;
        }
        spec.leases.insert(spec.leases.end(), given.begin(), given.end());
        spec.leases.insert(spec.leases.end(), more.begin(), more.end());
    }
    if (!errors.empty()) return std::unexpected(std::move(errors));
    return {};
}

void want_leases(HostSpec& spec) {
    if (!spec.secondary_count) return;
    if (!spec.network) spec.network.emplace();
    std::vector<netcfg::Alias>& aliases = spec.network->manage({.secondary = true});
    for (const netcfg::Prefix& lease : spec.leases)
        aliases.push_back({.cidr = lease, .where = place, .kind = netcfg::Kind::secondary});
}

}  // namespace metalwright::spec
