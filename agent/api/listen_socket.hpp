#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "core/error.hpp"

namespace metalwright::agent::api {

/// A listening stream socket, owned. One that bind_socket() made removes its file when it
/// goes, if the file is still the one it made; an adopted one belongs to systemd and stays.
class ListenSocket {
 public:
    ListenSocket() = default;
    ListenSocket(ListenSocket&& other) noexcept;
    ListenSocket& operator=(ListenSocket&& other) noexcept;
    ~ListenSocket();

    int fd() const noexcept { return fd_; }
    int family() const noexcept;     ///< AF_UNIX, AF_INET, AF_INET6
    unsigned port() const noexcept;  ///< of one that bind_tcp() made: what the kernel chose for 0

 private:
    friend Result<ListenSocket> bind_tcp(const std::string& address, unsigned port);
    friend Result<ListenSocket> bind_socket(const std::filesystem::path& path);
    friend Result<ListenSocket> adopt_socket(int fd);
    friend Result<ListenSocket> adopt_tcp(int fd);
    void close() noexcept;

    int fd_ = -1;
    std::filesystem::path path_{};  ///< empty when adopted
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

/// Binds and listens at `path`, mode 0660 from its first moment. A file there is removed only when
/// it is a socket on which nobody answers.
/// Errors: busy (somebody answers there), conflict (what is there is no socket), io.
Result<ListenSocket> bind_socket(const std::filesystem::path& path);

/// Binds and listens on a TCP address, "192.0.2.7" or "::"; port 0: one that is free.
/// Errors: invalid_spec (no address), busy (the port is taken), io.
Result<ListenSocket> bind_tcp(const std::string& address, unsigned port);

/// Whether nobody but this host reaches it.
bool is_loopback(const std::string& address);

/// Takes over a socket from systemd. Errors: invalid_spec (not a listening Unix stream socket).
Result<ListenSocket> adopt_socket(int fd);

/// Takes over a socket that bind_tcp() made in another process; closes it where it is something
/// else. Errors: invalid_spec (not a listening TCP socket).
Result<ListenSocket> adopt_tcp(int fd);

}  // namespace metalwright::agent::api
