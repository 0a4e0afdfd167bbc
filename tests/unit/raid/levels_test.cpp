// Geometry and consistency of arrays: what is asked of mdadm, and what counts as the same array.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "raid/layout.hpp"
#include "raid/mdadm.hpp"
#include "raid/wishes.hpp"
#include "tests/unit/raid/scene.hpp"

using namespace metalwright;
using namespace metalwright::raid;
using namespace metalwright::raid::scene;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace {

std::vector<std::string> args_for(const WantedArray& wanted, unsigned disks) {
    const Plan<Op> made = plan(only(wanted), host(disks));
    const auto creates = ops<CreateArray>(made);
    if (creates.empty()) return {message(made, "raid/data")};
    const std::vector<std::string> paths(disks, "/dev/x");
    return create_args(creates[0], paths, "/dev/journal");
}

TEST(Geometry, LayoutChunkSizeAndMetadataAreGivenToMdadm) {
    WantedArray wanted = data(Level::raid10, 4);
    wanted.layout = "f2";
    wanted.chunk_kib = 64;
    wanted.member_bytes = 256 << 20;
    wanted.metadata = "1.0";
    const auto args = args_for(wanted, 4);
    for (const char* arg :
         {"--layout=f2", "--chunk=64", "--size=262144K", "--metadata=1.0", "--bitmap=internal"})
        EXPECT_THAT(args, Contains(arg));
    EXPECT_EQ(plan(only(wanted), host(4)).steps[0].why,
              "create raid10 'data' over DATA0, DATA1, DATA2 and DATA3, layout f2, chunk 64 KiB, "
              "268435456 bytes of each, metadata 1.0 (the only 4 that qualify)");
}

TEST(Geometry, EachConsistencyPolicyIsOneFlag) {
    const std::vector<std::pair<Consistency, std::string>> all{
        {Consistency::bitmap, "--bitmap=internal"},
        {Consistency::resync, "--bitmap=none"},
        {Consistency::ppl, "--consistency-policy=ppl"},
        {Consistency::journal, "--write-journal=/dev/journal"}};
    for (const auto& [policy, flag] : all) {
        WantedArray wanted = data(Level::raid5, 3);
        wanted.consistency = policy;
        if (policy == Consistency::journal) wanted.journal = "DATA3";
        const auto args = args_for(wanted, 4);
        EXPECT_THAT(args, Contains(flag));
        for (const auto& [other, others] : all)
            if (other != policy) {
                EXPECT_THAT(args, Not(Contains(others)));
            }
    }
    EXPECT_THAT(args_for(data(Level::raid0, 2), 2), Not(Contains(HasSubstr("bitmap"))));
}

TEST(Geometry, WhatNoLevelCanHaveIsInvalid) {
    const auto refused = [](Level level, const std::function<void(WantedArray&)>& change) {
        WantedArray wanted = data(level, 4);
        change(wanted);
        const std::optional<Error> error = fault(wanted);
        return error ? error->message : "nothing";
    };
    EXPECT_THAT(refused(Level::raid1, [](auto& w) { w.layout = "n2"; }),
                HasSubstr("raid1 has no layout 'n2'"));
    EXPECT_THAT(refused(Level::raid10, [](auto& w) { w.layout = "f5"; }),
                HasSubstr("more copies than there are disks"));
    EXPECT_THAT(refused(Level::raid0, [](auto& w) { w.consistency = Consistency::bitmap; }),
                HasSubstr("no redundancy"));
    EXPECT_THAT(refused(Level::raid6, [](auto& w) { w.consistency = Consistency::ppl; }),
                HasSubstr("only raid5"));
    EXPECT_THAT(refused(Level::raid10,
                        [](auto& w) {
                            w.consistency = Consistency::journal;
                            w.journal = "J";
                        }),
                HasSubstr("only raid5 and raid6"));
    EXPECT_THAT(refused(Level::raid5, [](auto& w) { w.journal = "J"; }),
                HasSubstr("together with the device"));
    EXPECT_THAT(refused(Level::raid5, [](auto& w) { w.metadata = "0.90"; }), HasSubstr("metadata"));
    EXPECT_THAT(refused(Level::raid0, [](auto& w) { w.member_bytes = gib; }),
                HasSubstr("raid0 uses all"));
    EXPECT_THAT(refused(Level::raid1, [](auto& w) { w.member_bytes = 1000; }), HasSubstr("1 MiB"));
    EXPECT_EQ(refused(Level::raid6, [](auto& w) { w.layout = "parity-last"; }), "nothing");
}

TEST(Layouts, TheKernelsNumbersAndMdadmsWordsAreTheSame) {
    const std::vector<std::tuple<std::string, unsigned, std::string>> all{
        {"raid5", 2, "left-symmetric"},
        {"raid6", 5, "parity-last"},
        {"raid10", 0x102, "n2"},
        {"raid10", 0x201, "f2"},
        {"raid10", 0x10201, "o2"},
        {"raid10", 0x103, "n3"},
        {"raid10", 0x202, ""},
        {"raid5", 99, ""},
        {"raid1", 0, ""},
        {"raid0", 2, ""},
        {"raid10", 0, ""}};
    for (const auto& [level, number, word] : all) {
        EXPECT_EQ(layout_word(level, number), word) << level << ' ' << number;
        if (!word.empty()) {
            EXPECT_TRUE(is_layout(*level_from(level), word)) << word;
        }
    }
    EXPECT_FALSE(is_layout(Level::raid10, "n1"));
    EXPECT_FALSE(is_layout(Level::raid5, "n2"));
}

class Running : public testing::Test {
 protected:
    Running() {
        Array& array = run_array(see, "raid5", {"DATA0", "DATA1", "DATA2"});
        array.layout = "left-symmetric";
        array.consistency = "bitmap";
        array.component_bytes = gib - std::uint64_t{512} * 1024;
        list_in_conf(see);
        wanted = complete(data(Level::raid5, 3), {"DATA0", "DATA1", "DATA2"});
    }
    std::string told() const {
        const Plan<Op> made = plan(only(wanted), see);
        EXPECT_THAT(made.steps, IsEmpty());
        return message(made, "raid/data");
    }

    Observed see = host(4);
    WantedArray wanted;
};

TEST_F(Running, AsItIsWantedInEveryPointIsUnchanged) {
    wanted.layout = "left-symmetric";
    wanted.consistency = Consistency::bitmap;
    wanted.metadata = "1.2";
    wanted.chunk_kib = 512;
    wanted.member_bytes = gib;
    EXPECT_EQ(told(), "");
}

TEST_F(Running, WhatTheOrderLeavesOpenIsNoDifference) {
    see.arrays[0].layout = "parity-first";
    see.arrays[0].consistency = "ppl";
    see.arrays[0].metadata = "1.1";
    EXPECT_EQ(told(), "");
}

TEST_F(Running, EveryDifferenceIsToldAndNothingIsReshaped) {
    wanted.layout = "right-symmetric";
    wanted.consistency = Consistency::ppl;
    wanted.metadata = "1.0";
    wanted.member_bytes = gib / 2;
    for (const char* words :
         {"its layout is left-symmetric, not right-symmetric",
          "its consistency policy is bitmap, not ppl", "its metadata is 1.2, not 1.0",
          "bytes of each member, not 536870912", "an array with data is not rebuilt"})
        EXPECT_THAT(told(), HasSubstr(words));
}

TEST_F(Running, AnotherJournalIsADifferenceAndItsOwnIsNoStrangeMember) {
    see.arrays[0].consistency = "journal";
    see.arrays[0].members.push_back({"DATA3", "journal"});
    wanted.members = {.ids = {"DATA0", "DATA1", "DATA2"}};
    wanted.consistency = Consistency::journal;
    wanted.journal = "DATA3";
    EXPECT_EQ(told(), "");
    wanted.journal = "OTHER";
    EXPECT_THAT(told(), HasSubstr("its journal is DATA3, not OTHER"));
    see.arrays[0].members.pop_back();
    EXPECT_THAT(told(), HasSubstr("it has no journal device, not OTHER"));
}

TEST_F(Running, BuildingTellsHowFarAndHowLong) {
    see.arrays[0].sync_action = "recover";
    see.arrays[0].sync_percent = 12.6;
    see.arrays[0].sync_eta_s = 738;
    EXPECT_EQ(settled(plan(only(wanted), see), "raid/data")->note,
              "recover 12 %, done in 12 min, usable meanwhile");
}

}  // namespace
