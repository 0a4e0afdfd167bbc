#include "cloudinit/userdata.hpp"

#include <signal.h>

#include <algorithm>

#include "cloudinit/handover.hpp"
#include "cloudinit/run_record.hpp"
#include "cloudinit/script.hpp"
#include "cloudinit/unit_state.hpp"
#include "core/fail_point.hpp"
#include "core/hex.hpp"

namespace metalwright::cloudinit {
namespace {

namespace fs = std::filesystem;

constexpr const char* systemctl = "/usr/bin/systemctl";

/// The runner keeps the time itself; systemd steps in only if the runner does not.
constexpr std::chrono::seconds backstop{60};

bool letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Such a path passes systemd's `$` expansion as it is.
bool plain_path(const fs::path& path) {
    constexpr std::string_view marks = "/._-+@";
    return path.is_absolute() && std::ranges::all_of(path.string(), [&](char c) {
               return letter_or_digit(c) || marks.find(c) != std::string_view::npos;
           });
}

bool started_before(const fs::path& directory, sys::Files& files) {
    return std::ranges::any_of(std::array{run_files::started, run_files::claim, run_files::result},
                               [&](const char* name) { return files.exists(directory / name); });
}

std::unexpected<Error> never_twice(const fs::path& directory) {
    return fail(Errc::conflict,
                "user data of this instance was started before, it is never run twice",
                directory.string());
}

sys::Command runner_command(const fs::path& directory, const Script& script,
                            const RunPlace& place) {
    sys::Command command{.program = place.runner.string(),
                         .args = {"run", directory.string(), "--log", place.log.string(),
                                  "--timeout", std::to_string(script.timeout.count())}};
    if (script.retries != 0)
        command.args.insert(command.args.end(),
                            {"--retries", std::to_string(script.retries), "--backoff",
                             std::to_string(script.backoff.count())});
    return command;
}

Result<void> run_detached(sys::Command runner, sys::Exec& exec) {
    runner.args.emplace_back("--detach");
    const Result<sys::Output> ran = sys::expect_ok(exec.run(runner), runner);
    if (!ran) return std::unexpected(ran.error());
    return {};
}

sys::TransientService as_unit(const sys::Command& runner, const fs::path& directory,
                              const Script& script, const RunLimits& limits) {
    const auto microseconds = [](std::chrono::microseconds span) {
        return static_cast<std::uint64_t>(span.count());
    };
    sys::TransientService service{
        .name = run_unit(directory),
        .command = {runner.program},
        .after_the_end = {runner.program, "record", directory.string()},
        .properties = {
            {"Description", "User data of instance " + directory.filename().string()},
            {"Type", "simple"},  // nobody waits for its start: its record tells of it
            // What the script starts in the background is the tenant's: it stays.
            {"KillMode", "process"},
            {"OOMPolicy", "continue"},
            {"TasksMax", limits.tasks == 0 ? sys::unlimited : limits.tasks},
            {"RuntimeMaxUSec", microseconds(script.timeout + backstop)},
            {"TimeoutStopUSec", microseconds(std::chrono::seconds(30))},
            // Only while booting, and only if something asked for that target.
            {"After", std::vector<std::string>{"network-online.target"}},
            {"SyslogIdentifier", "metalwright-userdata"},
            {"StandardOutput", "journal"},
            {"StandardError", "journal"},
        }};
    constexpr std::uint64_t one_percent = 10'000;  // of a second, in microseconds
    if (limits.cpu_percent != 0)
        service.properties.emplace_back("CPUQuotaPerSecUSec", limits.cpu_percent * one_percent);
    if (limits.memory_bytes != 0) service.properties.emplace_back("MemoryMax", limits.memory_bytes);
    service.command.insert(service.command.end(), runner.args.begin(), runner.args.end());
    service.command.emplace_back("--follow");
    return service;
}

bool runner_alive(const Claim& claim, sys::Files& files) {
    const Result<std::string> boot = files.read("/proc/sys/kernel/random/boot_id");
    if (!boot || boot->substr(0, boot->find('\n')) != claim.boot_id) return false;
    const Result<std::string> stat = files.read("/proc/" + std::to_string(claim.pid) + "/stat");
    return stat && start_time_of(*stat) == claim.start_time;
}

std::optional<ScriptStatus> read_result(const fs::path& directory, sys::Files& files) {
    const Result<std::string> text = files.read(directory / run_files::result);
    if (!text) return std::nullopt;
    const Result<ScriptStatus> status = parse_result(*text);
    return status ? *status : ScriptStatus{.state = ScriptState::interrupted};
}

}  // namespace

Result<fs::path> run_directory(const fs::path& state_dir, std::string_view instance_id) {
    if (!plain_path(state_dir))
        return fail(Errc::invalid_spec,
                    "the state directory must be an absolute path of letters, digits and /._-+@",
                    state_dir.string());
    std::string name;
    for (const char c : instance_id) {
        if (letter_or_digit(c) || c == '-' || (c == '.' && !name.empty())) {
            name += c;
            continue;
        }
        append_hex(name += '_', static_cast<unsigned char>(c));
    }
    constexpr std::size_t most = 200;  // a unit's name ends at 255
    if (name.empty() || name.size() > most)
        return fail(Errc::invalid_spec, "an instance id must have 1 to 200 characters",
                    "/instance/id");
    return state_dir / "userdata" / name;
}

std::string run_unit(const fs::path& directory) {
    return "metalwright-userdata-" + directory.filename().string() + ".service";
}

Result<void> check_runnable(const UserData& data, const RunPlace& place, const FindProgram& find) {
    if (!data.for_cloud_init.empty()) {
        if (find(place.cloud_init.string())) return {};
        return fail(Errc::not_found,
                    "user data is " + data.for_cloud_init +
                        ", which cloud-init reads, and cloud-init is not on this host: install it "
                        "in the image, or send a script");
    }
    for (const UserData::Script& script : data.scripts) {
        const Result<Shebang> shebang = read_shebang(script.bytes);
        if (!shebang) return std::unexpected(shebang.error());
        if (const auto command = interpreter_command(*shebang, "script", find); !command)
            return std::unexpected(command.error());
    }
    return {};
}

Result<void> prepare(const Script& script, const RunPlace& place, sys::Files& files) {
    const Result<fs::path> directory = run_directory(place.state_dir, script.instance_id);
    if (!directory) return std::unexpected(directory.error());
    if (started_before(*directory, files)) return never_twice(*directory);
    const Result<UserData> data = read_user_data(script.bytes, accepted_before);
    if (!data) return std::unexpected(data.error());

    struct File {
        fs::path path;
        std::string content;
        std::uint32_t mode;
    };
    std::vector<File> all;
    const auto beside = [&](const std::string& name, std::string content, std::uint32_t mode) {
        all.push_back({*directory / name, std::move(content), mode});
    };
    if (data->for_cloud_init.empty()) {
        for (std::size_t i = 0; i < data->scripts.size(); ++i)
            beside(script_file(i + 1), data->scripts[i].bytes, 0700);
    } else {
        // Who orders a name has it; else it is the document's to give.
        const bool names_host = std::ranges::any_of(script.environment, [](const auto& variable) {
            return variable.starts_with("METALWRIGHT_HOSTNAME=");
        });
        beside(run_files::script, cloud_init_script(*directory, place.cloud_init, names_host),
               0700);
        beside(run_files::cloud_init_user_data, data->document, 0600);
        beside(run_files::cloud_init_meta_data, cloud_init_meta_data(script.instance_id), 0600);
    }
    beside(run_files::environment, join_nul(script.environment), 0600);
    if (!script.secrets.empty()) beside(run_files::secrets, join_nul(script.secrets), 0600);
    const bool one = data->scripts.size() == 1;
    all.push_back({place.script_copy, one ? data->scripts[0].bytes : script.bytes, 0700});
    // Until it is launched it can be prepared again; what makes it launched is durable.
    for (const File& file : all)
        if (Result<Outcome> put = files.put(file.path, file.content,
                                            {.mode = file.mode, .parents = 0700, .durable = false});
            !put)
            return std::unexpected(std::move(put).error());
    return {};
}

Result<void> launch(const Script& script, const RunPlace& place, RunDoors doors) {
    const Result<fs::path> directory = run_directory(place.state_dir, script.instance_id);
    if (!directory) return std::unexpected(directory.error());
    if (!plain_path(place.runner) || !plain_path(place.log))
        return fail(Errc::invalid_spec,
                    "the paths of runner and log must be absolute, of letters, digits and /._-+@");
    if (started_before(*directory, doors.files)) return never_twice(*directory);
    if (!doors.files.exists(*directory / run_files::script))
        return fail(Errc::not_found, "there is no prepared script", directory->string());
    if (!doors.files.exists(place.runner))
        return fail(Errc::not_found, "the runner is not installed, reinstall metalwright",
                    place.runner.string());

    // Durable with the runner's claim, which syncs this directory before anything of the tenant
    // runs.
    const Result<Outcome> marked =
        doors.files.put(*directory / run_files::started, place.systemd ? "systemd\n" : "detached\n",
                        {.mode = 0600, .durable = false});
    if (!marked) return std::unexpected(marked.error());

    const sys::Command runner = runner_command(*directory, script, place);
    const Result<void> ran =
        place.systemd ? doors.systemd.start(as_unit(runner, *directory, script, place.limits))
                      : run_detached(runner, doors.exec);
    fail_point("userdata.after-launch");
    if (ran) return {};

    // The starter said no. Only if nothing can be under way is the decision taken back; even if
    // that were wrong, `claim` lets one runner through.
    Error error = ran.error();
    const bool refused = error.code == Errc::command_failed || error.code == Errc::not_found ||
                         error.code == Errc::unavailable;
    const Result<sys::UnitState> unit = place.systemd && error.code == Errc::command_failed
                                            ? doors.systemd.state(run_unit(*directory))
                                            : Result<sys::UnitState>{};
    const bool nothing_runs =
        refused && unit && !unit->loaded && !doors.files.exists(*directory / run_files::claim);
    if (nothing_runs && doors.files.remove(*directory / run_files::started))
        error = {Errc::unavailable,
                 "user data could not be started, nothing has run: " + error.message, error.where,
                 error.sys};
    return std::unexpected(std::move(error));
}

ScriptStatus inspect(const fs::path& directory, bool systemd, RunDoors doors) {
    if (const auto result = read_result(directory, doors.files)) return *result;
    if (!started_before(directory, doors.files)) {
        const bool prepared = doors.files.exists(directory / run_files::script);
        return {.state = prepared ? ScriptState::pending : ScriptState::none};
    }

    const Result<std::string> text = doors.files.read(directory / run_files::claim);
    const Result<Claim> claim = text ? parse_claim(*text) : std::unexpected(text.error());
    if (claim && runner_alive(*claim, doors.files)) return {.state = ScriptState::started};

    ScriptStatus status{.state = ScriptState::interrupted};
    if (systemd) {
        const Result<sys::UnitState> unit = doors.systemd.state(run_unit(directory));
        status = unit ? status_of(*unit, claim.has_value()) : ScriptStatus{ScriptState::unknown};
    }
    // It may have ended between the first look and this one.
    if (const auto result = read_result(directory, doors.files)) return *result;
    return status;
}

Result<std::vector<std::string>> left_by_run(const fs::path& directory, const RunPlace& place,
                                             sys::Files& files) {
    const Result<std::vector<std::string>> names = files.list(directory);
    if (!names) return std::unexpected(names.error());
    std::vector<std::string> left;
    for (const std::string& name : *names) {
        const fs::path path = directory / name;
        const bool mark =
            name == run_files::started || name == run_files::claim || name == run_files::result;
        if (mark) continue;
        // The log itself first: without the link nobody knows where it is.
        if (name == run_files::log)
            if (const Result<std::string> log = files.link_target(path); log)
                if (files.exists(*log)) left.push_back(*log);
        left.push_back(path.string());
    }
    if (!left.empty() && files.exists(place.script_copy))
        left.push_back(place.script_copy.string());
    return left;
}

Result<void> clear_interrupted(const fs::path& directory, bool systemd, RunDoors doors) {
    if (inspect(directory, systemd, doors).state != ScriptState::interrupted)
        return fail(Errc::conflict, "this run is not interrupted", directory.string());
    // `started` last: what a crash leaves is an interrupted run still.
    for (const char* name : {run_files::result, run_files::claim, run_files::started})
        if (Result<Outcome> gone = doors.files.remove(directory / name); !gone)
            return std::unexpected(gone.error());
    return {};
}

Result<void> clear_ended(const fs::path& directory, const RunPlace& place, RunDoors doors) {
    const ScriptState state = inspect(directory, place.systemd, doors).state;
    if (state == ScriptState::started || state == ScriptState::unknown)
        return fail(Errc::conflict, "user data of this instance is still running",
                    directory.string());
    Result<std::vector<std::string>> left = left_by_run(directory, place, doors.files);
    if (!left) return std::unexpected(left.error());
    for (const char* name : {run_files::result, run_files::claim, run_files::started})
        left->push_back((directory / name).string());
    for (const std::string& path : *left)
        if (Result<Outcome> gone = doors.files.remove(path); !gone)
            return std::unexpected(gone.error());
    return {};
}

Result<void> stop(const fs::path& directory, bool systemd, RunDoors doors) {
    if (inspect(directory, systemd, doors).state != ScriptState::started) return {};
    constexpr std::chrono::milliseconds pause{100};
    constexpr std::chrono::seconds patience{30};  // twice what the runner needs
    if (systemd) {
        const sys::Command end{
            .program = systemctl, .args = {"stop", run_unit(directory)}, .timeout = patience};
        if (const auto ended = sys::expect_ok(doors.exec.run(end), end); !ended)
            return std::unexpected(ended.error());
    } else {
        const Result<std::string> text = doors.files.read(directory / run_files::claim);
        const Result<Claim> claim = text ? parse_claim(*text) : std::unexpected(text.error());
        if (claim && runner_alive(*claim, doors.files)) ::kill(claim->pid, SIGTERM);
    }
    for (std::chrono::milliseconds waited{0}; waited < patience; waited += pause) {
        const ScriptState now = inspect(directory, systemd, doors).state;
        if (now != ScriptState::started && now != ScriptState::unknown) return {};
        doors.pause(pause);
    }
    return fail(Errc::timed_out, "user data goes on after it was told to end", directory.string());
}

}  // namespace metalwright::cloudinit
