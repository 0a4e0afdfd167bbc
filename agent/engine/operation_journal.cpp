#include "agent/engine/operation_journal.hpp"

#include <algorithm>

#include "agent/engine/json.hpp"
#include "agent/engine/log.hpp"
#include "core/fail_point.hpp"
#include "core/utc.hpp"

namespace metalwright::engine {

Result<void> OperationJournal::intend(std::span<const StepNote> steps) {
    if (engine_.stopping()) return fail(Errc::busy, "parked: the daemon is stopping");
    if (auto ended = engine_.cancelled(operation_.id)) return std::unexpected(std::move(*ended));
    Json list = Json::array();
    bool grouped = false;
    for (const StepNote& step : steps) {
        Json& one = list.emplace_back(
            Json{{"item", step.item}, {"why", step.why}, {"destroysData", step.destroys_data}});
        if (!step.group.empty()) {
            one["group"] = step.group;
            one["undo"] = step.undo;
            grouped = true;
        }
        log(Level::info, step.why,
            {{"operation", std::to_string(operation_.id)}, {"item", step.item}});
    }
    Json body{{"steps", std::move(list)}};
    if (grouped) body["boot"] = engine_.machine_.boot_id();
    auto intent = put(dump(body), std::ranges::any_of(steps, &StepNote::destroys_data));
    if (!intent) return std::unexpected(intent.error());
    intent_ = *intent;
    engine_.changed();
    fail_point("journal.after-intent");
    return {};
}

/// Once for all journals of the operation, before its first write: a copy of the store from before
/// it knows nothing of any of them. One from within it knows of them all, until what they make is
/// complete, and that is counted again.
Result<std::int64_t> OperationJournal::put(const std::string& body, bool writes) {
    if (!writes) return engine_.store_.intend(operation_.id, body, engine_.clock_());
    const std::lock_guard first(counted_->mutex);
    if (counted_->done) return engine_.store_.intend(operation_.id, body, engine_.clock_());
    auto intent = engine_.store_.intend_write(operation_.id, body, engine_.clock_());
    counted_->done = intent.has_value();
    return intent;
}

void OperationJournal::done(std::span<const ItemResult> outcomes) {
    const std::int64_t now = engine_.clock_();
    Json items = Json::array();
    for (const ItemResult& outcome : outcomes) {
        items.push_back(to_json(outcome));
        if (outcome.error)
            log(Level::warn, describe(*outcome.error),
                {{"operation", std::to_string(operation_.id)}, {"item", outcome.item}});
    }
    const Json body{{"items", items}};
    const Json report{{"kind", "items"},
                      {"at", utc_with_ms(now)},
                      {"host", engine_.options_.host_id},
                      {"operation", operation_.id},
                      {"generation", operation_.generation},
                      {"instance", operation_.instance},
                      {"items", items}};
    if (auto put =
            engine_.store_.outcome(operation_.id, intent_, outcomes, dump(body), dump(report), now);
        !put)
        log(Level::error, "cannot journal an outcome: " + describe(put.error()));
    engine_.changed();
    fail_point("journal.after-done");
}

void OperationJournal::progress(std::string_view item, std::string_view what, double percent) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_progress_ < std::chrono::seconds(1)) return;
    last_progress_ = now;
    Json body{{"item", item}, {"note", what}};
    body["percent"] = percent < 0 ? Json() : Json(percent);
    if (auto put = engine_.store_.event(operation_.id, "progress", dump(body), engine_.clock_());
        !put)
        log(Level::error, "cannot note progress: " + describe(put.error()));
    engine_.changed();
}

}  // namespace metalwright::engine
