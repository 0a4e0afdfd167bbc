#include "sys/exec.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using metalwright::Errc;
using metalwright::Result;
using metalwright::sys::Command;
using metalwright::sys::expect_ok;
using metalwright::sys::Output;
using metalwright::sys::SpawnExec;

namespace {

Command sh(std::string script, std::chrono::milliseconds timeout = 20s) {
    return {"/bin/sh", {"-c", std::move(script)}, timeout};
}

TEST(SpawnExec, KeepsStdoutAndStderrApart) {
    const Result<Output> ran = SpawnExec().run(sh("echo out; echo err >&2; exit 4"));
    ASSERT_TRUE(ran) << ran.error().message;
    EXPECT_EQ(ran->exit_code, 4);
    EXPECT_EQ(ran->signal, 0);
    EXPECT_EQ(ran->out, "out\n");
    EXPECT_EQ(ran->err, "err\n");
    EXPECT_FALSE(ran->truncated);
}

TEST(SpawnExec, GivesItsInputAndNothingWhereThereIsNone) {
    Command cat{"/bin/cat", {}, 20s};
    EXPECT_EQ(SpawnExec().run(cat)->out, "");
    cat.input = std::string(300'000, 'x') + "end";
    const Result<Output> ran = SpawnExec().run(cat);
    ASSERT_TRUE(ran) << ran.error().message;
    EXPECT_EQ(ran->out, cat.input);
    EXPECT_EQ(SpawnExec().run({.program = "/bin/true", .args = {}, .input = "unread"})->exit_code,
              0);
}

TEST(SpawnExec, TellsAKillFromAnExit) {
    const Result<Output> ran = SpawnExec().run(sh("kill -9 $$"));
    ASSERT_TRUE(ran);
    EXPECT_EQ(ran->signal, SIGKILL);
    EXPECT_EQ(ran->exit_code, -1);
    EXPECT_FALSE(ran->ok());
}

TEST(SpawnExec, AnAbsentProgramIsNotFound) {
    const Result<Output> ran = SpawnExec().run({"/nonexistent/mdadm", {}});
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code, Errc::not_found);
    EXPECT_EQ(ran.error().where, "/nonexistent/mdadm");
    EXPECT_EQ(ran.error().sys, ENOENT);
}

TEST(SpawnExec, AFileThatIsNoProgramIsNotFound) {
    for (const char* path : {"/etc/passwd", "/etc", "/etc/passwd/x"}) {
        const Result<Output> ran = SpawnExec().run({path, {}});
        ASSERT_FALSE(ran) << path;
        EXPECT_EQ(ran.error().code, Errc::not_found) << path;
    }
}

TEST(SpawnExec, ANameWithoutADirectoryIsNeverLookedUpInThePath) {
    const Result<Output> ran = SpawnExec().run({"sh", {"-c", "true"}});
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code, Errc::not_found);
}

TEST(SpawnExec, TheTimeoutKillsTheWholeGroupAndKeepsTheLastWords) {
    const auto start = std::chrono::steady_clock::now();
    const Result<Output> ran =
        SpawnExec().run(sh("echo first; echo waiting for vdb; sleep 60 & sleep 60", 300ms));
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code, Errc::timed_out);
    EXPECT_NE(ran.error().message.find("waiting for vdb"), std::string::npos);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
}

TEST(SpawnExec, NobodyOfAKilledGroupSurvives) {
    // The FIFO's writing end is inherited by both sleeps: its end of file tells that both are dead.
    const std::string fifo = "/tmp/metalwright-exec-test-" + std::to_string(::getpid());
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const int reader = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ASSERT_GE(reader, 0);
    const auto start = std::chrono::steady_clock::now();
    const Result<Output> ran =
        SpawnExec().run(sh("exec 9>" + fifo + "; echo x >&9; sleep 40 & sleep 40", 500ms));
    ASSERT_FALSE(ran);
    ASSERT_EQ(::fcntl(reader, F_SETFL, 0), 0);  // now wait for the end of file
    char letters[8];
    EXPECT_EQ(::read(reader, letters, sizeof letters), 2);
    EXPECT_EQ(::read(reader, letters, sizeof letters), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 20s);
    ::close(reader);
    ::unlink(fifo.c_str());
}

TEST(SpawnExec, ABackgroundChildThatHoldsThePipesDoesNotHoldUsUp) {
    const auto start = std::chrono::steady_clock::now();
    const Result<Output> ran = SpawnExec().run(sh("sleep 20 & echo done; exit 3", 15s));
    ASSERT_TRUE(ran) << ran.error().message;
    EXPECT_EQ(ran->exit_code, 3);
    EXPECT_EQ(ran->out, "done\n");
    EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
}

TEST(SpawnExec, ABackgroundChildThatNeverStopsTalkingDoesNotHoldUsUpEither) {
    const Result<Output> ran =
        SpawnExec().run(sh("(trap '' PIPE; timeout 5 yes) & echo here; exit 0", 15s));
    ASSERT_TRUE(ran) << ran.error().message;
    EXPECT_EQ(ran->exit_code, 0);
}

TEST(SpawnExec, BoundsTheOutputAndLetsTheProgramFinish) {
    Command command = sh("head -c 3000000 /dev/zero; head -c 10 /dev/zero >&2");
    command.output_limit = 1000;
    const Result<Output> ran = SpawnExec().run(command);
    ASSERT_TRUE(ran);
    EXPECT_EQ(ran->out.size(), 1000u);
    EXPECT_EQ(ran->err.size(), 10u);
    EXPECT_TRUE(ran->truncated);
    EXPECT_TRUE(ran->ok());
}

TEST(SpawnExec, LosesNothingOfALongAnswer) {
    const Result<Output> ran = SpawnExec().run(sh("head -c 900000 /dev/zero | tr '\\0' x"));
    ASSERT_TRUE(ran);
    EXPECT_EQ(ran->out.size(), 900000u);
    EXPECT_FALSE(ran->truncated);
}

TEST(SpawnExec, StdinIsEmpty) {
    const Result<Output> ran = SpawnExec().run({"/bin/cat", {}, 10s});
    ASSERT_TRUE(ran);
    EXPECT_TRUE(ran->ok());
    EXPECT_EQ(ran->out, "");
}

TEST(SpawnExec, TheEnvironmentIsOursAlone) {
    ::setenv("METALWRIGHT_TEST_SECRET", "hunter2", 1);
    ::setenv("NOTIFY_SOCKET", "/run/systemd/notify", 1);
    ::setenv("INVOCATION_ID", "1234", 1);
    const Result<Output> ran = SpawnExec().run({"/usr/bin/env", {}});
    ::unsetenv("METALWRIGHT_TEST_SECRET");
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("INVOCATION_ID");
    ASSERT_TRUE(ran);
    EXPECT_EQ(ran->out, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLANG=C.UTF-8\nINVOCATION_ID=1234\n");
}

TEST(SpawnExec, OpenDescriptorsAreNotInherited) {
    const int leaked = ::open("/dev/zero", O_RDONLY);  // without O_CLOEXEC, as a library might
    ASSERT_GE(leaked, 0);
    const Result<Output> ran = SpawnExec().run({"/bin/ls", {"/proc/self/fd"}});
    ::close(leaked);
    ASSERT_TRUE(ran);
    EXPECT_EQ(ran->out, "0\n1\n2\n3\n");  // 3 is ls's own, on the directory
}

TEST(SpawnExec, BlockedAndIgnoredSignalsAreNotInherited) {
    sigset_t set, old;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &set, &old);
    struct sigaction ignore{}, before{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &before);
    const Result<Output> ran = SpawnExec().run(sh("grep -E 'Sig(Blk|Ign)' /proc/self/status"));
    ::sigaction(SIGPIPE, &before, nullptr);
    ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
    ASSERT_TRUE(ran);
    const auto mask = [&](const std::string& name) {
        const std::uint64_t all =
            std::stoull(ran->out.substr(ran->out.find(name) + name.size()), nullptr, 16);
        return all & 0x7fff'ffff;  // 32 and 33 are glibc's own
    };
    EXPECT_EQ(mask("SigBlk:"), 0u) << ran->out;
    EXPECT_EQ(mask("SigIgn:"), 0u) << ran->out;
}

TEST(SpawnExec, ManyThreadsRunSideBySide) {
    std::vector<std::string> said(8);
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < said.size(); ++i)
            threads.emplace_back([&said, i] {
                for (int round = 0; round < 5; ++round)
                    if (const auto ran = SpawnExec().run(sh("echo " + std::to_string(i))); ran)
                        said[i] += ran->out;
            });
    }
    for (std::size_t i = 0; i < said.size(); ++i) {
        std::string expected;
        for (int round = 0; round < 5; ++round) expected += std::to_string(i) + "\n";
        EXPECT_EQ(said[i], expected);
    }
}

TEST(SpawnExec, KilledProgramsLeaveNoZombieBehind) {
    for (int i = 0; i < 3; ++i) ASSERT_FALSE(SpawnExec().run(sh("sleep 60", 20ms)));
    ASSERT_TRUE(SpawnExec().run(sh("true")));
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST(ExpectOk, PassesASuccessThrough) {
    const Result<Output> ok = expect_ok(Output{.out = "x"}, {"/sbin/mdadm", {}});
    ASSERT_TRUE(ok);
    EXPECT_EQ(ok->out, "x");
}

TEST(ExpectOk, TellsTheToolsOwnLastLine) {
    const Result<Output> bad =
        expect_ok(Output{.exit_code = 2, .out = "noise\n", .err = "one\nmdadm: device busy\n\n"},
                  {"/sbin/mdadm", {}});
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, Errc::command_failed);
    EXPECT_EQ(bad.error().sys, 2);
    EXPECT_EQ(bad.error().message, "mdadm failed: mdadm: device busy");
}

TEST(ExpectOk, ALineThatSaysNothingIsNotTheLastWord) {
    const Result<Output> bad = expect_ok(
        Output{.exit_code = 1, .err = "remove ioctl on vg-lv failed: busy\nCommand failed.\n"},
        {"/sbin/dmsetup", {}});
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().message, "dmsetup failed: remove ioctl on vg-lv failed: busy");
}

TEST(ExpectOk, TakesStdoutWhenStderrIsEmptyAndNamesASignal) {
    const Result<Output> bad =
        expect_ok(Output{.exit_code = -1, .signal = 9, .out = "at 40 %"}, {"/sbin/mkfs.ext4", {}});
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().message, "mkfs.ext4 was killed by signal 9: at 40 %");
    EXPECT_EQ(bad.error().sys, 0);
}

TEST(ExpectOk, HandsOnTheErrorOfTheDoor) {
    const Result<Output> bad =
        expect_ok(metalwright::fail(Errc::timed_out, "late"), {"/sbin/mdadm", {}});
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, Errc::timed_out);
}

}  // namespace
