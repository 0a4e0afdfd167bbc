#include "agent/store/host_mark.hpp"

#include <gtest/gtest.h>

namespace metalwright::store {
namespace {

using Found = Result<std::optional<HostMark>>;

const HostMark ours{"5b0c", 7};

std::string doubt(HostEvidence evidence) {
    evidence.own = ours;
    return doubt_of(evidence).value_or("");
}

TEST(HostMark, IsReadAsItWasWritten) {
    const auto read = parse_host_mark(format_host_mark(ours));
    ASSERT_TRUE(read) << describe(read.error());
    EXPECT_EQ(*read, ours);
    EXPECT_EQ(format_host_mark(ours).find("# metalwright"), 0u) << "somebody will look into it";
}

TEST(HostMark, WhatIsNotWholeIsNone) {
    const std::string whole = format_host_mark(ours);
    for (const std::string text :
         {"", "\n", "store 5b0c\n", "writes 7\n", "store \nwrites 7\n", "store 5b0c\nwrites\n",
          "store 5b0c\nwrites x\n", "store 5b0c\nwrites 7x\n", "store 5b0c\nwrites -7\n",
          "store 5b0c\nwrites 99999999999999999999\n", "\0\0\0"})
        EXPECT_FALSE(parse_host_mark(text)) << text;
    EXPECT_FALSE(parse_host_mark(whole + "more\n"));
}

TEST(HostMark, AStoreThatFitsItIsNotDoubted) {
    EXPECT_EQ(doubt({}), "") << "a fresh host";
    EXPECT_EQ(doubt({.found = ours, .marked = true, .has_operations = true}), "");
    EXPECT_EQ(doubt({.found = HostMark{"5b0c", 6}, .marked = true, .has_operations = true}), "")
        << "the power went between the count and the mark";
    EXPECT_EQ(doubt({.found = ours}), "") << "the power went between the mark and the first order";
    EXPECT_EQ(doubt({.has_operations = true, .user_data_has_run = true}), "")
        << "a store from before there were marks";
}

TEST(HostMark, AStoreThatDoesNotFitItIsDoubted) {
    EXPECT_NE(doubt({.found = HostMark{"0000", 1}}).find("made anew"), std::string::npos);
    EXPECT_NE(doubt({.found = HostMark{"0000", 1}, .has_operations = true}).find("another store"),
              std::string::npos);
    EXPECT_NE(doubt({.found = HostMark{"5b0c", 8}, .marked = true, .has_operations = true})
                  .find("older copy"),
              std::string::npos);
    EXPECT_NE(doubt({.marked = true, .has_operations = true}).find("is gone"), std::string::npos);
    EXPECT_NE(doubt({.user_data_has_run = true}).find("user data has run"), std::string::npos);
    EXPECT_NE(doubt({.found = fail(Errc::io, "bad sector", "/x")}).find("/x: bad sector"),
              std::string::npos);
}

}  // namespace
}  // namespace metalwright::store
