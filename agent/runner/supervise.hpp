#pragma once

#include <chrono>
#include <filesystem>

#include "cloudinit/model.hpp"
#include "core/error.hpp"

namespace metalwright::runner {

/// One run of what prepare() has left in DIR.
struct Order {
    std::filesystem::path directory;
    std::filesystem::path log;
    std::chrono::seconds timeout{3600};  ///< all parts, attempts and pauses together
    unsigned retries = 0;                ///< so many more attempts, while one did not exit 0
    std::chrono::seconds backoff{10};    ///< before the first of them; then twice as long each time
    bool follow = false;                 ///< copy the log to stdout: systemd makes that the journal
};

/// Runs the script as root's own: a session of its own, PATH, HOME and LANG of a log-in, stdin
/// empty, output appended to the log with secrets masked, nothing of ours open; further parts
/// after it, also when it failed. Returns when the last of them has ended; what they left in the
/// background stays. After `timeout`, or when we are told to stop
/// (SIGTERM, SIGINT, SIGHUP), the script gets SIGTERM and ten seconds; then it and everything it
/// started is killed. A script whose interpreter is absent has exited 127, as from a shell, and its
/// log says why. Changes this process's signal mask; call it once.
cloudinit::ScriptStatus supervise(const Order& order);

}  // namespace metalwright::runner
