// One operation: the rooms side by side, then what is done once, then the script.

#include "agent/engine/json.hpp"
#include "agent/engine/lock.hpp"
#include "agent/engine/log.hpp"
#include "agent/engine/mandate.hpp"
#include "agent/engine/operation_journal.hpp"
#include "agent/engine/owned.hpp"
#include "agent/engine/work.hpp"
#include "agent/spec/leases.hpp"
#include "agent/spec/store_form.hpp"
#include "core/fail_point.hpp"
#include "core/utc.hpp"

namespace metalwright::engine {
namespace {

using Steady = std::chrono::steady_clock;

bool is_ground(const std::string& item) {
    for (const std::string_view prefix : {"raid/", "volume/", "filesystem/", "mount/", "primary"})
        if (item.starts_with(prefix)) return true;
    return false;
}

/// Items that this operation set out to change before a crash, and that are now as wanted, were
/// changed by it, even though nobody was left to say so.
void credit_earlier_work(std::vector<ItemResult>& items, const std::vector<store::Event>& events) {
    std::set<std::string> intended;
    for (const store::Event& event : events) {
        if (event.kind != "intent") continue;
        const Json body = Json::parse(event.body, nullptr, false);
        if (!body.is_object() || !body.contains("steps")) continue;
        for (const Json& step : body["steps"]) intended.insert(step.value("item", ""));
    }
    for (ItemResult& item : items)
        if (item.outcome == Outcome::unchanged && intended.contains(item.item))
            item.outcome = Outcome::changed;
}

}  // namespace

std::vector<ItemResult> failed_room(std::string item, const Error& error) {
    return {{.item = std::move(item), .outcome = Outcome::failed, .error = error}};
}

bool Engine::Work::any_failed() const {
    return std::ranges::any_of(items,
                               [](const ItemResult& i) { return i.outcome == Outcome::failed; });
}

std::string final_state(const std::vector<ItemResult>& items,
                        const std::optional<store::ScriptRun>& script, bool has_run) {
    const bool script_failed =
        script && script->state != "none" && !(script->state == "exited" && script->exit_code == 0);
    bool any = false, ground = false, good = items.empty();
    for (const ItemResult& item : items) {
        if (item.outcome == Outcome::failed) {
            any = true;
            ground |= is_ground(item.item);
        } else if (item.outcome != Outcome::skipped) {
            good = true;
        }
    }
    if (!any && !script_failed) return "done";
    if (has_run) return "degraded";
    return script_failed || ground || !good ? "failed" : "degraded";
}

Result<std::vector<spec::Sourced>> Engine::documents() {
    const auto sources = store_.sources();
    if (!sources) return std::unexpected(sources.error());
    std::vector<spec::Sourced> documents;
    for (const store::Source& source : *sources) {
        if (source.document.empty()) continue;
        auto spec = spec::from_store(source.document);
        if (!spec) return std::unexpected(spec.error());
        spec::want_leases(*spec);
        documents.push_back({source.name, source.generation, std::move(*spec)});
    }
    return documents;
}

std::expected<spec::HostSpec, Errors> Engine::desired() {
    const auto all = documents();
    if (!all) return std::unexpected(Errors{all.error()});
    return spec::merge(*all);
}

netcfg::Wanted Engine::network_wanted(const spec::HostSpec& spec) const {
    netcfg::Wanted wanted = spec.network.value_or(netcfg::Wanted());
    wanted.limits = options_.limits;
    wanted.guard = options_.guard;
    wanted.wan = options_.wan;
    for (const netcfg::Prefix& pool : options_.pools)
        if (std::ranges::find(wanted.pools, pool) == wanted.pools.end())
            wanted.pools.push_back(pool);
    wanted.neighbours = options_.neighbours;
    if (wanted.nic == netcfg::NicSelector()) wanted.nic = options_.nic;
    wanted.shaping = spec::shaping_of(spec, options_.shape_ingress);
    return wanted;
}

void Engine::run_rooms(Work& work) {
    std::vector<ItemResult> storage_items, network_items;
    const auto storage = [&] {
        if (!work.spec.storage) return;
        OperationJournal journal(*this, work.operation);
        auto recalled = storage_wanted(work.spec, work.operation);
        if (!recalled) {
            storage_items = failed_room("raid", recalled.error());
            return;
        }
        raid::Wanted& wanted = *recalled;
        auto room = machine_.storage(
            wanted,
            [&](const std::string& item, const std::string& deed) {
                return store_.mark_once(item, {{deed}}, work.operation.id, clock_());
            },
            disk_veto(work.operation.kind, work.lock));
        if (auto planned = room->plan(); !planned) {
            storage_items = failed_room("raid", planned.error());
            return;
        }
        if (auto named = name_arrays(work, wanted, *room); !named) {
            storage_items = failed_room("raid", named.error());
            return;
        }
        storage_items = room->run(journal);
        if (stopping()) return;
        const std::vector<store::Identity> complete =
            completed(wanted, storage_items, work.operation.instance);
        if (complete.empty()) return;
        if (auto kept = store_.remember_complete(complete); !kept)
            log(Level::error, "cannot remember an array: " + describe(kept.error()));
    };
    const auto network = [&] {
        if (!spec::has_network(work.spec)) return;
        const std::lock_guard alone(network_mutex_);
        network_operation_ = work.operation.id;
        network_wanted_ = network_wanted(work.spec);
        OperationJournal journal(*this, work.operation);
        auto owned = network_owned();
        if (!owned) {
            network_items = failed_room("network", owned.error());
            return;
        }
        const auto keep = [this](const netcfg::Owned& after) {
            auto kept = store_.set_owned(owned_rows(after));
            fail_point("engine.after-owned");
            return kept;
        };
        auto room = machine_.network(*network_wanted_, *owned, keep, {});
        if (auto planned = room->plan(); !planned) {
            network_items = failed_room("network", planned.error());
            return;
        }
        network_items = room->run(journal);
    };
    std::thread beside(network);
    storage();
    beside.join();
    work.add(std::move(storage_items));
    work.add(std::move(network_items));
}

void Engine::run_first_boot(Work& work) {
    cloudinit::Wanted wanted = spec::first_boot_of(work.spec);
    wanted.instance_id = work.operation.instance;
    const Mandate mandate = mandate_from_store(work.operation.consent);
    const bool reset = !mandate.password_hash.empty();
    if (!reset && wanted == cloudinit::Wanted{.instance_id = wanted.instance_id}) return;
    auto done = store_.once_done(work.operation.instance);
    if (!done) {
        work.add(failed_room("firstBoot", done.error()));
        return;
    }
    wanted.done = std::set<std::string>(done->begin(), done->end());
    if (reset) {
        wanted.password_hash = mandate.password_hash;
        wanted.done.erase("password");
    }
    OperationJournal journal(*this, work.operation);
    auto room = machine_.first_boot(wanted);
    if (auto planned = room->plan(); !planned) {
        work.add(failed_room("firstBoot", planned.error()));
        return;
    }
    std::vector<ItemResult> items = room->run(journal);
    if (stopping()) return;
    std::vector<std::string> now_done;
    for (const ItemResult& item : items)
        if (item.outcome == Outcome::changed || item.outcome == Outcome::unchanged)
            now_done.push_back(item.item);
    if (auto kept =
            store_.mark_once(work.operation.instance, now_done, work.operation.id, clock_());
        !kept)
        log(Level::error, "cannot remember what was done once: " + describe(kept.error()));
    work.add(std::move(items));
}

/// A group that a crash has cut off is taken back before anything is planned: half of it may be in
/// force, and the plan would not know what was there before. A reboot has taken it back already.
void Engine::take_back_groups(const store::Operation& operation) {
    const auto intents = store_.open_intents(operation.id);
    if (!intents) return log(Level::error, "cannot read the journal: " + describe(intents.error()));
    for (const store::Event& intent : *intents) {
        const Json body = Json::parse(intent.body, nullptr, false);
        if (!body.is_object() || body.value("boot", "") != machine_.boot_id()) continue;
        std::vector<std::string> undo;
        for (const Json& step : body.value("steps", Json::array())) {
            const auto of_step = step.value("undo", std::vector<std::string>());
            undo.insert(undo.begin(), of_step.begin(), of_step.end());
        }
        log(Level::warn, "a group of changes was cut off; it is taken back",
            {{"operation", std::to_string(operation.id)}});
        if (auto back = machine_.take_back(undo); !back)
            log(Level::error, "cannot take it back: " + describe(back.error()));
        if (auto settled =
                store_.outcome(operation.id, intent.seq, {}, R"({"items":[]})", "", clock_());
            !settled)
            log(Level::error, "cannot journal that: " + describe(settled.error()));
    }
}

void Engine::perform(const store::Operation& operation) {
    log(Level::debug, "operation begins",
        {{"operation", std::to_string(operation.id)}, {"kind", operation.kind}});
    if (operation.state == store::cancelling) {
        cancelled_ = operation.id;
        take_back_groups(operation);
        return finish(operation, failed_room("operation", *cancelled(operation.id)));
    }
    if (auto set = store_.set_state(operation.id, "applying", clock_()); !set)
        log(Level::error, "cannot note the state: " + describe(set.error()));
    changed();
    take_back_groups(operation);
    if (operation.kind == "release") return perform_release(operation);

    Work work{.operation = operation, .lock = store_.locked()};
    auto spec = desired();
    if (!spec) {
        std::vector<ItemResult> items;
        for (const Error& error : spec.error())
            items.push_back({.item = "spec", .outcome = Outcome::failed, .error = error});
        return finish(operation, std::move(items));
    }
    work.spec = std::move(*spec);
    const std::int64_t mutations_before = machine_.mutations();
    run_rooms(work);
    if (stopping()) return;  // parked: it is taken up at the next start
    run_first_boot(work);
    if (stopping()) return;
    if (const std::int64_t mutations = machine_.mutations() - mutations_before; mutations != 0)
        if (auto noted = store_.add_mutations(operation.id, mutations); !noted)
            log(Level::error, "cannot note the mutations: " + describe(noted.error()));
    if (const auto events = store_.events(operation.id, 0, 100'000))
        credit_earlier_work(work.items, *events);
    run_script(work);
}

/// Its end cannot be kept, so it has none: once there is room again it is done as after a crash.
void Engine::take_up_later(const store::Operation& operation, const Error& why) {
    log(Level::error, "the operation waits: " + describe(why),
        {{"operation", std::to_string(operation.id)}});
    const std::lock_guard lock(mutex_);
    queue_.push_front(operation.id);
    waits_for_store_ = true;
}

void Engine::finish(const store::Operation& operation, std::vector<ItemResult> items) {
    for (const ItemResult& item : items)
        if (item.error && item.error->code == Errc::no_space)
            return take_up_later(operation, *item.error);
    const auto script = store_.script(operation.instance);
    const std::optional<store::ScriptRun> run =
        script && operation.kind != "release" ? *script : std::nullopt;
    const auto has_run = store_.has_run(operation.instance);
    const std::string state = final_state(items, run, has_run.value_or(false));
    Json report{{"kind", "finished"},
                {"at", utc_with_ms(clock_())},
                {"host", options_.host_id},
                {"operation", operation.id},
                {"operationKind", operation.kind},
                {"source", operation.source},
                {"generation", operation.generation},
                {"instance", operation.instance}};
    report["state"] = operation.kind == "release" ? (state == "done" ? "idle" : state)
                                                  : (state == "done" ? "running" : state);
    report["items"] = to_json(items);
    report["userData"] = script_json(run);
    fail_point("operation.before-finish");
    // A check at start that found everything as it should be is no news to anybody.
    const bool news = operation.kind != "boot" || state != "done" ||
                      std::ranges::any_of(
                          items, [](const ItemResult& i) { return i.outcome == Outcome::changed; });
    const store::Ledger ended = ended_calls(operation.id, items);
    if (auto done = store_.finish(operation.id, state, items, news ? dump(report) : std::string(),
                                  clock_(), ended);
        !done)
        return take_up_later(operation, done.error());
    log(state == "done" ? Level::info : Level::warn, "operation ends: " + state,
        {{"operation", std::to_string(operation.id)}, {"state", state}});
    answer_calls(operation.id, ended);
    look_after_resources();
    changed();
}

}  // namespace metalwright::engine
