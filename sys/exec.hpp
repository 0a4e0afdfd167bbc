#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace metalwright::sys {

/// One program to run: an argument vector, never a shell line.
struct Command {
    std::string program;  ///< absolute path, from sys/programs.hpp
    std::vector<std::string> args;
    std::chrono::milliseconds timeout{30'000};
    std::size_t output_limit = 1 << 20;  ///< bytes kept of stdout and of stderr, each
    std::string input{};                 ///< what it reads; never part of a message

    bool operator==(const Command&) const = default;
};

/// How it ended. `signal` is non-zero if and only if the program was killed; then exit_code is -1.
struct Output {
    int exit_code = 0;
    int signal = 0;
    std::string out;
    std::string err;
    bool truncated = false;

    bool ok() const noexcept { return exit_code == 0 && signal == 0; }
};

/// The one door to other programs. Real: SpawnExec. Fake: tests/fakes/fake_exec.hpp.
class Exec {
 public:
    virtual ~Exec() = default;

    /// Runs `command` to its end on the caller's thread and returns what it said. Its stdin holds
    /// `input`, its environment is PATH, LANG=C.UTF-8 and our INVOCATION_ID, nothing else is open.
    /// A background child that it leaves behind is neither waited for nor killed.
    ///
    /// A non-zero exit is an Output, not an Error: only the caller knows what a tool's codes mean
    /// (mdadm --wait answers 1 for "nothing to wait for").
    /// Errors: not_found (absent or not executable), timed_out (its whole process group was killed
    /// after `timeout`; what it said so far is in the message), io (pipe or spawn failed).
    virtual Result<Output> run(const Command& command) = 0;
};

/// Exec over posix_spawn(3) and a pidfd. Safe from any thread.
class SpawnExec final : public Exec {
 public:
    Result<Output> run(const Command& command) override;
};

/// Output -> error for the caller that expects exit 0: command_failed, `sys` = exit status, the
/// tool's own last line of stderr (or stdout) in the message.
Result<Output> expect_ok(Result<Output> output, const Command& command);

}  // namespace metalwright::sys
