#include "cloudinit/unit_state.hpp"

#include <csignal>

namespace metalwright::cloudinit {
ScriptStatus status_of(const sys::UnitState& unit, bool claimed) {
    if (unit.busy) return {.state = ScriptState::started};
    if (!unit.loaded || !claimed) return {.state = ScriptState::interrupted};
    if (unit.result == "timeout") return {.state = ScriptState::timed_out};
    if (unit.exec_main_code == CLD_EXITED)
        return {.state = ScriptState::exited, .exit_code = unit.exec_main_status};
    if (unit.exec_main_code == CLD_KILLED || unit.exec_main_code == CLD_DUMPED)
        return {.state = ScriptState::killed, .signal = unit.exec_main_status};
    return {.state = ScriptState::interrupted};
}

}  // namespace metalwright::cloudinit
