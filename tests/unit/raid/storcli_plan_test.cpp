#include "raid/storcli/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <random>
#include <set>

#include "raid/storcli/choose.hpp"
#include "raid/storcli/grammar.hpp"
#include "raid/storcli/plan_replace.hpp"

namespace metalwright::raid::storcli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Drive drive(unsigned slot, DriveState state = DriveState::free, std::uint64_t bytes = 1000) {
    return {.selector = "/c0/e252/s" + std::to_string(slot),
            .enclosure = 252,
            .slot = slot,
            .state = state,
            .raw_state = "X",
            .bytes = bytes,
            .model = "M1",
            .serial = "S" + std::to_string(slot),
            .wwn = "5000" + std::to_string(slot),
            .media = DriveMedia::hdd};
}

/// A controller with so many free drives.
Controllers host(unsigned drives = 8) {
    Controller one{.id = "storcli64/c0",
                   .tool = "/t/storcli64",
                   .tool_version = "007.1",
                   .serial = "C1",
                   .mode = ControllerMode::raid,
                   .levels = {"raid0", "raid1", "raid5", "raid6", "raid10", "raid50", "raid60"},
                   .strip_min_kib = 64,
                   .strip_max_kib = 1024};
    for (unsigned slot = 0; slot < drives; ++slot) one.drives.push_back(drive(slot));
    return {.list = {one}};
}

/// `host()` with a RAID 1 'data' over its first two drives.
Controllers with_volume() {
    Controllers there = host();
    Controller& one = there.list.front();
    one.volumes = {{.id = 239,
                    .group = 0,
                    .level = "raid1",
                    .state = VolumeState::optimal,
                    .raw_state = "Optl",
                    .name = "data",
                    .bytes = 1000,
                    .strip_kib = 256,
                    .spans = 1,
                    .cache = "RWBD",
                    .drives = {"/c0/e252/s0", "/c0/e252/s1"},
                    .wwn = "6000aa"}};
    for (unsigned slot : {0U, 1U}) {
        one.drives[slot].state = DriveState::member;
        one.drives[slot].volumes = {239};
    }
    return there;
}

WantedVolume wish(unsigned level, unsigned count) {
    return {.name = "data", .level = level, .drives = {.count = count}};
}

Plan<VolumeOp> plan_one(const WantedVolume& wanted, const Controllers& there) {
    Claims claims;
    return plan_volumes(std::span(&wanted, 1), there, claims);
}

std::vector<std::string> serials(const CreateVolume& op) {
    std::vector<std::string> all;
    for (const Seat& seat : op.drives) all.push_back(seat.serial);
    return all;
}

const CreateVolume& created(const Plan<VolumeOp>& plan) {
    static const CreateVolume none;
    EXPECT_FALSE(plan.steps.empty())
        << (plan.settled.empty() || !plan.settled[0].error ? "" : plan.settled[0].error->message);
    if (plan.steps.empty()) return none;
    EXPECT_TRUE(plan.steps[0].destroys_data);
    return std::get<CreateVolume>(plan.steps[0].op);
}

Error refusal(const WantedVolume& wanted, const Controllers& there) {
    const Plan<VolumeOp> plan = plan_one(wanted, there);
    EXPECT_TRUE(plan.steps.empty());
    EXPECT_EQ(plan.settled.size(), 1u);
    if (plan.settled.empty() || !plan.settled[0].error) return {};
    EXPECT_EQ(plan.settled[0].outcome, Outcome::failed);
    return *plan.settled[0].error;
}

TEST(StorcliPlan, EveryLevelOverTheFewestDrives) {
    for (const auto& [level, count, each] : {std::tuple(0U, 1U, 0U),
                                             {1U, 2U, 0U},
                                             {5U, 3U, 0U},
                                             {6U, 4U, 0U},
                                             {10U, 4U, 2U},
                                             {50U, 6U, 3U},
                                             {60U, 8U, 4U}}) {
        const CreateVolume op = created(plan_one(wish(level, count), host()));
        EXPECT_EQ(op.level, level);
        EXPECT_EQ(op.drives.size(), count);
        EXPECT_EQ(op.per_span, each);
    }
}

TEST(StorcliPlan, ImpossibleWishesAreInvalid) {
    for (const auto& [level, count] :
         {std::pair(1U, 1U), {1U, 3U}, {5U, 2U}, {6U, 3U}, {10U, 3U}, {50U, 5U}, {60U, 6U}})
        EXPECT_EQ(refusal(wish(level, count), host()).code, Errc::invalid_spec) << level;
    EXPECT_EQ(refusal(wish(7, 4), host()).code, Errc::invalid_spec);
    for (const std::string name : {"", "sixteen-letters-", "a b", "a/b", "ä"}) {
        WantedVolume wanted = wish(1, 2);
        wanted.name = name;
        EXPECT_EQ(refusal(wanted, host()).code, Errc::invalid_spec) << name;
    }
    WantedVolume wanted = wish(1, 2);
    wanted.strip_kib = 96;
    EXPECT_EQ(refusal(wanted, host()).code, Errc::invalid_spec);
    wanted = wish(1, 2);
    wanted.cache.write = "back";
    EXPECT_EQ(refusal(wanted, host()).code, Errc::invalid_spec);
    const std::vector<WantedVolume> twins{wish(1, 2), wish(1, 2)};
    Claims claims;
    EXPECT_EQ(plan_volumes(twins, host(), claims).settled[0].error->code, Errc::invalid_spec);
}

TEST(StorcliPlan, DrivesAreChosenByRule) {
    Controllers there = host(6);
    std::vector<Drive>& drives = there.list[0].drives;
    drives[0].bytes = 3000;
    drives[1].media = DriveMedia::ssd;
    drives[2].enclosure = 8;
    drives[2].selector = "/c0/e8/s2";
    drives[3].model = "M2";
    WantedVolume wanted = wish(0, 2);
    wanted.drives.media = DriveMedia::hdd;
    wanted.drives.enclosure = 252;
    EXPECT_THAT(serials(created(plan_one(wanted, there))), ElementsAre("S3", "S4"));
    wanted.drives.same_model = true;
    wanted.drives.min_bytes = 1000;
    wanted.drives.largest_first = true;
    EXPECT_THAT(serials(created(plan_one(wanted, there))), ElementsAre("S4", "S0"));
    wanted.drives.max_bytes = 2000;
    wanted.drives.largest_first = false;
    wanted.drives.count = 3;
    EXPECT_EQ(
        refusal(wanted, there).message,
        "too few drives for 'data': 6 of 6 drives are free, 5 of these are hdd, 4 of these are "
        "in enclosure 252, 4 of these are large enough, 3 of these are small enough, 1 of these "
        "are of the model M2; it takes 3");
}

TEST(StorcliPlan, DrivesAreNamedBySerialWwnOrPlace) {
    WantedVolume wanted = wish(5, 0);
    wanted.drives.ids = {"S4", "0x50002", "252:1", "S7"};
    wanted.spares = 1;
    const Plan<VolumeOp> plan = plan_one(wanted, host());
    EXPECT_THAT(serials(created(plan)), ElementsAre("S4", "S2", "S1"));
    EXPECT_EQ(std::get<AddSpares>(plan.steps.at(1).op).drives,
              (std::vector<Seat>{{"/c0/e252/s7", "S7"}}));
    wanted.drives.ids = {"S4", "sda", "S1", "S7"};
    EXPECT_EQ(refusal(wanted, host()).code, Errc::not_found);
    wanted.drives.ids = {"S4", "252:4", "S1", "S7"};
    EXPECT_THAT(refusal(wanted, host()).message, HasSubstr("is named twice"));
}

TEST(StorcliPlan, WhatIsNotFreeIsRefusedWithTheCommandThatHelps) {
    for (const auto& [state, words] :
         {std::pair(DriveState::foreign, "`storcli64 /c0/fall del`"),
          {DriveState::jbod, "`storcli64 /c0/e252/s1 set good`"},
          {DriveState::member, "belongs to a drive group"},
          {DriveState::hot_spare, "`storcli64 /c0/e252/s1 delete hotsparedrive`"},
          {DriveState::bad, "replace it"},
          {DriveState::unknown, "not known to be free"}}) {
        Controllers there = host();
        there.list[0].drives[1].state = state;
        WantedVolume wanted = wish(1, 0);
        wanted.drives.ids = {"S0", "S1"};
        const Error error = refusal(wanted, there);
        EXPECT_EQ(error.code, Errc::refused);
        EXPECT_THAT(error.message, HasSubstr("S1 (/c0/e252/s1)"));
        EXPECT_THAT(error.message, HasSubstr(words));
    }
    Controllers there = host();
    there.list[0].drives[1].spun_down = true;
    WantedVolume wanted = wish(1, 0);
    wanted.drives.ids = {"S0", "S1"};
    EXPECT_THAT(refusal(wanted, there).message, HasSubstr("spun down"));
}

TEST(StorcliPlan, AControllerThatMayNotBeUsedIsRefused) {
    Controllers there = host();
    there.list[0].flags = {"preserved-cache"};
    EXPECT_THAT(refusal(wish(1, 2), there).message,
                HasSubstr("`storcli64 /c0 show preservedcache`"));
    there = host();
    there.list[0].levels = {"raid0", "raid1"};
    EXPECT_EQ(refusal(wish(5, 3), there).message,
              "storcli64/c0 does not make raid5, only raid0, raid1");
    there = host();
    there.list[0].errors = {{Errc::command_failed, "no answer"}};
    EXPECT_THAT(refusal(wish(1, 2), there).message, HasSubstr("could be read (no answer)"));
    there = host();
    there.errors = {{Errc::io, "its JSON is broken", "/t/storcli64"}};
    EXPECT_EQ(refusal(wish(1, 2), there).code, Errc::refused);
    there = host();
    there.list[0].mode = ControllerMode::hba;
    EXPECT_EQ(refusal(wish(1, 2), there).code, Errc::not_found);
    WantedVolume wanted = wish(1, 2);
    wanted.strip_kib = 32;
    EXPECT_THAT(refusal(wanted, host()).message, HasSubstr("64 to 1024 KiB"));
}

TEST(StorcliPlan, AControllerIsNamedWhereThereAreSeveral) {
    Controllers there = host();
    there.list.push_back(there.list[0]);
    there.list[1].id = "storcli64/c1";
    there.list[1].serial = "C2";
    EXPECT_EQ(refusal(wish(1, 2), there).code, Errc::invalid_spec);
    WantedVolume wanted = wish(1, 2);
    wanted.controller = "C2";
    EXPECT_EQ(created(plan_one(wanted, there)).controller, "storcli64/c1");
    wanted.controller = "C3";
    EXPECT_EQ(refusal(wanted, there).code, Errc::not_found);
}

TEST(StorcliPlan, AVolumeThatIsThereIsUnchanged) {
    WantedVolume wanted = wish(1, 2);
    wanted.cache = {.read = "ra", .write = "wb", .io = "direct"};
    wanted.strip_kib = 256;
    const Plan<VolumeOp> plan = plan_one(wanted, with_volume());
    EXPECT_TRUE(plan.steps.empty());
    ASSERT_EQ(plan.settled.size(), 1u);
    EXPECT_EQ(plan.settled[0].outcome, Outcome::unchanged);
    EXPECT_EQ(plan.settled[0].item, "volume/data");
}

TEST(StorcliPlan, WhatDiffersIsToldAndNeverRebuilt) {
    EXPECT_THAT(refusal(wish(5, 3), with_volume()).message,
                HasSubstr("its level is raid1, not raid5, and it is over 2 drives, not 3"));
    WantedVolume wanted = wish(1, 0);
    wanted.drives.ids = {"S0", "S3"};
    EXPECT_THAT(refusal(wanted, with_volume()).message, HasSubstr("S3 is not in it"));
    wanted = wish(1, 2);
    wanted.strip_kib = 64;
    EXPECT_EQ(refusal(wanted, with_volume()).code, Errc::conflict);
}

TEST(StorcliPlan, ADegradedVolumeIsToldAndARebuildingOneIsNot) {
    Controllers there = with_volume();
    there.list[0].volumes[0].state = VolumeState::degraded;
    there.list[0].drives[1].state = DriveState::bad;
    const Error error = refusal(wish(1, 2), there);
    EXPECT_EQ(error.code, Errc::refused);
    EXPECT_THAT(error.message, HasSubstr("is degraded: S1 (/c0/e252/s1) is bad"));
    there.list[0].drives[1].state = DriveState::rebuilding;
    const Plan<VolumeOp> plan = plan_one(wish(1, 2), there);
    EXPECT_EQ(plan.settled.at(0).outcome, Outcome::unchanged);
    EXPECT_EQ(plan.settled.at(0).note, "rebuilding, usable meanwhile");
}

TEST(StorcliPlan, OnlyTheCachePolicyOfWhatIsThereIsSet) {
    WantedVolume wanted = wish(1, 2);
    wanted.cache = {.read = "nora", .write = "wb"};
    const Plan<VolumeOp> plan = plan_one(wanted, with_volume());
    ASSERT_EQ(plan.steps.size(), 1u);
    EXPECT_FALSE(plan.steps[0].destroys_data);
    EXPECT_EQ(std::get<SetCache>(plan.steps[0].op).cache, (CachePolicy{.read = "nora"}));
}

TEST(StorcliPlan, WhatWasMadeAndIsAbsentIsNotMadeAnew) {
    WantedVolume wanted = wish(1, 2);
    wanted.memory = Memory::complete;
    EXPECT_THAT(refusal(wanted, host()).message, HasSubstr("once existed"));
    wanted.memory = Memory::begun;
    wanted.known_drives = {"S4", "S5"};
    EXPECT_THAT(serials(created(plan_one(wanted, host()))), ElementsAre("S4", "S5"));
}

TEST(StorcliPlan, OnlyOursAreDeleted) {
    const std::vector<OwnVolume> ours{{"data", "6000aa"}, {"gone", "6000bb"}};
    const Plan<VolumeOp> plan = plan_deletion(ours, with_volume());
    ASSERT_EQ(plan.steps.size(), 1u);
    EXPECT_EQ(std::get<DeleteVolume>(plan.steps[0].op).wwn, "6000aa");
    EXPECT_EQ(plan.settled.at(0).outcome, Outcome::unchanged);
    // Somebody else's of the same name stays.
    Controllers other = with_volume();
    other.list[0].volumes[0].wwn = "6000cc";
    EXPECT_TRUE(plan_deletion(ours, other).steps.empty());
    // One that does not tell who it is may be it.
    other.list[0].volumes[0].wwn = "";
    EXPECT_EQ(plan_deletion(ours, other).settled.at(0).outcome, Outcome::failed);
}

TEST(StorcliPlan, OneThatWasNeverFinishedIsDeletedByItsNameAndItsDrives) {
    const Controllers there = with_volume();
    OwnVolume half{.name = "data", .wwn = ""};
    EXPECT_EQ(plan_deletion({{half}}, there).settled.at(0).outcome, Outcome::failed);
    for (const Drive& drive : there.list[0].drives) half.drives.push_back(drive.serial);
    const Plan<VolumeOp> plan = plan_deletion({{half}}, there);
    ASSERT_EQ(plan.steps.size(), 1u);
    EXPECT_EQ(std::get<DeleteVolume>(plan.steps[0].op).wwn, "6000aa");
    half.drives = {"somebody else's"};
    EXPECT_EQ(plan_deletion({{half}}, there).settled.at(0).outcome, Outcome::unchanged);
    half.name = "other";
    EXPECT_TRUE(plan_deletion({{half}}, there).steps.empty());
}

TEST(StorcliPlan, CommandsOfBothGrammars) {
    WantedVolume wanted = wish(10, 4);
    wanted.strip_kib = 64;
    wanted.bytes = 5ULL << 30;
    wanted.cache = {.read = "nora", .write = "wt", .io = "direct", .drive = "off"};
    Controllers there = host();
    wanted.drives = {.ids = {"S0", "S1", "S2", "S3"}};
    const CreateVolume op = created(plan_one(wanted, there));
    EXPECT_THAT(*create_words(op, there.list[0]),
                ElementsAre("/c0", "add", "vd", "r10", "Size=5120MB", "name=data",
                            "drives=252:0,252:1,252:2,252:3", "PDperArray=2", "pdcache=off", "wt",
                            "nora", "direct", "Strip=64"));
    Controller newer = there.list[0];
    newer.tool_version = "008.0005.0000.0010 Feb 22, 2023";
    EXPECT_EQ(create_words(op, newer).error().code, Errc::unsupported);
    EXPECT_FALSE(is_storcli2("007.3703"));
    EXPECT_TRUE(is_storcli2("008.0005.0000.0010 Feb 22, 2023"));
    EXPECT_FALSE(is_storcli2(""));
    const CachePolicy both{.read = "ra", .write = "wb"};
    EXPECT_THAT(*cache_words(both, 5, there.list[0]),
                ElementsAre(Words{"/c0/v5", "set", "rdcache=RA", "wrcache=WB"}));
    EXPECT_THAT(*cache_words(both, 5, newer), ElementsAre(Words{"/c0/v5", "set", "rdcache=RA"},
                                                          Words{"/c0/v5", "set", "wrcache=WB"}));
    EXPECT_THAT(init_words(5, true, newer),
                ElementsAre("/c0/v5", "start", "init", "full", "force"));
    EXPECT_EQ(boot_words(5, newer).error().code, Errc::unsupported);
}

TEST(StorcliPlan, DrivesWithAndWithoutAnEnclosureAreNotMixed) {
    Controllers there = host();
    for (const unsigned slot : {0U, 1U}) {
        there.list[0].drives[slot].enclosure.reset();
        there.list[0].drives[slot].selector = "/c0/s" + std::to_string(slot);
    }
    WantedVolume wanted = wish(1, 0);
    wanted.drives.ids = {"S2", "S1"};
    EXPECT_EQ(refusal(wanted, there).code, Errc::unsupported);
    wanted.drives.ids = {":0", "S1"};
    EXPECT_THAT(*create_words(created(plan_one(wanted, there)), there.list[0]),
                ElementsAre("/c0", "add", "vd", "r1", "name=data", "drives=0,1"));
}

struct ReplacePlan : testing::Test {
    Plan<VolumeOp> plan(const DriveReplacement& replacement) {
        const Controller& controller = there.list[0];
        Plan<VolumeOp> made;
        Claims claims;
        plan_replace(replacement, wanted, controller, controller.volumes[0], claims, made);
        return made;
    }
    std::string refusal(const DriveReplacement& replacement) {
        const Plan<VolumeOp> made = plan(replacement);
        EXPECT_TRUE(made.steps.empty());
        EXPECT_EQ(made.settled.size(), 1u);
        return made.settled.at(0).error ? made.settled[0].error->message : "";
    }
    std::vector<std::string> whys(const DriveReplacement& replacement) {
        std::vector<std::string> all;
        for (const Step<VolumeOp>& step : plan(replacement).steps) all.push_back(step.why);
        return all;
    }

    Controllers there = with_volume();
    WantedVolume wanted = wish(1, 2);
};

TEST_F(ReplacePlan, AWorkingDriveLeavesAndTheSmallestOfItsKindComes) {
    there.list[0].drives[2].bytes = 900;
    there.list[0].drives[3].media = DriveMedia::ssd;
    there.list[0].drives[4].bytes = 2000;
    EXPECT_THAT(whys({"S1"}),
                ElementsAre("take S1 (/c0/e252/s1) out of use in 'data'",
                            "give 'data' S5 in its place, to rebuild on",
                            "light the locate LED of S1 (/c0/e252/s1), to be taken out"));
    EXPECT_THAT(whys({"252:1", "S4"})[1], HasSubstr("S4"));
    wanted.drives.ids = {"252:0", "252:1"};
    const Plan<VolumeOp> made = plan({"S1"});
    EXPECT_THAT(std::get<GiveDrive>(made.steps.at(1).op).instead_of, ElementsAre("S1", "252:1"));
}

TEST_F(ReplacePlan, AFailedOneIsNotTakenOutOfUseFirst) {
    there.list[0].volumes[0].state = VolumeState::degraded;
    there.list[0].drives[1].state = DriveState::bad;
    EXPECT_THAT(whys({"S1"}),
                ElementsAre("give 'data' S2 in its place, to rebuild on",
                            "light the locate LED of S1 (/c0/e252/s1), to be taken out"));
}

TEST_F(ReplacePlan, OneThatIsNeededStays) {
    there.list[0].volumes[0].state = VolumeState::degraded;
    there.list[0].drives[1].state = DriveState::bad;
    EXPECT_THAT(refusal({"S0"}), HasSubstr("S0 is not replaced: 'data' needs it: degraded"));
    there.list[0].drives[1].state = DriveState::rebuilding;
    EXPECT_THAT(refusal({"S0"}), HasSubstr("needs it: rebuilding"));
    EXPECT_THAT(refusal({"S1"}), HasSubstr("rebuilding"));
    wanted.level = 0;
    EXPECT_THAT(refusal({"S1"}), HasSubstr("raid0 has nothing to rebuild it from"));
}

TEST_F(ReplacePlan, WhatMayNotComeIsSaid) {
    there.list[0].drives[2].state = DriveState::jbod;
    there.list[0].drives[3].bytes = 10;
    EXPECT_THAT(refusal({"S1", "S2"}), HasSubstr("may hold data"));
    EXPECT_THAT(refusal({"S1", "S3"}), HasSubstr("is smaller than the drives of the volume"));
    EXPECT_THAT(refusal({"S1", "S99"}), HasSubstr("has no drive S99"));
    for (Drive& drive : there.list[0].drives)
        if (drive.state == DriveState::free) drive.state = DriveState::bad;
    EXPECT_THAT(refusal({"S1"}), HasSubstr("too few drives"));
}

TEST_F(ReplacePlan, OneThatWasReplacedIsNoLongerMissed) {
    wanted.drives = {.ids = {"S8", "S1"}};
    EXPECT_THAT(plan_one(wanted, there).settled[0].error->message, HasSubstr("S8 is not in it"));
    wanted.replaced = {{"S8", "S0"}};
    EXPECT_EQ(plan_one(wanted, there).settled[0].outcome, Outcome::unchanged);
    EXPECT_TRUE(concerns({"S8"}, wanted, there.list[0], there.list[0].volumes[0]));
    EXPECT_FALSE(concerns({"S7"}, wanted, there.list[0], there.list[0].volumes[0]));
}

TEST(SparesPlan, TheyComeFromWhatTheVolumesLeave) {
    const Controllers there = host(4);
    const std::vector<WantedVolume> volumes{wish(1, 2)};
    const std::vector<WantedSpares> spares{{.drives = {.count = 3}}};
    Claims claims;
    const Plan<VolumeOp> made = plan_volumes(volumes, there, claims);
    EXPECT_EQ(made.steps.size(), 1u);
    const Plan<VolumeOp> refused = plan_spares(spares, there, claims);
    EXPECT_THAT(refused.settled.at(0).error->message,
                HasSubstr("too few drives for 'spares': 2 of 4 drives are free; it takes 3"));
    const std::vector<WantedSpares> one{{.controller = "C1"}};
    const Plan<VolumeOp> given = plan_spares(one, there, claims);
    EXPECT_EQ(given.steps.at(0).why, "keep S2 as global hot spare of storcli64/c0");
    EXPECT_EQ(given.steps[0].item, "spares/C1");
}

TEST(SparesPlan, AControllerThatKeepsNoneIsSaid) {
    Controllers there = host(4);
    const std::vector<WantedSpares> one{{}};
    Claims claims;
    there.list[0].mode = ControllerMode::hba;
    EXPECT_THAT(plan_spares(one, there, claims).settled.at(0).error->message,
                HasSubstr("no controller in RAID mode"));
    const std::vector<WantedSpares> named{{.controller = "C1"}};
    EXPECT_THAT(plan_spares(named, there, claims).settled.at(0).error->message,
                HasSubstr("is in hba mode and keeps no spares"));
    there.list[0].errors = {{Errc::io, "no answer"}};
    EXPECT_THAT(plan_spares(named, there, claims).settled.at(0).error->message,
                HasSubstr("could be read (no answer)"));
}

/// Whatever is there and whatever is wanted: no step touches a drive that is not provably free, no
/// drive is in two steps, and the same plan comes out twice.
TEST(StorcliPlan, NeverTouchesADriveThatIsNotProvablyFree) {
    std::mt19937_64 random(1);
    const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    constexpr std::array<unsigned, 7> levels{0, 1, 5, 6, 10, 50, 60};
    std::size_t planned = 0;
    for (int round = 0; round < 5000; ++round) {
        Controllers there = host(2 + below(20));
        Controller& one = there.list[0];
        for (Drive& each : one.drives) {
            if (below(3) == 0) each.state = static_cast<DriveState>(below(10));
            if (below(8) == 0) each.serial.clear();
            if (below(8) == 0) each.spun_down = true;
            each.bytes = 1000 + below(3) * 1000;
        }
        if (below(10) == 0) one.flags = {"preserved-cache"};
        if (below(10) == 0) one.errors = {{Errc::io, "x"}};
        std::vector<WantedVolume> wishes;
        for (unsigned n = 1 + below(3); n-- > 0;) {
            WantedVolume wanted = wish(levels[below(7)], below(9));
            wanted.name = "v" + std::to_string(n);
            wanted.spares = below(2);
            wanted.drives.same_model = below(2) == 0;
            if (below(3) == 0)
                for (unsigned i = 1 + below(6); i-- > 0;)
                    wanted.drives.ids.push_back("S" + std::to_string(below(22)));
            wishes.push_back(wanted);
        }
        const WantedSpares global{.drives = {.count = 1 + below(2)}};
        const auto planned_all = [&] {
            Claims claims;
            Plan<VolumeOp> all = plan_volumes(wishes, there, claims);
            std::ranges::move(plan_spares(std::span(&global, 1), there, claims).steps,
                              std::back_inserter(all.steps));
            return all;
        };
        const Plan<VolumeOp> plan = planned_all();
        EXPECT_EQ(plan, planned_all());
        std::set<std::string> touched;
        const auto touch = [&](const std::vector<Seat>& drives) {
            for (const Seat& seat : drives) {
                ++planned;
                EXPECT_TRUE(touched.insert(seat.selector).second) << seat.selector;
                const auto at = std::ranges::find(one.drives, seat.selector, &Drive::selector);
                ASSERT_NE(at, one.drives.end());
                EXPECT_EQ(at->serial, seat.serial);
                EXPECT_EQ(at->state, DriveState::free);
                EXPECT_FALSE(at->serial.empty());
                EXPECT_FALSE(at->spun_down);
            }
        };
        for (const Step<VolumeOp>& step : plan.steps) {
            if (const auto* create = std::get_if<CreateVolume>(&step.op)) touch(create->drives);
            if (const auto* spares = std::get_if<AddSpares>(&step.op)) touch(spares->drives);
            if (const auto* more = std::get_if<AddGlobalSpares>(&step.op)) touch(more->drives);
        }
        EXPECT_TRUE(plan.steps.empty() || one.errors.empty());
        const bool makes = std::ranges::any_of(plan.steps, [](const Step<VolumeOp>& step) {
            return std::holds_alternative<CreateVolume>(step.op);
        });
        EXPECT_TRUE(!makes || one.flags.empty()) << "its cache holds another volume's data";
    }
    EXPECT_GT(planned, 1000u);
}

}  // namespace
}  // namespace metalwright::raid::storcli
