#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netcfg/model.hpp"

namespace metalwright::netcfg {

struct NicChoice {
    const Link* link = nullptr;  ///< into the observed links
    std::string why;             ///< "eth0 (52:54:00:4d:57:01): it carries the default route"
};

/// The NIC that `selector` means. When it names none, `remembered_mac` (the NIC that carries what
/// is ours already) comes before the rule in NicSelector: a default route may come and go.
/// Errors: not_found, with the NICs there are.
Result<NicChoice> choose_nic(const NicSelector& selector, const Observed& observed,
                             std::string_view remembered_mac);

/// A further NIC, none of those with the indexes `given`. A selector that names none means the only
/// other physical NIC, else the one with the lowest PCI address among them.
/// Errors: not_found; conflict (the NIC is one of the given ones).
Result<NicChoice> choose_other(const NicSelector& selector, const Observed& observed,
                               std::span<const int> given);

/// The NIC towards the internet: the one that is configured, else the link named "wan0", else
/// "bond0", else the primary one. Errors: not_found, when the configured one, or the primary one
/// where it is needed, is not there.
Result<NicChoice> choose_wan(const NicSelector& configured, const Observed& observed,
                             const Result<NicChoice>& primary);

/// The physical NICs, the one with the lowest PCI address first; ports of a bond among them.
std::vector<const Link*> physical_by_pci(const Observed& observed);

/// A NIC that is to be a port of a bond: itself, not what stands on it and has its MAC.
/// Errors: not_found, with the NICs there are.
Result<NicChoice> choose_port(const NicSelector& selector, const Observed& observed);

/// "52:54:00:4D:57:01" and "52:54:00:4d:57:01" are one.
bool same_mac(std::string_view a, std::string_view b) noexcept;

/// The link with this MAC, permanent or present; a bond before its ports, a NIC before what stands
/// on it. nullptr when there is none.
const Link* link_by_mac(const Observed& observed, std::string_view mac) noexcept;

}  // namespace metalwright::netcfg
