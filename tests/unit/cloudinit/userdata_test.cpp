#include "cloudinit/userdata.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cloudinit/run_record.hpp"
#include "tests/fakes/fake_exec.hpp"
#include "tests/fakes/fake_files.hpp"
#include "tests/fakes/fake_systemd.hpp"

namespace metalwright::cloudinit {
namespace {

using fakes::said;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Property = std::pair<std::string, sys::TransientService::Value>;

constexpr const char* directory = "/var/lib/metalwright/userdata/i-1";
constexpr const char* unit = "metalwright-userdata-i-1.service";

TEST(RunDirectory, KeepsInstanceIdsApartAndInsideTheStateDirectory) {
    const auto of = [](std::string_view id) { return run_directory("/s", id).value().string(); };
    EXPECT_EQ(of("i-abc.1"), "/s/userdata/i-abc.1");
    EXPECT_EQ(of("../x"), "/s/userdata/_2e._2fx");
    EXPECT_EQ(of(".."), "/s/userdata/_2e.");
    EXPECT_NE(of("a_b"), of("a/b"));
    EXPECT_NE(of("a_2fb"), of("a/b"));
    EXPECT_EQ(of("$x y"), "/s/userdata/_24x_20y");
    EXPECT_FALSE(run_directory("/s", ""));
    EXPECT_FALSE(run_directory("/s", std::string(201, 'a')));
    EXPECT_FALSE(run_directory("relative", "i"));
    EXPECT_FALSE(run_directory("/with blank", "i"));
    EXPECT_FALSE(run_directory("/with$HOME", "i"));
}

/// A host with systemd.
class UserData : public ::testing::Test {
 protected:
    UserData() {
        files.with("/usr/libexec/metalwright/metalwright-run", "")
            .with("/proc/sys/kernel/random/boot_id", "boot-1\n");
        exec.on("metalwright-run", said());
    }

    ScriptStatus now() { return inspect(directory, place.systemd, doors); }
    ScriptState state() { return now().state; }
    void prepare_and_launch() {
        ASSERT_TRUE(prepare(script, place, files));
        ASSERT_TRUE(launch(script, place, doors));
    }

    fakes::FakeFiles files;
    fakes::FakeExec exec;
    fakes::FakeSystemd systemd;
    RunDoors doors{files, exec, systemd};
    RunPlace place;
    Script script{.instance_id = "i-1", .bytes = "#!/bin/bash\necho secret\n"};
};

TEST_F(UserData, IsOnDiskBeforeAnythingRuns) {
    EXPECT_EQ(state(), ScriptState::none);
    ASSERT_TRUE(prepare(script, place, files));
    EXPECT_EQ(state(), ScriptState::pending);
    EXPECT_EQ(files.content(std::string(directory) + "/script"), script.bytes);
    EXPECT_EQ(files.mode(std::string(directory) + "/script").mode, 0700u);
    EXPECT_EQ(files.content("/root/launch-script"), script.bytes);
    EXPECT_EQ(files.mode("/root/launch-script").mode, 0700u);
    EXPECT_TRUE(systemd.asked.empty());
}

TEST_F(UserData, RunsInAUnitOfItsOwnThatLeavesItsResultBehind) {
    prepare_and_launch();
    ASSERT_EQ(systemd.started.size(), 1u);
    const sys::TransientService& service = systemd.started.front();
    EXPECT_EQ(service.name, unit);
    for (const Property& property :
         {Property{"KillMode", "process"}, Property{"RuntimeMaxUSec", std::uint64_t{3'660'000'000}},
          Property{"TasksMax", sys::unlimited}})
        EXPECT_THAT(service.properties, Contains(property)) << property.first;
    const std::string runner = "/usr/libexec/metalwright/metalwright-run";
    EXPECT_THAT(service.command,
                ElementsAre(runner, "run", directory, "--log", "/root/launch-script.log",
                            "--timeout", "3600", "--follow"));
    EXPECT_THAT(service.after_the_end, ElementsAre(runner, "record", directory));
    EXPECT_EQ(state(), ScriptState::started);
}

TEST_F(UserData, ItsUnitHasTheLimitsThatAreConfigured) {
    place.limits = {.cpu_percent = 150, .memory_bytes = 1 << 30, .tasks = 64};
    prepare_and_launch();
    for (const Property& limit :
         {Property{"CPUQuotaPerSecUSec", std::uint64_t{1'500'000}},
          Property{"MemoryMax", std::uint64_t{1} << 30U}, Property{"TasksMax", std::uint64_t{64}}})
        EXPECT_THAT(systemd.started.at(0).properties, Contains(limit)) << limit.first;
}

TEST_F(UserData, WithoutSystemdTheRunnerDetachesItself) {
    place.systemd = false;
    prepare_and_launch();
    ASSERT_EQ(exec.lines().size(), 1u);
    EXPECT_EQ(exec.lines().front(), "metalwright-run run " + std::string(directory) +
                                        " --log /root/launch-script.log --timeout 3600 --detach");
}

TEST_F(UserData, StartedIsDurableBeforeTheUnitIs) {
    bool marked = false;
    systemd.before_start = [&]() -> Result<void> {
        marked = files.exists(std::string(directory) + "/started");
        return {};
    };
    prepare_and_launch();
    EXPECT_TRUE(marked);
}

TEST_F(UserData, IsNeverStartedTwice) {
    prepare_and_launch();
    for (const char* trace : {"started", "claim", "result"}) {
        SCOPED_TRACE(trace);
        fakes::FakeFiles left;
        left.with("/usr/libexec/metalwright/metalwright-run", "")
            .with(std::string(directory) + "/script", script.bytes)
            .with(std::string(directory) + "/" + trace, "");
        systemd.asked.clear();
        const Result<void> again = launch(script, place, {left, exec, systemd});
        ASSERT_FALSE(again);
        EXPECT_EQ(again.error().code, Errc::conflict);
        EXPECT_EQ(prepare(script, place, left).error().code, Errc::conflict);
        EXPECT_TRUE(systemd.asked.empty());
    }
}

TEST_F(UserData, WhatWasNeverPreparedIsNotStarted) {
    const Result<void> launched = launch(script, place, doors);
    ASSERT_FALSE(launched);
    EXPECT_EQ(launched.error().code, Errc::not_found);
    EXPECT_EQ(state(), ScriptState::none);
}

TEST_F(UserData, WithoutARunnerItStaysPending) {
    ASSERT_TRUE(prepare(script, place, files));
    place.runner = "/nowhere/metalwright-run";
    EXPECT_EQ(launch(script, place, doors).error().code, Errc::not_found);
    EXPECT_EQ(state(), ScriptState::pending);
}

TEST_F(UserData, AStartThatSystemdRefusedMayBeTriedAgain) {
    ASSERT_TRUE(prepare(script, place, files));
    for (const Errc code : {Errc::command_failed, Errc::unavailable}) {
        systemd.before_start = [code] { return fail(code, "no"); };
        const Result<void> refused = launch(script, place, doors);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Errc::unavailable);
        EXPECT_THAT(refused.error().message, HasSubstr("nothing has run"));
        EXPECT_EQ(state(), ScriptState::pending);
    }
    systemd.before_start = nullptr;
    EXPECT_TRUE(launch(script, place, doors));
}

TEST_F(UserData, AStartThatMayHaveHappenedIsNotTriedAgain) {
    ASSERT_TRUE(prepare(script, place, files));
    systemd.before_start = [] { return fail(Errc::timed_out, "no answer in time"); };
    EXPECT_EQ(launch(script, place, doors).error().code, Errc::timed_out);
    EXPECT_EQ(launch(script, place, doors).error().code, Errc::conflict);
    EXPECT_EQ(state(), ScriptState::interrupted);
}

TEST_F(UserData, AUnitThatIsThereAlreadyIsNotRunAgain) {
    ASSERT_TRUE(prepare(script, place, files));
    systemd.units[unit] = fakes::FakeSystemd::running;
    EXPECT_EQ(launch(script, place, doors).error().code, Errc::command_failed);
    EXPECT_EQ(state(), ScriptState::started);
}

TEST_F(UserData, TheResultIsWhatTheRunLeft) {
    prepare_and_launch();
    files.with(std::string(directory) + "/result", "exited 3\n");
    EXPECT_EQ(now(), (ScriptStatus{ScriptState::exited, 3}));
    files.with(std::string(directory) + "/result", "killed 15\n");
    EXPECT_EQ(now(), (ScriptStatus{.state = ScriptState::killed, .signal = 15}));
    files.with(std::string(directory) + "/result", "timed-out\n");
    EXPECT_EQ(state(), ScriptState::timed_out);
}

TEST_F(UserData, AResultThatAppearsWhileWeAskCounts) {
    prepare_and_launch();
    systemd.units.clear();
    systemd.before_state = [this]() -> Result<void> {
        files.with(std::string(directory) + "/result", "exited 0\n");
        return {};
    };
    EXPECT_EQ(now(), (ScriptStatus{ScriptState::exited, 0}));
}

TEST_F(UserData, StartedWithNeitherProcessNorResultIsInterrupted) {
    prepare_and_launch();
    systemd.units.clear();
    EXPECT_EQ(state(), ScriptState::interrupted);
}

TEST_F(UserData, ALivingRunnerNeedsNoQuestionToSystemd) {
    prepare_and_launch();
    systemd.asked.clear();
    files.with(std::string(directory) + "/claim", "pid 77\nstart 4711\nboot boot-1\n")
        .with("/proc/77/stat", "77 (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0\n");
    EXPECT_EQ(state(), ScriptState::started);
    EXPECT_TRUE(systemd.asked.empty());
}

TEST_F(UserData, AReusedPidOrAnotherBootIsNotTheRunner) {
    prepare_and_launch();
    systemd.units.clear();
    files.with("/proc/77/stat", "77 (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0\n");
    files.with(std::string(directory) + "/claim", "pid 77\nstart 4712\nboot boot-1\n");
    EXPECT_EQ(state(), ScriptState::interrupted);
    files.with(std::string(directory) + "/claim", "pid 77\nstart 4711\nboot boot-0\n");
    EXPECT_EQ(state(), ScriptState::interrupted);
}

TEST_F(UserData, ASilentSystemdMakesItUnknownNotInterrupted) {
    prepare_and_launch();
    systemd.before_state = [] { return fail(Errc::timed_out, "no answer in time"); };
    EXPECT_EQ(state(), ScriptState::unknown);
}

}  // namespace
}  // namespace metalwright::cloudinit
