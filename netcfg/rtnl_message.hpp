#pragma once

#include <linux/netlink.h>
#include <netlink/attr.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "netcfg/model.hpp"

namespace metalwright::netcfg {

inline constexpr std::size_t largest_message = 512;  // bytes; none of ours reaches 300

/// One netlink message under construction, in libnl's shape of attributes but without an nl_msg,
/// which is two allocations for each; append_to() copies what it has become.
class Message {
 public:
    template <class Header>
    Message(int type, int flags, std::uint32_t seq, const Header& header) {
        const nlmsghdr head{.nlmsg_len = 0,
                            .nlmsg_type = static_cast<std::uint16_t>(type),
                            .nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags),
                            .nlmsg_seq = seq,
                            .nlmsg_pid = 0};
        write(&head, sizeof head);
        write(&header, sizeof header);
    }

    void put_u32(int type, std::uint32_t value) { put_bytes(type, &value, sizeof value); }
    void put_u8(int type, std::uint8_t value) { put_bytes(type, &value, sizeof value); }
    void put(int type, const Address& address) {
        put_bytes(type, address.bytes.data(), address.v6 ? 16 : 4);
    }
    /// With the zero byte that the kernel wants behind a name.
    void put_text(int type, std::string_view text) {
        std::array<char, 32> whole{};
        if (text.size() >= whole.size()) throw std::length_error("a netlink name too long");
        std::memcpy(whole.data(), text.data(), text.size());
        put_bytes(type, whole.data(), text.size() + 1);
    }
    template <class Struct>
    void put_struct(int type, const Struct& value) {
        put_bytes(type, &value, sizeof value);
    }
    /// Where the nested attribute begins, for end().
    std::size_t nest(int type) {
        const std::size_t begin = size_;
        put_bytes(type | NLA_F_NESTED, nullptr, 0);
        return begin;
    }
    void end(std::size_t nested) { set_length<std::uint16_t>(nested, size_ - nested); }

    void append_to(std::vector<std::byte>& out) {
        set_length<std::uint32_t>(0, size_);
        out.insert(out.end(), bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    }

 private:
    void put_bytes(int type, const void* data, std::size_t size) {
        const nlattr head{.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + size),
                          .nla_type = static_cast<std::uint16_t>(type)};
        write(&head, sizeof head);
        write(data, size);
    }
    /// Padded with zeros to 4 bytes. What does not fit is a bug of ours, and loud.
    void write(const void* data, std::size_t size) {
        const std::size_t padded = NLMSG_ALIGN(size);
        if (size_ + padded > bytes_.size()) throw std::length_error("a netlink message too long");
        if (size != 0) std::memcpy(bytes_.data() + size_, data, size);
        std::memset(bytes_.data() + size_ + size, 0, padded - size);
        size_ += padded;
    }
    template <class Length>
    void set_length(std::size_t at, std::size_t size) {
        const auto length = static_cast<Length>(size);
        std::memcpy(bytes_.data() + at, &length, sizeof length);
    }

    std::array<std::byte, largest_message> bytes_;
    std::size_t size_ = 0;
};

}  // namespace metalwright::netcfg
