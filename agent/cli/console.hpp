#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <optional>

namespace metalwright::agent::cli {

/// Where a command reads, writes and waits: the process's own in main.cpp, strings and a clock of
/// its own in tests.
struct Console {
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    unsigned width = 80;    ///< columns of the terminal; of no matter where there is none
    bool escapes = true;    ///< the terminal knows escape sequences: TERM is set and not "dumb"
    bool no_color = false;  ///< NO_COLOR is set and not empty. Source: no-color.org
    std::function<std::chrono::steady_clock::time_point()> now;
    std::function<void(std::chrono::milliseconds)> pause;
    /// When this machine was started, where the kernel tells.
    std::function<std::optional<std::chrono::sys_time<std::chrono::milliseconds>>()> booted{};
    /// From now on SIGINT ends the process with 0: for what goes on until it is told to end.
    std::function<void()> end_well_on_interrupt{};
};

/// stdin, stdout, stderr, the environment, the monotonic clock.
Console process_console();

}  // namespace metalwright::agent::cli
