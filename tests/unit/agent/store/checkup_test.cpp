// A store that is looked at without its daemon. Every look must leave the directory as it was.
#include "agent/store/checkup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "agent/store/store.hpp"

namespace metalwright::store {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class CheckupTest : public testing::Test {
 protected:
    CheckupTest() {
        std::string pattern = testing::TempDir() + "store-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
    }
    ~CheckupTest() override { fs::remove_all(directory_); }

    std::unique_ptr<Store> opened() {
        auto store = Store::open(directory_, 1 << 20);
        EXPECT_TRUE(store) << (store ? "" : describe(store.error()));
        return store ? std::move(*store) : nullptr;
    }
    static void fill(Store& store) {
        for (int i = 0; i < 60; ++i) ASSERT_TRUE(store.report(std::string(1000, 'r'), i));
    }
    void sql(const char* statement) {
        sqlite3* db = nullptr;
        ASSERT_EQ(sqlite3_open((directory_ / "state.db").c_str(), &db), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(db, statement, nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(db);
    }
    std::vector<std::string> everything() {
        std::vector<std::string> all;
        for (const auto& entry : fs::directory_iterator(directory_)) {
            std::ifstream file(entry.path(), std::ios::binary);
            all.push_back(entry.path().filename().string() + ' ' +
                          std::string(std::istreambuf_iterator<char>(file), {}));
        }
        std::ranges::sort(all);
        return all;
    }
    Checkup looked() {
        const auto before = everything();
        auto found = check_up(directory_);
        EXPECT_TRUE(found) << (found ? "" : describe(found.error()));
        EXPECT_TRUE(everything() == before) << "a look writes nothing and makes no file";
        return found.value_or(Checkup{.damage = "not looked at"});
    }

    fs::path directory_;
};

TEST_F(CheckupTest, ASoundStoreAtRestIsSoundAndStaysAsItIs) {
    fill(*opened());
    const Checkup found = looked();
    EXPECT_EQ(found.damage, "");
    EXPECT_TRUE(found.ours);
    EXPECT_FALSE(found.newer);
    EXPECT_EQ(found.version, 3);
    EXPECT_EQ(found.reports_waiting, 60);
    EXPECT_EQ(found.report_bytes, 60'000u);
}

/// The daemon is another process: within one, SQLite's connections share more than files.
TEST_F(CheckupTest, OneWithADaemonAtWorkIsReadAsItIsNow) {
    int said[2], told[2];
    ASSERT_EQ(::pipe(said), 0);
    ASSERT_EQ(::pipe(told), 0);
    const pid_t daemon = ::fork();
    if (daemon == 0) {
        char word = 0;
        {
            const auto store = opened();
            fill(*store);
            (void)!::write(said[1], "1", 1);
            (void)!::read(told[0], &word, 1);
            if (store->report("one more", 1)) (void)!::write(said[1], "2", 1);
            (void)!::read(told[0], &word, 1);
        }
        ::_exit(0);
    }
    const auto wait_for = [&](char word) {
        char got = 0;
        return ::read(said[0], &got, 1) == 1 && got == word;
    };
    ASSERT_TRUE(wait_for('1'));
    EXPECT_GT(fs::file_size(directory_ / "state.db-wal"), 0u);
    EXPECT_EQ(looked().reports_waiting, 60);
    ASSERT_EQ(::write(told[1], "x", 1), 1);
    ASSERT_TRUE(wait_for('2')) << "we are not in its way";
    EXPECT_EQ(looked().reports_waiting, 61);
    ASSERT_EQ(::write(told[1], "x", 1), 1);
    int status = 1;
    ::waitpid(daemon, &status, 0);
    EXPECT_EQ(status, 0);
}

TEST_F(CheckupTest, WhatACrashLeftIsReadWithItsLog) {
    fs::path after = directory_.native() + "-crashed";
    {
        const auto store = opened();
        fill(*store);
        fs::copy(directory_, after);
    }
    fs::remove_all(directory_);
    fs::rename(after, directory_);
    EXPECT_EQ(looked().reports_waiting, 60);
    EXPECT_EQ(looked().damage, "");

    fs::remove(directory_ / "state.db-shm");
    const auto copy = check_up(directory_);
    ASSERT_FALSE(copy);
    EXPECT_EQ(copy.error().code, Errc::unsupported) << "to put them together is to write";
    EXPECT_FALSE(fs::exists(directory_ / "state.db-shm"));
}

TEST_F(CheckupTest, ADamagedPageIsFoundWhereverItIs) {
    fill(*opened());
    const auto size = static_cast<std::streamoff>(fs::file_size(directory_ / "state.db"));
    {
        std::fstream file(directory_ / "state.db", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(size - 3 * 4096);
        file << std::string(4096, '\xff');
    }
    EXPECT_NE(looked().damage, "");
}

TEST_F(CheckupTest, WhatIsNoDatabaseAtAllIsDamaged) {
    std::ofstream(directory_ / "state.db") << std::string(8192, 'x');
    EXPECT_THAT(looked().damage, HasSubstr("not a database"));
}

TEST_F(CheckupTest, AnotherProgramsDatabaseIsNotOurs) {
    sql("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    EXPECT_FALSE(looked().ours);
}

TEST_F(CheckupTest, ANewerStoreIsKnownByItsVersion) {
    opened();
    sql("PRAGMA user_version=4");
    const Checkup found = looked();
    EXPECT_TRUE(found.newer);
    EXPECT_EQ(found.version, 4);
}

TEST_F(CheckupTest, ALockIsToldWithItsReason) {
    ASSERT_TRUE(opened()->set_lock({"the store was made anew", 1}, "{}"));
    EXPECT_EQ(looked().locked, "the store was made anew");
}

TEST_F(CheckupTest, AStoreThatDoesNotFitItsMarkerIsDoubted) {
    opened();
    EXPECT_EQ(looked().doubt, std::nullopt);
    std::ofstream(directory_ / "host-in-use") << "store another\nwrites 7\n";
    EXPECT_THAT(looked().doubt.value_or(""), HasSubstr("another one was at work"));
}

TEST_F(CheckupTest, AnOddPathIsNoOddUri) {
    const fs::path odd = directory_ / "a?b#c%41";
    ASSERT_TRUE(Store::open(odd, 1 << 20));
    const auto found = check_up(odd);
    ASSERT_TRUE(found) << describe(found.error());
    EXPECT_EQ(found->version, 3);
}

}  // namespace
}  // namespace metalwright::store
