// What becomes of a store that is damaged, somebody else's, or older than its memory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "agent/store/store.hpp"

namespace metalwright::store {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Damage : public testing::Test {
 protected:
    Damage() {
        std::string pattern = testing::TempDir() + "store-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
    }
    ~Damage() override {
        store_.reset();
        std::filesystem::remove_all(directory_);
    }

    Result<void> open() {
        store_.reset();
        auto store = Store::open(directory_, 1 << 20);
        if (!store) return std::unexpected(store.error());
        store_ = std::move(*store);
        return {};
    }
    void close() { store_.reset(); }

    std::int64_t operation(const std::optional<std::string>& token = {}) {
        const auto id = store_->accept({.source = "admin",
                                        .kind = "apply",
                                        .generation = ++generation_,
                                        .instance = "i-1",
                                        .token = token,
                                        .digest = "d",
                                        .document = std::string(2000, 'x')},
                                       1);
        EXPECT_TRUE(id) << describe(id.error());
        const std::vector<ItemResult> items{{.item = "alias/10.0.0.1/32"}, {.item = "hostname"}};
        EXPECT_TRUE(store_->intend(*id, "{}", 1));
        EXPECT_TRUE(store_->finish(*id, "done", items, "", 1));
        return *id;
    }

    std::vector<std::string> kept_aside() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(directory_))
            if (const std::string name = entry.path().filename();
                name.starts_with("state.db.damaged-") && !name.ends_with("-wal") &&
                !name.ends_with("-shm"))
                names.push_back(name);
        return names;
    }
    std::filesystem::path file() const { return directory_ / "state.db"; }
    void write(const std::string& bytes) const {
        std::ofstream(file(), std::ios::trunc | std::ios::binary) << bytes;
    }
    void sql(const char* statements) const {
        sqlite3* db = nullptr;
        ASSERT_EQ(sqlite3_open(file().c_str(), &db), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(db, statements, nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(db);
    }
    /// Every page but the first becomes noise.
    void spoil() const {
        const auto size = std::filesystem::file_size(file());
        std::fstream pages(file(), std::ios::in | std::ios::out | std::ios::binary);
        pages.seekp(4096);
        pages << std::string(size - 4096, '\x5a');
    }
    void is_set_aside() {
        const auto opened = open();
        ASSERT_TRUE(opened) << describe(opened.error());
        EXPECT_TRUE(store_->was_created());
        ASSERT_THAT(kept_aside(), SizeIs(1));
        EXPECT_THAT(store_->set_aside(), HasSubstr("the store was damaged ("));
        EXPECT_THAT(store_->set_aside(), HasSubstr(kept_aside().front()));
        EXPECT_THAT(store_->sources().value(), IsEmpty());
        ASSERT_TRUE(open());
        EXPECT_EQ(store_->set_aside(), "") << "it is told once";
    }

    std::filesystem::path directory_;
    std::unique_ptr<Store> store_;
    std::uint64_t generation_ = 0;
};

TEST_F(Damage, ASoundStoreIsLeftAlone) {
    ASSERT_TRUE(open());
    operation();
    ASSERT_TRUE(open());
    EXPECT_EQ(store_->set_aside(), "");
    EXPECT_FALSE(store_->was_created());
    EXPECT_THAT(kept_aside(), IsEmpty());
}

TEST_F(Damage, WhatIsNoDatabaseIsSetAside) {
    write("this is not a database at all, sorry");
    is_set_aside();
    std::ifstream kept(directory_ / kept_aside().front());
    std::string text;
    std::getline(kept, text);
    EXPECT_EQ(text, "this is not a database at all, sorry");
}

TEST_F(Damage, AnEmptyFileIsNoNewStore) {
    write("");
    is_set_aside();
}

TEST_F(Damage, PagesOfNoiseAreFoundAtTheStart) {
    ASSERT_TRUE(open());
    for (int i = 0; i < 20; ++i) operation();
    close();
    spoil();
    is_set_aside();
}

TEST_F(Damage, ATableThatIsGoneIsDamage) {
    ASSERT_TRUE(open());
    operation();
    close();
    sql("DROP TABLE outbox");
    is_set_aside();
}

TEST_F(Damage, WithoutItsKeyNoTokenIsKnown) {
    ASSERT_TRUE(open());
    operation();
    close();
    sql("DELETE FROM meta WHERE key = 'host_key'");
    is_set_aside();
}

TEST_F(Damage, FoundAtWorkItIsToldOnce) {
    ASSERT_TRUE(open());
    constexpr std::int64_t many = 1500;
    for (std::int64_t i = 0; i < many; ++i) operation();
    ASSERT_TRUE(open());  // all of it is in the file, little of it in memory
    int told = 0;
    store_->on_damage([&] { ++told; });
    spoil();
    int refused = 0;
    for (std::int64_t id = 1; id <= many; ++id)
        if (const auto events = store_->events(id, 0, 10); !events) {
            EXPECT_EQ(events.error().code, Errc::io);
            ++refused;
        }
    EXPECT_GT(refused, 1);
    EXPECT_EQ(told, 1);
    close();
    is_set_aside();
}

TEST_F(Damage, AnotherProgramsDatabaseIsRefusedAndLeftAsItIs) {
    sql("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
    for (const char* id : {"PRAGMA application_id=0", "PRAGMA application_id=7"}) {
        sql(id);
        const auto opened = open();
        ASSERT_FALSE(opened) << id;
        EXPECT_THAT(opened.error().message, HasSubstr("another program's database"));
    }
    sql("INSERT INTO theirs VALUES (2)");
    EXPECT_THAT(kept_aside(), IsEmpty());
}

TEST_F(Damage, ANewerVersionsStoreIsRefusedAndLeftAsItIs) {
    ASSERT_TRUE(open());
    close();
    sql("PRAGMA user_version=99");
    const auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr("newer metalwright"));
    EXPECT_THAT(kept_aside(), IsEmpty());
}

TEST_F(Damage, WhatIsOldIsForgottenAndTokensLast) {
    ASSERT_TRUE(open());
    const std::int64_t with_token = operation("t-1");
    const std::int64_t without = operation();
    while (operation() <= without + kept_details) continue;
    EXPECT_THAT(store_->items(without).value(), IsEmpty());
    EXPECT_TRUE(store_->operation(without).value());
    std::int64_t newest = 0;
    while (newest < without + kept_operations || newest % 64 != 0) newest = operation();
    EXPECT_FALSE(store_->operation(without).value());
    EXPECT_TRUE(store_->by_token("t-1").value());
    EXPECT_EQ(store_->operations(10'000).value().size(),
              static_cast<std::size_t>(kept_operations) + 1);
    EXPECT_THAT(store_->items(newest - kept_details + 1).value(), SizeIs(2));
    EXPECT_EQ(store_->sources().value().front().operation, newest);
    EXPECT_EQ(store_->operation(with_token).value()->token, "t-1");
}

}  // namespace
}  // namespace metalwright::store
