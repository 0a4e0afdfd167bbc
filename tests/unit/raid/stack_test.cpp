#include "raid/stack.hpp"

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

/// DATA0 and DATA1 carry somebody's md126 'old', an LVM volume group on it, dm-0 'vg-data' in that.
Observed stacked() {
    Observed see = host(3);
    for (const char* serial : {"DATA0", "DATA1"}) {
        the(see, serial).holders = {"md126"};
        the(see, serial).signatures = {
            {.type = "linux_raid_member", .offset = 4096, .uuid = "99999999-0000-0000-0000-0000"}};
    }
    see.holders = {{.name = "dm-0",
                    .kind = "dm",
                    .title = "vg-data",
                    .uuid = "LVM-x",
                    .over = {"md126"},
                    .disks = {"DATA0", "DATA1"}},
                   {.name = "md126",
                    .kind = "md",
                    .title = "old",
                    .uuid = "9:0:0:0",
                    .over = {"vdb", "vdc"},
                    .disks = {"DATA0", "DATA1"}}};
    return see;
}

std::vector<WipeConsent> both() {
    return {{"DATA0", {"linux_raid_member"}}, {"DATA1", {"linux_raid_member"}}};
}

Wanted mirror(std::vector<WipeConsent> consent) {
    WantedArray wanted = data(Level::raid1, 0);
    wanted.members.ids = {"DATA0", "DATA1"};
    Wanted all = only(wanted);
    all.consent = std::move(consent);
    return all;
}

TEST(Stack, IsTakenDownTheTopmostFirstThenTheDisksAreWiped) {
    const Plan<Op> made = plan(mirror(both()), stacked());
    std::vector<std::string> whys;
    for (const Step<Op>& step : made.steps) whys.push_back(step.why);
    EXPECT_THAT(
        whys,
        ElementsAre("wipe and stop dm-0 'vg-data', which stands on DATA0 and DATA1, with the "
                    "consent of this operation",
                    "wipe and stop md126 'old', which stands on DATA0 and DATA1, with the consent "
                    "of this operation",
                    "wipe DATA0 (linux_raid_member) with the consent of this operation",
                    "wipe DATA1 (linux_raid_member) with the consent of this operation",
                    "create raid1 'data' over DATA0 and DATA1", "list 'data' in mdadm.conf"));
    for (std::size_t i = 0; i < 5; ++i) EXPECT_TRUE(made.steps[i].destroys_data) << i;
}

TEST(Stack, WithoutConsentForEveryDiskItStandsOnNothingIsTouched) {
    std::vector<WipeConsent> one = both();
    one.pop_back();
    WantedArray wanted = data(Level::raid1, 0);
    wanted.members.ids = {"DATA0", "DATA2"};
    Wanted all = only(wanted);
    all.consent = one;
    const Plan<Op> refused = plan(all, stacked());
    EXPECT_THAT(refused.steps, IsEmpty());
    EXPECT_THAT(message(refused, "raid/data"),
                HasSubstr("dm-0 'vg-data' also stands on DATA1, for which this operation has no "
                          "consent"));
}

TEST(Stack, InUseIsRefusedWhateverConsentThereIs) {
    for (const char* use : {"/srv", "swap"}) {
        Observed see = stacked();
        see.holders[0].mounts = {use};
        const Plan<Op> refused = plan(mirror(both()), see);
        EXPECT_THAT(refused.steps, IsEmpty());
        EXPECT_THAT(message(refused, "raid/data"), HasSubstr("dm-0 'vg-data' is in use"));
    }
}

TEST(Stack, WhatNobodyKnowsOrNoToolOfOursStopsIsRefused) {
    Observed unknown = stacked();
    the(unknown, "DATA0").holders.push_back("drbd0");
    EXPECT_THAT(message(plan(mirror(both()), unknown), "raid/data"),
                HasSubstr("nobody knows what drbd0 is"));
    for (const char* kind : {"container", "other"}) {
        Observed see = stacked();
        see.holders[1].kind = kind;
        const Plan<Op> refused = plan(mirror(both()), see);
        EXPECT_THAT(refused.steps, IsEmpty());
        EXPECT_THAT(message(refused, "raid/data"), HasSubstr("has to be taken down by hand"));
    }
}

TEST(Stack, ThatReachesTheSystemsDisksIsRefused) {
    Observed see = stacked();
    see.holders[0].disks.push_back("ROOT");
    std::vector<WipeConsent> all = both();
    all.push_back({"ROOT", {"gpt", "ext4"}});
    const Plan<Op> refused = plan(mirror(all), see);
    EXPECT_THAT(refused.steps, IsEmpty());
    EXPECT_THAT(message(refused, "raid/data"), HasSubstr("ROOT, under the system volume"));
}

TEST(Stack, IsTakenDownOnceForTwoArraysThatGetItsDisks) {
    Observed see = stacked();
    WantedArray first = data(Level::raid1, 0), second = first;
    first.members.ids = {"DATA0", "DATA2"};
    second.name = "more";
    see.disks.push_back(disk("DATA3", "vde"));
    second.members.ids = {"DATA1", "DATA3"};
    const Plan<Op> made = plan({.arrays = std::vector{first, second}, .consent = both()}, see);
    EXPECT_EQ(ops<TakeDownHolder>(made).size(), 2u);
    EXPECT_EQ(ops<WipeDisk>(made).size(), 2u);
    EXPECT_EQ(ops<CreateArray>(made).size(), 2u);
}

TEST(Stack, AnArrayThatIsWantedAsItIsIsNoneOfAnothersConsent) {
    Observed see = host(3);
    run_array(see, "raid1", {"DATA0", "DATA1"});
    see.holders = {{.name = "md127",
                    .kind = "md",
                    .title = "data",
                    .uuid = md_uuid,
                    .over = {"vdb", "vdc"},
                    .disks = {"DATA0", "DATA1"}}};
    WantedArray there = data(Level::raid1, 2), more = data(Level::raid1, 0);
    more.name = "more";
    more.members.ids = {"DATA1", "DATA2"};
    const Plan<Op> made = plan({.arrays = std::vector{there, more}, .consent = both()}, see);
    EXPECT_THAT(made.steps, IsEmpty());
    EXPECT_THAT(message(made, "raid/more"), HasSubstr("belongs to another array"));
}

}  // namespace
