#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "netcfg/op.hpp"

namespace metalwright::netcfg {

// As encode(KernelOp). Shape: ifinfomsg, then IFLA_*; a link's kind and settings are in
// IFLA_LINKINFO. Source: linux/if_link.h; rtnetlink.c and bond_netlink.c for what goes together.

std::uint32_t encode_link(const MakeLink& op, std::uint32_t seq, std::vector<std::byte>& out);
std::uint32_t encode_link(const MarkLink& op, std::uint32_t seq, std::vector<std::byte>& out);
std::uint32_t encode_link(const RemoveLink& op, std::uint32_t seq, std::vector<std::byte>& out);
std::uint32_t encode_link(const SetMaster& op, std::uint32_t seq, std::vector<std::byte>& out);

}  // namespace metalwright::netcfg
