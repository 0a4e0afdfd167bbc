#include "netcfg/announce_frame.hpp"

#include <charconv>
#include <span>

namespace metalwright::netcfg {
namespace {

/// Bytes in network order, one after the other.
class Writer {
 public:
    explicit Writer(std::size_t size) { bytes_.reserve(size); }

    Writer& u8(unsigned value) {
        bytes_.push_back(static_cast<std::byte>(value));
        return *this;
    }
    Writer& u16(unsigned value) { return u8(value >> 8).u8(value & 0xff); }
    Writer& u32(std::uint32_t value) { return u16(value >> 16).u16(value & 0xffff); }
    Writer& all(std::span<const std::uint8_t> values) {
        for (const std::uint8_t value : values) u8(value);
        return *this;
    }
    std::vector<std::byte> take() { return std::move(bytes_); }

 private:
    std::vector<std::byte> bytes_;
};

constexpr std::size_t ethernet_header = 14;
constexpr MacBytes broadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr MacBytes nobody{};
constexpr MacBytes all_nodes_mac{0x33, 0x33, 0, 0, 0, 1};
constexpr std::array<std::uint8_t, 16> all_nodes{0xff, 0x02, 0, 0, 0, 0, 0, 0,
                                                 0,    0,    0, 0, 0, 0, 0, 1};

std::vector<std::byte> arp(const MacBytes& mac, std::span<const std::uint8_t> address) {
    constexpr unsigned ethertype = 0x0806;
    constexpr unsigned request = 1;
    return Writer(ethernet_header + 28)
        .all(broadcast)
        .all(mac)
        .u16(ethertype)
        .u16(1)       // hardware: Ethernet
        .u16(0x0800)  // protocol: IPv4
        .u8(6)
        .u8(4)
        .u16(request)
        .all(mac)
        .all(address)
        .all(nobody)
        .all(address)
        .take();
}

constexpr std::size_t ipv6_header = 40;
constexpr unsigned advertisement_bytes = 32;  // 24, and the option's 8
constexpr unsigned icmpv6 = 58;

/// The advertisement from its type on, with this checksum in it.
void put_advertisement(Writer& out, const MacBytes& mac, std::span<const std::uint8_t> address,
                       unsigned checksum) {
    constexpr std::uint32_t override_flag = 0x20000000;
    out.u8(136).u8(0).u16(checksum).u32(override_flag).all(address);
    out.u8(2).u8(1).all(mac);  // option: target link-layer address, one unit of 8 bytes
}

unsigned internet_checksum(std::span<const std::byte> even) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i + 1 < even.size(); i += 2)
        sum += std::to_integer<std::uint32_t>(even[i]) << 8 |
               std::to_integer<std::uint32_t>(even[i + 1]);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

std::vector<std::byte> advertisement(const MacBytes& mac, std::span<const std::uint8_t> address) {
    constexpr unsigned ethertype = 0x86dd;
    constexpr unsigned hop_limit = 255;  // anything else was forwarded, and is not believed

    Writer summed(ipv6_header + advertisement_bytes);
    summed.all(address).all(all_nodes).u32(advertisement_bytes).u32(icmpv6);
    put_advertisement(summed, mac, address, 0);
    const unsigned checksum = internet_checksum(summed.take());

    Writer frame(ethernet_header + ipv6_header + advertisement_bytes);
    frame.all(all_nodes_mac).all(mac).u16(ethertype);
    frame.u32(0x60000000).u16(advertisement_bytes).u8(icmpv6).u8(hop_limit);
    frame.all(address).all(all_nodes);
    put_advertisement(frame, mac, address, checksum);
    return frame.take();
}

}  // namespace

std::optional<MacBytes> mac_bytes(std::string_view text) noexcept {
    constexpr std::size_t length = 17;
    if (text.size() != length) return std::nullopt;
    MacBytes mac{};
    for (std::size_t i = 0; i < mac.size(); ++i) {
        const std::string_view pair = text.substr(i * 3, 2);
        const auto [end, problem] =
            std::from_chars(pair.data(), pair.data() + pair.size(), mac[i], 16);
        if (problem != std::errc{} || end != pair.data() + pair.size()) return std::nullopt;
        if (i + 1 < mac.size() && text[i * 3 + 2] != ':') return std::nullopt;
    }
    return mac;
}

std::vector<std::byte> announcement(const MacBytes& mac, const Address& address) {
    const std::span<const std::uint8_t> bytes(address.bytes);
    return address.v6 ? advertisement(mac, bytes) : arp(mac, bytes.first(4));
}

}  // namespace metalwright::netcfg
