#include "agent/link/retry_after.hpp"

#include <gtest/gtest.h>

namespace metalwright::agent::link {
namespace {

using std::chrono::seconds;
constexpr seconds hour{3600};
const WallTime example{seconds(784111777)};  // the RFC's own example

TEST(HttpDate, AllThreeForms) {
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), example);
    EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), example);
    EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), example);
}

TEST(HttpDate, RefusesNonsense) {
    for (const char* bad : {"", "tomorrow", "Sun, 31 Feb 1994 08:49:37 GMT", "-1",
                            "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
                            "Sun, 06 Nvo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT"}) {
        EXPECT_FALSE(parse_http_date(bad)) << bad;
    }
}

TEST(RetryAfter, Seconds) {
    EXPECT_EQ(retry_after("120", "", example, hour), seconds(120));
    EXPECT_EQ(retry_after("0", "", example, hour), seconds(0));
    EXPECT_EQ(retry_after("7200", "", example, hour), hour);
    EXPECT_EQ(retry_after("99999999999999999999", "", example, hour), hour);
}

TEST(RetryAfter, ADateIsMeasuredAgainstTheServersOwn) {
    const WallTime wrong_clock{};  // 1970
    EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:51:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT",
                          wrong_clock, hour),
              seconds(120));
    EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:50:37 GMT", "", example, hour), seconds(60));
    EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", "", example, hour), seconds(0));
}

TEST(RetryAfter, NothingWhenItSaysNothing) {
    EXPECT_FALSE(retry_after("", "", example, hour));
    EXPECT_FALSE(retry_after("soon", "", example, hour));
    EXPECT_FALSE(retry_after("-5", "", example, hour));
}

TEST(Iso8601, IsUtcToTheSecond) {
    EXPECT_EQ(to_iso8601(example), "1994-11-06T08:49:37Z");
    EXPECT_EQ(to_iso8601(WallTime(seconds(7))), "1970-01-01T00:00:07Z");
}

}  // namespace
}  // namespace metalwright::agent::link
