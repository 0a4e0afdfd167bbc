#include "raid/model.hpp"

#include <array>
#include <utility>

namespace metalwright::raid {
namespace {

constexpr std::array<std::pair<Level, std::string_view>, 5> words{{{Level::raid0, "raid0"},
                                                                   {Level::raid1, "raid1"},
                                                                   {Level::raid5, "raid5"},
                                                                   {Level::raid6, "raid6"},
                                                                   {Level::raid10, "raid10"}}};

}  // namespace

std::string_view to_string(Level level) noexcept {
    for (const auto& [value, word] : words)
        if (value == level) return word;
    return "raid1";
}

std::optional<Level> level_from(std::string_view word) noexcept {
    for (const auto& [value, name] : words)
        if (name == word) return value;
    return std::nullopt;
}

unsigned fewest_members(Level level) noexcept {
    switch (level) {
        case Level::raid0:
        case Level::raid1: return 2;
        case Level::raid5: return 3;
        case Level::raid6:
        case Level::raid10: return 4;
    }
    return 2;
}

std::string Disk::identity() const {
    if (!serial.empty()) return serial;
    return wwn.empty() ? '[' + name + ']' : wwn;
}

}  // namespace metalwright::raid
