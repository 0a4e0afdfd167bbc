#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "agent/cli/daemon.hpp"

namespace metalwright::agent::cli {

/// Runs metalwrightd, as it was built or installed together with this program, for what it alone
/// knows how to do, and returns its JSON, whatever its exit status is. Refusal: failed (it is not
/// there, does not end in time, prints no JSON, or {"errors":[...]}).
Answer ask_daemon_program(std::vector<std::string> arguments, std::chrono::milliseconds timeout);

}  // namespace metalwright::agent::cli
