#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "agent/cli/program.hpp"
#include "tests/unit/agent/cli/scripted_daemon.hpp"

namespace metalwright::agent::cli {

/// Runs the program against a scripted daemon, with a clock that moves only when it pauses.
class Cli : public testing::Test {
 protected:
    ScriptedDaemon daemon;
    std::string input;
    std::ostringstream out;
    std::ostringstream err;
    bool terminal = false;
    bool no_color = false;
    unsigned width = 80;
    std::chrono::steady_clock::time_point time{};
    std::function<void()> on_pause;
    int pauses = 0;

    int run_with(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"--socket", daemon.socket_path()});
        return run_bare(std::move(arguments));
    }

    int run_bare(std::vector<std::string> arguments) {
        std::istringstream in(input);
        Console console{.in = in, .out = out, .err = err};
        console.out_is_terminal = terminal;
        console.err_is_terminal = terminal;
        console.width = width;
        console.no_color = no_color;
        console.now = [this] { return time; };
        console.pause = [this](std::chrono::milliseconds length) {
            ++pauses;
            time += length;
            if (on_pause) on_pause();
        };
        return static_cast<int>(run(std::move(arguments), console, "1.2.3"));
    }

    /// A file that lives as long as the test.
    std::string file(const std::string& name, const std::string& content) {
        const std::filesystem::path path =
            std::filesystem::path(daemon.socket_path()).parent_path() / name;
        std::ofstream(path, std::ios::binary) << content;
        return path.string();
    }
};

}  // namespace metalwright::agent::cli
