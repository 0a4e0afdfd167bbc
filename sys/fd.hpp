#pragma once

#include <unistd.h>

#include <utility>

namespace metalwright::sys {

/// A file descriptor that is closed when it goes out of scope; -1 holds nothing.
class Fd {
 public:
    explicit Fd(int fd = -1) noexcept : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd() { close(); }

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    /// From now on somebody else closes it.
    int release() noexcept { return std::exchange(fd_, -1); }
    void close() noexcept {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

 private:
    int fd_;
};

}  // namespace metalwright::sys
