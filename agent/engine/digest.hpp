#pragma once

#include <string>
#include <string_view>

namespace metalwright::engine {

/// HMAC-SHA-256 (RFC 2104) of `content` under the host's key, lower-case hex. Requests that held a
/// secret are compared by it, so that the store tells nobody whether a guessed password was right.
std::string keyed_digest(std::string_view key, std::string_view content);

}  // namespace metalwright::engine
