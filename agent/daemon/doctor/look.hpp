#pragma once

#include <filesystem>
#include <string>

#include "agent/daemon/doctor/finding.hpp"
#include "agent/daemon/doctor/seen.hpp"

namespace metalwright::daemon::doctor {

/// What is looked at.
struct Where {
    std::filesystem::path config_file{};
    bool config_named = false;  ///< asked for by name
    // Options of the daemon that have precedence over the configuration; empty: the latter's.
    std::filesystem::path state_dir{};
    std::filesystem::path socket{};
};

/// Looks at this host. Changes nothing, and takes nobody's lock. Asks RAID tools where they are
/// installed, which takes seconds, and looks up at most a few names, five seconds long.
Seen look(const Where& where);

/// look() and judge(), with who is at work on the state directory.
Diagnosis diagnose(const Where& where);

}  // namespace metalwright::daemon::doctor
