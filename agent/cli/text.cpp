#include "agent/cli/text.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <utility>

namespace metalwright::agent::cli {
namespace {

/// The next code point of `text` from `at`, which moves on; a byte that is no UTF-8 stands for
/// itself.
char32_t next_letter(std::string_view text, std::size_t& at) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(at++);
    const std::size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    if (more == 0 || at + more > text.size()) return first;
    char32_t letter = first & (0x3fU >> more);
    for (std::size_t i = 0; i < more; ++i) letter = (letter << 6U) | (byte(at + i) & 0x3fU);
    at += more;
    return letter;
}

bool is_control(char32_t letter) noexcept {
    // Besides C0 and C1: what turns the direction of the text round hides what is really there.
    return letter < 0x20 || (letter >= 0x7f && letter < 0xa0) ||
           (letter >= 0x202a && letter <= 0x202e) || (letter >= 0x2066 && letter <= 0x2069);
}

std::size_t columns_of(char32_t letter) noexcept {
    if (letter >= 0x300 && letter <= 0x36f) return 0;  // combining accents
    const bool wide =
        (letter >= 0x1100 && letter <= 0x115f) || (letter >= 0x2e80 && letter <= 0xa4cf) ||
        (letter >= 0xac00 && letter <= 0xd7a3) || (letter >= 0xf900 && letter <= 0xfaff) ||
        (letter >= 0xfe30 && letter <= 0xfe6f) || (letter >= 0xff00 && letter <= 0xff60) ||
        (letter >= 0x1f300 && letter <= 0x1faff) || (letter >= 0x20000 && letter <= 0x3fffd);
    return wide ? 2 : 1;
}

/// Bytes of `text` whose letters fill at most `width` columns.
std::size_t bytes_within(std::string_view text, std::size_t width) noexcept {
    std::size_t used = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t next = at;
        used += columns_of(next_letter(text, next));
        if (used > width) break;
        at = next;
    }
    return at;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t start = at;
        if (is_control(next_letter(text, at)))
            clean += '?';
        else
            clean.append(text.substr(start, at - start));
    }
    return clean;
}

std::size_t columns(std::string_view text) noexcept {
    std::size_t used = 0;
    for (std::size_t at = 0; at < text.size();) used += columns_of(next_letter(text, at));
    return used;
}

std::string fit(std::string_view text, std::size_t width) {
    if (columns(text) <= width) return std::string(text);
    if (width <= 3) return std::string(text.substr(0, bytes_within(text, width)));
    return std::string(text.substr(0, bytes_within(text, width - 3))) + "...";
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
    if (width == 0) width = 1;
    std::vector<std::string> lines;
    while (columns(text) > width) {
        std::size_t cut = bytes_within(text, width);
        // A letter wider than the whole line still has to go somewhere.
        if (cut == 0) next_letter(text, cut);
        const std::size_t space = text.rfind(' ', cut);
        if (space != std::string_view::npos && space > 0) cut = space;
        lines.emplace_back(text.substr(0, cut));
        text.remove_prefix(cut);
        while (text.starts_with(' ')) text.remove_prefix(1);
    }
    if (!text.empty() || lines.empty()) lines.emplace_back(text);
    return lines;
}

std::string bytes_in_words(std::uint64_t bytes) {
    constexpr std::array<const char*, 6> units{"B", "kB", "MB", "GB", "TB", "PB"};
    if (bytes < 1000) return std::to_string(bytes) + " B";
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    // 999.5 would be printed as 1000 of this unit.
    while (value >= 999.5 && unit + 1 < units.size()) {
        value /= 1000;
        ++unit;
    }
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.*f %s",
                  value < 9.995   ? 2
                  : value < 99.95 ? 1
                                  : 0,
                  value, units[unit]);
    return text.data();
}

std::string time_in_words(std::chrono::milliseconds time) {
    const auto all = time.count() < 0 ? 0 : time.count();
    if (all < 1000) return std::to_string(all) + " ms";
    if (all < 59'950) {
        const auto tenths = (all + 50) / 100;
        return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
    }
    const auto seconds = (all + 500) / 1000;
    if (seconds < 3600)
        return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
    return std::to_string(seconds / 3600) + " h " + std::to_string(seconds % 3600 / 60) + " min";
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    using std::chrono::milliseconds;
    constexpr std::int64_t longest = std::int64_t{366} * 24 * 3'600'000;
    const auto wrong = [&] {
        return fail(Errc::invalid_spec,
                    "\"" + printable(text) + "\" is no duration: write 90s, 500ms, 10m or 1h30m");
    };
    std::string_view rest = text;
    std::int64_t sum = 0;
    std::int64_t above = longest + 1;  // units come in falling order, each once
    while (!rest.empty()) {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
        if (error != std::errc{} || number < 0 || number > longest) return wrong();
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        const std::size_t word = std::min(rest.find_first_of("0123456789"), rest.size());
        const std::string_view unit = rest.substr(0, word);
        rest.remove_prefix(word);
        std::int64_t each = 0;
        if (unit == "ms") each = 1;
        if (unit == "s" || unit.empty()) each = 1000;
        if (unit == "m" || unit == "min") each = 60'000;
        if (unit == "h") each = 3'600'000;
        if (each == 0 || each >= above || number > longest / each) return wrong();
        above = each;
        sum += number * each;
    }
    if (text.empty() || sum > longest) return wrong();
    if (sum == 0) return fail(Errc::invalid_spec, "a duration of 0 waits for nothing");
    return milliseconds(sum);
}

std::optional<std::chrono::sys_time<std::chrono::milliseconds>> parse_time(std::string_view text) {
    // A strict form in, so that digits stand where digits are read below.
    constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd";
    if (text.size() < form.size() + 1 || !text.ends_with('Z')) return std::nullopt;
    const auto digit = [](char letter) { return letter >= '0' && letter <= '9'; };
    for (std::size_t i = 0; i < form.size(); ++i)
        if (form[i] == 'd' ? !digit(text[i]) : text[i] != form[i]) return std::nullopt;
    const auto number = [&](std::size_t at, std::size_t length) {
        int value = 0;
        for (const char letter : text.substr(at, length)) value = value * 10 + (letter - '0');
        return value;
    };
    int thousandths = 0;
    const std::string_view fraction = text.substr(form.size(), text.size() - form.size() - 1);
    if (!fraction.empty()) {
        if (fraction.size() < 2 || fraction[0] != '.') return std::nullopt;
        int weight = 100;
        for (const char letter : fraction.substr(1)) {
            if (!digit(letter)) return std::nullopt;
            thousandths += (letter - '0') * weight;
            weight /= 10;
        }
    }
    using namespace std::chrono;
    const year_month_day date{year{number(0, 4)}, month{static_cast<unsigned>(number(5, 2))},
                              day{static_cast<unsigned>(number(8, 2))}};
    if (!date.ok()) return std::nullopt;
    return sys_days{date} + hours{number(11, 2)} + minutes{number(14, 2)} + seconds{number(17, 2)} +
           milliseconds{thousandths};
}

std::string moment_in_words(const std::string& iso) {
    if (!parse_time(iso)) return iso;
    return iso.substr(0, 10) + " " + iso.substr(11, 8) + " UTC";
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace metalwright::agent::cli
