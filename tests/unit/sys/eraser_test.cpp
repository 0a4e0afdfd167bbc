#include "sys/eraser.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace fs = std::filesystem;
using metalwright::Errc;
using metalwright::sys::BlockEraser;

namespace {

class Eraser : public testing::Test {
 protected:
    Eraser() {
        std::string name = fs::temp_directory_path() / "metalwright-erased-XXXXXX";
        ::close(::mkstemp(name.data()));
        path_ = name;
    }
    ~Eraser() override { fs::remove(path_); }
    void fill(std::size_t bytes) const { std::ofstream(path_) << std::string(bytes, 'x'); }
    std::string content() const {
        std::ifstream file(path_);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    std::string path_;
};

TEST_F(Eraser, ZeroesBothEndsAndNothingBetween) {
    fill(10'000);
    ASSERT_TRUE(BlockEraser().zero_ends(path_, 3'000));
    EXPECT_EQ(content(),
              std::string(3'000, '\0') + std::string(4'000, 'x') + std::string(3'000, '\0'));
}

TEST_F(Eraser, ZeroesAllOfASmallOneAndMakesItNoLarger) {
    for (const std::size_t bytes : {0u, 10u, 3'000u, 5'000u}) {
        fill(bytes);
        ASSERT_TRUE(BlockEraser().zero_ends(path_, 3'000));
        EXPECT_EQ(content(), std::string(bytes, '\0'));
    }
}

TEST_F(Eraser, AClaimWritesNothing) {
    fill(100);
    ASSERT_TRUE(BlockEraser().claim(path_));
    EXPECT_EQ(content(), std::string(100, 'x'));
}

TEST_F(Eraser, WhatIsNotThereIsNotFound) {
    EXPECT_EQ(BlockEraser().claim(path_ + "-absent").error().code, Errc::not_found);
}

}  // namespace
