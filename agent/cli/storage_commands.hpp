#pragma once

#include <string>
#include <vector>

#include "agent/cli/exit.hpp"
#include "agent/cli/session.hpp"

/// The commands inventory and raid: each writes its answer and says how the program ends.
namespace metalwright::agent::cli {

/// Who looks at the machine.
struct Onlooker {
    bool local = false;                     ///< this process, without the daemon
    std::vector<std::string> raid_tools{};  ///< of a local look; none: those that are installed
};

Exit inventory(Session& session, const Onlooker& who);
Exit raid_list(Session& session, const Onlooker& who);

}  // namespace metalwright::agent::cli
