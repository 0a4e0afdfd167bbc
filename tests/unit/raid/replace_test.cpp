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

const std::vector<std::string> three{"DATA0", "DATA1", "DATA2"};

class Replace : public testing::Test {
 protected:
    Replace() {
        Array& array = run_array(see, "raid5", three);
        array.component_bytes = gib - (1 << 20);
        list_in_conf(see);
        wanted = only(complete(data(Level::raid5, 3), three));
        wanted.replace = {{"DATA1"}};
    }
    std::vector<std::string> whys() const {
        std::vector<std::string> all;
        for (const Step<Op>& step : plan(wanted, see).steps) all.push_back(step.why);
        return all;
    }
    std::string refusal() const {
        const Plan<Op> made = plan(wanted, see);
        EXPECT_THAT(made.steps, IsEmpty());
        return message(made, "raid/data");
    }

    Observed see = host(5);
    Wanted wanted;
};

TEST_F(Replace, AWorkingMemberLeavesAndTheSmallestFittingDiskComes) {
    the(see, "DATA3").bytes = 2 * gib;
    EXPECT_THAT(whys(), ElementsAre("take DATA1 out of use in 'data'", "remove DATA1 from 'data'",
                                    "take its superblock off DATA1",
                                    "add DATA4 to 'data' in its place, and rebuild"));
    for (const Step<Op>& step : plan(wanted, see).steps) EXPECT_TRUE(step.destroys_data);
    EXPECT_THAT(replacements_of(plan(wanted, see), "data"),
                ElementsAre(std::pair<const std::string, std::string>("DATA1", "DATA4")));
}

TEST_F(Replace, AFaultyOneIsRemovedAndOneThatIsGoneHasLeftAlready) {
    see.arrays[0].members[1].role = "faulty";
    see.arrays[0].degraded = 1;
    EXPECT_THAT(whys(), ElementsAre("remove DATA1 from 'data'",
                                    "add DATA3 to 'data' in its place, and rebuild"));
    see.arrays[0].members.erase(see.arrays[0].members.begin() + 1);
    std::erase_if(see.disks, [](const Disk& disk) { return disk.serial == "DATA1"; });
    EXPECT_THAT(whys(), ElementsAre("add DATA3 to 'data' in its place, and rebuild"));
}

TEST_F(Replace, TheNamedOneIsTakenWhenItIsBlankAndLargeEnough) {
    wanted.replace = {{"DATA1", "DATA4"}};
    EXPECT_EQ(whys().back(), "add DATA4 to 'data' in its place, and rebuild");
    the(see, "DATA4").bytes = gib / 2;
    EXPECT_THAT(refusal(), HasSubstr("DATA4 (/dev/vdf) is smaller than what it replaces"));
    the(see, "DATA4").bytes = gib;
    the(see, "DATA4").signatures = {{.type = "xfs"}};
    EXPECT_THAT(refusal(), HasSubstr("holds xfs"));
    wanted.replace = {{"DATA1", "OTHER"}};
    EXPECT_THAT(refusal(), HasSubstr("there is no disk OTHER"));
}

TEST_F(Replace, NothingIsTakenThatIsNotBlankOrOfAnotherKind) {
    the(see, "DATA3").signatures = {{.type = "ext4"}};
    the(see, "DATA4").rotational = false;
    EXPECT_THAT(refusal(), HasSubstr("no blank disk of its kind is large enough"));
}

TEST_F(Replace, WhatTheArrayNeedsStaysInIt) {
    see.arrays[0].members[0].role = "faulty";
    see.arrays[0].degraded = 1;
    EXPECT_THAT(refusal(), HasSubstr("DATA1 is not replaced: 'data' needs it: degraded"));
    see.arrays[0].members[0].role = "0";
    see.arrays[0].sync_action = "recover";
    EXPECT_THAT(refusal(), HasSubstr("'data' needs it: recover"));
}

TEST_F(Replace, CutOffBeforeTheNewOneCameIsFinishedNextTime) {
    see.arrays[0].members.erase(see.arrays[0].members.begin() + 1);
    see.arrays[0].degraded = 1;
    the(see, "DATA1").holders.clear();
    the(see, "DATA1").signatures.clear();
    wanted.arrays->front().known_members[1] = "DATA3";
    wanted.arrays->front().replaced = {{"DATA1", "DATA3"}};
    EXPECT_THAT(whys(), ElementsAre("add DATA3 to 'data' in its place, and rebuild"));
}

TEST_F(Replace, WhatIsNoMemberOfOursIsToldAsSuch) {
    wanted.replace = {{"DATA4"}};
    const Plan<Op> made = plan(wanted, see);
    EXPECT_THAT(made.steps, IsEmpty());
    EXPECT_EQ(code(made, "replace/DATA4"), Errc::not_found);
    // Somebody else's array is not touched.
    see.arrays[0].uuid = "9:9:9:9";
    wanted.arrays->front().memory = Memory::never_made;
    wanted.arrays->front().uuid.clear();
    wanted.replace = {{"DATA1"}};
    EXPECT_THAT(plan(wanted, see).steps, IsEmpty());
    EXPECT_EQ(code(plan(wanted, see), "replace/DATA1"), Errc::not_found);
}

TEST_F(Replace, AnOrderThatNamesTheOldDiskIsContentWithTheNewOne) {
    wanted.replace.clear();
    wanted.arrays->front().members = {.ids = three};
    see.arrays[0].members[1] = {"DATA3", "1"};
    EXPECT_THAT(message(plan(wanted, see), "raid/data"), HasSubstr("DATA1 is not in it"));
    wanted.arrays->front().replaced = {{"DATA1", "DATA3"}};
    EXPECT_EQ(settled(plan(wanted, see), "raid/data")->outcome, Outcome::unchanged);
}

TEST(ReplaceOnAMachine, IsDoneWithTheseVeryCommandsAndDoneOnlyOnce) {
    Machine machine;
    for (const auto& [serial, name] :
         {std::pair("DATA0", "vdb"), {"DATA1", "vdc"}, {"DATA2", "vdd"}})
        machine.add_disk(serial, name);
    Wanted wanted = only(begun(data(Level::raid1, 2), {"DATA0", "DATA1"}));
    for (const auto& result : machine.bring_to(wanted)) ASSERT_TRUE(result);
    wanted.arrays->front().memory = Memory::complete;
    wanted.replace = {{"DATA1"}};
    machine.exec.forget();
    for (const auto& result : machine.bring_to(wanted))
        EXPECT_TRUE(result) << result.error().message;
    std::vector<std::string> did;
    for (const std::string& line : machine.exec.lines())
        if (line.starts_with("mdadm --manage") || line.starts_with("mdadm --zero"))
            did.push_back(line);
    EXPECT_THAT(did, ElementsAre("mdadm --manage /dev/md127 --fail /dev/vdc",
                                 "mdadm --manage /dev/md127 --remove /dev/vdc",
                                 "mdadm --zero-superblock /dev/vdc",
                                 "mdadm --manage /dev/md127 --add /dev/vdd"));
    const Plan<Op> again = machine.plan_of(wanted);
    EXPECT_THAT(again.steps, IsEmpty());
    EXPECT_EQ(settled(again, "raid/data")->note, "DATA1 was replaced");
}

}  // namespace
