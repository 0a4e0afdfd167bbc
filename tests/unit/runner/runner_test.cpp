#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "tests/unit/runner/runner_fixture.hpp"

namespace metalwright::cloudinit {
namespace {

using ::testing::HasSubstr;

TEST_F(Runner, TellsTheScriptsExitCode) {
    EXPECT_EQ(run("#!/bin/bash\nexit 3\n"), 3);
    EXPECT_EQ(result(), "exited 3\n");
    EXPECT_EQ(now(), (ScriptStatus{ScriptState::exited, 3}));
}

TEST_F(Runner, KeepsAllOutputInTheLogInOrder) {
    EXPECT_EQ(run("#!/bin/sh\necho one\necho two >&2\nprintf three\n"), 0);
    EXPECT_EQ(log(), "one\ntwo\nthree");
    EXPECT_EQ(fs::read_symlink(directory / run_files::log), place.log);
    struct stat status{};
    ASSERT_EQ(::stat(place.log.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777u, 0600u);
}

TEST_F(Runner, TellsTheSignalThatKilledTheScript) {
    EXPECT_EQ(run("#!/bin/bash\nkill -9 $$\n"), -SIGKILL);
    EXPECT_EQ(now(), (ScriptStatus{.state = ScriptState::killed, .signal = SIGKILL}));
}

TEST_F(Runner, AScriptThatRunsOutOfTimeIsEndedWithAllItStarted) {
    // The child left its session and ignores SIGTERM: only being a descendant gives it away.
    EXPECT_EQ(run("#!/bin/bash\n"
                  "trap '' TERM\n"
                  "setsid bash -c 'trap \"\" TERM; echo $BASHPID >" +
                      (base / "child").string() +
                      "; exec sleep 600' &\n"
                      "trap - TERM\n"
                      "sleep 600\n",
                  1),
              124);
    EXPECT_EQ(now().state, ScriptState::timed_out);
    const int child = std::stoi(text_of(base / "child"));
    EXPECT_NE(::kill(child, 0), 0) << "the child still runs";
}

TEST_F(Runner, AScriptToldToStopHasTheChanceToTidyUp) {
    prepared("#!/bin/bash\ntrap 'echo tidied; exit 7' TERM\ntouch " + (base / "up").string() +
             "\nwhile true; do sleep 0.05; done\n");
    const pid_t runner = start_run();
    await(base / "up");
    ::kill(runner, SIGTERM);
    EXPECT_EQ(ended(runner), 7);
    EXPECT_EQ(result(), "exited 7\n");
    EXPECT_THAT(log(), HasSubstr("tidied\n"));
}

TEST_F(Runner, WhatTheScriptLeavesInTheBackgroundStays) {
    const fs::path fifo = base / "fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    EXPECT_EQ(run("#!/bin/bash\n(read line < " + fifo.string() + "; echo later; touch " +
                  (base / "done").string() + ") &\necho soon\n"),
              0);
    EXPECT_EQ(log(), "soon\n");
    std::ofstream(fifo) << "go\n";
    await(base / "done");
    EXPECT_EQ(log(), "soon\nlater\n") << "and can go on writing";
}

TEST_F(Runner, TheScriptHasARootLogInsEnvironmentAndNothingOfOurs) {
    prepared(
        "#!/bin/bash\nenv | sort | grep -v -e ^_= -e ^SHLVL= -e ^PWD= -e ^OLDPWD=\n"
        "umask\nreadlink /proc/$$/fd/0\nls /proc/$$/fd | tr '\\n' ' '\n");
    EXPECT_EQ(ended(start_run(60, {"SECRET=of-the-agent", "NOTIFY_SOCKET=/run/x"})), 0);
    EXPECT_THAT(log(), HasSubstr("HOME=/root\nLANG=C.UTF-8\nLOGNAME=root\nPATH=/usr/local/sbin:"));
    EXPECT_THAT(log(), HasSubstr("\n0022\n/dev/null\n0 1 2 255"));
    EXPECT_EQ(log().find("SECRET"), std::string::npos);
    EXPECT_EQ(log().find("NOTIFY_SOCKET"), std::string::npos);
}

TEST_F(Runner, PythonWorksWhereOnlyPython3Is) {
    if (!fs::exists("/usr/bin/python3")) GTEST_SKIP() << "no python3 here";
    const std::string script =
        "#!/usr/bin/env python\nimport sys\nprint('py', sys.version_info[0])\n";
    EXPECT_EQ(run(script), 0);
    EXPECT_EQ(log(), "py 3\n");
    EXPECT_EQ(text_of(directory / run_files::script), script) << "the bytes stay the customer's";
}

TEST_F(Runner, AnAbsentInterpreterIsToldInTheLog) {
    EXPECT_EQ(run("#!/usr/bin/env python3.0\n"), 127);
    EXPECT_EQ(result(), "exited 127\n");
    EXPECT_THAT(log(), HasSubstr("python3.0, is not on this host"));
}

TEST_F(Runner, ASecondRunIsRefusedWhateverBecameOfTheFirst) {
    EXPECT_EQ(run("#!/bin/sh\necho once\n"), 0);
    EXPECT_EQ(ended(start_run()), 75);
    fs::remove(directory / run_files::result);  // as if the first had been cut
    EXPECT_EQ(ended(start_run()), 75);
    EXPECT_EQ(log(), "once\n");
    EXPECT_FALSE(fs::exists(directory / run_files::result));
    EXPECT_EQ(now().state, ScriptState::interrupted);
}

TEST_F(Runner, OfManyAtOnceOneRuns) {
    prepared("#!/bin/sh\necho once\n");
    std::vector<pid_t> runners;
    for (int i = 0; i < 8; ++i) runners.push_back(start_run());
    int ran = 0;
    for (const pid_t pid : runners) ran += ended(pid) == 0;
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(log(), "once\n");
}

TEST_F(Runner, AKilledRunnerTakesItsScriptAlongAndIsInterrupted) {
    prepared("#!/bin/bash\necho $$ >" + (base / "pid").string() + "\ntouch " +
             (base / "up").string() + "\nwhile true; do sleep 0.05; done\n");
    // The orphan comes to us, so its end can be waited for.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const pid_t runner = start_run();
    await(base / "up");
    EXPECT_EQ(now().state, ScriptState::started);
    const pid_t script = std::stoi(text_of(base / "pid"));
    ::kill(runner, SIGKILL);
    EXPECT_EQ(ended(runner), -SIGKILL);
    EXPECT_EQ(ended(script), -SIGKILL);
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    EXPECT_EQ(now().state, ScriptState::interrupted);
}

TEST_F(Runner, LaunchedWithoutSystemdItDetachesAndLeavesItsResult) {
    const fs::path fifo = base / "fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    prepared("#!/bin/bash\nread line < " + fifo.string() + "\necho $line\nexit 5\n");
    const Result<void> launched = launch(order, place, doors);
    ASSERT_TRUE(launched) << describe(launched.error());
    EXPECT_EQ(now().state, ScriptState::started);
    const Claim claim = parse_claim(text_of(directory / run_files::claim)).value();
    EXPECT_EQ(::getsid(claim.pid) == ::getsid(0), false) << "a session of its own";
    EXPECT_EQ(launch(order, place, doors).error().code, Errc::conflict);
    std::ofstream(fifo) << "go\n";
    await(directory / run_files::result);
    EXPECT_EQ(now(), (ScriptStatus{ScriptState::exited, 5}));
    EXPECT_EQ(log(), "go\n");
}

TEST_F(Runner, IsStoppedWithAllItHasStartedAndMakesRoomForAnother) {
    prepared("#!/bin/bash\nsetsid bash -c 'echo $$ >" + (base / "child").string() + "; touch " +
             (base / "up").string() + "; exec sleep 1000' &\nwait\n");
    ASSERT_TRUE(launch(order, place, doors));
    await(base / "up");
    EXPECT_EQ(clear_ended(directory, place, doors).error().code, Errc::conflict)
        << "what runs is not forgotten";
    const Result<void> stopped = stop(directory, /*systemd=*/false, doors);
    ASSERT_TRUE(stopped) << describe(stopped.error());
    EXPECT_EQ(now().state, ScriptState::killed);
    EXPECT_NE(::kill(std::stoi(text_of(base / "child")), 0), 0) << "a child of it still runs";
    EXPECT_TRUE(stop(directory, false, doors)) << "nothing runs: nothing to do";

    EXPECT_EQ(prepare(order, place, doors.files).error().code, Errc::conflict);
    ASSERT_TRUE(clear_ended(directory, place, doors));
    EXPECT_EQ(now().state, ScriptState::none);
    order.bytes = "#!/bin/bash\nexit 3\n";
    ASSERT_TRUE(prepare(order, place, doors.files));
    ASSERT_TRUE(launch(order, place, doors));
    await(directory / run_files::result);
    EXPECT_EQ(now(), (ScriptStatus{ScriptState::exited, 3}));
}

TEST_F(Runner, ALogThatCannotBeWrittenDoesNotStopTheScript) {
    place.log = base / "absent" / "log";
    EXPECT_EQ(run("#!/bin/sh\necho here\n"), 0);
    EXPECT_EQ(text_of(directory / run_files::log), "here\n");
}

TEST_F(Runner, TheJournalGetsWhatTheLogGets) {
    prepared("#!/bin/sh\necho one\necho two\n");
    std::ofstream(place.log) << "of an earlier time\n";
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    std::vector<std::string> args{METALWRIGHT_RUN, "run", directory.string(), "--log", place.log,
                                  "--timeout",     "60",  "--follow"};
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    pid_t pid = 0;
    char* none = nullptr;
    ASSERT_EQ(::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), &none), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    std::string heard;
    std::array<char, 256> chunk;
    for (ssize_t n = 0; (n = ::read(ends[0], chunk.data(), chunk.size())) > 0;)
        heard.append(chunk.data(), static_cast<std::size_t>(n));
    ::close(ends[0]);
    EXPECT_EQ(ended(pid), 0);
    EXPECT_EQ(heard, "one\ntwo\n");
    EXPECT_EQ(log(), "of an earlier time\none\ntwo\n");
}

TEST_F(Runner, AJournalThatReadsNothingDoesNotHoldTheScriptUp) {
    prepared("#!/bin/bash\nhead -c 300000 /dev/zero | tr '\\0' 'x'\n");
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const int ours = ::dup(1);
    ::dup2(ends[1], 1);
    const pid_t pid = start(
        {"run", directory.string(), "--log", place.log.string(), "--timeout", "60", "--follow"});
    ::dup2(ours, 1);
    ::close(ours);
    EXPECT_EQ(ended(pid), 0);
    ::close(ends[0]);
    ::close(ends[1]);
    EXPECT_EQ(log().size(), 300'000u);
}

// ---- record: what ExecStopPost leaves when the runner could not

class Record : public Runner {
 protected:
    void claimed_by(const std::string& invocation) {
        prepared("#!/bin/sh\n");
        std::ofstream(directory / run_files::claim)
            << format_claim({.pid = 1, .start_time = 1, .boot_id = "b", .invocation = invocation});
    }
};

TEST_F(Record, TellsWhatSystemdSaw) {
    claimed_by("inv");
    EXPECT_EQ(record({"INVOCATION_ID=inv", "SERVICE_RESULT=signal", "EXIT_CODE=killed",
                      "EXIT_STATUS=KILL"}),
              0);
    EXPECT_EQ(result(), "killed 9\n");
}

TEST_F(Record, TellsATimeOut) {
    claimed_by("inv");
    record({"INVOCATION_ID=inv", "SERVICE_RESULT=timeout", "EXIT_CODE=killed", "EXIT_STATUS=TERM"});
    EXPECT_EQ(result(), "timed-out\n");
}

TEST_F(Record, TellsAnExitCode) {
    claimed_by("inv");
    record({"INVOCATION_ID=inv", "SERVICE_RESULT=exit-code", "EXIT_CODE=exited", "EXIT_STATUS=4"});
    EXPECT_EQ(result(), "exited 4\n");
}

TEST_F(Record, DoesNotSpeakOverTheRunner) {
    claimed_by("inv");
    std::ofstream(directory / run_files::result) << "exited 0\n";
    record({"INVOCATION_ID=inv", "SERVICE_RESULT=signal", "EXIT_CODE=killed", "EXIT_STATUS=9"});
    EXPECT_EQ(result(), "exited 0\n");
}

TEST_F(Record, ARefusedSecondUnitDoesNotSpeakForTheFirst) {
    claimed_by("first");
    record(
        {"INVOCATION_ID=second", "SERVICE_RESULT=exit-code", "EXIT_CODE=exited", "EXIT_STATUS=75"});
    EXPECT_FALSE(fs::exists(directory / run_files::result));
}

TEST_F(Record, WhatNeverBeganIsInterrupted) {
    prepared("#!/bin/sh\n");
    record(
        {"INVOCATION_ID=inv", "SERVICE_RESULT=exit-code", "EXIT_CODE=exited", "EXIT_STATUS=203"});
    EXPECT_EQ(result(), "interrupted\n");
}

TEST_F(Runner, WrongArgumentsRunNothing) {
    prepared("#!/bin/sh\necho ran\n");
    for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
             {},
             {"run"},
             {"run", directory},
             {"run", directory, "--log", place.log, "--timeout", "x"},
             {"run", directory, "--log", place.log, "--timeout", "0"},
             {"stop", directory}})
        EXPECT_EQ(ended(start(args)), 64);
    EXPECT_FALSE(fs::exists(directory / run_files::claim));
}

}  // namespace
}  // namespace metalwright::cloudinit
