#include "agent/cli/style.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace metalwright::agent::cli {
namespace {

std::string_view code_of(Tone tone) noexcept {
    switch (tone) {
        case Tone::plain: return "";
        case Tone::heading: return "1";
        case Tone::good: return "32";
        case Tone::warning: return "33";
        case Tone::bad: return "1;31";
        case Tone::faint: return "2";
    }
    return "";
}

using Word = std::pair<std::string_view, Tone>;
constexpr std::array<Word, 18> words{{
    {"changed", Tone::good},
    {"ok", Tone::good},
    {"done", Tone::good},
    {"running", Tone::good},
    {"unchanged", Tone::faint},
    {"idle", Tone::faint},
    {"skipped", Tone::warning},
    {"degraded", Tone::warning},
    {"queued", Tone::warning},
    {"applying", Tone::warning},
    {"interrupted", Tone::warning},
    {"unknown", Tone::warning},
    {"warning", Tone::warning},
    {"problem", Tone::bad},
    {"failed", Tone::bad},
    {"killed", Tone::bad},
    {"timed-out", Tone::bad},
    {"inactive", Tone::bad},
}};

}  // namespace

std::string Style::operator()(Tone tone, std::string_view text) const {
    const std::string_view code = code_of(tone);
    if (!colours_ || code.empty() || text.empty()) return std::string(text);
    std::string coloured = "\x1b[";
    coloured.append(code).append("m").append(text).append("\x1b[0m");
    return coloured;
}

Tone tone_of(std::string_view word) noexcept {
    const auto found = std::ranges::find(words, word, &Word::first);
    return found == words.end() ? Tone::plain : found->second;
}

}  // namespace metalwright::agent::cli
