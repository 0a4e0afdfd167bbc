#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "sys/fd.hpp"

namespace metalwright::agent::gate {

/// One packet of a SOCK_SEQPACKET Unix socket, as it is received.
struct Packet {
    std::string bytes{};  ///< of a frame, encoded
    sys::Fd with{};       ///< what was sent with it: a socket, or nothing
};

enum class Sending { sent, later, lost };

/// Sends `bytes` whole: in the packet where they are few, else in a sealed memfd that goes with it.
/// `with` >= 0 goes along as a descriptor, and only with few bytes. Never waits: `later` says that
/// there is no room now. `lost`: nobody is there any more, or there is no memory for it.
Sending send_packet(int socket, std::string_view bytes, int with = -1);

/// The next packet; nothing where there is none now. Never waits. Whatever was sent along and is
/// neither a whole, sealed memfd of no more than most_frame bytes nor a single socket is closed.
/// Errors: unavailable (the other end is gone), invalid_spec (what came is no packet of ours).
Result<std::optional<Packet>> receive_packet(int socket);

/// Closes a stranger's descriptor. To close a socket that lingers would wait for its other end.
void discard(sys::Fd& stranger);

}  // namespace metalwright::agent::gate
