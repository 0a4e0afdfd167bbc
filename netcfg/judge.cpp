#include "netcfg/judge.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace metalwright::netcfg {
namespace {

bool is_zero(const Address& address) {
    return address == Address{.v6 = address.v6};
}

}  // namespace

bool all_ones(const Address& address) {
    constexpr std::array<std::uint8_t, 4> ones{255, 255, 255, 255};
    return !address.v6 && std::ranges::equal(ones, std::span(address.bytes).first<4>());
}

/// The last address of an IPv4 subnet.
Address broadcast_of(const Prefix& subnet) {
    const std::uint64_t size = std::uint64_t{1} << (32 - subnet.length);
    return subnet.network().address.plus(static_cast<std::uint32_t>(size - 1));
}

std::optional<std::string> unusable_in(const Prefix& subnet, const Address& address) {
    if (subnet.address.v6 || subnet.length > 30 || !subnet.contains(address)) return std::nullopt;
    if (address == subnet.network().address)
        return "is the network address of " + subnet.network().text();
    if (address == broadcast_of(subnet))
        return "is the broadcast address of " + subnet.network().text();
    return std::nullopt;
}

Error invalid(std::string message, std::string where) {
    return {Errc::invalid_spec, std::move(message), std::move(where)};
}

std::optional<std::string> unusable(const Address& address) {
    if (address.v6) {
        if (is_zero(address)) return "is the unspecified address";
        if (address == Address{.v6 = true}.plus(1)) return "is the loopback address";
        if (address.bytes[0] == 0xff) return "is a multicast address";
        Prefix mapped{Address{.v6 = true}, 96};
        mapped.address.bytes[10] = mapped.address.bytes[11] = 0xff;
        if (mapped.contains(address)) return "is an IPv4 address in IPv6 form";
        return std::nullopt;
    }
    if (all_ones(address)) return "is the broadcast address";
    const std::uint8_t first = address.bytes[0];
    if (first == 0) return "is of \"this network\", 0.0.0.0/8";
    if (first == 127) return "is a loopback address";
    if ((first & 0xf0) == 224) return "is a multicast address";
    return std::nullopt;
}

}  // namespace metalwright::netcfg
