#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "sys/exec.hpp"

namespace metalwright::cloudinit {

/// Whether OpenSSH takes a line of authorized_keys, its options included: `ssh-keygen -l -f -`.
/// Where that is not installed the line is taken as it is. Errors: invalid_spec, in OpenSSH's
/// words.
Result<void> check_with_openssh(
    const std::string& line, sys::Exec& exec,
    const std::function<Result<std::string>(std::string_view)>& find_program);

}  // namespace metalwright::cloudinit
