#include "cloudinit/model.hpp"

#include <array>
#include <utility>

namespace metalwright::cloudinit {
namespace {

constexpr std::array<std::pair<ScriptState, std::string_view>, 8> words{{
    {ScriptState::none, "none"},
    {ScriptState::pending, "pending"},
    {ScriptState::started, "started"},
    {ScriptState::exited, "exited"},
    {ScriptState::killed, "killed"},
    {ScriptState::timed_out, "timed-out"},
    {ScriptState::interrupted, "interrupted"},
    {ScriptState::unknown, "unknown"},
}};

}  // namespace

std::string_view to_string(ScriptState state) noexcept {
    for (const auto& [value, word] : words)
        if (value == state) return word;
    return "unknown";
}

ScriptState script_state_from(std::string_view word) noexcept {
    for (const auto& [state, name] : words)
        if (name == word) return state;
    return ScriptState::unknown;
}

}  // namespace metalwright::cloudinit
