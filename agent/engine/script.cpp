// The one run of user data: pending -> started -> exited | killed | timed-out | interrupted.

#include "agent/engine/json.hpp"
#include "agent/engine/lock.hpp"
#include "agent/engine/log.hpp"
#include "agent/engine/work.hpp"
#include "core/fail_point.hpp"

namespace metalwright::engine {
namespace {

using cloudinit::ScriptState;

cloudinit::Script script_of(const store::ScriptRun& run) {
    return {run.instance, run.bytes, std::chrono::seconds(run.timeout_s)};
}

/// A run that is over, as the store tells it.
bool ended(ScriptState state) {
    return state != ScriptState::pending && state != ScriptState::started;
}

}  // namespace

void Engine::run_script(Work& work) {
    const auto found = store_.script(work.operation.instance);
    if (!found || !*found) return finish(work.operation, std::move(work.items));
    store::ScriptRun run = **found;
    const ScriptState state = cloudinit::script_state_from(run.state);

    // The items are safe before the script starts: it may reboot the machine.
    const auto intend_nothing =
        store_.outcome(work.operation.id, 0, work.items, R"({"items":[]})", "", clock_());
    if (!intend_nothing)
        log(Level::error, "cannot journal the items: " + describe(intend_nothing.error()));

    if (state == ScriptState::pending) {
        if (!work.lock && (work.operation.kind == "boot" || work.any_failed())) {
            // It waits for a host that is as ordered; the next apply gives it another chance.
            return finish(work.operation, std::move(work.items));
        }
        run.operation = work.operation.id;
        if (auto prepared = machine_.prepare_script(script_of(run)); !prepared) {
            log(Level::error, "user data not run: " + describe(prepared.error()));
            if (prepared.error().code == Errc::conflict)  // it ran before, whatever the store knows
                settle_script(run, {.state = ScriptState::unknown});
            work.items.push_back(
                {.item = "userData", .outcome = Outcome::failed, .error = prepared.error()});
            return finish(work.operation, std::move(work.items));
        }
        const auto may_start = [&]() -> Result<void> {
            if (work.lock)
                return std::unexpected(refused_by(*work.lock, "run user data", "userData"));
            if (auto counted = store_.count_write(); !counted) return counted;
            run.state = to_string(ScriptState::started);
            return store_.set_script(run, "", clock_());
        };
        if (auto may = may_start(); !may) {
            work.items.push_back(
                {.item = "userData", .outcome = Outcome::failed, .error = may.error()});
            return finish(work.operation, std::move(work.items));
        }
        changed();
        fail_point("userdata.after-started");
        if (auto launched = machine_.launch_script(script_of(run)); !launched) {
            log(Level::error, "user data could not be started: " + describe(launched.error()));
            work.items.push_back(
                {.item = "userData", .outcome = Outcome::failed, .error = launched.error()});
            // `unavailable` says that nothing has run; else it may have, and is never tried again.
            const bool never_ran = launched.error().code == Errc::unavailable;
            settle_script(run,
                          {.state = never_ran ? ScriptState::pending : ScriptState::interrupted});
            return finish(work.operation, std::move(work.items));
        }
        log(Level::info, "user data runs", {{"operation", std::to_string(work.operation.id)}});
    } else if (ended(state)) {
        return finish(work.operation, std::move(work.items));
    }
    watched_instance_ = run.instance;
    watch_script();
}

void Engine::watch_script() {
    const std::string instance = *watched_instance_;
    const cloudinit::ScriptStatus status = machine_.inspect_script(instance);
    // `unknown`: systemd does not answer just now; what is there later will tell.
    if (status.state == ScriptState::started || status.state == ScriptState::unknown) return;
    watched_instance_.reset();
    const auto run = store_.script(instance);
    if (run && *run && !ended(cloudinit::script_state_from((*run)->state))) {
        // The store has it as started, the disk knows of no start: we died between the two.
        const bool lost = status.state == ScriptState::pending || status.state == ScriptState::none;
        settle_script(**run,
                      lost ? cloudinit::ScriptStatus{.state = ScriptState::interrupted} : status);
    }
    // Every operation that waited for the script ends with it.
    const auto open = store_.unfinished();
    if (!open) return;
    for (const store::Operation& operation : *open) {
        if (operation.state != "applying" || operation.instance != instance) continue;
        auto items = store_.items(operation.id);
        finish(operation, items ? std::move(*items) : std::vector<ItemResult>());
    }
}

void Engine::settle_script(store::ScriptRun run, const cloudinit::ScriptStatus& status) {
    run.state = to_string(status.state);
    run.exit_code =
        status.exit_code ? std::optional<std::int64_t>(*status.exit_code) : std::nullopt;
    run.signal = status.signal ? std::optional<std::int64_t>(*status.signal) : std::nullopt;
    if (ended(status.state)) run.bytes.clear();  // nothing of it is needed any more
    Json report{{"kind", "userData"},
                {"at", iso_time(clock_())},
                {"host", options_.host_id},
                {"operation", run.operation},
                {"instance", run.instance}};
    report["userData"] = script_json(run);
    if (auto kept = store_.set_script(run, dump(report), clock_()); !kept)
        log(Level::error, "cannot note the end of user data: " + describe(kept.error()));
    log(Level::info, "user data ended: " + run.state,
        {{"operation", std::to_string(run.operation)},
         {"exitCode", run.exit_code ? std::to_string(*run.exit_code) : std::string()}});
    changed();
}

}  // namespace metalwright::engine
