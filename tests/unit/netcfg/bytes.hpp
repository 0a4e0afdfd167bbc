#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What goes over a socket, written and read by the tests of this room.
namespace metalwright::netcfg {

/// "1400 0000 ..." pairs of bytes; little endian, as every host we run on.
inline std::string hex(std::span<const std::byte> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i != 0 && i % 4 == 0) text += ' ';
        text += digits[std::to_integer<unsigned>(bytes[i]) >> 4];
        text += digits[std::to_integer<unsigned>(bytes[i]) & 15];
    }
    return text;
}

/// A datagram, as the kernel would write it.
class Datagram {
 public:
    template <class Body>
    Datagram& message(std::uint16_t type, std::uint16_t flags, std::uint32_t seq,
                      const Body& body) {
        start_ = bytes_.size();
        put(nlmsghdr{0, type, flags, seq, 0});
        put(body);
        return close();
    }
    Datagram& attribute(std::uint16_t type, std::string_view content) {
        put(rtattr{static_cast<unsigned short>(4 + content.size()), type});
        for (const char c : content) bytes_.push_back(static_cast<std::byte>(c));
        bytes_.resize((bytes_.size() + 3) / 4 * 4);
        return close();
    }
    std::span<const std::byte> bytes() const { return bytes_; }

 private:
    template <class T>
    void put(const T& value) {
        const auto* from = reinterpret_cast<const std::byte*>(&value);
        bytes_.insert(bytes_.end(), from, from + sizeof value);
    }
    Datagram& close() {
        const auto length = static_cast<std::uint32_t>(bytes_.size() - start_);
        std::memcpy(bytes_.data() + start_, &length, sizeof length);
        return *this;
    }
    std::vector<std::byte> bytes_;
    std::size_t start_ = 0;
};

}  // namespace metalwright::netcfg
