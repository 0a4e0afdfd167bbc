#include "raid/superblock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/raid/scene.hpp"

namespace metalwright::raid {
namespace {

using namespace scene;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Superblock, OnlyANewerKernelsIsRefusedByAnOlderOne) {
    EXPECT_THAT(superblock_trouble("6.19.0-1-amd64", "6.1.0-30-amd64"), HasSubstr("refuses"));
    EXPECT_THAT(superblock_trouble("7.0.1", "6.18.9"), HasSubstr("6.18.9"));
    for (const auto& [running, boots] : {std::pair("6.19.0", "6.19.0-2"),
                                         {"6.1.0", "5.10.0"},
                                         {"6.18.99", "6.1.0"},
                                         {"6.19.0", ""},
                                         {"", "6.1.0"},
                                         {"6.19.0", "linux"}})
        EXPECT_THAT(superblock_trouble(running, boots), IsEmpty()) << running << " " << boots;
}

TEST(Superblock, AnArrayThatWouldNotStartAtTheNextBootIsNotMade) {
    Observed seen = host(2);
    seen.kernel = "6.19.3-amd64";
    Wanted wanted = only(data(Level::raid1, 2));
    EXPECT_FALSE(plan(wanted, seen).steps.empty());
    wanted.boot_kernel = "6.12.9-amd64";
    const Plan<Op> refused = plan(wanted, seen);
    EXPECT_THAT(refused.steps, IsEmpty());
    EXPECT_THAT(message(refused, "raid/data"),
                HasSubstr("make the array under a kernel before 6.19"));
    wanted.boot_kernel = "6.19.0-amd64";
    EXPECT_FALSE(plan(wanted, seen).steps.empty());
}

}  // namespace
}  // namespace metalwright::raid
