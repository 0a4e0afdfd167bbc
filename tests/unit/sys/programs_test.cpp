#include "sys/programs.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

using metalwright::Errc;
using metalwright::sys::find_program;

namespace {

TEST(FindProgram, GivesAnAbsolutePathWhateverThePathVariableSays) {
    const char* before = std::getenv("PATH");
    const std::string kept = before == nullptr ? "" : before;
    ::setenv("PATH", "/nonexistent", 1);
    const auto found = find_program("sh");
    ::setenv("PATH", kept.c_str(), 1);
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, "/usr/bin/sh");
}

TEST(FindProgram, NamesTheDebianPackage) {
    const auto missing = find_program("storcli-of-nobody");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::not_found);
    EXPECT_EQ(missing.error().where, "storcli-of-nobody");
    if (const auto xfs = find_program("mkfs.xfs"); !xfs) {
        EXPECT_NE(xfs.error().message.find("xfsprogs"), std::string::npos);
    }
}

TEST(FindProgram, ANameWithASlashIsRefused) {
    EXPECT_FALSE(find_program("../bin/sh"));
    EXPECT_FALSE(find_program(""));
}

}  // namespace
