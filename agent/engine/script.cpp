// The one run of user data: pending -> started -> exited | killed | timed-out | interrupted.

#include "agent/engine/json.hpp"
#include "agent/engine/lock.hpp"
#include "agent/engine/log.hpp"
#include "agent/engine/run_order.hpp"
#include "agent/engine/work.hpp"
#include "agent/spec/store_form.hpp"
#include "core/fail_point.hpp"
#include "core/utc.hpp"

namespace metalwright::engine {
namespace {

using cloudinit::ScriptState;

/// Of the output in one report, and of one run in all reports.
constexpr std::size_t chunk_bytes = std::size_t{4} << 10;
constexpr std::int64_t most_streamed = std::int64_t{256} << 10;

constexpr store::OrderedBy documents_place{.user_data = spec::stored_user_data,
                                           .instance = spec::stored_instance_id};

/// A run that is over, as the store tells it.
bool ended(ScriptState state) {
    return state != ScriptState::pending && state != ScriptState::started;
}

ItemResult failed_user_data(const Error& error) {
    return {.item = "userData", .outcome = Outcome::failed, .error = error};
}

}  // namespace

/// Prepared, durably started, launched. Where that fails the run is settled as what it is then.
Result<void> Engine::let_go(store::ScriptRun& run, const std::optional<store::Lock>& lock) {
    const RunOrder order = run_order_from_store(run.run_order);
    const cloudinit::Script script = script_of(run, order);
    if (order.anew) {
        // A store that may be an older copy would have the run of the reinstall done twice.
        if (lock) return std::unexpected(refused_by(*lock, "run user data", "userData"));
        if (auto cleared = machine_.clear_ended_script(run.instance); !cleared) return cleared;
    }
    // Else marks of a run that the store does not know of are a reason not to run.
    if (order.armed_again &&
        machine_.inspect_script(run.instance).state == ScriptState::interrupted)
        if (auto cleared = machine_.clear_interrupted_script(run.instance); !cleared)
            return cleared;
    if (auto prepared = machine_.prepare_script(script); !prepared) {
        log(Level::error, "user data not run: " + describe(prepared.error()));
        if (prepared.error().code == Errc::conflict)  // it ran before, whatever the store knows
            settle_script(run, {.state = ScriptState::unknown});
        return prepared;
    }
    if (lock) return std::unexpected(refused_by(*lock, "run user data", "userData"));
    run.state = to_string(ScriptState::started);
    if (auto kept = store_.start_script(run, clock_()); !kept) {
        // The store may know it as started by now; nothing has run.
        settle_script(run, {.state = ScriptState::pending});
        return kept;
    }
    changed();
    fail_point("userdata.after-started");
    if (auto launched = machine_.launch_script(script); !launched) {
        log(Level::error, "user data could not be started: " + describe(launched.error()));
        // `unavailable` says that nothing has run; else it may have, and is never tried again.
        const bool never_ran = launched.error().code == Errc::unavailable;
        settle_script(run, {.state = never_ran ? ScriptState::pending : ScriptState::interrupted});
        return launched;
    }
    log(Level::info, "user data runs", {{"operation", std::to_string(run.operation)}});
    return {};
}

void Engine::run_script(Work& work) {
    const auto found = store_.script(work.operation.instance);
    if (!found || !*found) return finish(work.operation, std::move(work.items));
    store::ScriptRun run = **found;
    const ScriptState state = cloudinit::script_state_from(run.state);

    // The items are safe before the script starts: it may reboot the machine.
    if (!work.items.empty())
        if (auto kept =
                store_.outcome(work.operation.id, 0, work.items, R"({"items":[]})", "", clock_());
            !kept)
            log(Level::error, "cannot journal the items: " + describe(kept.error()));

    if (state == ScriptState::pending) {
        // It waits for a host that is as ordered; the next apply gives it another chance.
        const bool waits =
            only_verifies(work.operation.kind) || cancelled(work.operation.id) ||
            (work.any_failed() && !run_order_from_store(run.run_order).run_after_failure);
        if (!work.lock && waits) return finish(work.operation, std::move(work.items));
        run.operation = work.operation.id;
        if (auto gone = let_go(run, work.lock); !gone) {
            work.items.push_back(failed_user_data(gone.error()));
            return finish(work.operation, std::move(work.items));
        }
    } else if (ended(state)) {
        return finish(work.operation, std::move(work.items));
    }
    watched_instance_ = run.instance;
    // One that has begun just now is looked at with the worker's next tick: asked at once, systemd
    // would answer us instead of starting it.
    if (state != ScriptState::pending) watch_script();
}

/// True when a run that was cut off has been begun again.
bool Engine::begin_again(store::ScriptRun run, const cloudinit::ScriptStatus& status) {
    RunOrder order = run_order_from_store(run.run_order);
    const bool may = order.rerun_interrupted && order.reruns < most_reruns && !run.bytes.empty();
    if (!may || store_.locked()) return false;
    // Where the disk knows of no start there is nothing to clear.
    if (status.state == ScriptState::interrupted)
        if (auto cleared = machine_.clear_interrupted_script(run.instance); !cleared) {
            log(Level::error, "user data cannot be begun again: " + describe(cleared.error()));
            return false;
        }
    ++order.reruns;
    order.streamed = 0;
    run.run_order = to_store(order);
    log(Level::warn, "user data was interrupted; it is begun again, as ordered",
        {{"operation", std::to_string(run.operation)}, {"time", std::to_string(order.reruns)}});
    return let_go(run, std::nullopt).has_value();
}

/// What is new of the output, as reports; with each of them the store knows how far it has come.
void Engine::stream_output(const store::ScriptRun& run, bool to_the_end) {
    store::ScriptRun so_far = run;
    RunOrder order = run_order_from_store(run.run_order);
    while (order.stream && order.streamed < most_streamed) {
        const auto piece = machine_.script_log(run.instance, order.streamed, chunk_bytes);
        if (!piece || piece->text.empty()) return;
        order.streamed = piece->next;
        so_far.run_order = to_store(order);
        Json report{{"kind", "userDataOutput"}, {"at", utc_with_ms(clock_())},
                    {"host", options_.host_id}, {"operation", run.operation},
                    {"instance", run.instance}, {"from", piece->from},
                    {"text", piece->text}};
        report["last"] = order.streamed >= most_streamed;  // what comes is in the log alone
        if (auto kept = store_.note_output(so_far, dump(report), clock_()); !kept)
            return log(Level::error, "cannot report output: " + describe(kept.error()));
        changed();
        if (!to_the_end) return;
    }
}

void Engine::watch_script() {
    const std::string instance = *watched_instance_;
    const cloudinit::ScriptStatus status = machine_.inspect_script(instance);
    const bool goes_on =
        status.state == ScriptState::started || status.state == ScriptState::unknown;
    auto run = store_.script(instance);
    const auto is_open = [&] {
        return run && *run && !ended(cloudinit::script_state_from((*run)->state));
    };
    // `unknown`: systemd does not answer just now; what is there later will tell.
    if (goes_on) {
        const auto now = std::chrono::steady_clock::now();
        if (is_open() && now >= next_output_) {
            next_output_ = now + std::chrono::seconds(1);
            stream_output(**run, false);
            changed();  // whoever follows the log asks again
        }
        return;
    }
    // The store has it as started, the disk knows of no start: we died between the two.
    const bool lost = status.state == ScriptState::pending || status.state == ScriptState::none;
    const bool cut_off = lost || status.state == ScriptState::interrupted;
    if (is_open() && cut_off && begin_again(**run, status)) return;
    script_has_ended(instance, status);
}

void Engine::script_has_ended(const std::string& instance, cloudinit::ScriptStatus status) {
    if (status.state == ScriptState::pending || status.state == ScriptState::none)
        status = {.state = ScriptState::interrupted};
    watched_instance_.reset();
    // Read anew: streaming, or a vain try to begin again, has changed it.
    const auto open_run = [&]() -> std::optional<store::ScriptRun> {
        auto run = store_.script(instance);
        if (!run || !*run || ended(cloudinit::script_state_from((*run)->state)))
            return std::nullopt;
        return std::move(*run);
    };
    if (const auto run = open_run()) stream_output(*run, true);
    if (const auto run = open_run(); run && !settle_script(*run, status)) {
        watched_instance_ = instance;  // it has not ended for anybody until that can be kept
        const std::lock_guard lock(mutex_);
        waits_for_store_ = true;
        return;
    }
    // Every operation that waited for the script ends with it.
    const auto unfinished = store_.unfinished();
    if (!unfinished) return;
    for (const store::Operation& operation : *unfinished) {
        // The release that has ended it is at work itself, and waits for nobody.
        const bool waits = operation.state == "applying" && operation.kind != "release";
        if (!waits || operation.instance != instance) continue;
        auto items = store_.items(operation.id);
        finish(operation, items ? std::move(*items) : std::vector<ItemResult>());
    }
}

Result<std::string> Engine::script_log(std::int64_t from) {
    constexpr std::size_t most = std::size_t{64} << 10;
    auto instance = store_.instance();
    if (instance && !*instance) instance = store_.last_released();
    if (!instance) return std::unexpected(instance.error());
    const auto run = *instance ? store_.script(**instance)
                               : Result<std::optional<store::ScriptRun>>(std::nullopt);
    if (!run) return std::unexpected(run.error());
    if (!*run)
        return fail(Errc::not_found, "no user data was ordered for this host's instance",
                    instance->value_or(""));
    const bool over = ended(cloudinit::script_state_from((*run)->state));
    auto piece = machine_.script_log((*run)->instance, from, most);
    if (!piece && (over || piece.error().code != Errc::not_found))
        return std::unexpected(piece.error());
    if (!piece) piece = cloudinit::LogPiece();  // it has not begun to write
    Json json = script_json(*run);
    json["instance"] = (*run)->instance;
    json["from"] = piece->from;
    json["next"] = piece->next;
    json["text"] = piece->text;
    json["ended"] = over;
    return dump(json);
}

/// False when it cannot be kept.
bool Engine::settle_script(store::ScriptRun run, const cloudinit::ScriptStatus& status) {
    run.state = to_string(status.state);
    run.exit_code =
        status.exit_code ? std::optional<std::int64_t>(*status.exit_code) : std::nullopt;
    run.signal = status.signal ? std::optional<std::int64_t>(*status.signal) : std::nullopt;
    Json report{{"kind", "userData"},
                {"at", utc_with_ms(clock_())},
                {"host", options_.host_id},
                {"operation", run.operation},
                {"instance", run.instance}};
    Json& told = report["userData"] = script_json(run);
    if (ended(status.state)) {
        told["attempts"] = status.attempts;
        if (!status.failed_part.empty()) told["failedPart"] = status.failed_part;
        told["output"] = machine_.script_output(run.instance);
        // Nothing of it is needed any more, and of how it was to be run nothing that is secret.
        run.bytes.clear();
        run.run_order.clear();
    }
    if (auto kept = store_.set_script(run, documents_place, dump(report), clock_()); !kept) {
        log(Level::error, "cannot note the end of user data: " + describe(kept.error()));
        return false;
    }
    log(Level::info, "user data ended: " + run.state,
        {{"operation", std::to_string(run.operation)},
         {"exitCode", run.exit_code ? std::to_string(*run.exit_code) : std::string()}});
    changed();
    return true;
}

}  // namespace metalwright::engine
