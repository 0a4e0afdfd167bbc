#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>

#include "agent/audit/line.hpp"
#include "core/error.hpp"

namespace metalwright::agent::audit {

/// The file in force and the one before it, in the state directory.
inline constexpr const char* file_name = "audit.jsonl";
inline constexpr const char* former_name = "audit.jsonl.1";

struct TrailOptions {
    std::filesystem::path directory{};
    std::function<std::int64_t()> clock{};          ///< milliseconds since 1970, UTC
    std::size_t most_bytes = std::size_t{8} << 20;  ///< of a file; then it becomes the former one
    std::int64_t cheap_an_hour = 60;                ///< lines; more of them are counted
    /// write(2), or what a test has in its place.
    std::function<ssize_t(int fd, const char* data, std::size_t size)> write{};
};

/// Who asked for what, and how it ended: a line each, added to the end of a file and never
/// rewritten, each chained to the one before it.
///
/// A line is with the kernel when write() returns, so it outlives this process; it is not synced,
/// so a loss of power may take the last ones. What cannot be written stops nobody: it is told once
/// in the log, and the next line that can be written says how many are missing.
class Trail {
 public:
    explicit Trail(TrailOptions options);
    Trail(const Trail&) = delete;
    Trail& operator=(const Trail&) = delete;

    /// From any thread, one after the other. Does not wait for the disk, but may for the kernel.
    void write(const Deed& deed);

 private:
    bool is_too_many(std::int64_t now);
    Result<void> append(const Deed& deed, std::int64_t now);
    void go_on_from(int fd, std::size_t size);

    TrailOptions options_;
    std::mutex mutex_;
    bool knows_ = false;  ///< where the chain has got to
    Link last_{};
    Gaps gaps_{};
    bool failing_ = false;
    std::int64_t hour_ = 0;  ///< since when the cheap ones are counted
    std::int64_t cheap_ = 0;
};

}  // namespace metalwright::agent::audit
