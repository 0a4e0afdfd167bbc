#pragma once

#include <cstdint>
#include <string>

namespace metalwright {

/// "2026-11-28T09:30:00.123Z", for any moment in milliseconds since 1970, before that too; one
/// outside the years 0 to 9999 is told as the first or the last of them.
/// Source: ISO 8601, RFC 3339.
std::string utc_with_ms(std::int64_t ms_since_1970);

/// "2026-11-28T09:30:00Z": the second that this moment lies in.
std::string utc_seconds(std::int64_t ms_since_1970);

}  // namespace metalwright
