#pragma once

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

namespace metalwright::agent::api {

/// A caller of the admin socket that sends and reads bare bytes, on the test's own thread. Nothing
/// blocks longer than a minute.
class SocketClient {
 public:
    explicit SocketClient(const std::filesystem::path& path) {
        fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        timeval patience{.tv_sec = 60, .tv_usec = 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    }
    SocketClient(const SocketClient&) = delete;
    SocketClient& operator=(const SocketClient&) = delete;
    ~SocketClient() { ::close(fd_); }

    bool connected() const { return connected_; }
    int fd() const { return fd_; }

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    void half_close() { ::shutdown(fd_, SHUT_WR); }

    /// Exactly `count` bytes, or what came before the end.
    std::string read(std::size_t count) {
        std::string got;
        while (got.size() < count) {
            char chunk[4096];
            const auto n = ::recv(fd_, chunk, std::min(sizeof chunk, count - got.size()), 0);
            if (n <= 0) break;
            got.append(chunk, static_cast<std::size_t>(n));
        }
        return got;
    }

    /// Everything until the server closes; "(still open)" at the end when it does not.
    std::string read_all() {
        std::string got;
        for (;;) {
            char chunk[4096];
            const auto n = ::recv(fd_, chunk, sizeof chunk, 0);
            if (n == 0) return got;
            if (n < 0) return got + "(still open)";
            got.append(chunk, static_cast<std::size_t>(n));
        }
    }

 private:
    int fd_ = -1;
    bool connected_ = false;
};

}  // namespace metalwright::agent::api
