#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netcfg/model.hpp"

namespace metalwright::netcfg::persist {

// What makes bonds and VLANs at boot, before the agent is there; beside text.hpp. Pure.

/// "/etc/systemd/network/05-metalwright-bond0.netdev".
std::string netdev_path(const Link& made);

/// The files for systemd-networkd that make `nic`, and what it stands on, out of `links`: .netdev
/// files, and .network files of ports and parents. Empty for a NIC that is not made. `vlans` are
/// the names of all VLANs that stand on the NIC's parent. Source: systemd.netdev(5), 252.
std::vector<TextFile> networkd_links(const Link& nic, std::span<const Link> links,
                                     std::span<const std::string> vlans);

/// The same as lines of the NIC's stanza for ifupdown; each does nothing where its work is done.
std::string ifupdown_links(const Link& nic, std::span<const Link> links);

/// Whether a file of ours makes this link.
bool makes(const TextFile& file, const Link& link);

}  // namespace metalwright::netcfg::persist
