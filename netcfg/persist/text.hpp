#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netcfg/model.hpp"

namespace metalwright::netcfg::persist {

// What a host needs at boot before the agent is there, in the words of whoever sets its NICs up.
// Pure: a file's text is the same for the same input, so that "unchanged" is plain equality.
//
// Our file for a NIC is a head (the primary address, its routes, DNS, MTU) and, behind a marker
// line, a tail (the aliases). When the spec manages only one of the two, the other half of the file
// on disk is kept as it is: absent in a spec means unmanaged.

struct Halves {
    std::string head;
    std::string tail;
};

/// `text` cut at the marker line; all of it is head when there is none.
Halves split(std::string_view text);
std::string join(const Halves& halves);

// ---- systemd-networkd --------------------------------------------------------------------------

/// "/etc/systemd/network/05-metalwright-eth0.network"; sorts before what an image brings along.
std::string networkd_path(const Link& nic);
inline constexpr std::string_view networkd_header =
    "# Written by metalwright from the host's spec; what is changed here is overwritten.\n";
/// Matches the permanent MAC (a VLAN or bond on top has the same MAC, not the same permanent one),
/// else MAC and name; the name alone where the MAC is that of a bond.
std::string networkd_match(const Link& nic);
/// The VLANs of the names `vlans` stand on the NIC. KeepConfiguration=static and
/// ConfigureWithoutCarrier keep what is on the NIC through a restart of networkd and through a
/// pulled cable. Source: systemd.network(5), 252.
std::string networkd_head(const Link& nic, const Primary& primary,
                          std::span<const std::string> vlans = {});
std::string networkd_tail(std::span<const Alias> aliases);

// ---- ifupdown ----------------------------------------------------------------------------------

inline constexpr std::string_view interfaces_file = "/etc/network/interfaces";

/// "/etc/network/interfaces.d/metalwright-eth0"; letters, digits, '-' and '_' only, as
/// `source-directory` demands. Source: interfaces(5), ifupdown 0.8.
std::string ifupdown_path(const Link& nic);
/// With `links` as ifupdown_links() gives them.
std::string ifupdown_head(const Link& nic, const Primary& primary, std::string_view links = {});
std::string ifupdown_tail(const Link& nic, std::span<const Alias> aliases);
/// Whether /etc/network/interfaces with this text reads the file at `path`.
bool is_sourced(std::string_view interfaces, std::string_view path);
/// `interfaces` with a line that reads our files.
std::string with_source_line(std::string_view interfaces);
/// Whether a text of interfaces(5) has a stanza for this NIC.
bool has_stanza(std::string_view interfaces, std::string_view nic);

// ---- DNS ---------------------------------------------------------------------------------------

inline constexpr std::string_view resolv_conf_file = "/etc/resolv.conf";

/// `current` with exactly these name servers; its other lines (search, options) are kept.
std::string resolv_conf(std::string_view current, std::span<const Address> servers);
/// The lines of a networkd or ifupdown file that name DNS servers, as they stand there.
std::string dns_lines(std::string_view text);

/// Whether a path is one that networkd_path(), netdev_path() or ifupdown_path() could have given.
bool is_ours(std::string_view path);

}  // namespace metalwright::netcfg::persist
