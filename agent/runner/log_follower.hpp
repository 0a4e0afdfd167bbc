#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "sys/fd.hpp"

namespace metalwright::runner {

/// Copies what is appended to a file to another descriptor (the journal's), without ever blocking
/// on it. The script itself writes to the file, so neither the journal nor we can hold it up, and
/// what it leaves in the background can go on writing.
class LogFollower {
 public:
    /// Starts at the file's present end. `out` stays the caller's.
    LogFollower(const std::filesystem::path& log, int out);

    /// Copies what is new, as far as `out` takes it now.
    void pump();

    /// Copies the rest, waiting at most `milliseconds` for `out`.
    void finish(int milliseconds);

    /// Where in the file it started.
    long long began_at() const noexcept { return began_at_; }
    /// The last of what was appended since, at most `most` bytes.
    std::string last(std::size_t most) const;

 private:
    bool step(int wait_milliseconds);

    sys::Fd file_;
    int out_;
    long long at_ = 0;
    long long began_at_ = 0;
};

}  // namespace metalwright::runner
