#include "agent/link/secret_file.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>

#include "sys/secret_file.hpp"
#include "tests/unit/agent/link/threads.hpp"

namespace metalwright::agent::link {
namespace {

namespace fs = std::filesystem;

fs::path put(const fs::path& path, const std::string& content, unsigned mode = 0600) {
    std::ofstream(path) << content;
    fs::permissions(path, static_cast<fs::perms>(mode));
    return path;
}

TEST(Token, IsOneLine) {
    const TempDir dir;
    EXPECT_EQ(read_token(put(dir.path() / "t", "s3cret\n")), "s3cret");
    EXPECT_EQ(read_token(put(dir.path() / "t", "s3cret\r\n", 0640)), "s3cret");
}

TEST(OwnFile, MayBeReadByAllAndWrittenByNobodyElse) {
    const TempDir dir;
    EXPECT_EQ(sys::read_own_file(put(dir.path() / "k", "keys", 0644)), "keys");
    for (const unsigned mode : {0664u, 0646u}) {
        const auto open = sys::read_own_file(put(dir.path() / "k", "keys", mode));
        ASSERT_FALSE(open) << mode;
        EXPECT_EQ(open.error().code, Errc::refused);
    }
    const auto absent = sys::read_own_file(dir.path() / "none");
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().code, Errc::not_found);
    EXPECT_EQ(sys::read_own_file(dir.path()).error().code, Errc::io) << "a directory is no file";
    if (::geteuid() != 0) return;
    put(dir.path() / "k", "keys", 0644);
    ASSERT_EQ(::chown((dir.path() / "k").c_str(), 65534, 65534), 0);
    EXPECT_EQ(sys::read_own_file(dir.path() / "k").error().code, Errc::refused);
}

TEST(Token, MustNotBeReadableByEverybody) {
    const TempDir dir;
    const auto token = read_token(put(dir.path() / "t", "s3cret", 0604));
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, Errc::refused);
    EXPECT_EQ(token.error().where, (dir.path() / "t").string());
}

TEST(Token, NeverAppearsInAnError) {
    const TempDir dir;
    for (const std::string bad : {"s3cret two", "s3cret\r\nX-Evil: 1", "", "\n"}) {
        const auto token = read_token(put(dir.path() / "t", bad));
        ASSERT_FALSE(token);
        EXPECT_EQ(token.error().code, Errc::invalid_spec);
        EXPECT_EQ(describe(token.error()).find("s3cret"), std::string::npos);
    }
    EXPECT_FALSE(read_token(put(dir.path() / "t", std::string(4097, 'x'))));
    EXPECT_TRUE(read_token(put(dir.path() / "t", std::string(4096, 'x') + "\n")));
}

TEST(Token, AbsentOrNoFile) {
    const TempDir dir;
    EXPECT_EQ(read_token(dir.path() / "absent").error().code, Errc::not_found);
    EXPECT_EQ(read_token(dir.path()).error().code, Errc::io);
    EXPECT_TRUE(sys::check_secret_file(put(dir.path() / "k", "x")));
    EXPECT_EQ(sys::check_secret_file(put(dir.path() / "k", "x", 0644)).error().code, Errc::refused);
}

}  // namespace
}  // namespace metalwright::agent::link
