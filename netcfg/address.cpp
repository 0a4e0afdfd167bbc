#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "netcfg/model.hpp"

namespace metalwright::netcfg {
namespace {

constexpr std::size_t size_of(const Address& address) {
    return address.v6 ? 16 : 4;
}

/// The bits of byte `index` that belong to the network part of a prefix of `length` bits.
constexpr std::uint8_t network_mask(std::size_t index, unsigned length) {
    const unsigned before = static_cast<unsigned>(index) * 8;
    if (length >= before + 8) return 0xff;
    if (length <= before) return 0;
    return static_cast<std::uint8_t>(0xff << (8 - (length - before)));
}

bool only_of(std::string_view text, std::string_view allowed) {
    return std::ranges::all_of(text, [&](char c) { return allowed.contains(c); });
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
    Address address;
    address.v6 = text.contains(':');
    const std::string copy(text);
    const bool clean = only_of(text, address.v6 ? "0123456789abcdefABCDEF:." : "0123456789.");
    if (!clean ||
        ::inet_pton(address.v6 ? AF_INET6 : AF_INET, copy.c_str(), address.bytes.data()) != 1)
        return fail(Errc::invalid_spec, "not an IP address; write it like 10.0.0.5 or 2001:db8::5");
    return address;
}

namespace {

/// Writes the address and answers where it ends. inet_ntop() prints IPv4 through sprintf(), which
/// is half of what planning ten thousand addresses costs.
char* write_text(const Address& address, char* at, char* end) {
    if (address.v6) {
        ::inet_ntop(AF_INET6, address.bytes.data(), at, static_cast<socklen_t>(end - at));
        return at + std::strlen(at);
    }
    for (std::size_t i = 0; i < 4; ++i) {
        if (i != 0) *at++ = '.';
        at = std::to_chars(at, end, address.bytes[i]).ptr;
    }
    return at;
}

}  // namespace

std::string Address::text() const {
    std::array<char, INET6_ADDRSTRLEN> buffer;
    return {buffer.data(), write_text(*this, buffer.data(), buffer.data() + buffer.size())};
}

Address Address::plus(std::uint32_t steps) const noexcept {
    Address sum = *this;
    std::uint64_t carry = steps;
    for (std::size_t i = size_of(*this); i-- > 0 && carry != 0; carry >>= 8) {
        carry += sum.bytes[i];
        sum.bytes[i] = static_cast<std::uint8_t>(carry & 0xff);
    }
    return sum;
}

Result<Prefix> Prefix::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    Result<Address> address = Address::parse(text.substr(0, slash));
    if (!address) return std::unexpected(address.error());
    const std::uint8_t longest = address->v6 ? 128 : 32;
    Prefix prefix{*address, longest};
    if (slash == std::string_view::npos) return prefix;

    const std::string_view digits = text.substr(slash + 1);
    const char* const last = digits.data() + digits.size();
    const auto [end, problem] = std::from_chars(digits.data(), last, prefix.length);
    const bool padded = digits.size() > 1 && digits.front() == '0';
    if (problem != std::errc{} || end != last || padded || prefix.length > longest)
        return fail(Errc::invalid_spec, "the prefix length after '/' must be a number from 0 to " +
                                            std::to_string(longest));
    return prefix;
}

std::string Prefix::text() const {
    std::array<char, INET6_ADDRSTRLEN + 4> buffer;
    char* const last = buffer.data() + buffer.size();
    char* at = write_text(address, buffer.data(), last);
    *at++ = '/';
    return {buffer.data(), std::to_chars(at, last, length).ptr};
}

Prefix Prefix::network() const noexcept {
    Prefix network = *this;
    for (std::size_t i = 0; i < size_of(address); ++i)
        network.address.bytes[i] &= network_mask(i, length);
    return network;
}

bool Prefix::has_host_bits() const noexcept {
    return network() != *this;
}

bool Prefix::contains(const Address& other) const noexcept {
    if (other.v6 != address.v6) return false;
    for (std::size_t i = 0; i < size_of(address); ++i)
        if (((address.bytes[i] ^ other.bytes[i]) & network_mask(i, length)) != 0) return false;
    return true;
}

std::string_view to_string(Kind kind) noexcept {
    switch (kind) {
        case Kind::primary: return "primary";
        case Kind::alias: return "alias";
        case Kind::secondary: return "secondary";
        case Kind::elastic: return "elastic";
    }
    return "alias";
}

std::optional<Kind> kind_from(std::string_view word) noexcept {
    for (const Kind kind : {Kind::primary, Kind::alias, Kind::secondary, Kind::elastic})
        if (to_string(kind) == word) return kind;
    return std::nullopt;
}

std::string_view to_string(Persister persister) noexcept {
    switch (persister) {
        case Persister::none: return "none";
        case Persister::networkd: return "networkd";
        case Persister::ifupdown: return "ifupdown";
    }
    return "none";
}

std::optional<Persister> persister_from(std::string_view word) noexcept {
    for (const Persister p : {Persister::none, Persister::networkd, Persister::ifupdown})
        if (to_string(p) == word) return p;
    return std::nullopt;
}

}  // namespace metalwright::netcfg
