#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace metalwright::agent::api {

/// A process as the kernel tells of it.
struct Credentials {
    int pid = 0;  ///< 0: not of this namespace
    unsigned uid = 65534;
    unsigned gid = 65534;

    bool operator==(const Credentials&) const = default;
};

/// Who connected a socket.
struct Peer {
    bool remote = false;  ///< over TCP: nothing but the address is known
    Credentials process{};
    std::vector<unsigned> groups{};  ///< all of its groups, its own among them
    std::string address{};
};

Peer peer_of(int fd);

/// Has the kernel say with all that comes over a Unix socket who sent it. What is accepted from a
/// listening socket has it from its first byte on. False, with errno, where it does not.
bool wants_senders(int fd);

/// As recv(2), of a socket that wants_senders(): in one call the kernel gives bytes of one sender
/// alone. Descriptors that come along are not taken.
ssize_t receive(int fd, std::span<char> room, std::optional<Credentials>& sender);

/// Who sent the bytes of one request.
struct Senders {
    std::optional<Credentials> last{};
    bool several = false;

    void add(const std::optional<Credentials>& sender);
    /// The next request begins; with `rest`, with bytes that came with the end of this one.
    void next(bool rest) {
        several = false;
        if (!rest) last.reset();
    }
};

/// Whose request it is.
struct Caller {
    Credentials process{};
    std::vector<unsigned> groups{};
    std::string unsound{};  ///< why it is nobody's; empty: it is this process's
};

/// A descriptor may be handed on, so a request is its sender's, never more than that of whoever
/// connected. Groups count only where both are the same process, since the kernel tells no others
/// for sure; of another process its own one counts. Pure; `daemon_uid` may do what root may.
Caller caller_of(const Peer& connected, const Senders& senders, unsigned daemon_uid);

}  // namespace metalwright::agent::api
