#pragma once

#include <chrono>
#include <filesystem>

#include "cloudinit/model.hpp"
#include "core/error.hpp"

namespace metalwright::runner {

/// One run of DIR/script.
struct Order {
    std::filesystem::path directory;
    std::filesystem::path log;
    std::chrono::seconds timeout{3600};
    bool follow = false;  ///< copy the log to stdout: systemd makes that the journal
};

/// Runs the script as root's own: a session of its own, PATH, HOME and LANG of a log-in, stdin
/// empty, output appended to the log, nothing of ours open. Returns when the script itself has
/// ended; what it left in the background stays. After `timeout`, or when we are told to stop
/// (SIGTERM, SIGINT, SIGHUP), the script gets SIGTERM and ten seconds; then it and everything it
/// started is killed. A script whose interpreter is absent has exited 127, as from a shell, and its
/// log says why. Changes this process's signal mask; call it once.
cloudinit::ScriptStatus supervise(const Order& order);

}  // namespace metalwright::runner
