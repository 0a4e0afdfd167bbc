#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/raid/scene.hpp"

using namespace metalwright;
using namespace metalwright::raid;
using namespace metalwright::raid::scene;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

const std::vector<std::string> three{"DATA0", "DATA1", "DATA2"};
const WantedArray wish = data(Level::raid5, 3);

TEST(Begun, AndNothingMadeYetIsMadeOverTheDisksItWasPlannedOver) {
    Observed see = host(4);
    see.disks.push_back(disk("AAA", "vdz"));  // a new disk that the rule would prefer today
    const Plan<Op> made = plan(only(begun(wish, three)), see);
    EXPECT_THAT(ops<CreateArray>(made)[0].members, ElementsAre("DATA0", "DATA1", "DATA2"));
    EXPECT_EQ(ops<CreateArray>(made)[0].uuid, md_uuid);
    EXPECT_EQ(ops<ListInMdadmConf>(made)[0].uuid, md_uuid);
}

TEST(Begun, AndADiskHasBeenWrittenToSinceIsRefused) {
    Observed see = host(4);
    the(see, "DATA1").signatures = {{.type = "xfs"}};
    const Plan<Op> refused = plan(only(begun(wish, three)), see);
    EXPECT_THAT(refused.steps, IsEmpty());
    EXPECT_THAT(message(refused, "raid/data"), HasSubstr("DATA1 (/dev/vdc) holds xfs"));
}

TEST(Begun, AndADiskHasGoneBeforeAnythingWasMadeIsNotMadeOverAnother) {
    Observed see = host(4);
    std::erase_if(see.disks, [](const Disk& d) { return d.serial == "DATA1"; });
    const Plan<Op> refused = plan(only(begun(wish, three)), see);
    EXPECT_THAT(refused.steps, IsEmpty());
    EXPECT_THAT(message(refused, "raid/data"), HasSubstr("DATA1"));
}

TEST(Begun, AndTheOrderHasChangedBeforeAnythingWasMadeChoosesAfresh) {
    const Plan<Op> made = plan(only(begun(data(Level::raid1, 2), three)), host(4));
    EXPECT_THAT(members_of(made, "data"), ElementsAre("DATA0", "DATA1"));
    EXPECT_THAT(members_of(plan(only(begun(data(Level::raid6, 4), three)), host(4)), "data"),
                ElementsAre("DATA0", "DATA1", "DATA2", "DATA3"));
}

TEST(Begun, HalfMadeAndTheOrderHasChangedIsAConflict) {
    Observed see = host(4);
    put_superblock(see, "DATA1");
    const Plan<Op> told = plan(only(begun(data(Level::raid1, 2), three)), see);
    EXPECT_THAT(told.steps, IsEmpty());
    EXPECT_EQ(code(told, "raid/data"), Errc::conflict);
}

TEST(Begun, WithEverySuperblockAndNoArrayIsAssembled) {
    Observed see = host(3);
    for (const std::string& serial : three) put_superblock(see, serial);
    const Plan<Op> made = plan(only(with_filesystem(begun(wish, three))), see);
    EXPECT_THAT(items(made), ElementsAre("raid/data", "raid/data", "filesystem/data"));
    EXPECT_EQ(ops<AssembleArray>(made)[0], (AssembleArray{"data", md_uuid, three}));
    EXPECT_FALSE(made.steps[0].destroys_data);
    EXPECT_THAT(ops<CreateArray>(made), IsEmpty());
}

TEST(Begun, WithSomeSuperblocksIsMadeAnewUnderTheSameUuid) {
    Observed see = host(3);
    put_superblock(see, "DATA0");
    put_superblock(see, "DATA2");
    const Plan<Op> made = plan(only(begun(wish, three)), see);
    ASSERT_EQ(made.steps.size(), 3u);
    EXPECT_EQ(std::get<ForgetMembers>(made.steps[0].op),
              (ForgetMembers{md_uuid, {"DATA0", "DATA2"}}));
    EXPECT_TRUE(made.steps[0].destroys_data);
    EXPECT_EQ(std::get<CreateArray>(made.steps[1].op).uuid, md_uuid);
    EXPECT_THAT(std::get<CreateArray>(made.steps[1].op).members,
                ElementsAre("DATA0", "DATA1", "DATA2"));
}

TEST(Begun, RedoneKeepsItsSparesApart) {
    Observed see = host(4);
    put_superblock(see, "DATA0");
    WantedArray wanted = wish;
    wanted.spares = 1;
    const Plan<Op> made = plan(only(begun(wanted, {"DATA0", "DATA1", "DATA2", "DATA3"})), see);
    EXPECT_THAT(ops<CreateArray>(made)[0].members, ElementsAre("DATA0", "DATA1", "DATA2"));
    EXPECT_THAT(ops<CreateArray>(made)[0].spares, ElementsAre("DATA3"));
}

TEST(Begun, PutTogetherByUdevButNotRunningIsStoppedFirst) {
    Observed see = host(3);
    Array& array = run_array(see, "", {"DATA0", "DATA1"});
    array.array_state = "inactive";
    array.raid_devices = 0;
    const Plan<Op> made = plan(only(begun(wish, three)), see);
    ASSERT_GE(made.steps.size(), 3u);
    EXPECT_EQ(std::get<StopArray>(made.steps[0].op), StopArray{md_uuid});
    EXPECT_THAT(std::get<ForgetMembers>(made.steps[1].op).disks, ElementsAre("DATA0", "DATA1"));
    EXPECT_THAT(ops<CreateArray>(made)[0].members, ElementsAre("DATA0", "DATA1", "DATA2"));
}

TEST(Begun, WithAMemberAbsentTouchesNothing) {
    Observed see = host(3);
    put_superblock(see, "DATA0");
    put_superblock(see, "DATA2");
    std::erase_if(see.disks, [](const Disk& d) { return d.serial == "DATA1"; });
    const Plan<Op> refused = plan(only(begun(wish, three)), see);
    EXPECT_THAT(refused.steps, IsEmpty());
    EXPECT_EQ(code(refused, "raid/data"), Errc::refused);
    EXPECT_THAT(message(refused, "raid/data"), HasSubstr("its member DATA1 is absent"));
}

TEST(Begun, WithAMemberThatHoldsSomethingElseBesidesTouchesNothing) {
    Observed see = host(3);
    for (const std::string& serial : three) put_superblock(see, serial);
    the(see, "DATA1").signatures.push_back({.type = "gpt", .offset = 512});
    EXPECT_THAT(plan(only(begun(wish, three)), see).steps, IsEmpty());
    see = host(3);
    for (const std::string& serial : three) put_superblock(see, serial);
    the(see, "DATA1").holders = {"dm-3"};
    EXPECT_THAT(plan(only(begun(wish, three)), see).steps, IsEmpty());
}

TEST(Begun, WithASuperblockOnADiskThatWasNeverItsMemberTouchesNothing) {
    Observed see = host(4);
    for (const std::string& serial : three) put_superblock(see, serial);
    put_superblock(see, "DATA3");
    EXPECT_THAT(message(plan(only(begun(wish, three)), see), "raid/data"),
                HasSubstr("DATA3 carries its superblock"));
}

TEST(Complete, AndAbsentIsReportedAndNeverMadeAnew) {
    const Plan<Op> told = plan(only(with_filesystem(complete(wish, three), "/srv")), host(4));
    EXPECT_THAT(told.steps, IsEmpty());
    EXPECT_EQ(code(told, "raid/data"), Errc::refused);
    EXPECT_THAT(message(told, "raid/data"), HasSubstr("once existed and is absent now"));
    EXPECT_EQ(settled(told, "filesystem/data")->outcome, Outcome::skipped);
    EXPECT_EQ(settled(told, "mount/data")->outcome, Outcome::skipped);
}

TEST(Complete, IsNeverMadeAnewWhateverConsentThereIs) {
    Observed see = host(3);
    for (const std::string& serial : three) the(see, serial).signatures = {{.type = "ext4"}};
    Wanted wanted = only(complete(wish, three));
    for (const std::string& serial : three) wanted.consent.push_back({serial, {"ext4"}});
    EXPECT_THAT(plan(wanted, see).steps, IsEmpty());
}

TEST(Complete, StoppedWithAllItsMembersIsStartedAgain) {
    Observed see = host(3);
    for (const std::string& serial : three) put_superblock(see, serial);
    list_in_conf(see);
    const Plan<Op> made = plan(only(with_filesystem(complete(wish, three), "/srv")), see);
    EXPECT_THAT(ops<AssembleArray>(made)[0].disks, ElementsAre("DATA0", "DATA1", "DATA2"));
    EXPECT_THAT(ops<MakeFilesystem>(made), IsEmpty());
    EXPECT_EQ(ops<StartMount>(made).size(), 1u);
}

TEST(Complete, StoppedWithAMemberWithoutItsSuperblockIsReported) {
    Observed see = host(3);
    put_superblock(see, "DATA0");
    put_superblock(see, "DATA1");
    const Plan<Op> told = plan(only(complete(wish, three)), see);
    EXPECT_THAT(told.steps, IsEmpty());
    EXPECT_THAT(message(told, "raid/data"), HasSubstr("will not be made anew"));
}

}  // namespace
