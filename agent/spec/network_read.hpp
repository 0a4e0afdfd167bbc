#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/spec/cursor.hpp"
#include "netcfg/model.hpp"

namespace metalwright::spec {

/// {"nic","primary","aliases","secondaries","elastics","pools","otherNics"}; "bandwidthMbps",
/// "extraUplinkMbps" and "secondaryCount" are the caller's.
netcfg::Wanted read_network(Fields& network);

/// The list of a document that holds addresses of this kind, and what an entry calls its address:
/// "aliases" and "cidr", "secondaries" and "address", "elastics" and "address".
struct AddressList {
    std::string_view name;
    std::string_view field;
};
AddressList list_of(netcfg::Kind kind) noexcept;
inline constexpr std::array<netcfg::Kind, 3> listed_kinds{
    netcfg::Kind::alias, netcfg::Kind::secondary, netcfg::Kind::elastic};

/// Networks, none twice.
std::vector<netcfg::Prefix> read_pools(const Cursor& at);

/// Aliases as they are written in a list of addresses, none twice.
std::vector<netcfg::Prefix> read_withdrawn(const Cursor& at);

std::optional<netcfg::Address> read_address(const Cursor& at);

/// "10.0.1.0/24"; a bare address is one with the full length.
std::optional<netcfg::Prefix> read_prefix(const Cursor& at);

/// A prefix without host bits: a network.
std::optional<netcfg::Prefix> read_network_prefix(const Cursor& at);

/// A list of addresses, none twice.
std::vector<netcfg::Address> read_addresses(const Cursor& at, std::size_t most);

/// Why a host cannot have this address within this network, as "is ..."; empty when it can: the
/// network's own or its broadcast address, 0.0.0.0, loopback, multicast.
std::string unfit_for_host(const netcfg::Address& address, const netcfg::Prefix& network);

/// [{"id","cidr",...}]: at most `most`, no cidr twice. With `vendor` unknown fields are noted, and
/// `id` is required; in an `edit` each entry says its "kind" itself.
enum class AliasForm { native, vendor, edit };
std::vector<netcfg::Alias> read_aliases(const Cursor& at, std::size_t most, AliasForm form,
                                        netcfg::Kind kind = netcfg::Kind::alias);

}  // namespace metalwright::spec
