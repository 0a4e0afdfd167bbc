#include "sys/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <regex>
#include <set>

namespace metalwright::sys {
namespace {

TEST(Random, UuidsAreVersion4InTheUsualForm) {
    const std::regex form("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
    for (int i = 0; i < 64; ++i) EXPECT_TRUE(std::regex_match(random_uuid().value(), form));
}

TEST(Random, MdUuidsAreInMdadmsForm) {
    const std::regex form("[0-9a-f]{8}(:[0-9a-f]{8}){3}");
    EXPECT_TRUE(std::regex_match(random_md_uuid().value(), form));
}

TEST(Random, NoTwoAreTheSame) {
    std::set<std::string> seen;
    for (int i = 0; i < 256; ++i) seen.insert(random_uuid().value());
    EXPECT_EQ(seen.size(), 256u);
}

TEST(Random, FillsEveryByteOfALargeRange) {
    std::array<std::byte, 4096> bytes{};
    ASSERT_TRUE(fill_random(bytes));
    std::set<std::byte> tail(bytes.end() - 1024, bytes.end());
    EXPECT_GT(tail.size(), 200u);
}

}  // namespace
}  // namespace metalwright::sys
