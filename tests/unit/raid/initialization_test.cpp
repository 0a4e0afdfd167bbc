// What a controller is doing to a volume: read, told, and waited for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "raid/storcli/ask.hpp"
#include "raid/storcli/differ.hpp"
#include "raid/storcli/words.hpp"
#include "tests/unit/raid/machine.hpp"
#include "tests/unit/raid/scene.hpp"
#include "tests/unit/raid/storcli_text.hpp"

namespace metalwright::raid {
namespace {

using namespace scene;
using storcli::answer;
using storcli::part;
using storcli::task_in;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* tool_path = "/t/storcli64";

TEST(Initialization, TheWordsOfTheTools) {
    const auto is = [](std::string_view words, TaskKind kind, int percent, std::string name) {
        return task_in(words) == Task{.kind = kind, .name = std::move(name), .percent = percent};
    };
    EXPECT_TRUE(
        is("Consistency Check (36%)", TaskKind::consistency_check, 36, "Consistency Check"));
    EXPECT_TRUE(is("Background Initialization (0%)", TaskKind::background_initialization, 0,
                   "Background Initialization"));
    EXPECT_TRUE(is("Initialization (99 %)", TaskKind::initialization, 99, "Initialization"));
    EXPECT_TRUE(is("INIT", TaskKind::initialization, -1, "INIT"));
    EXPECT_TRUE(is("BGI", TaskKind::background_initialization, -1, "BGI"));
    EXPECT_TRUE(is("CC", TaskKind::consistency_check, -1, "CC"));
    EXPECT_TRUE(is("Reconstruction (101%)", TaskKind::other, -1, "Reconstruction (101%)"));
    for (const char* none : {"None", "", " ", "-", "N/A"}) EXPECT_FALSE(task_in(none)) << none;
}

/// A controller with one volume, 'hard' over two drives; each question "show init" is answered by
/// the next of `percents`, and what follows them is that it is done.
class Tool {
 public:
    explicit Tool(std::vector<int> percents, std::string operation = "Initialization")
        : percents_(std::move(percents)), operation_(std::move(operation)) {}

    Result<sys::Output> operator()(const sys::Command& command) {
        std::string question;
        for (std::size_t i = 0; i + 2 < command.args.size(); ++i)
            question += (i == 0 ? "" : " ") + command.args[i];
        asked.push_back(question);
        if (broken > 0 && question == "/call show all") {
            --broken;
            return fakes::said("", 255, "Segmentation fault");
        }
        const bool under_way = at_ < percents_.size();
        const std::string percent = under_way ? std::to_string(percents_[at_]) : "";
        if (question == "/call show all")
            return fakes::said(
                answer(part(0, R"({"Basics":{"Model":"M","Serial Number":"C1"},"VD LIST":[)" +
                                   row() + R"(],"PD LIST":[)" + storcli::pd("8:0", "Onln", "0") +
                                   "," + storcli::pd("8:1", "Onln", "0") + "]}")));
        if (question == "/call/eall/sall show all")
            return fakes::said(
                answer(part(0, R"({"Drive /c0/e8/s0 - Detailed Information":{"a":{"SN":"S0"}},)"
                               R"("Drive /c0/e8/s1 - Detailed Information":{"a":{"SN":"S1"}}})")));
        if (question == "/call/vall show all")
            return fakes::said(answer(
                part(0, R"({"/c0/v1":[)" + row() + R"(],"VD1 Properties":{"Active Operations":")" +
                            (under_way ? operation_ + " (" + percent + "%)" : "None") +
                            R"(","SCSI NAA Id":"600605b0"}})")));
        if (question == "/call/vall show init" || question == "/call/vall show bgi") {
            ++at_;
            if (refuses)
                return fakes::said(
                    answer(part(0, "", "Failure",
                                R"(,"Detailed Status":[{"VD":1,"Status":"Failed","ErrCd":61}])")));
            return fakes::said(answer(part(
                0,
                R"({"VD Operation Status":[{"VD":0,"Operation":"INIT","Progress%":"-",)"
                R"("Status":"Not in progress","Estimated Time Left":"-"},{"VD":1,"Operation":")" +
                    std::string(question.ends_with("bgi") ? "BGI" : "INIT") + R"(","Progress%":)" +
                    percent + R"(,"Status":"In progress","Estimated Time Left":"3 Minutes"}]})")));
        }
        return fakes::said("syntax error", 6);
    }

    std::vector<std::string> asked;
    bool refuses = false;
    int broken = 0;

 private:
    static std::string row() {
        return R"({"DG/VD":"0/1","TYPE":"RAID1","State":"Optl","Size":"1 GB","Name":"hard"})";
    }

    std::vector<int> percents_;
    std::string operation_;
    std::size_t at_ = 0;
};

Controllers look_at(Tool& tool) {
    fakes::FakeExec exec;
    exec.on("storcli64", std::ref(tool));
    const std::vector<std::string> tools{tool_path};
    return storcli::observe_controllers(exec, tools);
}

TEST(Initialization, IsAskedForOnceWhereThereIsOneAndTold) {
    Tool tool({12});
    const Controllers all = look_at(tool);
    ASSERT_EQ(all.list.size(), 1u);
    EXPECT_THAT(all.list[0].errors, IsEmpty());
    ASSERT_EQ(all.list[0].volumes.size(), 1u) << "a row of what is not there makes no volume";
    const VirtualDrive& volume = all.list[0].volumes[0];
    EXPECT_EQ(volume.task, (Task{TaskKind::initialization, "INIT", 12, "3 Minutes"}));
    EXPECT_EQ(storcli::progress_note(all.list[0], volume),
              "initialization 12 %, 3 Minutes left, not usable until it is done");
    EXPECT_THAT(tool.asked, ElementsAre("/call show all", "/call/vall show all",
                                        "/call/eall/sall show all", "/call/vall show init"));
    tool.asked.clear();
    const Controllers done = look_at(tool);
    EXPECT_FALSE(done.list[0].volumes[0].task);
    EXPECT_EQ(tool.asked.size(), 3u);
}

TEST(Initialization, InTheBackgroundLeavesTheVolumeUsable) {
    Tool tool({40}, "Background Initialization");
    const Controllers all = look_at(tool);
    EXPECT_EQ(storcli::progress_note(all.list[0], all.list[0].volumes[0]),
              "background initialization 40 %, 3 Minutes left, usable meanwhile");
    EXPECT_EQ(tool.asked.back(), "/call/vall show bgi");
}

TEST(Initialization, AToolThatDoesNotSayHowLongIsNoFaultOfTheController) {
    Tool tool({12});
    tool.refuses = true;
    const Controllers all = look_at(tool);
    EXPECT_THAT(all.list[0].errors, IsEmpty());
    EXPECT_EQ(all.list[0].volumes[0].task, (Task{TaskKind::initialization, "Initialization", 12}));
}

TEST(Initialization, ANewerToolIsAskedWhereItMayBeUnderWay) {
    const auto questions = [](const char* properties) {
        const Controllers all = storcli::told({answer(part(
            0, std::string(R"({"Virtual Drives":[{"VD Info":{"DG/VD":"0/1","State":"Optl"},)") +
                   R"("VD Properties":)" + properties + "}]}"))});
        return storcli::progress_questions(all.list).size();
    };
    EXPECT_EQ(questions(R"({"Init State":"No Init","Consistent":"Yes"})"), 0u);
    EXPECT_EQ(questions(R"({"Init State":"Full Init","Consistent":"Yes"})"), 2u);
    EXPECT_EQ(questions(R"({"Init State":"No Init","Consistent":"No"})"), 2u);
    EXPECT_EQ(questions(R"({"Strip Size":"64 KB"})"), 0u);
}

/// Keeps what was told of a step.
class Told final : public Journal {
 public:
    Result<void> intend(std::span<const StepNote>) override { return {}; }
    void done(std::span<const ItemResult>) override {}
    void progress(std::string_view item, std::string_view what, double percent) override {
        lines.push_back(std::string(item) + ": " + std::string(what));
        percents.push_back(percent);
    }
    std::vector<std::string> lines;
    std::vector<double> percents;
};

Wanted wish(Memory memory, bool filesystem = true) {
    storcli::WantedVolume volume{.name = "hard", .level = 1, .drives = {.count = 2}};
    volume.init = storcli::Init::full;
    volume.memory = memory;
    if (memory != Memory::never_made) volume.known_drives = {"S0", "S1"};
    if (filesystem) volume.filesystem = WantedFilesystem{.uuid = fs_uuid};
    return {.volumes = std::vector{volume}};
}

class AwaitInit : public testing::Test {
 protected:
    /// `then` is done once the host was looked at.
    std::vector<Result<void>> await(Tool& tool, const std::function<void()>& then = [] {}) {
        machine_.exec.on("storcli64", std::ref(tool));
        Doors doors = machine_.doors();
        doors.raid_tools = std::vector<std::string>{tool_path};
        doors.keep_deed = [this](const std::string& item, const std::string& deed) {
            kept_.push_back(item + ": " + deed);
            return kept;
        };
        const Result<Observed> seen = observe(doors, {.controllers = true});
        const Step<Op> step{"volume/hard", "wait",
                            storcli::VolumeOp(storcli::AwaitInit{"storcli64/c0", "hard"}), false};
        then();
        return apply({&step, 1}, *seen, doors, journal_);
    }

    Machine machine_;
    Told journal_;
    Result<void> kept{};
    std::vector<std::string> kept_;
};

TEST_F(AwaitInit, EndsWithItAndTellsHowFarItIs) {
    Tool tool({0, 30, 30, 90});
    const auto results = await(tool);
    ASSERT_EQ(results.size(), 1u);
    EXPECT_TRUE(results[0]) << describe(results[0].error());
    EXPECT_THAT(journal_.percents, testing::IsSupersetOf({30.0, 90.0}));
    EXPECT_THAT(journal_.lines, testing::Contains("volume/hard: initialization 90 %, 3 Minutes "
                                                  "left, not usable until it is done"));
    EXPECT_EQ(machine_.pauses.size(), 3u);
    EXPECT_THAT(kept_, ElementsAre("volume/hard: initialized 600605b0"));
}

TEST_F(AwaitInit, FailsWhereItCannotBeRememberedThatItHasEnded) {
    kept = fail(Errc::io, "no space left");
    Tool tool({0});
    const auto results = await(tool);
    ASSERT_FALSE(results[0]) << "a file system on it would be lost to the next initialization";
    EXPECT_EQ(results[0].error().message, "no space left");
}

TEST_F(AwaitInit, SurvivesAToolThatFailsNowAndThenAndNoMore) {
    Tool tool({0, 30, 90});
    EXPECT_TRUE(await(tool, [&] { tool.broken = 2; })[0]);
    EXPECT_FALSE(await(tool, [&] { tool.broken = 3; })[0]);
}

TEST_F(AwaitInit, GivesUpOnOneThatStandsStill) {
    Tool tool(std::vector<int>(100'000, 12));
    const auto results = await(tool);
    ASSERT_FALSE(results[0]);
    EXPECT_EQ(results[0].error().code, Errc::timed_out);
    EXPECT_THAT(results[0].error().message,
                HasSubstr("volume 'hard' has not come on for six hours: initialization 12 %"));
}

std::vector<std::string> steps(const Plan<Op>& plan) {
    std::vector<std::string> texts;
    for (const Step<Op>& step : plan.steps) texts.push_back(step.item + ": " + step.why);
    return texts;
}

TEST(PlanInitialization, AFileSystemWaitsForItsEnd) {
    Observed seen = host(1);
    Controller one{
        .id = "storcli64/c0", .tool = tool_path, .serial = "C1", .mode = ControllerMode::raid};
    for (unsigned slot = 0; slot < 2; ++slot)
        one.drives.push_back({.selector = "/c0/e252/s" + std::to_string(slot),
                              .enclosure = 252,
                              .slot = slot,
                              .state = DriveState::free,
                              .bytes = 2 * gib,
                              .serial = "S" + std::to_string(slot)});
    seen.controllers.list = {one};
    EXPECT_THAT(steps(plan(wish(Memory::never_made), seen)),
                ElementsAre("volume/hard: create raid1 'hard' over S0, S1",
                            "volume/hard: initialize 'hard'",
                            "volume/hard: wait until 'hard' is initialized",
                            "filesystem/hard: make ext4 'hard' on 'hard'"));
    EXPECT_THAT(steps(plan(wish(Memory::never_made, false), seen)),
                ElementsAre("volume/hard: create raid1 'hard' over S0, S1",
                            "volume/hard: initialize 'hard'"))
        << "nothing stands on it: nobody has to wait";

    Controller& there = seen.controllers.list.front();
    for (Drive& drive : there.drives) drive.state = DriveState::member;
    there.volumes = {{.id = 1,
                      .level = "raid1",
                      .state = VolumeState::optimal,
                      .name = "hard",
                      .drives = {"/c0/e252/s0", "/c0/e252/s1"},
                      .wwn = "600605b0",
                      .task = Task{TaskKind::initialization, "INIT", 5, ""}}};
    Disk shown = disk("", "sda", 2 * gib);
    shown.wwn = "0x600605b0";
    seen.disks.push_back(shown);
    EXPECT_THAT(steps(plan(wish(Memory::begun), seen)),
                ElementsAre("volume/hard: wait until 'hard' is initialized",
                            "filesystem/hard: make ext4 'hard' on 'hard'"))
        << "one that was cut off while it waited waits again";
    const Plan<Op> verified = plan(wish(Memory::begun, false), seen);
    ASSERT_FALSE(verified.settled.empty());
    EXPECT_EQ(verified.settled[0].note, "initialization 5 %, not usable until it is done");

    there.volumes[0].task.reset();
    const std::vector<std::string> all{"volume/hard: initialize 'hard'",
                                       "volume/hard: wait until 'hard' is initialized",
                                       "filesystem/hard: make ext4 'hard' on 'hard'"};
    EXPECT_EQ(steps(plan(wish(Memory::begun), seen)), all)
        << "one that was cut off before it began begins now";
    EXPECT_THAT(steps(plan(wish(Memory::begun, false), seen)), ElementsAre(all[0]));
    EXPECT_THAT(steps(plan(wish(Memory::complete), seen)), IsEmpty())
        << "one that was finished never does";
    Wanted known = wish(Memory::begun);
    known.volumes->front().done = {"initialized 600605b1"};
    EXPECT_EQ(steps(plan(known, seen)), all) << "that was another volume";
    known.volumes->front().done = {"initialized 600605b0"};
    EXPECT_THAT(steps(plan(known, seen)), ElementsAre(all[2]));
    seen.disks.back().signatures = {{.type = "ext4", .uuid = fs_uuid}};
    EXPECT_THAT(steps(plan(wish(Memory::begun), seen)), IsEmpty())
        << "its file system came after it";
}

TEST(PlanInitialization, WhatElseACrashLeftUndoneIsDone) {
    Observed seen = host(1);
    Controller one{
        .id = "storcli64/c0", .tool = tool_path, .serial = "C1", .mode = ControllerMode::raid};
    for (unsigned slot = 0; slot < 3; ++slot)
        one.drives.push_back({.selector = "/c0/e252/s" + std::to_string(slot),
                              .enclosure = 252,
                              .slot = slot,
                              .state = slot < 2 ? DriveState::member : DriveState::free,
                              .bytes = 2 * gib,
                              .serial = "S" + std::to_string(slot)});
    one.volumes = {{.id = 1,
                    .level = "raid1",
                    .state = VolumeState::optimal,
                    .name = "hard",
                    .drives = {"/c0/e252/s0", "/c0/e252/s1"},
                    .wwn = "600605b0"}};
    seen.controllers.list = {one};
    Wanted wanted = wish(Memory::begun, false);
    storcli::WantedVolume& hard = wanted.volumes->front();
    hard.init = storcli::Init::none;
    hard.spares = 1;
    hard.boot = true;
    hard.known_drives = {"S0", "S1", "S2"};
    const Plan<Op> rest = plan(wanted, seen);
    EXPECT_THAT(steps(rest), ElementsAre("volume/hard: give 'hard' its spares",
                                         "volume/hard: boot from 'hard'"));
    EXPECT_THAT(members_of(rest, "volume/hard"), IsEmpty()) << "what it is over stays known";
    seen.controllers.list[0].drives[2].state = DriveState::hot_spare;
    hard.done = {"boots 600605b0"};
    EXPECT_THAT(steps(plan(wanted, seen)), IsEmpty());
    hard.memory = Memory::complete;
    hard.done.clear();
    EXPECT_THAT(steps(plan(wanted, seen)), IsEmpty()) << "whoever changed it since is right";
}

}  // namespace
}  // namespace metalwright::raid
