#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/cli/console.hpp"
#include "agent/cli/exit.hpp"

namespace metalwright::agent::cli {

/// The whole program: `arguments` without its name. METALWRIGHT_SOCKET is read from the
/// environment.
Exit run(std::vector<std::string> arguments, Console& console, std::string_view version);

}  // namespace metalwright::agent::cli
