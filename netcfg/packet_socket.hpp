#pragma once

#include <span>
#include <vector>

#include "netcfg/announce_frame.hpp"
#include "sys/fd.hpp"

namespace metalwright::netcfg {

/// Sends whole Ethernet frames, in the network namespace of the thread that opens it; receives
/// nothing and never waits. Needs CAP_NET_RAW. One thread at a time.
class PacketSocket {
 public:
    /// Errors: io.
    static Result<PacketSocket> open();

    /// Sends each frame by its own NIC: frames[i] <-> results[i]; a failed one stops no other.
    /// Errors, per frame: io with sys = ENETDOWN (the link is down), ENXIO or ENODEV (no such
    /// NIC), EAGAIN or ENOBUFS (its queue is full), EINVAL (shorter than a header).
    std::vector<Result<void>> send(std::span<const Frame> frames);

 private:
    explicit PacketSocket(sys::Fd fd) : fd_(std::move(fd)) {}

    sys::Fd fd_;
};

}  // namespace metalwright::netcfg
