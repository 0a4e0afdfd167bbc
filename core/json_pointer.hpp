#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace metalwright {

/// `base` with one more reference token, escaped ("~" -> "~0", "/" -> "~1"). Source: RFC 6901.
std::string pointer_to(std::string_view base, std::string_view token);
std::string pointer_to(std::string_view base, std::size_t index);

}  // namespace metalwright
