#include "agent/api/peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace metalwright::agent::api {
namespace {

/// Of the other end; empty when it is gone already.
std::string address_of(int fd) {
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) return {};
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* address =
        name.ss_family == AF_INET6
            ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(name).sin6_addr)
            : &reinterpret_cast<const sockaddr_in&>(name).sin_addr;
    const char* told = ::inet_ntop(name.ss_family, address, text.data(), text.size());
    return told == nullptr ? std::string() : std::string(told);
}

Credentials from(const ucred& who) {
    return {.pid = who.pid, .uid = who.uid, .gid = who.gid};
}

}  // namespace

Peer peer_of(int fd) {
    Peer peer;
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) == 0 &&
        name.ss_family != AF_UNIX) {
        peer.remote = true;
        peer.address = address_of(fd);
        return peer;
    }
    ucred who{.pid = 0, .uid = 65534, .gid = 65534};
    size = sizeof who;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return peer;
    peer.process = from(who);
    // The second time with as much room as the kernel has asked for.
    peer.groups.resize(32);
    for (int time = 0; time < 2; ++time) {
        size = static_cast<socklen_t>(peer.groups.size() * sizeof(gid_t));
        const bool told =
            ::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &size) == 0;
        const bool again = !told && errno == ERANGE;
        peer.groups.resize(told || again ? size / sizeof(gid_t) : 0);
        if (!again) break;
    }
    peer.groups.push_back(who.gid);
    peer.groups.shrink_to_fit();
    return peer;
}

bool wants_senders(int fd) {
    const int on = 1;
    return ::setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0;
}

ssize_t receive(int fd, std::span<char> room, std::optional<Credentials>& sender) {
    // No room for anything but the credentials: descriptors are dropped by the kernel.
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> told{};
    iovec part{.iov_base = room.data(), .iov_len = room.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = told.data();
    message.msg_controllen = told.size();
    const ssize_t count = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    sender.reset();
    const cmsghdr* first = count > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
    if (first != nullptr && first->cmsg_level == SOL_SOCKET &&
        first->cmsg_type == SCM_CREDENTIALS && first->cmsg_len == CMSG_LEN(sizeof(ucred))) {
        ucred who{};
        std::memcpy(&who, CMSG_DATA(first), sizeof who);
        sender = from(who);
    }
    return count;
}

void Senders::add(const std::optional<Credentials>& sender) {
    const Credentials who = sender.value_or(Credentials{});
    several = several || (last && *last != who);
    last = who;
}

Caller caller_of(const Peer& connected, const Senders& senders, unsigned daemon_uid) {
    const Credentials& process = connected.process;
    const Credentials sender = senders.last.value_or(Credentials{});
    if (senders.several)
        return {.process = sender,
                .unsound =
                    "the request came from several processes that share a connection: send each "
                    "from one, on a connection of its own"};
    if (sender == process && process.pid != 0)
        return {.process = process, .groups = connected.groups};
    const bool downwards = process.uid == 0 || process.uid == daemon_uid;
    if (sender.uid != process.uid && !downwards)
        return {.process = sender,
                .unsound =
                    "the request came from another user than the one who connected: connect as "
                    "whoever asks"};
    return {.process = sender, .groups = {sender.gid}};
}

}  // namespace metalwright::agent::api
