// How bytes and moments are written.
#include <gtest/gtest.h>

#include <limits>

#include "core/hex.hpp"
#include "core/utc.hpp"

namespace metalwright {
namespace {

using namespace std::literals;

TEST(FormsTest, BytesAreTwoDigitsEach) {
    EXPECT_EQ(hex_of("\x00\x0f\xa9\xff"sv), "000fa9ff");
    EXPECT_EQ(hex_of(""), "");
}

TEST(FormsTest, MomentsAreUtc) {
    EXPECT_EQ(utc_with_ms(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(utc_with_ms(1'709'210'096'007), "2024-02-29T12:34:56.007Z");
    EXPECT_EQ(utc_seconds(1'709'210'096'999), "2024-02-29T12:34:56Z");
}

TEST(FormsTest, AClockThatIsWrongByYearsHasMomentsToo) {
    EXPECT_EQ(utc_with_ms(-1), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(utc_seconds(-1'000), "1969-12-31T23:59:59Z");
    EXPECT_EQ(utc_seconds(4'102'444'800'000), "2100-01-01T00:00:00Z");
    EXPECT_EQ(utc_with_ms(std::numeric_limits<std::int64_t>::min()), "0000-01-01T00:00:00.000Z");
    EXPECT_EQ(utc_with_ms(std::numeric_limits<std::int64_t>::max()), "9999-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace metalwright
