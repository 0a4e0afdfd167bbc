#include "core/error.hpp"

#include <array>
#include <utility>

namespace metalwright {
namespace {

constexpr std::array<std::pair<Errc, std::string_view>, 13> words{{
    {Errc::invalid_spec, "invalid_spec"},
    {Errc::conflict, "conflict"},
    {Errc::refused, "refused"},
    {Errc::not_found, "not_found"},
    {Errc::unsupported, "unsupported"},
    {Errc::busy, "busy"},
    {Errc::timed_out, "timed_out"},
    {Errc::command_failed, "command_failed"},
    {Errc::kernel_refused, "kernel_refused"},
    {Errc::unavailable, "unavailable"},
    {Errc::io, "io"},
    {Errc::no_space, "no_space"},
    {Errc::internal, "internal"},
}};

}  // namespace

std::string_view to_string(Errc code) noexcept {
    for (const auto& [value, word] : words)
        if (value == code) return word;
    return "internal";
}

Errc errc_from(std::string_view word) noexcept {
    for (const auto& [value, name] : words)
        if (name == word) return value;
    return Errc::internal;
}

bool retryable(Errc code) noexcept {
    return code == Errc::busy || code == Errc::timed_out || code == Errc::unavailable ||
           code == Errc::no_space;
}

std::string describe(const Error& error) {
    std::string line = error.where.empty() ? error.message : error.where + ": " + error.message;
    if (error.sys != 0)
        line += (error.code == Errc::command_failed ? " (exit status " : " (errno ") +
                std::to_string(error.sys) + ")";
    return line;
}

}  // namespace metalwright
