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

class Taken;

/// Where a NIC stands among those of one plan.
struct Standing {
    /// Behind the names of the items that each NIC has: " on eth1". Empty for the first NIC, which
    /// alone has the default route, the name servers, and a guard.
    std::string suffix{};
    std::vector<int> others{};  ///< ifindexes of the other NICs that the order is about
    /// Only elastic addresses are wanted here, and whatever else of ours is on the NIC is left from
    /// before; but for a former primary address and routes, which the first NIC sees to.
    bool only_wan = false;
    int wan = 0;  ///< of the first NIC: the ifindex of such a NIC
    /// Kinds that are managed on any NIC. Of those the first NIC removes what is left of ours on
    /// NICs that are in no plan any more, and one with `only_wan` on itself; any NIC removes
    /// elastic addresses, for it may have been the WAN NIC.
    Kinds managed{};
    const Taken* taken = nullptr;  ///< what the NICs before it were given
};

/// Wanted, observed and owned, indexed once; what every rule of the plan looks at. Borrows all
/// four.
class Site {
 public:
    Site(const Wanted& wanted, const Observed& observed, const Owned& owned, const Link& nic,
         Standing standing = {});

    const Wanted& wanted() const noexcept { return wanted_; }
    const Observed& observed() const noexcept { return observed_; }
    const Owned& owned() const noexcept { return owned_; }
    const Link& nic() const noexcept { return nic_; }

    /// By mark, or (where the kernel or somebody's replace lost it) by what the store knows. An
    /// address with another's mark is never ours.
    bool ours(const KernelAddress& address) const;
    /// A route always carries its protocol: the mark alone decides.
    static bool ours(const KernelRoute& route) noexcept { return route.protocol == our_protocol; }
    /// What the store knows an address of ours as; nothing when it does not know it.
    std::optional<Kind> kind_of(const KernelAddress& address) const;
    /// Whether it was put there as this NIC's primary address, or as that of a NIC which is in no
    /// plan any more.
    bool was_primary(const KernelAddress& address) const;

    bool first() const noexcept { return standing_.suffix.empty(); }
    /// The name of an item that every NIC has.
    std::string line(std::string item) const { return item += standing_.suffix; }
    const std::string& suffix() const noexcept { return standing_.suffix; }
    const Taken* taken() const noexcept { return standing_.taken; }
    /// Whether what is left of ours on this NIC is this plan's to remove: it is the NIC itself, or
    /// the first one looks after those that are in no plan.
    bool answers_for(int ifindex) const noexcept;
    /// Whether a link is a NIC of the order.
    bool in_plan(int ifindex) const noexcept;
    /// Whether an address of ours that nobody wants is this plan's to remove. One that the store
    /// does not know goes with whatever is managed.
    bool sweeps(const KernelAddress& address) const;
    /// The same for a local route: only aliases are such.
    bool sweeps(const KernelRoute& route) const;
    /// Whether there may be anything to sweep.
    bool sweeps_anything() const noexcept { return wanted_.aliases || standing_.managed.any(); }

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

    const Wanted& wanted_;
    const Observed& observed_;
    const Owned& owned_;
    const Link& nic_;
    Standing standing_;
    // Of owned_, by prefix. Most addresses carry their mark, and nobody asks the store.
    mutable std::optional<HashIndex> owned_addresses_;
    HashIndex owned_primaries_, owned_secondaries_, owned_elastics_;
    HashIndex owned_elsewhere_;
    bool any_primary_;  // in owned_, here or elsewhere
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
