#pragma once

#include <string>

#include "agent/cli/commands.hpp"

namespace metalwright::agent::cli {

/// Has a member of an array replaced. `with` is the new disk; empty: the daemon chooses one by
/// rule.
Exit raid_replace(Session& session, const std::string& disk, const std::string& with,
                  const Waiting& waiting);

}  // namespace metalwright::agent::cli
