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

// ---- disks that are not blank ------------------------------------------------------------------

struct Obstacle {
    const char* name;
    void (*put)(Disk&);
    const char* told;
};

class NotBlank : public testing::TestWithParam<Obstacle> {};

TEST_P(NotBlank, IsRefusedByNameWithWhatWasFound) {
    for (const bool by_id : {true, false}) {
        Observed see = host(2);
        GetParam().put(the(see, "DATA1"));
        WantedArray wanted = data(Level::raid1, by_id ? 0 : 2);
        if (by_id) wanted.members.ids = {"DATA0", "DATA1"};
        const Plan<Op> refused = plan(only(wanted), see);
        EXPECT_THAT(refused.steps, IsEmpty());
        EXPECT_EQ(code(refused, "raid/data"), Errc::refused);
        EXPECT_EQ(settled(refused, "raid/data")->error->where, "DATA1");
        EXPECT_THAT(message(refused, "raid/data"),
                    HasSubstr(std::string("DATA1 (/dev/vdc) ") + GetParam().told));
        EXPECT_THAT(message(refused, "raid/data"), testing::Not(HasSubstr("DATA0 (")));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Each, NotBlank,
    testing::Values(
        Obstacle{"Ext4", [](Disk& d) { d.signatures = {{"ext4", 1080, "home", ""}}; },
                 "holds ext4 'home' at byte 1080"},
        Obstacle{"LvmUnderGpt",
                 [](Disk& d) {
                     d.signatures = {{"gpt", 512, "", ""}, {"LVM2_member", 536, "", ""}};
                     d.partitions = {"vdc1"};
                 },
                 "holds gpt at byte 512, holds LVM2_member at byte 536 and has partitions vdc1"},
        Obstacle{"OldMember",
                 [](Disk& d) {
                     d.signatures = {{"linux_raid_member", 4096, "old:data", "9-9"}};
                     d.holders = {"md126"};
                 },
                 "holds linux_raid_member 'old:data' at byte 4096 and is held by md126"},
        Obstacle{"Held", [](Disk& d) { d.holders = {"dm-0"}; }, "is held by dm-0"},
        Obstacle{"Mounted", [](Disk& d) { d.mounts = {"/srv"}; }, "is mounted at /srv"},
        Obstacle{"SwappedOn", [](Disk& d) { d.mounts = {"swap"}; }, "is swapped on"},
        Obstacle{"Unreadable", [](Disk& d) { d.probe_error = "I/O error"; },
                 "cannot be searched (I/O error)"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(NotBlankDisk, UnderTheSystemVolumeIsNeverTakenByIdEither) {
    Observed see = host(1);
    the(see, "ROOT") = disk("ROOT", "vda");  // even if it looked blank
    WantedArray wanted = data(Level::raid1, 0);
    wanted.members.ids = {"ROOT", "DATA0"};
    const Plan<Op> refused = plan(only(wanted), see);
    EXPECT_THAT(refused.steps, IsEmpty());
    EXPECT_THAT(message(refused, "raid/data"), HasSubstr("ROOT (/dev/vda) is under the system"));
}

TEST(NotBlankDisk, ADiskNamedTwiceBySerialAndWwnIsOneDisk) {
    Observed see = host(2);
    the(see, "DATA0").wwn = "0x5000c5001";
    WantedArray wanted = data(Level::raid1, 0);
    wanted.members.ids = {"DATA0", "0x5000c5001"};
    EXPECT_THAT(plan(only(wanted), see).steps, IsEmpty());
}

// ---- consent to wipe ---------------------------------------------------------------------------

Observed host_with_old_disk() {
    Observed see = host(2);
    the(see, "DATA1").signatures = {{.type = "gpt", .offset = 512}, {.type = "ext4"}};
    the(see, "DATA1").partitions = {"vdc1"};
    return see;
}

TEST(WipeConsent, ForThisDiskAndAllThatWasFoundWipesItFirst) {
    Wanted wanted = only(data(Level::raid1, 2));
    wanted.consent = {{"DATA1", {"ext4", "gpt"}}};
    const Plan<Op> made = plan(wanted, host_with_old_disk());
    ASSERT_EQ(made.steps.size(), 3u);
    EXPECT_EQ(std::get<WipeDisk>(made.steps[0].op), (WipeDisk{"DATA1", {"gpt", "ext4"}}));
    EXPECT_TRUE(made.steps[0].destroys_data);
    EXPECT_EQ(made.steps[0].why, "wipe DATA1 (gpt and ext4) with the consent of this operation");
    EXPECT_THAT(std::get<CreateArray>(made.steps[1].op).members, ElementsAre("DATA0", "DATA1"));
}

TEST(WipeConsent, ThatDoesNotNameEverythingFoundIsNone) {
    Wanted wanted = only(data(Level::raid1, 2));
    wanted.consent = {{"DATA1", {"gpt"}}};
    const Plan<Op> refused = plan(wanted, host_with_old_disk());
    EXPECT_THAT(refused.steps, IsEmpty());
    EXPECT_THAT(message(refused, "raid/data"), HasSubstr("does not name ext4"));
}

TEST(WipeConsent, ForAnotherDiskOrByDeviceNameIsNone) {
    Wanted wanted = only(data(Level::raid1, 2));
    for (const char* other : {"DATA0", "vdc", "/dev/vdc", ""}) {
        wanted.consent = {{other, {"ext4", "gpt"}}};
        EXPECT_THAT(plan(wanted, host_with_old_disk()).steps, IsEmpty()) << other;
    }
}

TEST(WipeConsent, NeverCountsForADiskInUse) {
    for (const bool held : {true, false}) {
        Observed see = host_with_old_disk();
        (held ? the(see, "DATA1").holders : the(see, "DATA1").mounts) = {held ? "md5" : "/srv"};
        Wanted wanted = only(data(Level::raid1, 2));
        wanted.consent = {{"DATA1", {"ext4", "gpt"}}};
        const Plan<Op> refused = plan(wanted, see);
        EXPECT_THAT(refused.steps, IsEmpty());
        EXPECT_THAT(message(refused, "raid/data"),
                    HasSubstr(held ? "nobody knows what md5 is" : "it is in use"));
    }
}

TEST(WipeConsent, IsNotUsedWhereBlankDisksAreEnough) {
    Observed see = host_with_old_disk();
    see.disks.push_back(disk("DATA9", "vdz"));
    Wanted wanted = only(data(Level::raid1, 2));
    wanted.consent = {{"DATA1", {"ext4", "gpt"}}};
    const Plan<Op> made = plan(wanted, see);
    EXPECT_THAT(ops<WipeDisk>(made), IsEmpty());
    EXPECT_THAT(ops<CreateArray>(made)[0].members, ElementsAre("DATA0", "DATA9"));
}

}  // namespace
