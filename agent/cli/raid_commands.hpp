#pragma once

#include <string>

#include "agent/cli/commands.hpp"

namespace metalwright::agent::cli {

/// Has the locate LED of a disk or drive lit, or put out.
Exit raid_locate(Session& session, const std::string& disk, bool on);

/// Has a member of an array, or a drive of a controller's volume, replaced. `with` is the new disk;
/// empty: the daemon chooses one by rule.
Exit raid_replace(Session& session, const std::string& disk, const std::string& with,
                  const Waiting& waiting);

}  // namespace metalwright::agent::cli
