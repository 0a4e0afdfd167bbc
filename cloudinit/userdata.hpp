#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "cloudinit/interpreter.hpp"
#include "cloudinit/model.hpp"
#include "cloudinit/user_data.hpp"
#include "core/error.hpp"
#include "sys/exec.hpp"
#include "sys/files.hpp"
#include "sys/systemd.hpp"

namespace metalwright::cloudinit {

// One run of user data, at most one, ever:
//
//   prepare()   its scripts are on disk (pending)
//   launch()    `started` is there, then the runner is let go: as a transient systemd unit that
//               PID 1 forks (nothing of the agent's sandbox, survives the agent), or, where systemd
//               does not run, as a process that detaches itself
//   runner      creates `claim` with O_EXCL, durably: whoever cannot, does not run; leaves `result`
//   inspect()   what became of it, from those files and from who is still alive
//   stop()      ends one that is under way, when its instance is released
//   clear_interrupted()   where the order allows it, an interrupted run makes room for another
//
// Several parts are run in their order, also after one that failed. What only cloud-init reads is
// handed to it by a script of ours: as a NoCloud seed, run in cloud-init's four stages.
// The output goes to RunPlace::log, and under systemd to the journal too. What the script leaves
// running in the background stays, unless the script ran out of time.

/// What the unit of a run may take; 0: as much as there is. They bind where systemd runs.
struct RunLimits {
    unsigned cpu_percent = 0;  ///< of one processor: 200 are two
    std::uint64_t memory_bytes = 0;
    unsigned tasks = 0;

    bool operator==(const RunLimits&) const = default;
};

/// Where user data lives on this host.
struct RunPlace {
    std::filesystem::path state_dir = "/var/lib/metalwright";
    std::filesystem::path runner = "/usr/libexec/metalwright/metalwright-run";
    std::filesystem::path script_copy = "/root/launch-script";  ///< where JD's customers look
    std::filesystem::path log = "/root/launch-script.log";      ///< likewise
    bool systemd = true;                                        ///< sys::booted_by_systemd()
    RunLimits limits{};
    std::filesystem::path cloud_init = "/usr/bin/cloud-init";
};

struct RunDoors {
    sys::Files& files;
    sys::Exec& exec;
    sys::Systemd& systemd;
    /// Waits before stop() looks again.
    std::function<void(std::chrono::milliseconds)> pause = [](std::chrono::milliseconds bound) {
        std::this_thread::sleep_for(bound);
    };
};

/// <state_dir>/userdata/<instance>, the instance with everything but letters, digits, '-' and inner
/// '.' as _XX. Errors: invalid_spec (empty, too long, or a state_dir with odd characters in it).
Result<std::filesystem::path> run_directory(const std::filesystem::path& state_dir,
                                            std::string_view instance_id);

/// The transient unit of a run directory: "metalwright-userdata-<instance>.service".
std::string run_unit(const std::filesystem::path& directory);

/// Whether this host can run it: interpreters, or cloud-init, are there. Errors: invalid_spec (what
/// read_user_data() says), not_found (what is missing, and that the image should have it).
Result<void> check_runnable(const UserData& data, const RunPlace& place, const FindProgram& find);

/// Writes the scripts 0700, the order itself as RunPlace::script_copy, and what the runner needs to
/// know. Doing it again before launch() changes nothing.
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

/// What a run has left on this host, but for the marks by which it is known to have been: scripts
/// and their copy, what the runner was told, the log. Errors: io.
Result<std::vector<std::string>> left_by_run(const std::filesystem::path& directory,
                                             const RunPlace& place, sys::Files& files);

/// Takes the marks of an interrupted run away, so that it can be prepared and launched anew.
/// Errors: conflict (it is not interrupted), io.
Result<void> clear_interrupted(const std::filesystem::path& directory, bool systemd,
                               RunDoors doors);

/// For a run of the same instance after a reinstall: everything that the last one has left goes,
/// its marks last. Errors: conflict (it has not ended), io.
Result<void> clear_ended(const std::filesystem::path& directory, const RunPlace& place,
                         RunDoors doors);

/// Ends a run that is under way, with everything it has started, and returns when it has ended: the
/// runner gives the script ten seconds. Nothing to do where none is. Errors: timed_out, and what
/// systemctl says.
Result<void> stop(const std::filesystem::path& directory, bool systemd, RunDoors doors);

}  // namespace metalwright::cloudinit
