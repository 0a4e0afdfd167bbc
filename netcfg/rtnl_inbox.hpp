#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/error.hpp"

namespace metalwright::netcfg {

/// What the kernel sends to a netlink socket.
class RtnlInbox {
 public:
    using Datagram = std::span<const std::byte>;

    static constexpr std::size_t most_acks = 32;

    /// The datagrams that wait, at least one and at most `most`; each up to 64 KiB / most. The
    /// kernel sends an ack as a datagram of its own: most_acks at once save a system call each.
    /// Valid until the next call. Errors: io, timed_out (nothing came for ten seconds).
    Result<std::span<const Datagram>> receive(int fd, std::size_t most);

 private:
    std::vector<std::byte> buffer_;
    std::vector<Datagram> datagrams_;
};

}  // namespace metalwright::netcfg
