#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.hpp"

namespace metalwright::runner {

/// Puts "***" in the place of secrets in a stream of text, wherever the stream is cut into pieces.
class Mask {
 public:
    /// Secrets of fewer than four bytes are left out: they would stand everywhere.
    explicit Mask(std::vector<std::string> secrets);

    bool empty() const noexcept { return secrets_.empty(); }

    /// What may be written now; what may be the beginning of a secret is held back.
    std::string take(std::string_view text);
    /// The rest, once the stream has ended or paused.
    std::string rest();

 private:
    std::vector<std::string> secrets_;  // longest first
    std::string held_;
};

/// Where a script writes to: the log itself or, where there are secrets, a pipe that a process of
/// its own copies to the log, masked. That process lives as long as anybody holds the pipe, so what
/// the script leaves in the background goes on writing when we are gone.
class MaskedLog {
 public:
    MaskedLog(int log, std::vector<std::string> secrets);

    /// Whether there is something to write to.
    explicit operator bool() const noexcept { return fd_ >= 0; }
    int fd() const noexcept { return fd_; }
    /// The copying process; 0: none.
    pid_t process() const noexcept { return process_; }

    /// Lets go of the pipe and waits a moment for what is in it to be in the log.
    void finish();

 private:
    int fd_ = -1;
    pid_t process_ = 0;
    sys::Fd pipe_;
    sys::Fd done_;  // its other end is closed when the copying process has copied all
};

}  // namespace metalwright::runner
