#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace metalwright::agent::cli {

/// Fit for a terminal: control characters, which a disk's model or label may hold, become "?".
/// `text` is UTF-8.
std::string printable(std::string_view text);

/// Columns that UTF-8 text takes on a terminal: two for the wide letters of East Asia.
std::size_t columns(std::string_view text) noexcept;

/// As much of `text` as fits into `width` columns; what is cut is shown as "...".
std::string fit(std::string_view text, std::size_t width);

/// Lines of at most `width` columns (at least 1), broken at spaces where there are any.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// "16 MB", "1.92 TB": powers of 1000 and three digits, as disks are sold.
std::string bytes_in_words(std::uint64_t bytes);

/// "0 ms", "350 ms", "1.2 s", "2 min 5 s", "1 h 30 min".
std::string time_in_words(std::chrono::milliseconds time);

/// "90" (seconds), "500ms", "90s", "10m", "1h30m". Errors: invalid_spec.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "2026-11-21T21:00:00.123Z" as a time. Empty when it is not one.
std::optional<std::chrono::sys_time<std::chrono::milliseconds>> parse_time(std::string_view text);

/// "2026-11-21 21:00:00 UTC" for such a text; any other as it is.
std::string moment_in_words(const std::string& iso);

/// "3 disks", "1 disk".
std::string counted(std::size_t count, std::string_view one, std::string_view many);

}  // namespace metalwright::agent::cli
