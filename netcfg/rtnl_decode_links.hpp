#pragma once

#include <netlink/attr.h>

#include "netcfg/model.hpp"

namespace metalwright::netcfg {

/// Reads a link's kind, and a bond's or VLAN's settings, from its IFLA_LINKINFO (may be nullptr).
/// The attribute must be there as long as it says; what in it is malformed or absent is left as it
/// is. Source: linux/if_link.h.
void read_link_info(const nlattr* info, Link& link);

}  // namespace metalwright::netcfg
