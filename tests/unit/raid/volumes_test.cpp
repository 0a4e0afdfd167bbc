// Volumes of controllers, with what stands on them, beside md arrays.
#include "raid/plan_volumes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/raid/scene.hpp"

namespace metalwright::raid {
namespace {

using namespace scene;
using storcli::CreateVolume;
using storcli::DeleteVolume;
using storcli::VolumeOp;
using storcli::WantedVolume;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* wwn = "600605b00d1112223334445556667778";

/// A host with two blank disks and a controller with four free drives.
Observed with_controller() {
    Observed seen = host(2);
    Controller one{.id = "storcli64/c0",
                   .tool = "/t/storcli64",
                   .tool_version = "007.1",
                   .serial = "C1",
                   .mode = ControllerMode::raid};
    for (unsigned slot = 0; slot < 4; ++slot)
        one.drives.push_back({.selector = "/c0/e252/s" + std::to_string(slot),
                              .enclosure = 252,
                              .slot = slot,
                              .state = DriveState::free,
                              .bytes = 2 * gib,
                              .serial = "S" + std::to_string(slot)});
    seen.controllers.list = {one};
    return seen;
}

/// The volume as it is once it was made, and the disk by which the kernel shows it.
void make_volume(Observed& seen) {
    Controller& one = seen.controllers.list.front();
    one.volumes = {{.id = 239,
                    .level = "raid1",
                    .state = VolumeState::optimal,
                    .name = "hard",
                    .bytes = 2 * gib,
                    .drives = {"/c0/e252/s0", "/c0/e252/s1"},
                    .wwn = wwn}};
    for (unsigned slot : {0U, 1U}) {
        one.drives[slot].state = DriveState::member;
        one.drives[slot].volumes = {239};
    }
    Disk shown = disk("", "sda", 2 * gib);
    shown.wwn = "0x" + std::string(wwn);
    seen.disks.push_back(shown);
}

Disk& shown(Observed& seen) {
    return *std::ranges::find(seen.disks, "sda", &Disk::name);
}

WantedVolume wish(Memory memory = Memory::never_made) {
    WantedVolume wanted{.name = "hard", .level = 1, .drives = {.count = 2}};
    wanted.filesystem = WantedFilesystem{.mount_point = "/srv/hard", .uuid = fs_uuid};
    wanted.memory = memory;
    if (memory != Memory::never_made) wanted.known_drives = {"S0", "S1"};
    return wanted;
}

Wanted only(WantedVolume volume) {
    return {.volumes = std::vector{std::move(volume)}};
}

std::vector<std::string> steps(const Plan<Op>& plan) {
    std::vector<std::string> texts;
    for (const Step<Op>& step : plan.steps) texts.push_back(step.item + ": " + step.why);
    return texts;
}

const ItemResult& settled(const Plan<Op>& plan, const std::string& item) {
    static const ItemResult none{.item = "absent"};
    const auto it = std::ranges::find(plan.settled, item, &ItemResult::item);
    return it == plan.settled.end() ? none : *it;
}

TEST(Volumes, ANewOneIsMadeThenItsFileSystemThenItIsMounted) {
    const Plan<Op> made = plan(only(wish()), with_controller());
    EXPECT_THAT(steps(made), ElementsAre("volume/hard: create raid1 'hard' over S0, S1",
                                         "filesystem/hard: make ext4 'hard' on 'hard'",
                                         "mount/hard: write srv-hard.mount",
                                         "mount/hard: mount 'hard' at /srv/hard"));
    EXPECT_TRUE(made.steps[0].destroys_data);
    EXPECT_TRUE(made.steps[1].destroys_data);
    const auto& filesystem = std::get<MakeFilesystem>(made.steps[1].op);
    EXPECT_EQ(filesystem.controller, "storcli64/c0");
    EXPECT_THAT(filesystem.array_uuid, IsEmpty());
    EXPECT_THAT(members_of(made, "volume/hard"), ElementsAre("S0", "S1"));
}

TEST(Volumes, ADriveOfOneThatIsOursIsReplacedAndNothingElseIsDoneToIt) {
    Observed seen = with_controller();
    make_volume(seen);
    Wanted wanted = only(wish(Memory::complete));
    wanted.volumes->front().filesystem.reset();
    wanted.replace = {{"S1"}};
    const Plan<Op> made = plan(wanted, seen);
    EXPECT_THAT(
        steps(made),
        ElementsAre("volume/hard: take S1 (/c0/e252/s1) out of use in 'hard'",
                    "volume/hard: give 'hard' S2 in its place, to rebuild on",
                    "volume/hard: light the locate LED of S1 (/c0/e252/s1), to be taken out"));
    EXPECT_THAT(made.settled, IsEmpty());
    EXPECT_THAT(replacements_of(made, "volume/hard"),
                ElementsAre(std::pair<const std::string, std::string>("S1", "S2")));
    EXPECT_THAT(members_of(made, "volume/hard"), IsEmpty()) << "it is not made";
    seen.controllers.list[0].errors = {{Errc::timed_out, "no answer", "storcli64/c0"}};
    EXPECT_THAT(settled(plan(wanted, seen), "volume/hard").error->message,
                HasSubstr("S1 is not replaced: not all of storcli64/c0 could be read (no answer)"));
    seen.controllers.list[0].errors.clear();
    wanted.replace = {{"S7"}};
    EXPECT_EQ(settled(plan(wanted, seen), "replace/S7").error->code, Errc::not_found);
    wanted.replace = {{"S1"}};
    wanted.volumes->front().memory = Memory::never_made;
    EXPECT_EQ(settled(plan(wanted, seen), "replace/S1").error->code, Errc::not_found)
        << "it is not ours";
}

TEST(Volumes, GlobalSparesComeWithoutAnyVolumeAndGoWithARelease) {
    const Observed seen = with_controller();
    Wanted wanted;
    wanted.spares = {{.drives = {.count = 2}}};
    const Plan<Op> made = plan(wanted, seen);
    EXPECT_THAT(steps(made),
                ElementsAre("spares: keep S0, S1 as global hot spare of storcli64/c0"));
    EXPECT_TRUE(made.steps[0].destroys_data);
    EXPECT_THAT(members_of(made, "spares"), ElementsAre("S0", "S1"));
    Observed with_spares = seen;
    for (Drive& drive : with_spares.controllers.list[0].drives) {
        drive.state = DriveState::hot_spare;
        drive.raw_state = "GHS";
    }
    EXPECT_EQ(settled(plan(wanted, with_spares), "spares").outcome, Outcome::unchanged);
    Wanted released;
    released.removed_spares = {{"", {"S0", "S9"}}};
    EXPECT_THAT(steps(plan(released, with_spares)),
                ElementsAre("spares: keep S0 as a spare no longer"));
    EXPECT_EQ(settled(plan(released, seen), "spares").outcome, Outcome::unchanged);
}

TEST(Volumes, WhatIsThereAndMountedIsUnchanged) {
    Observed seen = with_controller();
    make_volume(seen);
    shown(seen).signatures = {{.type = "ext4", .uuid = fs_uuid}};
    shown(seen).mounts = {"/srv/hard"};
    seen.active_mounts.push_back("/srv/hard");
    seen.mount_units = {"srv-hard.mount"};
    seen.mount_unit_texts["srv-hard.mount"] = mount_unit_text("hard", "/srv/hard", "ext4", fs_uuid);
    const Plan<Op> made = plan(only(wish(Memory::complete)), seen);
    EXPECT_THAT(steps(made), IsEmpty());
    for (const char* item : {"volume/hard", "filesystem/hard", "mount/hard"})
        EXPECT_EQ(settled(made, item).outcome, Outcome::unchanged) << item;
}

TEST(Volumes, WhatWasCutOffIsFinishedAndOldContentIsOursToOverwrite) {
    Observed seen = with_controller();
    make_volume(seen);
    shown(seen).signatures = {{.type = "LVM2_member"}};
    const Plan<Op> made = plan(only(wish(Memory::begun)), seen);
    ASSERT_FALSE(made.steps.empty());
    EXPECT_EQ(std::get<MakeFilesystem>(made.steps[0].op).overwrites,
              (std::vector<std::string>{"LVM2_member"}));
    EXPECT_THAT(made.steps[0].why, HasSubstr("that the re-created volume brought back"));
}

TEST(Volumes, OneOfSomebodyElseIsNotWrittenTo) {
    Observed seen = with_controller();
    make_volume(seen);
    const Plan<Op> blank = plan(only(wish()), seen);
    EXPECT_THAT(steps(blank), IsEmpty());
    EXPECT_THAT(settled(blank, "filesystem/hard").error->message,
                HasSubstr("was not made by metalwright"));
    shown(seen).signatures = {{.type = "ntfs"}};
    const Plan<Op> full = plan(only(wish()), seen);
    EXPECT_THAT(steps(full), IsEmpty());
    EXPECT_THAT(settled(full, "filesystem/hard").error->message, HasSubstr("holds ntfs"));
}

TEST(Volumes, AFileSystemThatHasGoneIsNotMadeAnew) {
    Observed seen = with_controller();
    make_volume(seen);
    const Plan<Op> made = plan(only(wish(Memory::complete)), seen);
    EXPECT_THAT(steps(made), IsEmpty());
    EXPECT_THAT(settled(made, "filesystem/hard").error->message, HasSubstr("not be made anew"));
}

TEST(Volumes, ADiskThatTheKernelDoesNotShowIsSaid) {
    Observed seen = with_controller();
    make_volume(seen);
    seen.disks.pop_back();
    const Plan<Op> made = plan(only(wish(Memory::complete)), seen);
    EXPECT_THAT(settled(made, "filesystem/hard").error->message,
                HasSubstr("the kernel shows no disk with its NAA id " + std::string(wwn)));
}

TEST(Volumes, DegradedOnesAreToldAndLeftAlone) {
    Observed seen = with_controller();
    make_volume(seen);
    Controller& one = seen.controllers.list.front();
    one.volumes[0].state = VolumeState::degraded;
    one.drives[1].state = DriveState::bad;
    const Plan<Op> made = plan(only(wish(Memory::begun)), seen);
    EXPECT_THAT(steps(made), IsEmpty());
    EXPECT_THAT(settled(made, "volume/hard").error->message, HasSubstr("degraded"));
    EXPECT_EQ(settled(made, "filesystem/hard").outcome, Outcome::skipped);
}

TEST(Volumes, NoArrayTakesTheDiskOfAVolume) {
    Observed seen = with_controller();
    make_volume(seen);
    Wanted wanted = only(wish(Memory::begun));
    wanted.volumes->front().filesystem.reset();
    wanted.arrays = {data(Level::raid1, 0)};  // every disk that qualifies
    const Plan<Op> made = plan(wanted, seen);
    EXPECT_THAT(members_of(made, "data"), ElementsAre("DATA0", "DATA1"));
}

TEST(Volumes, NamesAndMountPointsAreThoseOfOneThing) {
    Wanted wanted = only(wish());
    WantedArray array = with_filesystem(data(Level::raid1, 2), "/srv/hard");
    wanted.arrays = {array};
    const Plan<Op> shared = plan(wanted, with_controller());
    EXPECT_THAT(settled(shared, "mount/data").error->message, HasSubstr("/srv/hard"));
    wanted.arrays->front().name = "hard";
    const Plan<Op> named = plan(wanted, with_controller());
    EXPECT_THAT(settled(named, "raid/hard").error->message, HasSubstr("called 'hard'"));
}

TEST(Volumes, AnEmptyListTellsWhatIsLeft) {
    Observed seen = with_controller();
    make_volume(seen);
    const Plan<Op> made = plan({.volumes = std::vector<WantedVolume>()}, seen);
    EXPECT_THAT(steps(made), IsEmpty());
    EXPECT_THAT(settled(made, "volumes").note, HasSubstr("left as they are: hard"));
}

Wanted removal() {
    Wanted wanted;
    wanted.removed_volumes = {{"hard", wwn, fs_uuid}};
    return wanted;
}

TEST(VolumeRemoval, EndsOurMountAndDeletesTheOneWithThisId) {
    Observed seen = with_controller();
    make_volume(seen);
    shown(seen).signatures = {{.type = "ext4", .uuid = fs_uuid}};
    shown(seen).mounts = {"/srv/hard"};
    seen.mount_unit_texts["srv-hard.mount"] = mount_unit_text("hard", "/srv/hard", "ext4", fs_uuid);
    seen.controllers.list[0].volumes[0].name = "renamed";
    const Plan<Op> made = plan(removal(), seen);
    ASSERT_EQ(made.steps.size(), 2u);
    EXPECT_EQ(std::get<RemoveMount>(made.steps[0].op).mount_point, "/srv/hard");
    EXPECT_EQ(std::get<DeleteVolume>(std::get<VolumeOp>(made.steps[1].op)).wwn, wwn);
    EXPECT_TRUE(made.steps[1].destroys_data);
}

TEST(VolumeRemoval, LeavesWhatIsInUseOrSomebodyElses) {
    Observed seen = with_controller();
    make_volume(seen);
    shown(seen).mounts = {"/mnt"};
    EXPECT_THAT(settled(plan(removal(), seen), "volume/hard").error->message,
                HasSubstr("it is in use (/mnt)"));
    shown(seen).mounts.clear();
    shown(seen).holders = {"dm-0"};
    EXPECT_THAT(settled(plan(removal(), seen), "volume/hard").error->message,
                HasSubstr("is held by dm-0"));
    shown(seen).holders.clear();
    const Holder mapped{.name = "dm-0",
                        .kind = "dm",
                        .title = "vg-data",
                        .uuid = "LVM-1",
                        .over = {"sda"},
                        .disks = {shown(seen).identity()}};
    shown(seen).holders = {"dm-0"};
    seen.holders = {mapped};
    const Plan<Op> both = plan(removal(), seen);
    EXPECT_THAT(steps(both), ElementsAre("volume/hard: wipe and stop dm-0 'vg-data' on 'hard'",
                                         "volume/hard: delete 'hard' (" + std::string(wwn) + ")"));
    EXPECT_TRUE(both.steps[0].destroys_data);
    seen.holders[0].mounts = {"/srv/tenant"};
    EXPECT_THAT(settled(plan(removal(), seen), "volume/hard").error->message,
                HasSubstr("in use (/srv/tenant)"));
    seen.holders[0] = mapped;
    seen.holders[0].disks.push_back("DATA0");
    EXPECT_THAT(settled(plan(removal(), seen), "volume/hard").error->message,
                HasSubstr("also stands on DATA0"));
    seen.holders.clear();
    shown(seen).holders.clear();
    seen.system.disks.push_back("sda");
    EXPECT_THAT(settled(plan(removal(), seen), "volume/hard").error->message,
                HasSubstr("under the system volume"));
    seen.controllers.list[0].volumes[0].wwn = "600605b0ffffffffffffffffffffffff";
    const Plan<Op> another = plan(removal(), seen);
    EXPECT_THAT(steps(another), IsEmpty());
}

}  // namespace
}  // namespace metalwright::raid
