#include "raid/watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/raid/machine.hpp"
#include "tests/unit/raid/scene.hpp"

using namespace metalwright;
using namespace metalwright::raid;
using namespace metalwright::raid::scene;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

std::vector<Array> mirror() {
    Observed see = host(3);
    run_array(see, "raid1", {"DATA0", "DATA1"});
    return see.arrays;
}

std::vector<Array> with_a_fault() {
    std::vector<Array> arrays = mirror();
    arrays[0].members[1].role = "faulty";
    arrays[0].degraded = 1;
    return arrays;
}

std::vector<Array> rebuilding() {
    std::vector<Array> arrays = mirror();
    arrays[0].members[1] = {"DATA2", "1"};
    arrays[0].degraded = 1;
    arrays[0].sync_action = "recover";
    arrays[0].sync_percent = 40;
    return arrays;
}

TEST(Turns, NothingNewIsNone) {
    EXPECT_THAT(turns(mirror(), mirror()), IsEmpty());
    std::vector<Array> further = rebuilding();
    further[0].sync_percent = 80;
    EXPECT_THAT(turns(rebuilding(), further), IsEmpty());
}

TEST(Turns, AMemberThatFailsIsTold) {
    const auto told = turns(mirror(), with_a_fault());
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].array, "data");
    EXPECT_EQ(told[0].was, "optimal");
    EXPECT_EQ(told[0].is, "degraded");
    EXPECT_THAT(told[0].failed, ElementsAre("DATA1"));
    EXPECT_EQ(told[0].note, "degraded: 1 of 2 members are there, DATA1 is faulty");
}

TEST(Turns, AReplacementIsToldAndThatItIsDone) {
    const auto begun = turns(with_a_fault(), rebuilding());
    ASSERT_EQ(begun.size(), 1u);
    EXPECT_EQ(begun[0].is, "recovering");
    EXPECT_THAT(begun[0].gone, ElementsAre("DATA1"));
    EXPECT_THAT(begun[0].added, ElementsAre("DATA2"));
    EXPECT_THAT(begun[0].note, HasSubstr("recover 40 %, usable meanwhile; DATA1 is no member any "
                                         "more; DATA2 is a member now"));
    std::vector<Array> done = rebuilding();
    done[0].sync_action = "idle";
    done[0].degraded = 0;
    const auto whole = turns(rebuilding(), done);
    ASSERT_EQ(whole.size(), 1u);
    EXPECT_EQ(whole[0].is, "optimal");
    EXPECT_EQ(whole[0].note, "");
}

TEST(Turns, ASpareThatFailsIsToldThoughTheArrayIsWhole) {
    std::vector<Array> before = mirror(), after = mirror();
    before[0].members.push_back({"DATA2", "spare"});
    after[0].members.push_back({"DATA2", "faulty"});
    const auto told = turns(before, after);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].is, "optimal");
    EXPECT_THAT(told[0].failed, ElementsAre("DATA2"));
    EXPECT_THAT(told[0].note, HasSubstr("without a spare that was lost: DATA2"));
}

TEST(Turns, TooManyLostIsFailedAndStoppedIsGone) {
    std::vector<Array> broken = with_a_fault();
    broken[0].array_state = "broken";
    EXPECT_EQ(turns(mirror(), broken).at(0).is, "failed");
    EXPECT_EQ(turns(mirror(), {}).at(0).is, "gone");
}

TEST(Turns, AtTheFirstGlanceOnlyWhatIsNotInOrder) {
    EXPECT_THAT(turns({}, mirror()), IsEmpty());
    const auto told = turns({}, with_a_fault());
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].was, "");
    EXPECT_EQ(told[0].is, "degraded");
}

TEST(Glance, RunsNoProgramAndReadsNoDisk) {
    Machine machine;
    machine.add_disk("DATA0", "vdb");
    machine.add_disk("DATA1", "vdc");
    machine.arrays().push_back({"md127", "data", md_uuid, "raid1", {"vdb", "vdc"}, {}});
    Doors doors = machine.doors();
    machine.files.with("/run/udev/data/b9:127", "E:MD_DEVNAME=data\nE:MD_NAME=any:data\n")
        .with("/sys/block/md127/md/uuid", md_uuid_of_blkid + "\n");
    machine.signatures.unreadable("/dev/vdb", {Errc::io, "nobody may read it"});
    const auto seen = glance(doors);
    ASSERT_TRUE(seen);
    ASSERT_EQ(seen->size(), 1u);
    EXPECT_EQ(seen->front().name, "data");
    EXPECT_EQ(seen->front().uuid, md_uuid);
    EXPECT_EQ(health(seen->front()), "optimal");
    EXPECT_EQ(seen->front().members[0].disk, "DATA0");
    EXPECT_THAT(machine.exec.lines(), IsEmpty());
}

}  // namespace
