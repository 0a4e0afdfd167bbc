#include "sys/signatures.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace fs = std::filesystem;
using metalwright::Errc;
using metalwright::sys::BlkidSignatures;
using metalwright::sys::BlockSignature;

namespace {

/// An image file that is written by hand, so that no tool is needed.
class Signatures : public testing::Test {
 protected:
    Signatures() {
        std::string name = fs::temp_directory_path() / "metalwright-image-XXXXXX";
        fd_ = ::mkstemp(name.data());
        path_ = name;
        EXPECT_EQ(::ftruncate(fd_, 64 << 20), 0);
    }
    ~Signatures() override {
        ::close(fd_);
        fs::remove(path_);
    }
    void poke(std::size_t offset, std::string_view bytes) const {
        ASSERT_EQ(::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset)),
                  static_cast<ssize_t>(bytes.size()));
    }
    std::vector<std::string> types() const {
        std::vector<std::string> all;
        const auto found = BlkidSignatures().probe(path_).value();
        for (const BlockSignature& one : found) all.push_back(one.type);
        std::ranges::sort(all);
        return all;
    }
    /// Swap space of version 1: magic in the last ten bytes of the first page, label, UUID.
    void make_swap() const {
        using namespace std::literals;
        poke(4096 - 10, "SWAPSPACE2");
        poke(1024, "\x01\0\0\0\xff\x3f\0\0\0\0\0\0"sv);
        poke(1036, "0123456789abcdef");
        poke(1052, "scratch");
    }
    void make_dos_table() const {
        using namespace std::literals;
        poke(446, "\x80\0\0\0\x83\0\0\0\0\x08\0\0\0\x40\0\0"sv);
        poke(510, "\x55\xaa");
    }

    std::string path_;
    int fd_ = -1;
};

TEST_F(Signatures, ABlankDeviceHasNone) {
    EXPECT_TRUE(types().empty());
}

TEST_F(Signatures, TellsTypeOffsetLabelAndUuid) {
    make_swap();
    const auto found = BlkidSignatures().probe(path_).value();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0], (BlockSignature{.type = "swap",
                                        .offset = 4086,
                                        .label = "scratch",
                                        .uuid = "30313233-3435-3637-3839-616263646566"}));
}

TEST_F(Signatures, EverySignatureIsTold) {
    make_swap();
    make_dos_table();
    EXPECT_EQ(types(), (std::vector<std::string>{"dos", "swap"}));
}

TEST_F(Signatures, APartitionTableAloneIsASignature) {
    make_dos_table();
    EXPECT_EQ(types(), std::vector<std::string>{"dos"});
}

TEST_F(Signatures, WhatLibblkidMissesIsFoundAtTheEnd) {
    using namespace std::literals;
    // One uberblock of the last label of a ZFS pool; libblkid wants four.
    poke((64 << 20) - (128 << 10), "\x0c\xb1\xba\0\0\0\0\0"sv);
    EXPECT_EQ(types(), std::vector<std::string>{"zfs_member"});
}

TEST_F(Signatures, TheDeviceIsNotWrittenTo) {
    make_swap();
    ASSERT_EQ(::fchmod(fd_, 0400), 0);
    const auto before = fs::last_write_time(path_);
    EXPECT_EQ(types().size(), 1u);
    EXPECT_EQ(fs::last_write_time(path_), before);
}

TEST(SignaturesOfNothing, AnAbsentDeviceIsNotFound) {
    const auto found = BlkidSignatures().probe("/dev/nonexistent");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::not_found);
    EXPECT_EQ(found.error().where, "/dev/nonexistent");
}

TEST(SignaturesOfNothing, WhatCannotBeReadIsAnErrorAndNotBlank) {
    EXPECT_FALSE(BlkidSignatures().probe("/proc/self"));
}

}  // namespace
