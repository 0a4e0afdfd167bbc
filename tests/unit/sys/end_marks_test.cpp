#include "sys/end_marks.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

using metalwright::Errc;
using metalwright::Result;
using metalwright::sys::BlockSignature;
using metalwright::sys::end_marks;
using namespace std::literals;

namespace {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t size = 16UL * 1024UL * kib + 3UL * 512;  // no multiple of anything

std::vector<BlockSignature> found_in(const std::string& device) {
    return end_marks(device.size(),
                     [&](std::uint64_t at, std::size_t bytes) -> Result<std::string> {
                         return device.substr(at, bytes);
                     })
        .value();
}

std::string with(std::uint64_t at, std::string_view magic) {
    std::string device(size, '\0');
    device.replace(at, magic.size(), magic);
    return device;
}

TEST(EndMarks, ABlankDeviceHasNone) {
    EXPECT_TRUE(found_in(std::string(size, '\0')).empty());
}

TEST(EndMarks, EachIsFoundWhereItsOwnerKeepsIt) {
    const std::uint64_t label = size / (256 * kib) * (256 * kib) - 256 * kib;
    const std::vector<std::tuple<std::string, std::uint64_t, std::string_view>> all{
        {"linux_raid_member", 0, "\xfc\x4e\x2b\xa9"sv},
        {"linux_raid_member", 4 * kib, "\xfc\x4e\x2b\xa9"sv},
        {"linux_raid_member", (size - 8 * kib) / (4 * kib) * (4 * kib), "\xfc\x4e\x2b\xa9"sv},
        {"linux_raid_member", size / (64 * kib) * (64 * kib) - 64 * kib, "\xfc\x4e\x2b\xa9"sv},
        {"linux_raid_member", size / (64 * kib) * (64 * kib) - 64 * kib, "\xa9\x2b\x4e\xfc"sv},
        {"LVM2_member", 512, "LABELONE"sv},
        {"crypto_LUKS", 0, "LUKS\xba\xbe"sv},
        {"crypto_LUKS", 4096 * kib, "SKUL\xba\xbe"sv},
        {"swap", 4086, "SWAPSPACE2"sv},
        {"bcache", 4120, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"sv},
        {"gpt", size - 512, "EFI PART"sv},
        {"isw_raid_member", size - 1024, "Intel Raid ISM Cfg Sig. "sv},
        {"ddf_raid_member", size - 512, "\xde\x11\xde\x11"sv},
        {"zfs_member", 128 * kib + 7 * kib, "\x0c\xb1\xba\x00\x00\x00\x00\x00"sv},
        {"zfs_member", label + 128 * kib, "\x00\x00\x00\x00\x00\xba\xb1\x0c"sv},
    };
    for (const auto& [type, at, magic] : all) {
        const auto found = found_in(with(at, magic));
        ASSERT_EQ(found.size(), 1u) << type << " at " << at;
        EXPECT_EQ(found[0].type, type);
        EXPECT_EQ(found[0].offset, at);
    }
}

TEST(EndMarks, TheSameBytesElsewhereAreDataOfSomebody) {
    EXPECT_TRUE(found_in(with(8 * kib, "LABELONE")).empty());
    EXPECT_TRUE(found_in(with(100 * kib, "\xfc\x4e\x2b\xa9")).empty());
}

TEST(EndMarks, AnySizeIsSearchedWithoutReadingBeyondIt) {
    for (const std::uint64_t bytes :
         {0ul, 1ul, 511ul, 512ul, 4096ul, 16384ul, 131072ul, 1048576ul}) {
        const auto found =
            end_marks(bytes, [&](std::uint64_t at, std::size_t length) -> Result<std::string> {
                EXPECT_LE(at + length, bytes) << bytes;
                return std::string(length, '\0');
            });
        EXPECT_TRUE(found && found->empty());
    }
}

TEST(EndMarks, WhatCannotBeReadIsAnError) {
    const auto broken = [](std::uint64_t, std::size_t) -> Result<std::string> {
        return metalwright::fail(Errc::io, "a bad sector");
    };
    EXPECT_FALSE(end_marks(size, broken));
}

}  // namespace
