#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "netcfg/model.hpp"

namespace metalwright::netcfg {

/// An Ethernet address as it stands in a frame.
using MacBytes = std::array<std::uint8_t, 6>;

/// "52:54:00:4d:57:01", any case, as Link::mac has it; nothing for any other text.
std::optional<MacBytes> mac_bytes(std::string_view text) noexcept;

/// An Ethernet frame without its checksum, and the NIC it leaves by.
struct Frame {
    int ifindex = 0;
    std::vector<std::byte> bytes{};

    bool operator==(const Frame&) const = default;
};

/// The frame that tells a segment where `address` lives: for IPv4 an ARP announcement, for IPv6 an
/// unsolicited neighbour advertisement.
///
/// ARP, 42 bytes: a broadcast request, sender and target address both `address`, target hardware
/// address zero. Source: RFC 5227, 2.3. Hosts that have an entry for it take the new MAC from it;
/// nobody answers.
///
/// Advertisement, 86 bytes: to ff02::1 (33:33:00:00:00:01) from `address` itself, hop limit 255,
/// override flag alone (we are no router and nobody asked), target link-layer address option.
/// Source: RFC 4861, 4.4 and 7.2.6; checksum over the pseudo header: RFC 4443, 2.3.
std::vector<std::byte> announcement(const MacBytes& mac, const Address& address);

}  // namespace metalwright::netcfg
