#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "netcfg/monitor_decode.hpp"
#include "sys/fd.hpp"

namespace metalwright::netcfg {

struct Changes {
    /// The kernel dropped notifications, or one made no sense: only a full dump, taken after this
    /// read(), tells what is there. `list` then holds link changes alone.
    bool overflow = false;
    std::vector<Change> list{};

    bool operator==(const Changes&) const = default;
};

/// Listens for changes of links, addresses, routes, rules (IPv4 and IPv6), qdiscs and filters on a
/// netlink socket of its own, in the network namespace of the thread that opens it. Our own changes
/// are told as well as everybody else's. One thread at a time.
///
/// Open it BEFORE the first dump, then give that dump's links to know(): nothing falls between. Do
/// the same after each overflow.
class Monitor {
 public:
    /// What the kernel is asked to keep for us at most, in bytes; it doubles the number, so that
    /// 128 MiB hold some 160,000 notifications (832 bytes each). Nothing is set aside for it.
    static constexpr int default_receive_bytes = 64 * 1024 * 1024;

    /// With SO_RCVBUFFORCE (CAP_NET_ADMIN), else as much as SO_RCVBUF grants. Errors: io.
    static Result<Monitor> open(int receive_bytes = default_receive_bytes);

    /// Readable when read() has something: for poll(). Never read from it oneself.
    int fd() const noexcept { return fd_.get(); }
    /// The buffer that was granted, in bytes as the kernel counts them.
    std::size_t receive_bytes() const noexcept { return receive_bytes_; }

    /// The links as they are: until a link is known here, its first notification says "added".
    /// Returns what changed since they were last heard of (after an overflow: what was missed).
    std::vector<Change> know(std::span<const Link> links);

    /// Whatever waits, without waiting; at most `most_datagrams` of it, so that a storm of changes
    /// cannot keep the caller: fd() then stays readable. After an overflow it is read to its end,
    /// for as long as the queue is not empty the kernel drops what comes, without saying so again.
    /// Errors: io (open a new one, and read all anew).
    Result<Changes> read();

 private:
    static constexpr std::size_t most_datagrams = 4096;

    Monitor(sys::Fd fd, std::size_t receive_bytes);

    sys::Fd fd_;
    std::size_t receive_bytes_;
    KnownLinks known_;
    std::vector<std::byte> buffer_;  // of one datagram
};

}  // namespace metalwright::netcfg
