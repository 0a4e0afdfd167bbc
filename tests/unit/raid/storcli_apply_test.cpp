// Volumes made and deleted through the real door to programs, at the emulator of the tools.
#include "raid/storcli/apply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "raid/storcli/ask.hpp"
#include "raid/storcli/plan.hpp"
#include "raid/storcli/plan_replace.hpp"

namespace metalwright::raid::storcli {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class StorcliApply : public testing::Test {
 protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "storcli-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { fs::remove_all(folder_); }

    /// A tool of this grammar over a controller with eight free drives.
    void host(const std::string& grammar) {
        const fs::path program = folder_ / "storcli64";
        std::ofstream(program) << "#!/bin/sh\nMETALWRIGHT_STORCLI_STATE=" << state().string()
                               << " exec " METALWRIGHT_SOURCE_DIR "/tests/fakes/storcli \"$@\"\n";
        fs::permissions(program, fs::perms::owner_all);
        tools_ = {program.string()};
        const auto made = exec_.run(
            {.program = tools_[0], .args = {"make", "--grammar", grammar, "--drives", "8"}});
        ASSERT_TRUE(made && made->ok());
    }
    fs::path state() const { return folder_ / "state.json"; }
    void replace(const std::string& what, const std::string& with) {
        std::stringstream text;
        text << std::ifstream(state()).rdbuf();
        std::string content = text.str();
        const std::size_t at = content.find(what);
        ASSERT_NE(at, std::string::npos) << what;
        std::ofstream(state()) << content.replace(at, what.size(), with);
    }

    /// `statement` in Python, about `controller`.
    void edit(const std::string& statement) {
        const std::string script =
            "import json, sys; sys.path.insert(0, '" METALWRIGHT_SOURCE_DIR
            "/tests/fakes'); from storcli_family import hardware; file = '" +
            state().string() +
            "'; state = json.load(open(file)); controller = state['controllers'][0]; " + statement +
            "; json.dump(state, open(file, 'w'))";
        const auto done = exec_.run({.program = "/usr/bin/python3", .args = {"-B", "-c", script}});
        ASSERT_TRUE(done && done->ok()) << (done ? done->err : done.error().message);
    }

    Controllers look() { return observe_controllers(exec_, tools_); }

    /// Plans and applies; every step's result, in words.
    std::vector<std::string> apply_wish(const WantedVolume& wanted) {
        const Controllers there = look();
        Claims claims;
        return run(plan_volumes(std::span(&wanted, 1), there, claims), there);
    }
    std::vector<std::string> apply_spares(const WantedSpares& wanted) {
        const Controllers there = look();
        Claims claims;
        return run(plan_spares(std::span(&wanted, 1), there, claims), there);
    }
    std::vector<std::string> apply_replacement(const WantedVolume& wanted,
                                               const DriveReplacement& replacement) {
        const Controllers there = look();
        const Controller& controller = there.list.at(0);
        Plan<VolumeOp> plan;
        Claims claims;
        plan_replace(replacement, wanted, controller, controller.volumes.at(0), claims, plan);
        return run(plan, there);
    }
    DriveState state_of(unsigned slot) { return look().list.at(0).drives.at(slot).state; }
    std::vector<std::string> run(const Plan<VolumeOp>& plan, const Controllers& there) {
        NoJournal journal;
        std::vector<std::string> told;
        for (const ItemResult& item : plan.settled)
            told.push_back(item.error ? item.error->message : std::string(to_string(item.outcome)));
        for (const Result<void>& result : apply(plan.steps, there, exec_, journal))
            told.push_back(result ? "done" : result.error().message);
        return told;
    }

    sys::SpawnExec exec_;
    std::vector<std::string> tools_;
    fs::path folder_;
};

using Made = std::tuple<std::string, unsigned, unsigned>;  // grammar, level, drives
class StorcliLevels : public StorcliApply, public testing::WithParamInterface<Made> {};

TEST_P(StorcliLevels, AreMadeSeenAndThenUnchanged) {
    const auto& [grammar, level, count] = GetParam();
    host(grammar);
    WantedVolume wanted{.name = "data", .level = level, .drives = {.count = count}};
    wanted.strip_kib = 64;
    wanted.cache = {.read = "nora", .write = "wt"};
    EXPECT_EQ(apply_wish(wanted), std::vector<std::string>{"done"});
    EXPECT_EQ(apply_wish(wanted), std::vector<std::string>{"unchanged"});
    const VirtualDrive volume = look().list.at(0).volumes.at(0);
    EXPECT_EQ(volume.level, "raid" + std::to_string(level));
    EXPECT_EQ(volume.drives.size(), count);
    EXPECT_EQ(volume.strip_kib, 64u);
    EXPECT_TRUE(volume.cache.starts_with("NR")) << volume.cache;
}

std::string name_of(const testing::TestParamInfo<Made>& info) {
    return std::get<0>(info.param) + "Raid" + std::to_string(std::get<1>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Each, StorcliLevels,
                         testing::Values(Made("storcli", 0, 2), Made("storcli", 1, 2),
                                         Made("storcli", 5, 3), Made("storcli", 6, 4),
                                         Made("storcli", 10, 4), Made("storcli", 50, 6),
                                         Made("storcli", 60, 8), Made("perccli", 5, 3),
                                         Made("storcli2", 1, 2), Made("storcli2", 10, 4)),
                         name_of);

TEST_F(StorcliApply, SparesInitAndBootFollowTheVolume) {
    host("storcli");
    WantedVolume wanted{.name = "data", .level = 5, .drives = {.count = 3}, .spares = 1};
    wanted.init = Init::fast;
    wanted.boot = true;
    EXPECT_EQ(apply_wish(wanted), (std::vector<std::string>{"done", "done", "done", "done"}));
    const Controller made = look().list.at(0);
    EXPECT_EQ(made.drives.at(3).state, DriveState::hot_spare);
    EXPECT_EQ(made.volumes.at(0).task, (Task{TaskKind::initialization, "INIT", 0, "100 Seconds"}));
    EXPECT_EQ(apply_wish(wanted), std::vector<std::string>{"unchanged"});
    EXPECT_FALSE(look().list.at(0).volumes.at(0).task) << "it is done by now";
}

TEST_F(StorcliApply, ADriveIsReplacedInEachGrammarWhileTheVolumeIsUsed) {
    for (const std::string grammar : {"storcli", "perccli", "storcli2"}) {
        host(grammar);
        const WantedVolume wanted{.name = "data", .level = 5, .drives = {.count = 3}};
        EXPECT_EQ(apply_wish(wanted), std::vector<std::string>{"done"});
        const std::string old = look().list.at(0).drives.at(1).serial;
        EXPECT_EQ(apply_replacement(wanted, {old}),
                  (std::vector<std::string>{"done", "done", "done"}))
            << grammar;
        const Controller now = look().list.at(0);
        EXPECT_EQ(now.drives.at(1).state, DriveState::bad) << grammar;
        EXPECT_EQ(now.drives.at(3).state, DriveState::rebuilding) << grammar;
        EXPECT_EQ(now.drives.at(3).percent, 0) << grammar;
        EXPECT_EQ(apply_replacement(wanted, {old}), std::vector<std::string>{"unchanged"});
        EXPECT_EQ(apply_wish(wanted), std::vector<std::string>{"unchanged"}) << grammar;
    }
}

TEST_F(StorcliApply, ADriveThatWasPulledIsReplacedByTheOneThatIsNamed) {
    host("storcli");
    WantedVolume wanted{.name = "data", .level = 1, .drives = {.count = 2}};
    EXPECT_EQ(apply_wish(wanted), std::vector<std::string>{"done"});
    const Controller before = look().list.at(0);
    wanted.known_drives = {before.drives.at(0).serial, before.drives.at(1).serial};
    edit("hardware.lose_drive(controller, (252, 1))");
    const std::string pulled = before.drives.at(1).serial, with = before.drives.at(5).serial;
    EXPECT_EQ(apply_replacement(wanted, {pulled, with}), std::vector<std::string>{"done"});
    const Controller now = look().list.at(0);
    const auto newcomer = std::ranges::find(now.drives, with, &Drive::serial);
    ASSERT_NE(newcomer, now.drives.end());
    EXPECT_EQ(newcomer->state, DriveState::rebuilding);
}

TEST_F(StorcliApply, GlobalSparesComeToWhatIsThereAndGoAgain) {
    for (const std::string grammar : {"storcli", "storcli2"}) {
        host(grammar);
        const WantedSpares two{.drives = {.count = 2}};
        EXPECT_EQ(apply_spares(two), std::vector<std::string>{"done"}) << grammar;
        EXPECT_EQ(apply_spares(two), std::vector<std::string>{"unchanged"}) << grammar;
        EXPECT_EQ(apply_spares({.drives = {.count = 3}}), std::vector<std::string>{"done"});
        for (const unsigned slot : {0U, 1U, 2U})
            EXPECT_EQ(state_of(slot), DriveState::hot_spare) << grammar;
        EXPECT_EQ(state_of(3), DriveState::free);
        const Controllers there = look();
        const std::string first = there.list.at(0).drives.at(0).serial;
        EXPECT_EQ(run(plan_spares_removal({"", {first, "GONE"}}, there), there),
                  std::vector<std::string>{"done"});
        EXPECT_EQ(state_of(0), DriveState::free);
        EXPECT_EQ(state_of(1), DriveState::hot_spare) << "not ours";
        const Controllers after = look();
        EXPECT_EQ(run(plan_spares_removal({"", {first}}, after), after),
                  std::vector<std::string>{"unchanged"});
    }
}

TEST_F(StorcliApply, TheLocateLedIsLitAndPutOut) {
    host("storcli");
    const Controllers there = look();
    const Drive& drive = there.list.at(0).drives.at(2);
    for (const bool on : {true, false}) {
        EXPECT_TRUE(
            apply(LocateDrive{"storcli64/c0", {drive.selector, drive.serial}, on}, there, exec_));
        std::stringstream text;
        text << std::ifstream(state()).rdbuf();
        EXPECT_EQ(text.str().contains("\"locate\": true"), on);
    }
}

TEST_F(StorcliApply, TheCachePolicyIsSetInEachGrammar) {
    for (const std::string grammar : {"storcli", "storcli2"}) {
        host(grammar);
        WantedVolume wanted{.name = "data", .level = 1, .drives = {.count = 2}};
        EXPECT_EQ(apply_wish(wanted), std::vector<std::string>{"done"});
        wanted.cache = {.read = "nora", .write = "wt"};
        EXPECT_EQ(apply_wish(wanted), std::vector<std::string>{"done"}) << grammar;
        EXPECT_EQ(apply_wish(wanted), std::vector<std::string>{"unchanged"}) << grammar;
    }
}

TEST_F(StorcliApply, ASuccessThatDidNothingIsFound) {
    host("storcli");
    replace(R"("faults": [])", R"("faults": [{"match": "add vd", "do": "nothing"}])");
    const WantedVolume wanted{.name = "data", .level = 1, .drives = {.count = 2}};
    EXPECT_THAT(apply_wish(wanted).at(0),
                HasSubstr("says that volume 'data' was made, but it is not"));
}

TEST_F(StorcliApply, AToolThatDiedAfterItsWorkHasDoneIt) {
    host("storcli");
    replace(R"("faults": [])", R"("faults": [{"match": "add vd", "do": "half"}])");
    const WantedVolume wanted{.name = "data", .level = 1, .drives = {.count = 2}};
    EXPECT_EQ(apply_wish(wanted), std::vector<std::string>{"done"});
}

TEST_F(StorcliApply, ARefusalOfTheToolIsToldInItsWords) {
    host("storcli");
    const WantedVolume wanted{.name = "data", .level = 1, .drives = {.count = 2}};
    const Controllers there = look();
    Claims claims;
    const auto plan = plan_volumes(std::span(&wanted, 1), there, claims);
    replace(R"("preserved": [])", R"("preserved": [7])");
    const auto told = run(plan, there);
    EXPECT_THAT(told.at(0),
                HasSubstr("/c0 add vd r1 name=data drives=252:0,252:1 J nolog: Add VD Failed"));
    EXPECT_THAT(told.at(0), HasSubstr("(code 84)"));
}

TEST_F(StorcliApply, ADriveThatWasTakenSinceThePlanIsRefused) {
    host("storcli");
    const WantedVolume wanted{.name = "data", .level = 1, .drives = {.count = 2}};
    const Controllers there = look();
    Claims claims;
    const auto plan = plan_volumes(std::span(&wanted, 1), there, claims);
    replace(R"("state": "UGood")", R"("state": "JBOD")");
    EXPECT_THAT(run(plan, there).at(0), HasSubstr("no longer as it was planned"));
    replace(R"("state": "JBOD")", R"("state": "UGood")");
    replace(R"("serial": "FAKE00025200")", R"("serial": "OTHER")");
    EXPECT_THAT(run(plan, there).at(0), HasSubstr("is no longer at /c0/e252/s0"));
}

TEST_F(StorcliApply, OnlyTheVolumeWithThisIdIsDeleted) {
    for (const std::string grammar : {"storcli", "storcli2"}) {
        host(grammar);
        for (const char* name : {"one", "two"})
            EXPECT_EQ(apply_wish({.name = name, .level = 1, .drives = {.count = 2}}),
                      std::vector<std::string>{"done"});
        const Controllers there = look();
        const VirtualDrive& two =
            *std::ranges::find(there.list.at(0).volumes, "two", &VirtualDrive::name);
        const std::vector<OwnVolume> ours{{"two", two.wwn}};
        EXPECT_EQ(run(plan_deletion(ours, there), there), std::vector<std::string>{"done"});
        const Controllers after = look();
        ASSERT_EQ(after.list.at(0).volumes.size(), 1u);
        EXPECT_EQ(after.list.at(0).volumes[0].name, "one");
        EXPECT_EQ(run(plan_deletion(ours, after), after), std::vector<std::string>{"unchanged"});
    }
}

}  // namespace
}  // namespace metalwright::raid::storcli
