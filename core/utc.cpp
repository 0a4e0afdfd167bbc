#include "core/utc.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace metalwright {
namespace {

// Of the years that four digits can say.
constexpr std::int64_t first_ms = -62'167'219'200'000;
constexpr std::int64_t last_ms = 253'402'300'799'999;

std::string written(std::int64_t ms_since_1970, bool with_ms) {
    using namespace std::chrono;
    const milliseconds since(std::clamp(ms_since_1970, first_ms, last_ms));
    const auto second = floor<seconds>(since);
    const auto day = floor<days>(second);
    const year_month_day date{sys_days(day)};
    const hh_mm_ss clock(second - day);
    std::array<char, 64> text{};
    const int size = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()));
    std::string all(text.data(), static_cast<std::size_t>(size));
    if (with_ms) {
        std::snprintf(text.data(), text.size(), ".%03d",
                      static_cast<int>((since - second).count()));
        all += text.data();
    }
    return all + 'Z';
}

}  // namespace

std::string utc_with_ms(std::int64_t ms_since_1970) {
    return written(ms_since_1970, true);
}

std::string utc_seconds(std::int64_t ms_since_1970) {
    return written(ms_since_1970, false);
}

}  // namespace metalwright
