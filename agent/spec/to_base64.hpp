#pragma once

#include <string>
#include <string_view>

namespace metalwright::spec {

/// RFC 4648, with padding, on one line.
std::string to_base64(std::string_view bytes);

}  // namespace metalwright::spec
