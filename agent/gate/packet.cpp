#include "agent/gate/packet.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "agent/gate/frame.hpp"

namespace metalwright::agent::gate {
namespace {

/// The first byte of a packet: where the frame is.
constexpr char here = 0, in_memory = 1, with_socket = 2;

constexpr std::size_t most_here = std::size_t{16} << 10;  // the kernel copies it, in one piece
constexpr std::size_t most_descriptors = 253;  // SCM_MAX_FD: none is left for the kernel to close
constexpr int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

/// A memfd that nobody can change any more, the sender neither.
sys::Fd sealed(std::string_view bytes) {
    sys::Fd memory(::memfd_create("metalwright-frame", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory) return memory;
    while (!bytes.empty()) {
        const ssize_t written = ::write(memory.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return sys::Fd();
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return ::fcntl(memory.get(), F_ADD_SEALS, seals) == 0 ? std::move(memory) : sys::Fd();
}

std::unexpected<Error> strange(const char* what) {
    return fail(Errc::invalid_spec, what);
}

Result<std::string> read_sealed(const sys::Fd& memory) {
    // First the seals: what has none may be a file on which a mere fstat() hangs.
    const int has = ::fcntl(memory.get(), F_GET_SEALS);
    if (has < 0 || (has & seals) != seals) return strange("a descriptor is no sealed memory");
    struct stat file{};
    if (::fstat(memory.get(), &file) != 0 || !S_ISREG(file.st_mode) || file.st_size < 0 ||
        static_cast<std::size_t>(file.st_size) > most_frame)
        return strange("a sealed memory is too large");
    std::string bytes(static_cast<std::size_t>(file.st_size), '\0');
    std::size_t have = 0;
    while (have < bytes.size()) {
        const ssize_t count = ::pread(memory.get(), bytes.data() + have, bytes.size() - have,
                                      static_cast<off_t>(have));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return strange("a sealed memory cannot be read");
        have += static_cast<std::size_t>(count);
    }
    return bytes;
}

std::vector<sys::Fd> descriptors_of(msghdr& message) {
    std::vector<sys::Fd> found;
    for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(at) + i * sizeof fd, sizeof fd);
            found.emplace_back(fd);
        }
    }
    return found;
}

Result<Packet> packet_of(std::string_view bytes, std::vector<sys::Fd>& descriptors, bool whole) {
    if (!whole || bytes.size() > most_here + 1) return strange("a packet is too large");
    const char where = bytes.front();
    bytes.remove_prefix(1);
    if (descriptors.size() != (where == here ? 0 : 1))
        return strange("descriptors came that belong to nothing");
    Packet packet;
    if (where == in_memory) {
        auto read = bytes.empty() ? read_sealed(descriptors.front())
                                  : strange("a packet and a memory say two things");
        if (!read) return std::unexpected(read.error());
        packet.bytes = std::move(*read);
        return packet;
    }
    if (where != here && where != with_socket) return strange("a packet is of no known form");
    packet.bytes = bytes;
    if (where == with_socket) packet.with = std::move(descriptors.front());
    return packet;
}

}  // namespace

void discard(sys::Fd& stranger) {
    const linger none{.l_onoff = 1, .l_linger = 0};
    (void)::setsockopt(stranger.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
    stranger.close();
}

Sending send_packet(int socket, std::string_view bytes, int with) {
    const bool large = bytes.size() > most_here;
    if (bytes.size() > most_frame || (large && with >= 0)) return Sending::lost;
    const sys::Fd memory = large ? sealed(bytes) : sys::Fd();
    if (large && !memory) return Sending::lost;
    const int fd = large ? memory.get() : with;
    char where = large ? in_memory : with >= 0 ? with_socket : here;
    std::array<iovec, 2> parts{iovec{&where, 1},
                               iovec{const_cast<char*>(bytes.data()), large ? 0 : bytes.size()}};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{.msg_iov = parts.data(), .msg_iovlen = parts.size()};
    if (fd >= 0) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    for (;;) {
        if (::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return Sending::sent;
        if (errno == EINTR) continue;
        // ETOOMANYREFS: so many descriptors are on their way that somebody must take some first.
        const bool full = errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS;
        return full ? Sending::later : Sending::lost;
    }
}

Result<std::optional<Packet>> receive_packet(int socket) {
    std::string bytes(most_here + 2, '\0');
    alignas(cmsghdr) std::array<char, CMSG_SPACE(most_descriptors * sizeof(int))> control;
    iovec part{bytes.data(), bytes.size()};
    msghdr message{.msg_iov = &part,
                   .msg_iovlen = 1,
                   .msg_control = control.data(),
                   .msg_controllen = control.size()};
    ssize_t count = 0;
    do {
        count = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (count < 0 && errno == EINTR);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
    if (count < 0) return fail(Errc::unavailable, std::strerror(errno), {}, errno);
    std::vector<sys::Fd> descriptors = descriptors_of(message);
    Result<Packet> packet = fail(Errc::unavailable, "the other end is gone");
    if (count > 0)
        packet = packet_of({bytes.data(), static_cast<std::size_t>(count)}, descriptors,
                           (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0);
    for (sys::Fd& left : descriptors)
        if (left) discard(left);
    if (!packet) return std::unexpected(packet.error());
    return std::optional(std::move(*packet));
}

}  // namespace metalwright::agent::gate
