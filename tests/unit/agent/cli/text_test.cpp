#include "agent/cli/text.hpp"

#include <gtest/gtest.h>

#include "agent/cli/table.hpp"

namespace metalwright::agent::cli {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(CliText, ADisksModelCannotDriveTheTerminal) {
    EXPECT_EQ(printable("ST\x1b[31mX\x07\r\n"), "ST?[31mX???");
    EXPECT_EQ(printable("a\xc2\x9b"
                        "b"),
              "a?b");  // C1: CSI in one character
    EXPECT_EQ(printable("a\xe2\x80\xae"
                        "b"),
              "a?b");  // right-to-left override
    EXPECT_EQ(printable("gr\xc3\xb6\xc3\x9f\x65"), "gr\xc3\xb6\xc3\x9f\x65");
}

TEST(CliText, WidthIsCountedInColumns) {
    EXPECT_EQ(columns("gr\xc3\xb6\xc3\x9f\x65"), 5U);
    EXPECT_EQ(columns("\xe6\x95\xb0\xe6\x8d\xae"), 4U);  // two Chinese letters
    EXPECT_EQ(columns("\xc3"), 1U);                      // cut short
    EXPECT_EQ(fit("abcdef", 6), "abcdef");
    EXPECT_EQ(fit("abcdefg", 6), "abc...");
    EXPECT_EQ(fit("\xe6\x95\xb0\xe6\x8d\xae\xe6\x95\xb0", 5), "\xe6\x95\xb0...");
    EXPECT_EQ(fit("abcdef", 2), "ab");
}

TEST(CliText, LinesBreakAtSpacesAndElsewhereWhereThereAreNone) {
    using Lines = std::vector<std::string>;
    EXPECT_EQ(wrap("", 5), Lines{""});
    EXPECT_EQ(wrap("one two three", 7), (Lines{"one two", "three"}));
    EXPECT_EQ(wrap("one two three", 8), (Lines{"one two", "three"}));
    EXPECT_EQ(wrap("abcdefgh", 3), (Lines{"abc", "def", "gh"}));
    EXPECT_EQ(wrap("\xe6\x95\xb0\xe6\x8d\xae", 1), (Lines{"\xe6\x95\xb0", "\xe6\x8d\xae"}));
}

TEST(CliText, SizesAreThoseOnTheDisksLabel) {
    EXPECT_EQ(bytes_in_words(0), "0 B");
    EXPECT_EQ(bytes_in_words(999), "999 B");
    EXPECT_EQ(bytes_in_words(1'000), "1.00 kB");
    EXPECT_EQ(bytes_in_words(1'073'741'824), "1.07 GB");
    EXPECT_EQ(bytes_in_words(1'920'383'410'176), "1.92 TB");
    EXPECT_EQ(bytes_in_words(999'700'000), "1.00 GB");
    EXPECT_EQ(bytes_in_words(16'000'900'661'248), "16.0 TB");
}

TEST(CliText, TimesAreAsExactAsAPersonCares) {
    EXPECT_EQ(time_in_words(milliseconds(0)), "0 ms");
    EXPECT_EQ(time_in_words(milliseconds(999)), "999 ms");
    EXPECT_EQ(time_in_words(milliseconds(1'250)), "1.3 s");
    EXPECT_EQ(time_in_words(milliseconds(59'960)), "1 min 0 s");
    EXPECT_EQ(time_in_words(seconds(125)), "2 min 5 s");
    EXPECT_EQ(time_in_words(minutes(90)), "1 h 30 min");
}

TEST(CliText, DurationsAreReadStrictly) {
    EXPECT_EQ(parse_duration("90"), seconds(90));
    EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
    EXPECT_EQ(parse_duration("10m"), minutes(10));
    EXPECT_EQ(parse_duration("1h30m5s"), hours(1) + minutes(30) + seconds(5));
    for (const char* wrong : {"", "s", "-5s", "5x", "5m5m", "5s1h", "1.5h", "0", "0s", " 5s", "5s ",
                              "99999999999999999999", "9000h"})
        EXPECT_FALSE(parse_duration(wrong)) << wrong;
}

TEST(CliText, TimestampsAreReadStrictly) {
    using namespace std::chrono;
    EXPECT_EQ(parse_time("1970-01-01T00:00:01.500Z"), sys_time<milliseconds>(milliseconds(1'500)));
    EXPECT_EQ(parse_time("2026-11-21T21:00:00Z"), sys_days(year{2026} / 11 / 21) + hours(21));
    for (const char* wrong :
         {"", "2026-11-21", "2026-11-21T21:00:00", "2026-13-21T21:00:00Z", "2026-11-21T21:00:00.Z",
          "2026-11-21 21:00:00Z", "x026-11-21T21:00:00Z"})
        EXPECT_FALSE(parse_time(wrong)) << wrong;
}

TEST(CliTable, ColumnsAlignAndLinesEndWithoutBlanks) {
    Table table({{"NAME"}, {"SIZE", true}, {"NOTE", false, true}});
    table.row({{"sda"}, {"4.00 TB"}, {}});
    table.row({{"gr\xc3\xb6\xc3\x9f\x65"}, {"1 B"}, {}});
    EXPECT_EQ(table.render(Style{}, 0),
              "NAME      SIZE\n"
              "sda    4.00 TB\n"
              "gr\xc3\xb6\xc3\x9f\x65      1 B\n");
}

TEST(CliTable, OnATerminalTheLastColumnIsWrappedUnderItself) {
    Table table({{"ITEM"}, {"NOTE"}});
    table.row({{"raid/data"}, {"create RAID 1 over D0, D1", Tone::bad}});
    EXPECT_EQ(table.render(Style{}, 31),
              "ITEM       NOTE\n"
              "raid/data  create RAID 1 over\n"
              "           D0, D1\n");
    EXPECT_EQ(table.render(Style(true), 31),
              "\x1b[1mITEM\x1b[0m       \x1b[1mNOTE\x1b[0m\n"
              "raid/data  \x1b[1;31mcreate RAID 1 over\x1b[0m\n"
              "           \x1b[1;31mD0, D1\x1b[0m\n");
    // So narrow a terminal is better served by the terminal's own wrapping.
    EXPECT_EQ(table.render(Style{}, 20), table.render(Style{}, 0));
}

}  // namespace
}  // namespace metalwright::agent::cli
