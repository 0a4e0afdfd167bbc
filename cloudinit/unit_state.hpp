#pragma once

#include <string>
#include <string_view>

#include "cloudinit/model.hpp"

namespace metalwright::cloudinit {

/// What `systemctl show` says of a run's unit.
struct UnitState {
    bool loaded = false;       ///< LoadState=loaded
    bool busy = false;         ///< a job is queued, or it is activating, active, deactivating...
    std::string result{};      ///< "success", "exit-code", "signal", "timeout"...
    int exec_main_code = 0;    ///< CLD_EXITED (1), CLD_KILLED (2), CLD_DUMPED (3); 0: none
    int exec_main_status = 0;  ///< exit code or signal

    bool operator==(const UnitState&) const = default;
};

/// For --property=.
inline const std::string unit_properties =
    "LoadState,ActiveState,Job,Result,ExecMainCode,ExecMainStatus";

/// Reads KEY=VALUE lines; what is missing keeps its default.
UnitState parse_unit_state(std::string_view show);

/// What the unit tells when the run left no result. Without a claim the script never began, so an
/// exit code is the runner's, not the script's: interrupted.
ScriptStatus status_of(const UnitState& unit, bool claimed);

}  // namespace metalwright::cloudinit
