#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace metalwright::agent::link {

using WallTime = std::chrono::sys_seconds;

/// An HTTP date in any of its three forms. Nothing when it is none. Source: RFC 9110 5.6.7.
std::optional<WallTime> parse_http_date(std::string_view text);

/// How long Retry-After asks us to wait, 0 to `most`. Its date form is measured against the
/// answer's own Date, so that a wrong clock here does not matter; against `now` when there is none.
/// Nothing when the header is empty or nonsense. Source: RFC 9110 10.2.3.
std::optional<std::chrono::seconds> retry_after(std::string_view value, std::string_view date,
                                                WallTime now, std::chrono::seconds most);

/// "2025-01-31T12:00:00Z".
std::string to_iso8601(WallTime time);

}  // namespace metalwright::agent::link
