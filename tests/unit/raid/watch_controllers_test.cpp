#include "raid/watch_controllers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace metalwright::raid {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Three drives, the first two a mirror called 'data'.
Controllers host() {
    Controller one{
        .id = "storcli64/c0", .tool = "/t/storcli64", .serial = "C1", .mode = ControllerMode::raid};
    for (const unsigned slot : {0U, 1U, 2U})
        one.drives.push_back({.selector = "/c0/e252/s" + std::to_string(slot),
                              .enclosure = 252,
                              .slot = slot,
                              .state = slot < 2 ? DriveState::member : DriveState::free,
                              .serial = "S" + std::to_string(slot)});
    one.volumes = {{.id = 239,
                    .level = "raid1",
                    .state = VolumeState::optimal,
                    .name = "data",
                    .drives = {"/c0/e252/s0", "/c0/e252/s1"},
                    .wwn = "6000aa"}};
    return {.list = {one}};
}

Controllers degraded() {
    Controllers all = host();
    all.list[0].drives[1].state = DriveState::bad;
    all.list[0].volumes[0].state = VolumeState::degraded;
    return all;
}

std::vector<std::string> told(const std::vector<ControllerTurn>& turns) {
    std::vector<std::string> lines;
    for (const ControllerTurn& turn : turns)
        lines.push_back(turn.item + ": " + turn.was + " -> " + turn.is);
    return lines;
}

TEST(ControllerTurns, NothingNewIsNone) {
    EXPECT_THAT(turns(host(), host()), IsEmpty());
    EXPECT_THAT(turns({}, host()), IsEmpty());
}

TEST(ControllerTurns, ADriveThatFailsIsToldWithItsVolume) {
    const auto now = turns(host(), degraded());
    EXPECT_THAT(told(now),
                ElementsAre("volume/data: optimal -> degraded", "drive/S1: member -> bad"));
    EXPECT_EQ(now[0].note, "degraded: S1 (/c0/e252/s1) is bad");
    EXPECT_EQ(now[0].controller, "storcli64/c0");
    EXPECT_TRUE(now[0].trouble && now[1].trouble);
    EXPECT_THAT(told(turns({}, degraded())),
                ElementsAre("volume/data:  -> degraded", "drive/S1:  -> bad"));
}

TEST(ControllerTurns, AReplacementIsToldFromThePullToTheEndOfTheRebuild) {
    Controllers pulled = degraded();
    std::erase_if(pulled.list[0].drives, [](const Drive& d) { return d.serial == "S1"; });
    EXPECT_THAT(told(turns(degraded(), pulled)), ElementsAre("drive/S1: bad -> gone"));
    Controllers rebuilding = pulled;
    rebuilding.list[0].drives.push_back({.selector = "/c0/e252/s1",
                                         .slot = 1,
                                         .state = DriveState::rebuilding,
                                         .serial = "S9",
                                         .percent = 4});
    const auto begun = turns(pulled, rebuilding);
    EXPECT_THAT(told(begun), ElementsAre("drive/S9:  -> rebuilding"));
    EXPECT_EQ(begun[0].note, "S9 (/c0/e252/s1) was put in");
    Controllers further = rebuilding;
    further.list[0].drives.back().percent = 60;
    EXPECT_THAT(turns(rebuilding, further), IsEmpty());
    Controllers whole = further;
    whole.list[0].drives.back().state = DriveState::member;
    whole.list[0].volumes[0].state = VolumeState::optimal;
    EXPECT_THAT(told(turns(further, whole)),
                ElementsAre("volume/data: degraded -> optimal", "drive/S9: rebuilding -> member"));
}

TEST(ControllerTurns, WhatAnOrderMakesOfDrivesIsNoNews) {
    Controllers blank = host();
    blank.list[0].volumes.clear();
    for (Drive& drive : blank.list[0].drives) drive.state = DriveState::free;
    EXPECT_THAT(turns(blank, host()), IsEmpty());
    EXPECT_THAT(told(turns(host(), blank)), ElementsAre("volume/data: optimal -> gone"));
}

TEST(ControllerTurns, AFlagIsToldAndThatItHasGone) {
    Controllers foreign = host();
    foreign.list[0].flags = {"foreign-config"};
    const auto now = turns(host(), foreign);
    EXPECT_THAT(told(now), ElementsAre("controller/storcli64/c0: optimal -> attention"));
    EXPECT_EQ(now[0].note, "foreign-config");
    EXPECT_THAT(told(turns(foreign, host())),
                ElementsAre("controller/storcli64/c0: attention -> optimal"));
}

TEST(ControllerTurns, AToolThatHangsHidesNothingAndIsToldOnce) {
    const Controllers hung{.errors = {{Errc::timed_out, "killed after 30 s", "/t/storcli64"}}};
    const Controllers kept = known_now(host(), hung);
    ASSERT_EQ(kept.list.size(), 1u);
    EXPECT_EQ(kept.list[0].volumes, host().list[0].volumes);
    const auto now = turns(host(), kept);
    EXPECT_THAT(told(now), ElementsAre("controller/storcli64/c0: optimal -> unreadable"));
    EXPECT_THAT(now[0].note, HasSubstr("killed after 30 s"));
    EXPECT_THAT(turns(kept, known_now(kept, hung)), IsEmpty());
    EXPECT_THAT(told(turns(kept, known_now(kept, degraded()))),
                ElementsAre("controller/storcli64/c0: unreadable -> optimal",
                            "volume/data: optimal -> degraded", "drive/S1: member -> bad"));
}

TEST(ControllerTurns, HalfAnAnswerIsNoPulledDrive) {
    Controllers half = host();
    for (Drive& drive : half.list[0].drives) drive.serial.clear();
    half.list[0].volumes[0].wwn.clear();
    half.errors = {{Errc::timed_out, "killed after 30 s", "/t/storcli64"}};
    EXPECT_THAT(told(turns(host(), known_now(host(), half))),
                ElementsAre("controller/storcli64/c0: optimal -> unreadable"));
    half.list[0].errors = half.errors;
    EXPECT_THAT(told(turns(known_now({}, half), host())),
                ElementsAre("controller/storcli64/c0: unreadable -> optimal"));
}

TEST(ControllerTurns, AControllerThatIsGoneIsTold) {
    EXPECT_THAT(told(turns(host(), known_now(host(), {}))),
                ElementsAre("controller/storcli64/c0: optimal -> gone"));
    Controllers other = host();
    other.list[0].serial = "C2";
    EXPECT_THAT(told(turns(host(), other)),
                ElementsAre("controller/storcli64/c0: optimal -> gone"));
}

}  // namespace
}  // namespace metalwright::raid
