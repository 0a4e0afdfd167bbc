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

/// Six data disks: two of 1 GiB that turn, two of 2 GiB behind NVMe, two of 3 GiB SSD.
Observed mixed() {
    Observed see = host(6);
    for (const char* nvme : {"DATA2", "DATA3"}) {
        the(see, nvme).transport = "nvme";
        the(see, nvme).rotational = false;
        the(see, nvme).bytes = 2 * gib;
        the(see, nvme).model = "FAST";
    }
    for (const char* ssd : {"DATA4", "DATA5"}) {
        the(see, ssd).rotational = false;
        the(see, ssd).bytes = 3 * gib;
        the(see, ssd).model = "WIDE";
    }
    return see;
}

WantedArray by(const MemberRule& rule, Level level = Level::raid1) {
    return {.name = "data", .level = level, .members = rule};
}

std::vector<std::string> chosen(const WantedArray& wanted, const Observed& see) {
    const Plan<Op> made = plan(only(wanted), see);
    const auto creates = ops<CreateArray>(made);
    return creates.empty() ? std::vector<std::string>{message(made, "raid/data")}
                           : creates[0].members;
}

TEST(Selection, NvmeIsWhatIsBehindNvmeAndSsdWhateverDoesNotTurn) {
    EXPECT_THAT(chosen(by({.count = 2, .media = Media::nvme}), mixed()),
                ElementsAre("DATA2", "DATA3"));
    EXPECT_THAT(chosen(by({.media = Media::ssd}), mixed()),
                ElementsAre("DATA2", "DATA3", "DATA4", "DATA5"));
}

TEST(Selection, RotationalIsWhatTheKernelSays) {
    EXPECT_THAT(chosen(by({.rotational = true}), mixed()), ElementsAre("DATA0", "DATA1"));
    EXPECT_THAT(chosen(by({.count = 2, .rotational = false}), mixed()),
                ElementsAre("DATA2", "DATA3"));
}

TEST(Selection, OnlyWhatIsBehindAControllerIsTakenWhereOneIsNamed) {
    Observed see = mixed();
    for (const char* behind : {"DATA1", "DATA4"}) the(see, behind).pci = "0000:3b:00.0";
    EXPECT_THAT(chosen(by({.controller = "0000:3b:00.0"}), see), ElementsAre("DATA1", "DATA4"));
    EXPECT_THAT(chosen(by({.count = 3, .controller = "0000:3b:00.0"}, Level::raid5), see)[0],
                HasSubstr("3 disks behind 0000:3b:00.0 (at least 3 in all); of 7 disks here 6 do "
                          "not carry the system, 2 are behind that controller, which are too few"));
}

TEST(Selection, TheLargestComeFirstWhereTheOrderSaysSo) {
    EXPECT_THAT(chosen(by({.count = 3, .order = Order::largest_first}, Level::raid5), mixed()),
                ElementsAre("DATA4", "DATA5", "DATA2"));
    EXPECT_THAT(chosen(by({.count = 3}, Level::raid5), mixed()),
                ElementsAre("DATA0", "DATA1", "DATA2"));
}

TEST(Selection, OneModelIsThatOfTheFirstDiskThatHasEnoughOfItsKind) {
    Observed see = mixed();
    the(see, "DATA0").model = "LONELY";
    EXPECT_THAT(chosen(by({.count = 2, .same_model = true}), see), ElementsAre("DATA2", "DATA3"));
    EXPECT_THAT(chosen(by({.count = 2, .order = Order::largest_first, .same_model = true}), see),
                ElementsAre("DATA4", "DATA5"));
}

TEST(Selection, ADiskWithoutAModelIsNeverOfOneModel) {
    EXPECT_THAT(chosen(by({.count = 2, .rotational = true, .same_model = true}), mixed())[0],
                HasSubstr("0 pass sameModel, which are too few (no disk tells its model)"));
}

TEST(Selection, EveryDiskOfOneModelIsNotSilentlyFewer) {
    const std::string refused = chosen(by({.media = Media::ssd, .same_model = true}), mixed())[0];
    EXPECT_THAT(refused, HasSubstr("0 pass sameModel"));
    EXPECT_THAT(refused, HasSubstr("(2 FASTs, 2 WIDEs)"));
}

TEST(Selection, TheFirstRuleThatLeftTooFewIsNamed) {
    WantedArray wanted = by({.count = 4, .media = Media::ssd, .min_bytes = 3 * gib}, Level::raid10);
    const Plan<Op> made = plan(only(wanted), mixed());
    EXPECT_EQ(code(made, "raid/data"), Errc::not_found);
    EXPECT_EQ(message(made, "raid/data"),
              "array 'data' cannot be made: it wants 4 disks that do not turn of at least "
              "3221225472 bytes (at least 4 in all); of 7 disks here 6 do not carry the system, "
              "4 pass media, 2 pass minBytes, which are too few");
}

TEST(Selection, AHostWithTooFewDisksBlamesNoRule) {
    const std::string refused =
        chosen(by({.count = 8, .media = Media::hdd}, Level::raid6), mixed())[0];
    EXPECT_THAT(refused, HasSubstr("of 7 disks here, which are too few, 6 do not carry"));
}

TEST(Selection, ThePlanSaysWhyTheseDisks) {
    const auto why = [](const WantedArray& wanted) {
        return plan(only(wanted), mixed()).steps.at(0).why;
    };
    EXPECT_EQ(why(by({.count = 2})),
              "create raid1 'data' over DATA0 and DATA1 (the smallest 2 of 6 that qualify)");
    EXPECT_EQ(why(by({.count = 2, .order = Order::largest_first, .same_model = true})),
              "create raid1 'data' over DATA4 and DATA5 (the only 2 that qualify, of model WIDE)");
    EXPECT_EQ(why(by({.rotational = true})),
              "create raid1 'data' over DATA0 and DATA1 (all 2 that qualify)");
    EXPECT_EQ(why(by({.ids = {"DATA5", "DATA1"}})), "create raid1 'data' over DATA5 and DATA1");
}

TEST(Selection, AJournalIsNamedAndNeverChosenAsAMember) {
    WantedArray wanted = by({.count = 4}, Level::raid5);
    wanted.journal = "DATA0";
    wanted.consistency = Consistency::journal;
    const auto made = ops<CreateArray>(plan(only(wanted), mixed()));
    ASSERT_EQ(made.size(), 1u);
    EXPECT_EQ(made[0].journal, "DATA0");
    EXPECT_THAT(made[0].members, ElementsAre("DATA1", "DATA2", "DATA3", "DATA4"));
}

TEST(Selection, AJournalThatIsNotBlankIsRefused) {
    Observed see = mixed();
    the(see, "DATA0").signatures = {{.type = "swap", .offset = 4086}};
    WantedArray wanted = by({.count = 3}, Level::raid5);
    wanted.journal = "DATA0";
    wanted.consistency = Consistency::journal;
    const Plan<Op> refused = plan(only(wanted), see);
    EXPECT_THAT(refused.steps, IsEmpty());
    EXPECT_THAT(message(refused, "raid/data"), HasSubstr("DATA0 (/dev/vdb) holds swap"));
}

// ---- partitions --------------------------------------------------------------------------------

constexpr auto first_part = "PARTUUID=2e1c5d1e-0000-0000-0000-000000000001";

/// Disks with a GPT and one blank partition each, numbered as the disks are.
Observed partitioned(unsigned count) {
    Observed see = host(count);
    for (unsigned i = 0; i < count; ++i) {
        Disk& whole = the(see, "DATA" + std::to_string(i));
        whole.partitions = {whole.name + "1"};
        whole.signatures = {{.type = "gpt", .offset = 512}};
        Disk part = disk("", whole.name + "1", gib / 2);
        part.whole = whole.name;
        part.part_uuid = "2e1c5d1e-0000-0000-0000-00000000000" + std::to_string(i + 1);
        see.disks.push_back(part);
    }
    return see;
}

MemberRule parts(unsigned count) {
    MemberRule rule;
    for (unsigned i = 1; i <= count; ++i)
        rule.ids.push_back("PARTUUID=2E1C5D1E-0000-0000-0000-00000000000" + std::to_string(i));
    return rule;
}

TEST(Partitions, AreTakenByPartuuidWhenTheyAreBlank) {
    EXPECT_THAT(chosen(by(parts(2)), partitioned(2)),
                ElementsAre(first_part, "PARTUUID=2e1c5d1e-0000-0000-0000-000000000002"));
}

TEST(Partitions, AreNeverChosenByRule) {
    EXPECT_THAT(chosen(by({.count = 2}), partitioned(3))[0], HasSubstr("0 are blank"));
}

TEST(Partitions, ThatHoldSomethingAreRefusedAndTheirNeighboursAreNot) {
    Observed see = partitioned(3);
    see.disks.back().signatures = {{.type = "xfs", .offset = 0}};
    EXPECT_THAT(chosen(by(parts(3), Level::raid5), see)[0], HasSubstr("holds xfs"));
    EXPECT_THAT(chosen(by(parts(2)), see), testing::SizeIs(2));
}

TEST(Partitions, OnADiskOfTheSystemAreNeverTaken) {
    Observed see = partitioned(2);
    see.system.disks.push_back("vdb");
    EXPECT_THAT(chosen(by(parts(2)), see)[0], HasSubstr("is on a disk of the system volume"));
}

TEST(Partitions, AndTheirDiskAreNotTakenByTwoArrays) {
    Observed see = partitioned(3);
    WantedArray whole = by({.ids = {"DATA0", "DATA2"}});
    whole.name = "whole";
    Wanted wanted{.arrays = std::vector{by(parts(2)), whole}};
    wanted.consent = {{"DATA0", {"gpt"}}, {"DATA2", {"gpt"}}};
    const Plan<Op> made = plan(wanted, see);
    EXPECT_THAT(made.steps, IsEmpty());
    for (const char* item : {"raid/data", "raid/whole"})
        EXPECT_THAT(message(made, item), HasSubstr("belongs to another array")) << item;
}

TEST(Partitions, AndTheirDiskAreNotMembersOfOneArray) {
    Wanted wanted = only(by({.ids = {first_part, "DATA0"}}));
    wanted.consent = {{"DATA0", {"gpt"}}};
    const Plan<Op> refused = plan(wanted, partitioned(2));
    EXPECT_THAT(refused.steps, IsEmpty());
    EXPECT_THAT(message(refused, "raid/data"), HasSubstr("is a partition of DATA0 (/dev/vdb)"));
}

TEST(Partitions, OfOneDiskMayBeOfTwoArrays) {
    Observed see = partitioned(2);
    for (unsigned i = 0; i < 2; ++i) {
        Disk second = see.disks[see.disks.size() - 2];
        second.name += "2";
        second.part_uuid.back() = static_cast<char>('8' + i);
        see.disks.push_back(second);
    }
    WantedArray more = by({.ids = {"PARTUUID=2e1c5d1e-0000-0000-0000-000000000008",
                                   "PARTUUID=2e1c5d1e-0000-0000-0000-000000000009"}});
    more.name = "more";
    EXPECT_EQ(ops<CreateArray>(plan({.arrays = std::vector{by(parts(2)), more}}, see)).size(), 2u);
}

TEST(Partitions, OfAnArrayThatRunsAreUnchanged) {
    Observed see = partitioned(2);
    Array array{.name = "data",
                .kernel_name = "md127",
                .path = "/dev/md/data",
                .uuid = md_uuid,
                .level = "raid1",
                .raid_devices = 2,
                .array_state = "clean",
                .bytes = gib / 2};
    for (const std::size_t at : {std::size_t{3}, std::size_t{4}}) {
        Disk& part = see.disks[at];
        part.holders = {"md127"};
        part.signatures = {{.type = "linux_raid_member", .uuid = md_uuid_of_blkid}};
        array.members.push_back(
            {"DATA" + std::to_string(at - 3), std::to_string(at - 3), part.identity()});
    }
    see.arrays.push_back(array);
    list_in_conf(see);
    const Plan<Op> same = plan(only(complete(by(parts(2)), {})), see);
    EXPECT_THAT(same.steps, IsEmpty());
    EXPECT_EQ(settled(same, "raid/data")->outcome, Outcome::unchanged)
        << message(same, "raid/data");
}

}  // namespace
