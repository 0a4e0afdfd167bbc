#pragma once

#include <cstdint>

#include "netcfg/model.hpp"

namespace metalwright::netcfg {

/// What an alias becomes in the kernel.
enum class AliasForm {
    address,    ///< one address, with the prefix length as ordered
    addresses,  ///< an IPv6 range on link: each of its addresses, as /128
    /// one route of type local: an IPv4 range, a routed IPv6 one, a single IPv4 address as ordered
    local_route,
};

AliasForm form_of(const Alias& alias) noexcept;
/// How many addresses it is; 1 for a local route, and 2^32-1 for what is wider than that.
std::uint32_t count_of(const Alias& alias) noexcept;
/// The first address it becomes, with the prefix length it gets on the NIC.
Prefix first_of(const Alias& alias) noexcept;

}  // namespace metalwright::netcfg
