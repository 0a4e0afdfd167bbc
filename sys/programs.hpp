#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"

namespace metalwright::sys {

/// The absolute path of `name`, looked up in the fixed list /usr/sbin /usr/bin /sbin /bin (never
/// $PATH). Errors: not_found; the message names the Debian package to install.
Result<std::string> find_program(std::string_view name);

}  // namespace metalwright::sys
