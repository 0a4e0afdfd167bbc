#include "agent/api/listen_socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "agent/api/peer.hpp"

namespace metalwright::agent::api {
namespace {

constexpr mode_t socket_mode = 0660;

Result<sockaddr_un> address_of(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().empty() || path.native().size() >= sizeof address.sun_path) {
        return fail(Errc::invalid_spec,
                    "the path of the admin socket must have 1 to 107 bytes: choose a shorter one",
                    path.native());
    }
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    return address;
}

int unix_stream() {
    return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

std::unexpected<Error> failed(const char* what, const std::filesystem::path& path) {
    const int error = errno;
    return fail(Errc::io, std::string("cannot ") + what + ": " + std::strerror(error),
                path.native(), error);
}

Result<void> make_room(const std::filesystem::path& path, const sockaddr_un& address) {
    struct stat there{};
    if (::lstat(path.c_str(), &there) != 0) {
        return errno == ENOENT ? Result<void>{} : failed("look at the admin socket", path);
    }
    if (!S_ISSOCK(there.st_mode)) {
        return fail(Errc::conflict,
                    "what is there is not a socket: move it away or choose another --socket",
                    path.native());
    }
    const int probe = unix_stream();
    if (probe < 0) return failed("open a socket", path);
    const int answer =
        ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0
                                                                                           : errno;
    ::close(probe);
    if (answer != ECONNREFUSED && answer != ENOENT) {
        return fail(Errc::busy,
                    "another daemon answers on the admin socket: stop it, or choose another "
                    "--socket",
                    path.native(), answer);
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return failed("remove the stale admin socket", path);
    }
    return {};
}

int option(int fd, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

}  // namespace

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::exchange(other.path_, {})),
      device_(other.device_),
      inode_(other.inode_) {}

ListenSocket& ListenSocket::operator=(ListenSocket&& other) noexcept {
    if (this != &other) {
        close();
        fd_ = std::exchange(other.fd_, -1);
        path_ = std::exchange(other.path_, {});
        device_ = other.device_;
        inode_ = other.inode_;
    }
    return *this;
}

ListenSocket::~ListenSocket() {
    close();
}

void ListenSocket::close() noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    if (path_.empty()) return;
    struct stat there{};
    if (::lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ && there.st_ino == inode_) {
        ::unlink(path_.c_str());
    }
    path_.clear();
}

Result<ListenSocket> bind_socket(const std::filesystem::path& path) {
    const auto address = address_of(path);
    if (!address) return std::unexpected(address.error());
    if (auto room = make_room(path, *address); !room) return std::unexpected(room.error());

    ListenSocket socket;
    socket.fd_ = unix_stream();
    if (socket.fd_ < 0) return failed("open a socket", path);
    // The kernel takes the file's mode from the socket's, less the umask: never wider than wanted.
    if (::fchmod(socket.fd_, socket_mode) != 0 ||
        ::bind(socket.fd_, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
        return failed("bind the admin socket (does its directory exist?)", path);
    }
    struct stat made{};
    if (::lstat(path.c_str(), &made) != 0) return failed("look at the admin socket", path);
    socket.path_ = path;
    socket.device_ = made.st_dev;
    socket.inode_ = made.st_ino;
    if (::chmod(path.c_str(), socket_mode) != 0) return failed("set the admin socket's mode", path);
    if (!wants_senders(socket.fd_)) return failed("have senders told on the admin socket", path);
    if (::listen(socket.fd_, SOMAXCONN) != 0) return failed("listen on the admin socket", path);
    return socket;
}

int ListenSocket::family() const noexcept {
    return option(fd_, SO_DOMAIN);
}

unsigned ListenSocket::port() const noexcept {
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &size) != 0) return 0;
    if (name.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in&>(name).sin_port);
    if (name.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6&>(name).sin6_port);
    return 0;
}

bool is_loopback(const std::string& address) {
    return address == "::1" || address.starts_with("127.");
}

Result<ListenSocket> bind_tcp(const std::string& address, unsigned port) {
    const std::string where = address + " port " + std::to_string(port);
    sockaddr_in v4{.sin_family = AF_INET, .sin_port = htons(static_cast<std::uint16_t>(port))};
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<std::uint16_t>(port));
    const bool is_v4 = ::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1;
    if (!is_v4 && ::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) != 1)
        return fail(Errc::invalid_spec, "it is no IP address to listen on", address);
    ListenSocket socket;
    socket.fd_ =
        ::socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket.fd_ < 0) return failed("open a socket", where);
    const int on = 1;
    (void)::setsockopt(socket.fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const auto* name =
        is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
    if (::bind(socket.fd_, name, is_v4 ? sizeof v4 : sizeof v6) != 0) {
        if (errno == EADDRINUSE)
            return fail(Errc::busy, "another program listens there: choose another port", where,
                        EADDRINUSE);
        return failed("listen on this address (is it one of this host's?)", where);
    }
    if (::listen(socket.fd_, SOMAXCONN) != 0) return failed("listen", where);
    return socket;
}

Result<ListenSocket> adopt_socket(int fd) {
    if (option(fd, SO_DOMAIN) != AF_UNIX || option(fd, SO_TYPE) != SOCK_STREAM ||
        option(fd, SO_ACCEPTCONN) != 1) {
        return fail(Errc::invalid_spec,
                    "the descriptor handed over is not a listening Unix stream socket: "
                    "metalwright.socket needs ListenStream=/path and Accept=no",
                    "fd " + std::to_string(fd));
    }
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || !wants_senders(fd)) {
        return failed("prepare the socket handed over", "fd " + std::to_string(fd));
    }
    ListenSocket socket;
    socket.fd_ = fd;
    return socket;
}

Result<ListenSocket> adopt_tcp(int fd) {
    ListenSocket socket;
    socket.fd_ = fd;
    const int family = socket.family();
    if ((family == AF_INET || family == AF_INET6) && option(fd, SO_TYPE) == SOCK_STREAM &&
        option(fd, SO_ACCEPTCONN) == 1)
        return socket;
    return fail(Errc::invalid_spec, "what was handed over is no listening TCP socket",
                "fd " + std::to_string(fd));
}

}  // namespace metalwright::agent::api
