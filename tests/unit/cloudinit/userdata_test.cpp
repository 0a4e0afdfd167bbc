#include "cloudinit/userdata.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cloudinit/run_record.hpp"
#include "tests/fakes/fake_exec.hpp"
#include "tests/fakes/fake_files.hpp"

namespace metalwright::cloudinit {
namespace {

using fakes::said;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

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

/// A host with systemd: a unit that systemd-run makes runs until its state is set otherwise.
class UserData : public ::testing::Test {
 protected:
    UserData() {
        files.with("/usr/libexec/metalwright/metalwright-run", "")
            .with("/proc/sys/kernel/random/boot_id", "boot-1\n");
        exec.on("systemd-run", [this](const sys::Command&) -> Result<sys::Output> {
            if (shown != absent) return said("", 1, "Unit was already loaded.");
            shown = "LoadState=loaded\nActiveState=active\n";
            return said();
        });
        exec.on("systemctl",
                [this](const sys::Command&) -> Result<sys::Output> { return said(shown); });
        exec.on("metalwright-run", said());
    }

    ScriptStatus now() { return inspect(directory, place.systemd, doors); }
    ScriptState state() { return now().state; }
    void prepare_and_launch() {
        ASSERT_TRUE(prepare(script, place, files));
        ASSERT_TRUE(launch(script, place, doors));
    }

    static constexpr const char* absent = "LoadState=not-found\nActiveState=inactive\n";
    std::string shown = absent;
    fakes::FakeFiles files;
    fakes::FakeExec exec;
    RunDoors doors{files, exec};
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
    EXPECT_TRUE(exec.asked().empty());
}

TEST_F(UserData, RunsInAUnitOfItsOwnThatLeavesItsResultBehind) {
    prepare_and_launch();
    const std::vector<std::string> args = exec.asked().front().args;
    EXPECT_THAT(args, Contains(std::string("--unit=") + unit));
    EXPECT_THAT(args, Contains("--no-block"));
    EXPECT_THAT(args, Contains("--property=KillMode=process"));
    EXPECT_THAT(args, Contains("--property=RuntimeMaxSec=3660"));
    EXPECT_THAT(args, Contains(std::string("--property=ExecStopPost=/usr/libexec/metalwright/"
                                           "metalwright-run record ") +
                               directory));
    EXPECT_THAT(
        exec.lines().front(),
        EndsWith("-- /usr/libexec/metalwright/metalwright-run run " + std::string(directory) +
                 " --log /root/launch-script.log --timeout 3600 --follow"));
    EXPECT_THAT(exec.lines().front(), Not(HasSubstr("secret")));
    EXPECT_EQ(state(), ScriptState::started);
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
    exec.on("systemd-run", [&](const sys::Command&) -> Result<sys::Output> {
        marked = files.exists(std::string(directory) + "/started");
        return said();
    });
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
        exec.forget();
        const Result<void> again = launch(script, place, {left, exec});
        ASSERT_FALSE(again);
        EXPECT_EQ(again.error().code, Errc::conflict);
        EXPECT_EQ(prepare(script, place, left).error().code, Errc::conflict);
        EXPECT_TRUE(exec.asked().empty());
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
    exec.on("systemd-run", said("", 1, "Failed to connect to bus"));
    const Result<void> refused = launch(script, place, doors);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_THAT(refused.error().message, HasSubstr("nothing has run"));
    EXPECT_EQ(state(), ScriptState::pending);
    exec.on("systemd-run", said());
    EXPECT_TRUE(launch(script, place, doors));
}

TEST_F(UserData, AStartThatMayHaveHappenedIsNotTriedAgain) {
    ASSERT_TRUE(prepare(script, place, files));
    exec.on("systemd-run", [](const sys::Command&) -> Result<sys::Output> {
        return fail(Errc::timed_out, "systemd-run ran past its time");
    });
    EXPECT_EQ(launch(script, place, doors).error().code, Errc::timed_out);
    EXPECT_EQ(launch(script, place, doors).error().code, Errc::conflict);
    EXPECT_EQ(state(), ScriptState::interrupted);
}

TEST_F(UserData, AUnitThatIsThereAlreadyIsNotRunAgain) {
    ASSERT_TRUE(prepare(script, place, files));
    shown = "LoadState=loaded\nActiveState=active\n";
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
    exec.on("systemctl", [this](const sys::Command&) -> Result<sys::Output> {
        files.with(std::string(directory) + "/result", "exited 0\n");
        return said(absent);
    });
    EXPECT_EQ(now(), (ScriptStatus{ScriptState::exited, 0}));
}

TEST_F(UserData, StartedWithNeitherProcessNorResultIsInterrupted) {
    prepare_and_launch();
    shown = absent;
    EXPECT_EQ(state(), ScriptState::interrupted);
}

TEST_F(UserData, ALivingRunnerNeedsNoQuestionToSystemd) {
    prepare_and_launch();
    exec.forget();
    files.with(std::string(directory) + "/claim", "pid 77\nstart 4711\nboot boot-1\n")
        .with("/proc/77/stat", "77 (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0\n");
    EXPECT_EQ(state(), ScriptState::started);
    EXPECT_TRUE(exec.asked().empty());
}

TEST_F(UserData, AReusedPidOrAnotherBootIsNotTheRunner) {
    prepare_and_launch();
    shown = absent;
    files.with("/proc/77/stat", "77 (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0\n");
    files.with(std::string(directory) + "/claim", "pid 77\nstart 4712\nboot boot-1\n");
    EXPECT_EQ(state(), ScriptState::interrupted);
    files.with(std::string(directory) + "/claim", "pid 77\nstart 4711\nboot boot-0\n");
    EXPECT_EQ(state(), ScriptState::interrupted);
}

TEST_F(UserData, ASilentSystemdMakesItUnknownNotInterrupted) {
    prepare_and_launch();
    exec.on("systemctl", said("", 1, "Failed to connect to bus"));
    EXPECT_EQ(state(), ScriptState::unknown);
}

}  // namespace
}  // namespace metalwright::cloudinit
