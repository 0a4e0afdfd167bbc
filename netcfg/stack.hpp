#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netcfg/nic.hpp"

namespace metalwright::netcfg {

// What a NIC of an order stands on: ports and a bond, a parent and a VLAN.

/// The NIC that Wanted::nic and bond mean together, without the VLAN on it.
/// Errors: those of choose_nic(); not_found for a bond that could not be made.
Result<NicChoice> choose_base(const Wanted& one, const Observed& observed,
                              std::string_view remembered_mac);

/// The NIC that Wanted::nic, bond and vlan of one NIC mean together, which is there by now.
/// Errors: those of choose_nic(); not_found for a bond or VLAN that could not be made.
Result<NicChoice> choose_wanted(const Wanted& one, const Observed& observed,
                                std::string_view remembered_mac);
/// A further one, as choose_other().
Result<NicChoice> choose_wanted_other(const Wanted& one, const Observed& observed,
                                      std::span<const int> given);

/// The ports that a bond is to have, each free or in the bond of that name already.
/// Errors: not_found, conflict (one is a port of something else, or named twice).
Result<std::vector<Link>> ports_of(const Bond& bond, const Observed& observed);

const Link* link_named(const Observed& observed, std::string_view name);      ///< nullptr: none
const Link* vlan_on(const Observed& observed, int parent, std::uint16_t id);  ///< likewise

/// Whether a bond or VLAN is our work: it carries our mark, or networkd made it of a file of ours.
bool is_made_by_us(const Link& link, const Persisted& persisted);

/// "bond0.100", or "vlan100" where that is longer than the 15 bytes that a name may have.
std::string vlan_name(const Link& parent, std::uint16_t id);

}  // namespace metalwright::netcfg
