#pragma once

#include <span>
#include <string>
#include <string_view>

#include "netcfg/model.hpp"

namespace metalwright::netcfg::persist {

// What systemd-networkd and NetworkManager are told where the configuration asks for it, each in a
// file of its own beside theirs, so that taking it away leaves theirs as they were. Pure.

inline constexpr std::string_view networkd_conf_file =
    "/etc/systemd/networkd.conf.d/50-metalwright.conf";
inline constexpr std::string_view network_manager_conf_file =
    "/etc/NetworkManager/conf.d/50-metalwright.conf";

/// "/etc/systemd/network/10-lan.network.d/50-metalwright.conf", wherever 10-lan.network lies.
std::string networkd_drop_in_path(std::string_view network_file);

/// Routes and rules that no .network file names are left alone. networkd reads it when it starts,
/// at no reload. Source: networkd.conf(5), 252.
std::string networkd_conf();

/// Keeps what is on the NIC through `networkctl reconfigure` and a restart. Where networkd takes
/// `leases` the word is "static": with "yes" it would keep the address of a lease that has ended.
/// "static" leaves out the IPv6 aliases, which have a preferred lifetime (0): the keeper puts those
/// back. Source: systemd.network(5) and the behaviour of 252.
std::string networkd_drop_in(bool leases);

/// Whether the text of a .network file and its drop-ins has networkd ask for addresses by DHCP.
bool takes_leases(std::string_view network_file);

/// A NIC that `we_set_up` at boot is not NetworkManager's any more. On one that stays its own it
/// keeps its connection through a pulled cable: else it takes every address off the NIC, ours too.
/// By permanent MAC, else by name, as NetworkManager knows NICs. `nics`: the NIC and what it is
/// made of. Source: NetworkManager.conf(5), 1.42.
std::string network_manager_conf(std::span<const Link> nics, bool we_set_up);

/// Whether a text of network_manager_conf() takes the NIC from NetworkManager.
bool hands_over(std::string_view network_manager_conf);

/// Whether a path is one that this header names.
bool is_neighbour_file(std::string_view path);

}  // namespace metalwright::netcfg::persist
