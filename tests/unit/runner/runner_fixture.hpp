#pragma once

// metalwright-run for real, without systemd: what it runs are real scripts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "cloudinit/run_record.hpp"
#include "cloudinit/userdata.hpp"
#include "sys/fd.hpp"

namespace metalwright::cloudinit {

namespace fs = std::filesystem;
using std::chrono::seconds;
using std::chrono::steady_clock;

inline std::string text_of(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

/// How a program ended: its exit code, or minus its signal.
inline int ended(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

class Runner : public ::testing::Test {
 protected:
    Runner() {
        std::string name = (fs::temp_directory_path() / "metalwright-run-XXXXXX").string();
        base = ::mkdtemp(name.data());
        place = {.state_dir = base / "state",
                 .runner = METALWRIGHT_RUN,
                 .script_copy = base / "launch-script",
                 .log = base / "launch-script.log",
                 .systemd = false};
        order.instance_id = "i-1";
        directory = run_directory(place.state_dir, order.instance_id).value();
    }
    ~Runner() override { fs::remove_all(base); }

    void prepared(const std::string& script) {
        order.bytes = script;
        ASSERT_TRUE(prepare(order, place, files));
    }

    pid_t start(std::vector<std::string> args, std::vector<std::string> environment = {}) {
        args.insert(args.begin(), METALWRIGHT_RUN);
        std::vector<char*> argv, envp;
        for (std::string& arg : args) argv.push_back(arg.data());
        for (std::string& variable : environment) envp.push_back(variable.data());
        argv.push_back(nullptr);
        envp.push_back(nullptr);
        pid_t pid = 0;
        EXPECT_EQ(::posix_spawn(&pid, argv[0], nullptr, nullptr, argv.data(), envp.data()), 0);
        return pid;
    }
    /// In the foreground, as the transient unit has it.
    pid_t start_run(int timeout = 60, std::vector<std::string> environment = {}) {
        return start({"run", directory.string(), "--log", place.log.string(), "--timeout",
                      std::to_string(timeout)},
                     std::move(environment));
    }
    int run(const std::string& script, int timeout = 60) {
        prepared(script);
        return ended(start_run(timeout));
    }
    int record(std::vector<std::string> environment) {
        return ended(start({"record", directory.string()}, std::move(environment)));
    }

    std::string log() { return text_of(place.log); }
    std::string result() { return text_of(directory / run_files::result); }
    ScriptStatus now() { return inspect(directory, false, doors); }

    /// Waits until `path` is there; the kernel tells, nobody polls.
    void await(const fs::path& path) {
        const sys::Fd watch(::inotify_init1(IN_CLOEXEC));
        ::inotify_add_watch(watch.get(), path.parent_path().c_str(), IN_CREATE | IN_MOVED_TO);
        const auto until = steady_clock::now() + seconds(30);
        while (!fs::exists(path)) {
            ASSERT_LT(steady_clock::now(), until) << path << " never came";
            pollfd news{watch.get(), POLLIN, 0};
            ::poll(&news, 1, 1000);
            std::array<char, 4096> events;
            ASSERT_GT(::read(watch.get(), events.data(), news.revents != 0 ? events.size() : 0),
                      -1);
        }
    }

    /// Waits until the log holds `text`; here too the kernel tells.
    void await_in_log(const std::string& text) {
        const sys::Fd watch(::inotify_init1(IN_CLOEXEC));
        ::inotify_add_watch(watch.get(), place.log.c_str(), IN_MODIFY);
        const auto until = steady_clock::now() + seconds(30);
        while (log().find(text) == std::string::npos) {
            ASSERT_LT(steady_clock::now(), until) << "it never came";
            pollfd news{watch.get(), POLLIN, 0};
            ::poll(&news, 1, 1000);
            std::array<char, 4096> events;
            ASSERT_GT(::read(watch.get(), events.data(), news.revents != 0 ? events.size() : 0),
                      -1);
        }
    }

    fs::path base;
    fs::path directory;
    sys::PosixFiles files;
    sys::SpawnExec exec;
    sys::PrivateSystemd systemd{"/nowhere"};  // none of these runs in a unit
    RunDoors doors{files, exec, systemd};
    RunPlace place;
    Script order;
};

}  // namespace metalwright::cloudinit
