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

constexpr std::array<std::pair<Consistency, std::string_view>, 4> policies{
    {{Consistency::bitmap, "bitmap"},
     {Consistency::resync, "resync"},
     {Consistency::ppl, "ppl"},
     {Consistency::journal, "journal"}}};

}  // namespace

std::string_view to_string(Consistency consistency) noexcept {
    for (const auto& [value, word] : policies)
        if (value == consistency) return word;
    return "bitmap";
}

std::optional<Consistency> consistency_from(std::string_view word) noexcept {
    for (const auto& [value, name] : policies)
        if (name == word) return value;
    return std::nullopt;
}

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
    if (is_partition()) return "PARTUUID=" + part_uuid;
    if (!serial.empty()) return serial;
    return wwn.empty() ? '[' + name + ']' : wwn;
}

}  // namespace metalwright::raid
