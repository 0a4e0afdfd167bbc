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

const std::vector<std::string> two{"DATA0", "DATA1"};
const WantedArray wish = data(Level::raid1, 2);

/// An array of ours that runs and is listed.
Observed host_with_array() {
    Observed see = host(2);
    run_array(see, "raid1", two);
    list_in_conf(see);
    return see;
}
void put_filesystem(Observed& see, const std::string& type, const std::string& uuid) {
    see.arrays[0].signatures.push_back({.type = type, .offset = 1080, .uuid = uuid});
}
void mount(Observed& see, const std::string& at) {
    see.arrays[0].mounts.push_back(at);
    see.active_mounts.push_back(at);
    const std::string unit = mount_unit_name(at);
    see.mount_units.push_back(unit);
    see.mount_unit_texts[unit] =
        mount_unit_text("data", at, "ext4", see.arrays[0].signatures[0].uuid);
}

TEST(Filesystem, OfANewArrayIsMadeAndMountedAfterIt) {
    const Plan<Op> made = plan(only(begun(with_filesystem(wish, "/srv/data"), two)), host(2));
    EXPECT_THAT(items(made), ElementsAre("raid/data", "raid/data", "filesystem/data", "mount/data",
                                         "mount/data"));
    EXPECT_EQ(ops<MakeFilesystem>(made)[0], (MakeFilesystem{.name = "data",
                                                            .array_uuid = md_uuid,
                                                            .type = "ext4",
                                                            .label = "data",
                                                            .uuid = fs_uuid}));
    EXPECT_TRUE(made.steps[2].destroys_data);
    EXPECT_EQ(made.steps[2].why, "make ext4 'data' on 'data'");
    EXPECT_EQ(ops<WriteMountUnit>(made)[0].unit, "srv-data.mount");
    EXPECT_THAT(ops<WriteMountUnit>(made)[0].content,
                HasSubstr("What=/dev/disk/by-uuid/" + fs_uuid + "\nWhere=/srv/data\nType=ext4\n"));
    EXPECT_EQ(ops<StartMount>(made)[0],
              (StartMount{"srv-data.mount", "/srv/data", "data", fs_uuid}));
}

TEST(Filesystem, LabelIsTheWishOrTheNameCutToFit) {
    WantedArray wanted = with_filesystem(wish);
    wanted.name = "a-name-of-many-letters";
    EXPECT_EQ(ops<MakeFilesystem>(plan(only(wanted), host(2)))[0].label, "a-name-of-many-l");
    wanted.filesystem->type = "xfs";
    EXPECT_EQ(ops<MakeFilesystem>(plan(only(wanted), host(2)))[0].label, "a-name-of-ma");
    wanted.filesystem->label = "mine";
    EXPECT_EQ(ops<MakeFilesystem>(plan(only(wanted), host(2)))[0].label, "mine");
}

TEST(Filesystem, OursIsUnchanged) {
    Observed see = host_with_array();
    put_filesystem(see, "ext4", fs_uuid);
    mount(see, "/srv");
    for (const WantedArray& wanted : {begun(with_filesystem(wish, "/srv"), two),
                                      complete(with_filesystem(wish, "/srv"), two)}) {
        const Plan<Op> same = plan(only(wanted), see);
        EXPECT_THAT(same.steps, IsEmpty());
        for (const char* item : {"raid/data", "filesystem/data", "mount/data"})
            EXPECT_EQ(settled(same, item)->outcome, Outcome::unchanged) << item;
    }
}

TEST(Filesystem, MissingOnOurHalfMadeArrayIsMade) {
    const Plan<Op> made = plan(only(begun(with_filesystem(wish), two)), host_with_array());
    EXPECT_THAT(items(made), ElementsAre("filesystem/data"));
    EXPECT_THAT(ops<MakeFilesystem>(made)[0].overwrites, IsEmpty());
}

TEST(Filesystem, ThatOurRecreatedArrayBroughtBackIsMadeOver) {
    Observed see = host_with_array();
    put_filesystem(see, "ext4", "99999999-0000-0000-0000-000000000000");
    const Plan<Op> made = plan(only(begun(with_filesystem(wish), two)), see);
    EXPECT_THAT(ops<MakeFilesystem>(made)[0].overwrites, ElementsAre("ext4"));
    EXPECT_THAT(made.steps[0].why, HasSubstr("over ext4"));
}

TEST(Filesystem, ThatIsMountedIsNeverMadeOver) {
    Observed see = host_with_array();
    put_filesystem(see, "xfs", "99999999-0000-0000-0000-000000000000");
    see.arrays[0].mounts = {"/mnt"};
    const Plan<Op> told = plan(only(begun(with_filesystem(wish), two)), see);
    EXPECT_THAT(told.steps, IsEmpty());
    EXPECT_EQ(code(told, "filesystem/data"), Errc::conflict);
    EXPECT_THAT(message(told, "filesystem/data"), HasSubstr("mounted at /mnt"));
}

TEST(Filesystem, OnAFinishedArrayIsTheTenantsOwn) {
    Observed see = host_with_array();
    put_filesystem(see, "ext4", "99999999-0000-0000-0000-000000000000");
    const Plan<Op> same = plan(only(complete(with_filesystem(wish), two)), see);
    EXPECT_THAT(same.steps, IsEmpty());
    EXPECT_EQ(settled(same, "filesystem/data")->outcome, Outcome::unchanged);
    EXPECT_THAT(settled(same, "filesystem/data")->note, HasSubstr("left alone"));
    see.arrays[0].signatures[0].type = "LVM2_member";
    EXPECT_EQ(code(plan(only(complete(with_filesystem(wish), two)), see), "filesystem/data"),
              Errc::conflict);
}

TEST(Filesystem, GoneFromAFinishedArrayIsReported) {
    const Plan<Op> told =
        plan(only(complete(with_filesystem(wish, "/srv"), two)), host_with_array());
    EXPECT_THAT(told.steps, IsEmpty());
    EXPECT_THAT(message(told, "filesystem/data"), HasSubstr("once existed"));
    EXPECT_EQ(settled(told, "mount/data")->outcome, Outcome::skipped);
}

TEST(Filesystem, OnSomebodyElsesArrayIsUsedWhenItIsThereAndNeverMade) {
    Observed see = host_with_array();
    const Plan<Op> refused = plan(only(with_filesystem(wish)), see);
    EXPECT_THAT(refused.steps, IsEmpty());
    EXPECT_EQ(code(refused, "filesystem/data"), Errc::refused);
    put_filesystem(see, "ext4", "99999999-0000-0000-0000-000000000000");
    const Plan<Op> used = plan(only(with_filesystem(wish, "/srv")), see);
    EXPECT_EQ(settled(used, "filesystem/data")->outcome, Outcome::unchanged);
    EXPECT_THAT(ops<WriteMountUnit>(used)[0].content,
                HasSubstr("by-uuid/99999999-0000-0000-0000-000000000000"));
}

TEST(Filesystem, ThatCannotBeReadIsNeverMadeOver) {
    Observed see = host_with_array();
    see.arrays[0].probe_error = "I/O error";
    const Plan<Op> told = plan(only(begun(with_filesystem(wish), two)), see);
    EXPECT_THAT(told.steps, IsEmpty());
    EXPECT_EQ(code(told, "filesystem/data"), Errc::io);
}

TEST(Filesystem, WaitsForAnArrayThatCannotBeMade) {
    const Plan<Op> told = plan(only(with_filesystem(wish, "/srv")), host(1));
    EXPECT_EQ(settled(told, "filesystem/data")->error->where, "raid/data");
    EXPECT_EQ(settled(told, "mount/data")->error->where, "filesystem/data");
}

TEST(Mount, IsStartedAgainAfterItWasTakenAway) {
    Observed see = host_with_array();
    put_filesystem(see, "ext4", fs_uuid);
    mount(see, "/srv");
    see.arrays[0].mounts.clear();
    std::erase(see.active_mounts, "/srv");
    const Plan<Op> made = plan(only(complete(with_filesystem(wish, "/srv"), two)), see);
    ASSERT_EQ(made.steps.size(), 1u);
    EXPECT_EQ(std::get<StartMount>(made.steps[0].op),
              (StartMount{"srv.mount", "/srv", "data", fs_uuid}));
}

TEST(Mount, WithoutItsUnitIsWrittenAndEnabled) {
    Observed see = host_with_array();
    put_filesystem(see, "ext4", fs_uuid);
    mount(see, "/srv");
    see.mount_units.clear();  // written, but not enabled: a crash came between
    EXPECT_EQ(plan(only(complete(with_filesystem(wish, "/srv"), two)), see).steps.size(), 1u);
    see.mount_unit_texts.clear();
    EXPECT_EQ(plan(only(complete(with_filesystem(wish, "/srv"), two)), see).steps.size(), 2u);
}

TEST(Mount, PointInUseBySomethingElseIsAConflict) {
    Observed see = host(2);
    see.active_mounts.push_back("/srv");
    const Plan<Op> told = plan(only(with_filesystem(wish, "/srv")), see);
    EXPECT_EQ(code(told, "mount/data"), Errc::conflict);
    EXPECT_THAT(ops<StartMount>(told), IsEmpty());
    EXPECT_EQ(ops<MakeFilesystem>(told).size(), 1u);
}

TEST(Mount, UnitOfSomebodyElseIsNotOverwritten) {
    Observed see = host(2);
    see.mount_unit_texts["srv.mount"] = "[Mount]\nWhat=/dev/sdz1\nWhere=/srv\n";
    EXPECT_EQ(code(plan(only(with_filesystem(wish, "/srv")), see), "mount/data"), Errc::conflict);
}

TEST(Mount, TwoAtOnePointAreInvalid) {
    WantedArray more = with_filesystem(wish, "/srv");
    more.name = "more";
    const Plan<Op> told =
        plan({.arrays = std::vector{with_filesystem(wish, "/srv"), more}}, host(4));
    EXPECT_EQ(code(told, "mount/more"), Errc::invalid_spec);
    EXPECT_EQ(ops<StartMount>(told).size(), 1u);
}

TEST(Mount, OfADegradedArrayThatIsMountedStaysUnchanged) {
    Observed see = host_with_array();
    put_filesystem(see, "ext4", fs_uuid);
    mount(see, "/srv");
    see.arrays[0].members.pop_back();
    const Plan<Op> told = plan(only(complete(with_filesystem(wish, "/srv"), two)), see);
    EXPECT_EQ(settled(told, "raid/data")->outcome, Outcome::failed);
    EXPECT_EQ(settled(told, "filesystem/data")->outcome, Outcome::unchanged);
    EXPECT_EQ(settled(told, "mount/data")->outcome, Outcome::unchanged);
}

TEST(MountUnitName, IsEscapedAsSystemdDoes) {
    EXPECT_EQ(mount_unit_name("/srv"), "srv.mount");
    EXPECT_EQ(mount_unit_name("/srv/fast-data"), "srv-fast\\x2ddata.mount");
    EXPECT_EQ(mount_unit_name("/.hidden/a.b_c:d"), "\\x2ehidden-a.b_c:d.mount");
    EXPECT_EQ(mount_unit_name("/a b/\xc3\xa9"), "a\\x20b-\\xc3\\xa9.mount");
    EXPECT_EQ(mount_unit_name("/"), "-.mount");
}

}  // namespace
