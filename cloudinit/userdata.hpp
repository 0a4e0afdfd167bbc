#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "cloudinit/model.hpp"
#include "core/error.hpp"
#include "sys/exec.hpp"
#include "sys/files.hpp"

namespace metalwright::cloudinit {

// One run of user data, at most one, ever:
//
//   prepare()   the script is on disk (pending)
//   launch()    `started` is durable, then the runner is let go: as a transient systemd unit that
//               PID 1 forks (nothing of the agent's sandbox, survives the agent), or, where systemd
//               does not run, as a process that detaches itself
//   runner      creates `claim` with O_EXCL: whoever cannot, does not run; leaves `result` behind
//   inspect()   what became of it, from those files and from who is still alive
//
// The output goes to RunPlace::log, and under systemd to the journal too. What the script leaves
// running in the background stays, unless the script ran out of time.

/// Where user data lives on this host.
struct RunPlace {
    std::filesystem::path state_dir = "/var/lib/metalwright";
    std::filesystem::path runner = "/usr/libexec/metalwright/metalwright-run";
    std::filesystem::path script_copy = "/root/launch-script";  ///< where JD's customers look
    std::filesystem::path log = "/root/launch-script.log";      ///< likewise
    bool systemd = true;                                        ///< sys::booted_by_systemd()
};

struct RunDoors {
    sys::Files& files;
    sys::Exec& exec;
};

/// <state_dir>/userdata/<instance>, the instance with everything but letters, digits, '-' and inner
/// '.' as _XX. Errors: invalid_spec (empty, too long, or a state_dir with odd characters in it).
Result<std::filesystem::path> run_directory(const std::filesystem::path& state_dir,
                                            std::string_view instance_id);

/// The transient unit of a run directory: "metalwright-userdata-<instance>.service".
std::string run_unit(const std::filesystem::path& directory);

/// Writes the script and its copy, both 0700. Doing it again before launch() changes nothing.
/// Errors: conflict (it was started before; then nothing is written), invalid_spec, io.
Result<void> prepare(const Script& script, const RunPlace& place, sys::Files& files);

/// Starts the prepared script and returns at once. Errors: conflict (started before: it is never
/// run twice), not_found (nothing prepared, no runner installed), unavailable (systemd or the
/// runner refused, nothing has run and it may be launched again), timed_out and others (it may have
/// started: inspect()).
Result<void> launch(const Script& script, const RunPlace& place, RunDoors doors);

/// none: nothing here. pending: prepared, not started (if the store has it as started, the agent
/// died between the two: interrupted). started: it is running or about to. exited, killed,
/// timed_out: its result. interrupted: it was started and there is neither process nor result.
/// unknown: systemd does not answer. Never fails, never changes anything.
ScriptStatus inspect(const std::filesystem::path& directory, bool systemd, RunDoors doors);

}  // namespace metalwright::cloudinit
