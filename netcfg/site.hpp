#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "netcfg/hash.hpp"
#include "netcfg/model.hpp"

namespace metalwright::netcfg {

inline constexpr std::uint32_t table_main = 254;
inline constexpr std::uint32_t table_local = 255;
inline constexpr std::uint8_t type_unicast = 1;
inline constexpr std::uint8_t type_local = 2;

/// The kernel gives an IPv6 route without a metric 1024.
inline std::uint32_t metric_of(bool v6, std::uint32_t metric) noexcept {
    return v6 && metric == 0 ? 1024 : metric;
}

/// Wanted, observed and owned, indexed once; what every rule of the plan looks at. Borrows all
/// four.
class Site {
 public:
    Site(const Wanted& wanted, const Observed& observed, const Owned& owned, const Link& nic);

    const Wanted& wanted() const noexcept { return wanted_; }
    const Observed& observed() const noexcept { return observed_; }
    const Owned& owned() const noexcept { return owned_; }
    const Link& nic() const noexcept { return nic_; }

    /// By mark, or (where the kernel or somebody's replace lost it) by what the store knows. An
    /// address with another's mark is never ours.
    bool ours(const KernelAddress& address) const;
    /// A route always carries its protocol: the mark alone decides.
    static bool ours(const KernelRoute& route) noexcept { return route.protocol == our_protocol; }
    /// Whether the store knows this very address as one that was put there as primary.
    bool was_primary(const KernelAddress& address) const;

    /// The very same address with the same length on the NIC; nullptr when absent.
    const KernelAddress* on_nic(const Prefix& prefix) const;
    /// Every place of an address, any NIC, any length.
    std::vector<const KernelAddress*> places(const Address& address) const;
    /// The places of an address on other NICs; and those of all addresses there.
    std::vector<const KernelAddress*> places_elsewhere(const Address& address) const;
    const std::vector<const KernelAddress*>& elsewhere() const noexcept { return elsewhere_; }
    /// Routes of one destination: in main (type not looked at), or local ones in table local.
    std::vector<const KernelRoute*> routes(const Prefix& to, std::uint32_t table) const;

    const Link* link(int ifindex) const;
    std::string link_name(int ifindex) const;  ///< "NIC 7" when unknown

 private:
    struct Place {
        const Link* link;
        bool owned;  // by its MAC, the NIC that `owned` is about
    };

    /// What the store says of an address; nothing when it says nothing.
    std::optional<bool> remembered(const KernelAddress& address) const;  // true: as primary

    const Wanted& wanted_;
    const Observed& observed_;
    const Owned& owned_;
    const Link& nic_;
    // Of owned_, by prefix. Most addresses carry their mark, and nobody asks the store.
    mutable std::optional<HashIndex> owned_addresses_;
    HashIndex owned_primaries_;
    HashIndex left_behind_;
    bool any_primary_;  // in owned_, here or left behind
    std::unordered_map<int, Place> links_;
    const HashIndex& addresses() const;

    // Of observed_, by address; made when the next one that is asked for is not the next one there,
    // as it is where all is as it was set.
    mutable std::optional<HashIndex> addresses_;
    mutable std::size_t next_ = 0;
    HashIndex routes_;  // of observed_, by destination
    std::vector<const KernelAddress*> elsewhere_;
    HashIndex elsewhere_index_;  // of elsewhere_, by address
};

}  // namespace metalwright::netcfg
