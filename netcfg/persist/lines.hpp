#pragma once

#include <string_view>
#include <vector>

namespace metalwright::netcfg::persist {

/// The lines of a text without their newline; a last line without one counts too.
inline std::vector<std::string_view> lines(std::string_view text) {
    std::vector<std::string_view> all;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        all.push_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return all;
}

/// The words of one line, parted by blanks and tabs.
struct Words : std::vector<std::string_view> {
    bool starts_with(std::string_view word) const { return !empty() && front() == word; }
};

inline Words words(std::string_view line) {
    constexpr std::string_view blanks = " \t\r";
    Words all;
    for (std::size_t at = line.find_first_not_of(blanks); at != std::string_view::npos;) {
        const std::size_t end = line.find_first_of(blanks, at);
        all.push_back(line.substr(at, end - at));
        at = line.find_first_not_of(blanks, end);
    }
    return all;
}

}  // namespace metalwright::netcfg::persist
