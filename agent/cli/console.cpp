#include "agent/cli/console.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace metalwright::agent::cli {
namespace {

std::string_view environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view{} : value;
}

/// The "btime" line of /proc/stat: seconds since 1970. Source: proc(5).
std::optional<std::chrono::sys_time<std::chrono::milliseconds>> boot_time() {
    std::ifstream stat("/proc/stat");
    std::string key;
    for (std::int64_t seconds = 0; stat >> key;) {
        if (key == "btime" && stat >> seconds)
            return std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::seconds(seconds));
        stat.ignore(1 << 20, '\n');
    }
    return std::nullopt;
}

}  // namespace

Console process_console() {
    Console console{.in = std::cin, .out = std::cout, .err = std::cerr};
    console.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
    console.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
    winsize size{};
    for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
        // A serial console has no size: it answers 0 columns.
        if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) continue;
        console.width = size.ws_col;
        break;
    }
    console.escapes = !environment("TERM").empty() && environment("TERM") != "dumb";
    console.no_color = !environment("NO_COLOR").empty();
    console.now = [] { return std::chrono::steady_clock::now(); };
    console.pause = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); };
    console.booted = [] { return boot_time(); };
    // Each line is written out whole before the next wait: nothing is left to flush.
    console.end_well_on_interrupt = [] { std::signal(SIGINT, [](int) { ::_exit(0); }); };
    return console;
}

}  // namespace metalwright::agent::cli
