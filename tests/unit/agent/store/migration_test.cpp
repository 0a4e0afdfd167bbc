// A store that an earlier version has written is taken over as it is.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "agent/store/database.hpp"
#include "agent/store/schema.hpp"
#include "agent/store/store.hpp"

namespace metalwright::store {
namespace {

TEST(StoreMigration, AVersionOneKeepsItsRunOfUserData) {
    std::string pattern = testing::TempDir() + "store-XXXXXX";
    const std::filesystem::path directory = ::mkdtemp(pattern.data());
    bool damaged = false;
    {
        auto database = Database::open(directory / "state.db", damaged);
        ASSERT_TRUE(database);
        ASSERT_TRUE(database->execute(schema_v1));
        ASSERT_TRUE(database->execute(
            "INSERT INTO meta (key, value) VALUES ('host_key', zeroblob(32)), ('instance', 'i-1');"
            "INSERT INTO script (instance, operation, state, exit_code, bytes, timeout_s)"
            " VALUES ('i-1', 4, 'exited', 3, '', 60);"
            "PRAGMA user_version=1;"));
    }
    for (int time = 0; time < 2; ++time) {
        const auto store = Store::open(directory, 1 << 20);
        ASSERT_TRUE(store) << describe(store.error());
        EXPECT_EQ((*store)->instance().value(), "i-1");
        const auto run = (*store)->script("i-1");
        ASSERT_TRUE(run && *run);
        EXPECT_EQ((*run)->state, "exited");
        EXPECT_EQ((*run)->exit_code, 3);
        EXPECT_EQ((*run)->run_order, "");
    }
    std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace metalwright::store
