#include "cloudinit/unit_state.hpp"

#include <charconv>
#include <csignal>

namespace metalwright::cloudinit {
namespace {

int number(std::string_view text) {
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

UnitState parse_unit_state(std::string_view show) {
    UnitState unit;
    while (!show.empty()) {
        const std::size_t end = show.find('\n');
        const std::string_view line = show.substr(0, end);
        show.remove_prefix(end == std::string_view::npos ? show.size() : end + 1);
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view key = line.substr(0, equals);
        const std::string_view value = line.substr(equals + 1);
        if (key == "LoadState") unit.loaded = value == "loaded";
        if (key == "ActiveState") unit.busy |= value != "inactive" && value != "failed";
        if (key == "Job") unit.busy |= !value.empty() && value != "0";
        if (key == "Result") unit.result = value;
        if (key == "ExecMainCode") unit.exec_main_code = number(value);
        if (key == "ExecMainStatus") unit.exec_main_status = number(value);
    }
    return unit;
}

ScriptStatus status_of(const UnitState& unit, bool claimed) {
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
