// What becomes of arrays between operations.

#include <algorithm>
#include <utility>

#include "agent/engine/engine.hpp"
#include "agent/engine/json.hpp"
#include "agent/engine/log.hpp"
#include "core/utc.hpp"
#include "raid/compare.hpp"
#include "raid/watch.hpp"

namespace metalwright::engine {
namespace {

/// A resync of hours is told in so many steps, one event each.
constexpr int percent_step = 5;

int step_of(const raid::Array& array) {
    return array.sync_percent < 0 ? -1 : static_cast<int>(array.sync_percent) / percent_step;
}

Json sync_json(const raid::Array& array) {
    if (!array.building()) return {};
    Json json{{"action", array.sync_action}};
    json["percent"] = array.sync_percent < 0 ? Json() : Json(array.sync_percent);
    json["etaSeconds"] = array.sync_eta_s < 0 ? Json() : Json(array.sync_eta_s);
    return json;
}

Json turn_json(const raid::Turn& turn) {
    Json json{{"item", "raid/" + turn.array}, {"array", turn.array}, {"uuid", turn.uuid}};
    json["was"] = turn.was.empty() ? Json() : Json(turn.was);
    json["is"] = turn.is;
    json["failed"] = turn.failed;
    json["gone"] = turn.gone;
    json["added"] = turn.added;
    json["note"] = turn.note;
    return json;
}

}  // namespace

Json arrays_json(const std::vector<raid::Array>& arrays) {
    Json list = Json::array();
    for (const raid::Array& array : arrays) {
        Json one{{"name", array.name},
                 {"uuid", array.uuid},
                 {"level", array.level},
                 {"health", raid::health(array)},
                 {"degraded", array.degraded}};
        one["sync"] = sync_json(array);
        const std::string broken = raid::damage(array);
        one["note"] = broken.empty() ? raid::sync_note(array) : broken;
        list.push_back(std::move(one));
    }
    return list;
}

void Engine::watch_arrays() {
    auto now = machine_.glance_at_arrays();
    if (!now) return log(Level::error, "cannot look at the arrays: " + describe(now.error()));
    std::vector<raid::Array> before;
    {
        const std::lock_guard lock(arrays_mutex_);
        before = std::exchange(arrays_seen_, *now);
    }
    if (before != *now) ++looks_;
    const std::vector<raid::Turn> turns = raid::turns(before, *now);
    for (const raid::Turn& turn : turns) tell(turn);
    bool news = !turns.empty();
    for (const raid::Array& array : *now) {
        if (!array.building()) continue;
        const auto last = std::ranges::find(before, array.uuid, &raid::Array::uuid);
        if (last != before.end() && step_of(*last) == step_of(array)) continue;
        Json body{{"item", "raid/" + array.name}, {"note", raid::sync_note(array)}};
        body.update(sync_json(array));
        if (auto put = store_.event(0, "progress", dump(body), clock_()); !put)
            log(Level::error, "cannot note progress: " + describe(put.error()));
        news = true;
    }
    if (news) changed();
}

void Engine::tell(const raid::Turn& turn) {
    const std::int64_t now = clock_();
    const Json event = turn_json(turn);
    Json report{{"kind", "array"}, {"at", utc_with_ms(now)}, {"host", options_.host_id}};
    report.update(event);
    const bool bad =
        turn.is == "degraded" || turn.is == "failed" || turn.is == "gone" || !turn.failed.empty();
    log(bad ? Level::warn : Level::info, "array " + turn.array + " is " + turn.is,
        {{"array", turn.array}, {"was", turn.was}, {"note", turn.note}});
    const std::vector<std::string> reports{dump(report)};
    if (auto put = store_.event_with_reports("array", dump(event), reports, now); !put)
        log(Level::error, "cannot note what became of an array: " + describe(put.error()));
}

}  // namespace metalwright::engine
