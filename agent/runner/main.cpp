// metalwright-run: runs one prepared user data script and leaves its record behind.
//
//   metalwright-run run DIR --log FILE --timeout SECONDS [--retries N] [--backoff SECONDS]
//   [--follow] [--detach] metalwright-run record DIR      (ExecStopPost of the transient unit)
//
// Exit status of `run`: the script's own; 124 when it ran out of time; the script's signal again
// when it was killed; 64 wrong arguments; 74 no record can be kept, nothing ran; 75 it was run
// before, nothing ran. With --detach: 0 as soon as the run is claimed, else 74 or 75.

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/runner/run_directory.hpp"
#include "agent/runner/supervise.hpp"

namespace {

using namespace metalwright;
using cloudinit::ScriptState;
using cloudinit::ScriptStatus;

constexpr int usage = 64;
constexpr int no_record = 74;
constexpr int ran_before = 75;
constexpr int ran_out_of_time = 124;

struct Arguments {
    runner::Order order;
    bool detach = false;
};

constexpr long ten_years = 315'360'000;  // seconds

std::optional<long> number(std::string_view word, long least, long most) {
    long value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size() || value < least || value > most)
        return std::nullopt;
    return value;
}

std::optional<Arguments> read_run(const std::vector<std::string_view>& words) {
    Arguments arguments;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool has_value = i + 1 < words.size();
        if (words[i] == "--follow") {
            arguments.order.follow = true;
        } else if (words[i] == "--detach") {
            arguments.detach = true;
        } else if (words[i] == "--log" && has_value) {
            arguments.order.log = words[++i];
        } else if (words[i] == "--timeout" && has_value) {
            const auto seconds = number(words[++i], 1, ten_years);
            if (!seconds) return std::nullopt;
            arguments.order.timeout = std::chrono::seconds(*seconds);
        } else if (words[i] == "--backoff" && has_value) {
            const auto seconds = number(words[++i], 0, ten_years);
            if (!seconds) return std::nullopt;
            arguments.order.backoff = std::chrono::seconds(*seconds);
        } else if (words[i] == "--retries" && has_value) {
            const auto times = number(words[++i], 0, 1000);
            if (!times) return std::nullopt;
            arguments.order.retries = static_cast<unsigned>(*times);
        } else if (arguments.order.directory.empty() && words[i].starts_with('/')) {
            arguments.order.directory = words[i];
        } else {
            return std::nullopt;
        }
    }
    if (arguments.order.directory.empty() || arguments.order.log.empty()) return std::nullopt;
    return arguments;
}

int tell(const Error& error) {
    std::fprintf(stderr, "metalwright-run: %s\n", describe(error).c_str());
    return error.code == Errc::conflict ? ran_before : no_record;
}

/// 0 when this process may run the script.
int claim(const Arguments& arguments) {
    const Result<void> claimed = runner::claim_run(arguments.order.directory);
    return claimed ? 0 : tell(claimed.error());
}

int exit_as(const ScriptStatus& status) {
    if (status.state == ScriptState::timed_out) return ran_out_of_time;
    if (status.state == ScriptState::exited) return status.exit_code.value_or(no_record);
    if (status.state != ScriptState::killed) return no_record;
    // So that systemd and whoever waits see what the script died of; our own core is of no use.
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    const int number = status.signal.value_or(SIGKILL);
    sigset_t only;
    ::sigemptyset(&only);
    ::sigaddset(&only, number);
    ::signal(number, SIG_DFL);
    ::sigprocmask(SIG_UNBLOCK, &only, nullptr);
    ::raise(number);
    return 128 + number;
}

int run_claimed(const Arguments& arguments) {
    const ScriptStatus status = runner::supervise(arguments.order);
    if (const Result<void> left = runner::leave_result(arguments.order.directory, status); !left)
        tell(left.error());
    return exit_as(status);
}

/// Forks into a session of its own, so that nothing ties the run to its starter; returns in the
/// starter, with what became of the claim. One fork is enough: whatever is opened later is opened
/// without becoming the session's terminal.
int run_detached(const Arguments& arguments) {
    int news[2];
    if (::pipe2(news, O_CLOEXEC) != 0) return no_record;
    const pid_t runner = ::fork();
    if (runner < 0) return no_record;
    if (runner > 0) {
        ::close(news[1]);
        unsigned char claimed = no_record;
        if (::read(news[0], &claimed, 1) != 1) return no_record;
        return claimed;
    }
    ::setsid();
    const auto claimed = static_cast<unsigned char>(claim(arguments));
    // A starter that has died meanwhile is no reason to break off: the run is claimed, so it runs.
    ::signal(SIGPIPE, SIG_IGN);
    [[maybe_unused]] const ssize_t told = ::write(news[1], &claimed, 1);
    ::close(news[1]);
    ::close(news[0]);
    if (claimed != 0) ::_exit(claimed);
    // The starter reads our output to its end: let go of it.
    if (const int nothing = ::open("/dev/null", O_RDWR); nothing >= 0) {
        for (const int fd : {0, 1, 2}) ::dup2(nothing, fd);
        if (nothing > 2) ::close(nothing);
    }
    ::_exit(run_claimed(arguments));
}

}  // namespace

int main(int argc, char** argv) {
    // Nothing we open may land on 0, 1 or 2, where the script's own output is going to be.
    int lowest = ::open("/dev/null", O_RDWR);
    while (lowest >= 0 && lowest <= 2) lowest = ::dup(lowest);
    ::close(lowest);
    const std::vector<std::string_view> words(argv + 1, argv + argc);
    if (words.size() == 2 && words[0] == "record") {
        const Result<void> recorded = runner::record_end(words[1]);
        return recorded ? 0 : tell(recorded.error());
    }
    if (!words.empty() && words[0] == "run") {
        if (const auto arguments = read_run({words.begin() + 1, words.end()})) {
            if (arguments->detach) return run_detached(*arguments);
            const int refused = claim(*arguments);
            return refused != 0 ? refused : run_claimed(*arguments);
        }
    }
    std::fputs(
        "usage: metalwright-run run DIR --log FILE --timeout SECONDS [--retries N] [--backoff "
        "SECONDS]\n"
        "                           [--follow] [--detach]\n"
        "       metalwright-run record DIR\n",
        stderr);
    return usage;
}
