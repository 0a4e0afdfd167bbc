#include "raid/plan.hpp"

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

// ---- side by side
// ---------------------------------------------------------------------------------

std::vector<std::size_t> sizes(const std::vector<Plan<Op>>& parts) {
    std::vector<std::size_t> all;
    for (const Plan<Op>& part : parts) all.push_back(part.steps.size());
    return all;
}

TEST(Parts, EachArrayWithWhatStandsOnItIsOne) {
    WantedArray other = with_filesystem(data(Level::raid1, 2), "/srv/other");
    other.name = "other";
    const Wanted wanted{.arrays = std::vector{with_filesystem(data(Level::raid1, 2)), other}};
    const Plan<Op> made = plan(wanted, host(4));
    const std::vector<Plan<Op>> parts = independent_parts(made);
    EXPECT_THAT(sizes(parts), ElementsAre(3, 5));
    for (const Step<Op>& step : parts[1].steps) EXPECT_TRUE(step.item.ends_with("/other"));
}

TEST(Parts, WhatIsWipedMayLieUnderSeveral) {
    Observed seen = host(4);
    the(seen, "DATA0").signatures = {{.type = "ext4", .offset = 1080}};
    WantedArray other = data(Level::raid1, 2);
    other.name = "other";
    Wanted wanted{.arrays = std::vector{data(Level::raid1, 2), other}};
    wanted.consent = {{"DATA0", {"ext4"}}};
    const Plan<Op> made = plan(wanted, seen);
    EXPECT_THAT(sizes(independent_parts(made)), ElementsAre(made.steps.size()));
    EXPECT_THAT(sizes(independent_parts({})), ElementsAre(0));
}

// ---- a new array -------------------------------------------------------------------------------

TEST(NewArray, IsMadeOfTheFirstBlankDisksBySizeThenSerial) {
    Observed see = host(5);
    the(see, "DATA0").bytes = 3 * gib;
    const Plan<Op> made = plan(only(data(Level::raid10, 4)), see);
    ASSERT_EQ(ops<CreateArray>(made).size(), 1u);
    const CreateArray create = ops<CreateArray>(made)[0];
    EXPECT_THAT(create.members, ElementsAre("DATA1", "DATA2", "DATA3", "DATA4"));
    EXPECT_EQ(create.name, "data");
    EXPECT_EQ(create.level, Level::raid10);
    EXPECT_TRUE(made.steps[0].destroys_data);
    EXPECT_EQ(made.steps[0].item, "raid/data");
    EXPECT_EQ(made.steps[0].why,
              "create raid10 'data' over DATA1, DATA2, DATA3 and DATA4 (the smallest 4 of 5 that "
              "qualify)");
    EXPECT_THAT(members_of(made, "data"), ElementsAre("DATA1", "DATA2", "DATA3", "DATA4"));
    EXPECT_THAT(members_of(made, "other"), IsEmpty());
}

TEST(NewArray, TheOrderInWhichTheKernelNamesDisksChangesNothing) {
    const Observed see = host(4);
    Observed turned = see;
    std::ranges::reverse(turned.disks);
    EXPECT_EQ(plan(only(data(Level::raid5, 3)), see), plan(only(data(Level::raid5, 3)), turned));
}

TEST(NewArray, SparesComeLast) {
    WantedArray wanted = data(Level::raid5, 3);
    wanted.spares = 1;
    const Plan<Op> made = plan(only(wanted), host(4));
    EXPECT_THAT(ops<CreateArray>(made)[0].members, ElementsAre("DATA0", "DATA1", "DATA2"));
    EXPECT_THAT(ops<CreateArray>(made)[0].spares, ElementsAre("DATA3"));
    EXPECT_THAT(members_of(made, "data"), ElementsAre("DATA0", "DATA1", "DATA2", "DATA3"));
}

TEST(NewArray, IdsAreTakenInTheirOrderBySerialOrWwn) {
    Observed see = host(3);
    the(see, "DATA2").wwn = "0x5000c500a1b2c3d4";
    WantedArray wanted = data(Level::raid1, 0);
    wanted.members.ids = {"naa.5000C500A1B2C3D4", "DATA0"};
    EXPECT_THAT(ops<CreateArray>(plan(only(wanted), see))[0].members,
                ElementsAre("DATA2", "DATA0"));
}

TEST(NewArray, ADeviceNameIsNoId) {
    WantedArray wanted = data(Level::raid1, 0);
    wanted.members.ids = {"vdb", "/dev/vdc"};
    const Plan<Op> refused = plan(only(wanted), host(2));
    EXPECT_THAT(refused.steps, IsEmpty());
    EXPECT_EQ(code(refused, "raid/data"), Errc::not_found);
    EXPECT_THAT(message(refused, "raid/data"), HasSubstr("vdb and /dev/vdc"));
    EXPECT_THAT(message(refused, "raid/data"), HasSubstr("DATA0 (/dev/vdb)"));
}

TEST(NewArray, DisksWithoutSerialAndWwnMayBeChosenByRule) {
    Observed see = host(0);
    see.disks.push_back(disk("", "vdb"));
    see.disks.push_back(disk("", "vdc"));
    EXPECT_THAT(ops<CreateArray>(plan(only(data(Level::raid1, 2)), see))[0].members,
                ElementsAre("[vdb]", "[vdc]"));
}

TEST(NewArray, CountZeroTakesEveryDiskThatQualifies) {
    EXPECT_EQ(ops<CreateArray>(plan(only(data(Level::raid0, 0)), host(5)))[0].members.size(), 5u);
}

TEST(NewArray, CountZeroIsNeverSilentlySmaller) {
    Observed see = host(4);
    the(see, "DATA2").signatures = {{.type = "ext4", .offset = 1080, .label = "old"}};
    const Plan<Op> refused = plan(only(data(Level::raid5, 0)), see);
    EXPECT_THAT(refused.steps, IsEmpty());
    EXPECT_EQ(code(refused, "raid/data"), Errc::refused);
    EXPECT_THAT(message(refused, "raid/data"),
                HasSubstr("DATA2 (/dev/vdd) holds ext4 'old' at byte 1080"));
}

TEST(NewArray, MediaAndSizeAreObeyed) {
    Observed see = host(6);
    for (const char* ssd : {"DATA1", "DATA3", "DATA5"}) the(see, ssd).rotational = false;
    the(see, "DATA5").bytes = 100 * gib;
    WantedArray wanted = data(Level::raid1, 2);
    wanted.members.media = Media::ssd;
    wanted.members.max_bytes = 50 * gib;
    EXPECT_THAT(ops<CreateArray>(plan(only(wanted), see))[0].members,
                ElementsAre("DATA1", "DATA3"));
    wanted.members.media = Media::hdd;
    EXPECT_THAT(ops<CreateArray>(plan(only(wanted), see))[0].members,
                ElementsAre("DATA0", "DATA2"));
    wanted.members.min_bytes = 2 * gib;
    EXPECT_EQ(code(plan(only(wanted), see), "raid/data"), Errc::not_found);
}

TEST(NewArray, RemovableAndReadOnlyDisksDoNotQualify) {
    Observed see = host(4);
    the(see, "DATA0").removable = true;
    the(see, "DATA1").read_only = true;
    EXPECT_THAT(ops<CreateArray>(plan(only(data(Level::raid1, 0)), see))[0].members,
                ElementsAre("DATA2", "DATA3"));
}

TEST(NewArray, TooFewDisksTellsWhoIsLeftOfHowMany) {
    Observed see = host(4);
    the(see, "DATA1").bytes = 2 * gib;
    WantedArray wanted = data(Level::raid10, 4);
    wanted.members.max_bytes = gib;
    const Plan<Op> short_of = plan(only(wanted), see);
    EXPECT_EQ(code(short_of, "raid/data"), Errc::not_found);
    EXPECT_EQ(
        message(short_of, "raid/data"),
        "array 'data' cannot be made: it wants 4 disks of at most 1073741824 bytes (at least "
        "4 in all); of 5 disks here 4 do not carry the system, 3 pass maxBytes, which are too "
        "few");
}

TEST(NewArray, TwoArraysNeverShareADisk) {
    WantedArray first = data(Level::raid1, 2), second = data(Level::raid1, 2);
    second.name = "more";
    const auto made = ops<CreateArray>(plan({.arrays = std::vector{first, second}}, host(4)));
    ASSERT_EQ(made.size(), 2u);
    EXPECT_THAT(made[0].members, ElementsAre("DATA0", "DATA1"));
    EXPECT_THAT(made[1].members, ElementsAre("DATA2", "DATA3"));
}

TEST(NewArray, ARuleLeavesAloneWhatALaterArrayNamesById) {
    WantedArray by_rule = data(Level::raid1, 2), by_id = data(Level::raid1, 0);
    by_id.name = "named";
    by_id.members.ids = {"DATA0", "DATA2"};
    const auto made = ops<CreateArray>(plan({.arrays = std::vector{by_rule, by_id}}, host(4)));
    EXPECT_THAT(made[0].members, ElementsAre("DATA1", "DATA3"));
    EXPECT_THAT(made[1].members, ElementsAre("DATA0", "DATA2"));
}

TEST(NewArray, TwoPathsToOneDiskAreNotTwoDisks) {
    Observed see = host(2);
    the(see, "DATA1").serial = "DATA0";
    const Plan<Op> refused = plan(only(data(Level::raid1, 2)), see);
    EXPECT_THAT(refused.steps, IsEmpty());
    EXPECT_THAT(message(refused, "raid/data"), HasSubstr("not the only disk with this serial"));
}

// ---- an array that is there --------------------------------------------------------------------

const std::vector<std::string> four{"DATA0", "DATA1", "DATA2", "DATA3"};

TEST(ExistingArray, ThatMatchesIsUnchanged) {
    Observed see = host(4);
    run_array(see, "raid10", four);
    list_in_conf(see);
    for (const WantedArray& wanted :
         {begun(data(Level::raid10, 4), four), complete(data(Level::raid10, 4), four)}) {
        const Plan<Op> same = plan(only(wanted), see);
        EXPECT_THAT(same.steps, IsEmpty());
        EXPECT_EQ(settled(same, "raid/data")->outcome, Outcome::unchanged);
        EXPECT_EQ(settled(same, "raid/data")->note, "");
    }
}

TEST(ExistingArray, MadeBySomebodyElseIsLeftAloneWhenItMatches) {
    Observed see = host(4);
    run_array(see, "raid10", four);
    const Plan<Op> same = plan(only(data(Level::raid10, 4)), see);
    EXPECT_THAT(same.steps, IsEmpty());
    EXPECT_EQ(settled(same, "raid/data")->outcome, Outcome::unchanged);
    EXPECT_THAT(settled(same, "raid/data")->note, HasSubstr("not made by metalwright"));
}

TEST(ExistingArray, OfOursIsListedInMdadmConfOnce) {
    Observed see = host(4);
    run_array(see, "raid10", four);
    const Plan<Op> once = plan(only(complete(data(Level::raid10, 4), four)), see);
    ASSERT_EQ(once.steps.size(), 1u);
    EXPECT_EQ(std::get<ListInMdadmConf>(once.steps[0].op), (ListInMdadmConf{"data", md_uuid}));
    EXPECT_FALSE(once.steps[0].destroys_data);
}

TEST(ExistingArray, BeingBuiltIsNotDegraded) {
    Observed see = host(3);
    Array& array = run_array(see, "raid5", {"DATA0", "DATA1", "DATA2"});
    array.degraded = 1;
    array.sync_action = "recover";
    array.sync_percent = 12.6;
    list_in_conf(see);
    const Plan<Op> building =
        plan(only(complete(data(Level::raid5, 3), {"DATA0", "DATA1", "DATA2"})), see);
    EXPECT_EQ(settled(building, "raid/data")->outcome, Outcome::unchanged);
    EXPECT_EQ(settled(building, "raid/data")->note, "recover 12 %, usable meanwhile");
    see.arrays[0].sync_percent = -1;
    EXPECT_EQ(settled(plan(only(data(Level::raid5, 3)), see), "raid/data")->note,
              "recover waits for its turn, usable meanwhile");
}

TEST(ExistingArray, AutoReadOnlyAfterABootInTheMiddleOfBuildingIsNotDegraded) {
    Observed see = host(3);
    Array& array = run_array(see, "raid5", {"DATA0", "DATA1", "DATA2"});
    array.degraded = 1;
    array.array_state = "read-auto";
    EXPECT_EQ(settled(plan(only(data(Level::raid5, 3)), see), "raid/data")->outcome,
              Outcome::unchanged);
}

TEST(ExistingArray, DegradedIsToldAndNotTouched) {
    for (const bool faulty : {true, false}) {
        Observed see = host(4);
        Array& array = run_array(see, "raid10", four);
        array.degraded = 1;
        if (faulty)
            array.members[2].role = "faulty";
        else
            array.members.erase(array.members.begin() + 2);
        WantedArray wanted = with_filesystem(complete(data(Level::raid10, 4), four), "/srv");
        const Plan<Op> told = plan(only(wanted), see);
        EXPECT_THAT(told.steps, IsEmpty());
        EXPECT_EQ(settled(told, "raid/data")->outcome, Outcome::failed);
        EXPECT_EQ(code(told, "raid/data"), Errc::refused);
        EXPECT_THAT(message(told, "raid/data"), HasSubstr("degraded: 3 of 4 members are there"));
        if (faulty) {
            EXPECT_THAT(message(told, "raid/data"), HasSubstr("DATA2 is faulty"));
        }
        EXPECT_EQ(settled(told, "filesystem/data")->outcome, Outcome::skipped);
        EXPECT_EQ(settled(told, "mount/data")->outcome, Outcome::skipped);
    }
}

TEST(ExistingArray, DegradedByIdIsDamageAndNoConflict) {
    Observed see = host(4);
    Array& array = run_array(see, "raid10", four);
    array.degraded = 1;
    array.members.pop_back();
    WantedArray wanted = data(Level::raid10, 0);
    wanted.members.ids = four;
    EXPECT_EQ(code(plan(only(complete(wanted, four)), see), "raid/data"), Errc::refused);
}

TEST(ExistingArray, BrokenIsTold) {
    Observed see = host(2);
    run_array(see, "raid0", {"DATA0", "DATA1"}).array_state = "broken";
    EXPECT_THAT(message(plan(only(data(Level::raid0, 2)), see), "raid/data"), HasSubstr("broken"));
}

TEST(ExistingArray, ALostSpareIsTold) {
    Observed see = host(3);
    run_array(see, "raid1", {"DATA0", "DATA1"}, {"DATA2"}).members[2].role = "faulty";
    WantedArray wanted = data(Level::raid1, 2);
    wanted.spares = 1;
    EXPECT_THAT(message(plan(only(wanted), see), "raid/data"),
                HasSubstr("spare that was lost: DATA2 is faulty"));
}

TEST(ExistingArray, EveryDifferenceIsToldInOneConflict) {
    Observed see = host(5);
    run_array(see, "raid5", {"DATA0", "DATA1", "DATA2"}, {"DATA3"});
    WantedArray wanted = data(Level::raid10, 0);
    wanted.members.ids = {"DATA0", "DATA1", "DATA2", "DATA4"};
    wanted.chunk_kib = 64;
    const Plan<Op> told = plan(only(wanted), see);
    EXPECT_THAT(told.steps, IsEmpty());
    EXPECT_EQ(code(told, "raid/data"), Errc::conflict);
    for (const char* difference :
         {"its level is raid5, not raid10", "made of 3 disks, not 4", "chunk is 512 KiB, not 64",
          "1 spares, not 0", "DATA4 is not in it", "does not name its members DATA3"})
        EXPECT_THAT(message(told, "raid/data"), HasSubstr(difference));
}

TEST(ExistingArray, AMemberReplacedByItsOwnerIsNoDifferenceForARule) {
    Observed see = host(3);
    run_array(see, "raid1", {"DATA0", "DATA2"});
    list_in_conf(see);
    const Plan<Op> same = plan(only(complete(data(Level::raid1, 2), {"DATA0", "DATA1"})), see);
    EXPECT_EQ(settled(same, "raid/data")->outcome, Outcome::unchanged);
}

TEST(ExistingArray, AnotherOneUnderOurNameIsAConflict) {
    Observed see = host(4);
    run_array(see, "raid1", {"DATA0", "DATA1"}).uuid = "9:9:9:9";
    const Plan<Op> told = plan(only(complete(data(Level::raid1, 2), {"DATA2", "DATA3"})), see);
    EXPECT_THAT(told.steps, IsEmpty());
    EXPECT_EQ(code(told, "raid/data"), Errc::conflict);
    EXPECT_THAT(message(told, "raid/data"), HasSubstr("9:9:9:9"));
}

TEST(ExistingArray, OfTheSameNameThatDoesNotRunIsAConflict) {
    Observed see = host(4);
    Array& array = run_array(see, "", {"DATA0"});
    array.array_state = "inactive";
    EXPECT_EQ(code(plan(only(data(Level::raid1, 2)), see), "raid/data"), Errc::conflict);
}

TEST(ExistingArray, TheSystemArrayIsNeverADataArray) {
    Observed see = host(2);
    run_array(see, "raid1", {"DATA0", "DATA1"});
    see.system = {.source = "/dev/md127", .array = "md127", .disks = {"vdb", "vdc"}};
    EXPECT_THAT(message(plan(only(data(Level::raid1, 2)), see), "raid/data"),
                HasSubstr("is the system volume"));
}

TEST(ExistingArray, MembersOfOneAreNotTakenForTheNext) {
    Observed see = host(4);
    run_array(see, "raid1", {"DATA0", "DATA1"});
    WantedArray more = data(Level::raid1, 0);
    more.name = "more";
    const Plan<Op> made = plan({.arrays = std::vector{data(Level::raid1, 2), more}}, see);
    EXPECT_THAT(ops<CreateArray>(made)[0].members, ElementsAre("DATA2", "DATA3"));
}

// ---- the list as a whole -----------------------------------------------------------------------

TEST(Arrays, AbsentMeansUnmanaged) {
    EXPECT_EQ(plan({}, host(4)), Plan<Op>{});
}

TEST(Arrays, AnEmptyListRemovesNothing) {
    Observed see = host(2);
    run_array(see, "raid1", {"DATA0", "DATA1"});
    const Plan<Op> none = plan({.arrays = std::vector<WantedArray>{}}, see);
    EXPECT_THAT(none.steps, IsEmpty());
    EXPECT_EQ(settled(none, "raid/data")->outcome, Outcome::unchanged);
    EXPECT_THAT(settled(none, "raid/data")->note, HasSubstr("left as they are: data"));
}

TEST(Arrays, OneThatCannotBeMadeHidesNoNeighbour) {
    WantedArray impossible = data(Level::raid6, 9), possible = data(Level::raid1, 2);
    impossible.name = "big";
    const Plan<Op> made = plan({.arrays = std::vector{impossible, possible}}, host(4));
    EXPECT_EQ(settled(made, "raid/big")->outcome, Outcome::failed);
    EXPECT_EQ(ops<CreateArray>(made).size(), 1u);
}

TEST(Arrays, ImpossibleWishesAreInvalid) {
    std::vector<std::pair<WantedArray, std::string>> wishes;
    const auto wish = [&](auto change, std::string told) {
        WantedArray wanted = data(Level::raid5, 3);
        change(wanted);
        wishes.emplace_back(std::move(wanted), std::move(told));
    };
    wish([](WantedArray& w) { w.name = "../data"; }, "a name is");
    wish([](WantedArray& w) { w.name = "--force"; }, "does not start with '-'");
    wish([](WantedArray& w) { w.name = ""; }, "a name is");
    wish([](WantedArray& w) { w.name = std::string(33, 'x'); }, "32");
    wish([](WantedArray& w) { w.members.count = 2; }, "at least 3");
    wish([](WantedArray& w) { w.level = Level::raid6; }, "at least 4");
    wish([](WantedArray& w) { w.level = Level::raid10; }, "at least 4");
    wish([](WantedArray& w) { w.chunk_kib = 3; }, "power of two");
    wish([](WantedArray& w) { w.chunk_kib = 2; }, "at least 4 KiB");
    wish([](WantedArray& w) { w.level = Level::raid1, w.chunk_kib = 64; }, "no chunks");
    wish([](WantedArray& w) { w.level = Level::raid0, w.spares = 1; }, "no spares");
    wish([](WantedArray& w) { w.members.ids = {"A", "A", "B"}; }, "named twice");
    wish([](WantedArray& w) { w.members.ids = {"A", "B"}; }, "2 disks are named");
    wish([](WantedArray& w) { w.filesystem = {.type = "zfs"}; }, "ext4 or xfs");
    wish([](WantedArray& w) { w.filesystem = {.type = "xfs", .label = "a-label-of-16-by"}; },
         "12 bytes");
    wish([](WantedArray& w) { w.filesystem = {.mount_point = "/srv/../etc"}; }, "mount point");
    wish([](WantedArray& w) { w.filesystem = {.mount_point = "/"}; }, "mount point");
    wish([](WantedArray& w) { w.filesystem = {.mount_point = "/srv\nX=1"}; }, "mount point");
    wish([](WantedArray& w) { w.filesystem = {.mount_point = "/etc/x"}; }, "hide the system");
    for (const auto& [wanted, told] : wishes) {
        const Plan<Op> refused = plan(only(wanted), host(6));
        EXPECT_THAT(refused.steps, IsEmpty()) << told;
        EXPECT_EQ(code(refused, "raid/" + wanted.name), Errc::invalid_spec) << told;
        EXPECT_THAT(message(refused, "raid/" + wanted.name), HasSubstr(told));
    }
}

TEST(Arrays, OddRaid10AndChunksAreFine) {
    WantedArray wanted = data(Level::raid10, 5);
    wanted.chunk_kib = 64;
    EXPECT_EQ(ops<CreateArray>(plan(only(wanted), host(5)))[0].chunk_kib, 64u);
}

TEST(Arrays, TwoOfOneNameAreInvalid) {
    const Plan<Op> told =
        plan({.arrays = std::vector{data(Level::raid1, 2), data(Level::raid1, 2)}}, host(4));
    EXPECT_EQ(ops<CreateArray>(told).size(), 1u);
    EXPECT_EQ(code(told, "raid/data"), Errc::invalid_spec);
}

// ---- the system volume -------------------------------------------------------------------------

TEST(SystemVolume, IsComparedAndReported) {
    Observed see = host(2);
    run_array(see, "raid1", {"DATA0", "DATA1"});
    see.system = {.source = "/dev/md127", .array = "md127", .disks = {"vdb", "vdc"}};
    EXPECT_EQ(settled(plan({.system = Level::raid1}, see), "raid/system")->outcome,
              Outcome::unchanged);
    const Plan<Op> other = plan({.system = Level::raid10}, see);
    EXPECT_THAT(other.steps, IsEmpty());
    EXPECT_EQ(code(other, "raid/system"), Errc::unsupported);
    EXPECT_EQ(message(other, "raid/system"),
              "the system volume (/dev/md127) is on raid1, the order says raid10; it cannot be "
              "rebuilt under a running system");
    EXPECT_EQ(code(plan({.system_plain = true}, see), "raid/system"), Errc::unsupported);
    see.arrays[0].members.pop_back();
    EXPECT_THAT(message(plan({.system = Level::raid1}, see), "raid/system"),
                HasSubstr("degraded: 1 of 2"));
}

TEST(SystemVolume, OnAPlainDiskMatchesOnlyPlain) {
    EXPECT_EQ(settled(plan({.system_plain = true}, host(0)), "raid/system")->outcome,
              Outcome::unchanged);
    EXPECT_EQ(code(plan({.system = Level::raid1}, host(0)), "raid/system"), Errc::unsupported);
    EXPECT_EQ(settled(plan({}, host(0)), "raid/system"), nullptr);
}

}  // namespace
