#include "agent/link/retry_after.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <string>
#include <vector>

#include "core/utc.hpp"

namespace metalwright::agent::link {
namespace {

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> list;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find_first_of(" -,:", at), text.size());
        if (end > at) list.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return list;
}

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text) {
    // Sun, 06 Nov 1994 08:49:37 GMT | Sunday, 06-Nov-94 08:49:37 GMT | Sun Nov  6 08:49:37 1994
    const auto part = words(text);
    const bool asctime = part.size() == 7 && !number(part[1]);
    if (!asctime && (part.size() != 8 || part[7] != "GMT")) return std::nullopt;
    const std::string_view name = part[asctime ? 1 : 2];
    const auto found = std::find(months.begin(), months.end(), name);
    const auto day = number(part[asctime ? 2 : 1]);
    auto year = number(part[asctime ? 6 : 3]);
    const std::size_t clock = asctime ? 3 : 4;
    const auto hour = number(part[clock]);
    const auto minute = number(part[clock + 1]);
    const auto second = number(part[clock + 2]);
    if (found == months.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
    if (!asctime && part[3].size() == 2) *year += *year < 70 ? 2000 : 1900;
    if (*hour > 23 || *minute > 59 || *second > 60 || *year > 9999) return std::nullopt;
    const std::chrono::year_month_day date{
        std::chrono::year(*year),
        std::chrono::month(static_cast<unsigned>(found - months.begin()) + 1),
        std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
           std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

std::optional<std::chrono::seconds> retry_after(std::string_view value, std::string_view date,
                                                WallTime now, std::chrono::seconds most) {
    if (value.empty()) return std::nullopt;
    if (value.find_first_not_of("0123456789") == std::string_view::npos) {
        const auto seconds = number(value);
        return seconds ? std::min(std::chrono::seconds(*seconds), most) : most;
    }
    const auto until = parse_http_date(value);
    if (!until) return std::nullopt;
    const std::chrono::seconds wait = *until - parse_http_date(date).value_or(now);
    return std::clamp(wait, std::chrono::seconds(0), most);
}

std::string to_iso8601(WallTime time) {
    return utc_seconds(std::chrono::milliseconds(time.time_since_epoch()).count());
}

}  // namespace metalwright::agent::link
