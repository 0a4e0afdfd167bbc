// Between operations: what somebody took away is put back, unless an operator holds it.

#include "agent/engine/upkeep.hpp"

#include "agent/engine/engine.hpp"
#include "agent/engine/json.hpp"
#include "agent/engine/log.hpp"
#include "agent/engine/owned.hpp"
#include "core/utc.hpp"

namespace metalwright::engine {
namespace {

/// Nothing that is put back needs an intent: it is observed again, whatever happens. Parks once the
/// daemon is stopping.
class UpkeepJournal final : public Journal {
 public:
    explicit UpkeepJournal(std::function<bool()> stopping) : stopping_(std::move(stopping)) {}
    Result<void> intend(std::span<const StepNote>) override {
        if (stopping_()) return fail(Errc::busy, "parked: the daemon is stopping");
        return {};
    }
    void done(std::span<const ItemResult>) override {}
    void progress(std::string_view, std::string_view, double) override {}

 private:
    std::function<bool()> stopping_;
};

void remember(const netcfg::Owned& owned, std::vector<netcfg::Prefix>& into) {
    into = owned.addresses;
    into.insert(into.end(), owned.local_routes.begin(), owned.local_routes.end());
    for (const netcfg::StaticRoute& route : owned.routes) into.push_back(route.to);
}

}  // namespace

Upkeep Engine::put_back(const Veto& later, std::vector<int> deserted) {
    Upkeep upkeep;
    const std::lock_guard network(network_mutex_);
    const auto instance = store_.instance();
    if (stopping() || !instance || !*instance) return upkeep;
    auto spec = desired();
    auto owned = network_owned();
    if (!spec || !spec::has_network(*spec) || !owned) return upkeep;
    remember(*owned, upkeep.ours);
    const std::int64_t now = clock_();
    if (const Hold held = hold(); held.network(now)) {
        upkeep.held_for = std::chrono::milliseconds(held.network_until - now);
        return upkeep;
    }

    // An order that waits for its turn is in force, and nothing of it has been done: until then the
    // network is kept as it was.
    const auto unfinished = store_.unfinished();
    if (!unfinished) return upkeep;
    const bool order_waits = std::ranges::any_of(
        *unfinished,
        [this](const store::Operation& operation) { return operation.id > network_operation_; });
    const auto known = order_waits ? network_wanted_ : std::optional(network_wanted(*spec));
    if (!known) return upkeep;

    // What the last operation could not do is its report's business, not ours again and again. What
    // it did, and somebody took away before it was read back, is to be put back like all else.
    const auto was_refused = [](const ItemResult& item) {
        return item.outcome == Outcome::failed && item.error && item.error->code != Errc::internal;
    };
    std::set<std::string> failed;
    if (const auto last = store_.operations(1); last && !last->empty())
        if (const auto items = store_.items(last->front().id))
            for (const ItemResult& item : *items)
                if (was_refused(item)) failed.insert(item.item);
    const auto veto = [&](const StepNote& step) -> std::optional<Error> {
        if (failed.contains(step.item)) return Error{Errc::busy, "failed before", step.item};
        return later ? later(step) : std::nullopt;
    };
    netcfg::Wanted wanted = *known;
    wanted.deserted = std::move(deserted);
    auto room = machine_.network(
        std::move(wanted), *owned,
        [this](const netcfg::Owned& after) { return store_.set_owned(owned_rows(after)); }, veto);
    const auto planned = room->plan();
    if (!planned) {
        log(Level::error, "cannot look at the network: " + describe(planned.error()));
        return upkeep;
    }
    if (std::ranges::all_of(*planned, [](const PlannedItem& i) { return i.steps.empty(); }))
        return upkeep;
    UpkeepJournal journal([this] { return stopping(); });
    std::set<std::string> stepped;
    for (const PlannedItem& item : *planned)
        if (!item.steps.empty()) stepped.insert(item.item);
    for (ItemResult& item : room->run(journal))
        if (stepped.contains(item.item)) upkeep.items.push_back(std::move(item));
    tell(upkeep, **instance);
    return upkeep;
}

void Engine::tell(const Upkeep& upkeep, const std::string& instance) {
    const std::int64_t now = clock_();
    Json items = Json::array();
    std::int64_t restored = 0;
    for (const ItemResult& item : upkeep.items) {
        items.push_back(to_json(item));
        if (item.outcome == Outcome::changed) ++restored;
        log(item.error ? Level::warn : Level::info,
            item.error ? "cannot put back: " + describe(*item.error) : "put back",
            {{"item", item.item}});
    }
    restored_ += restored;
    const Json event{{"items", items}};
    const Json report{{"kind", "drift"},      {"at", utc_with_ms(now)}, {"host", options_.host_id},
                      {"instance", instance}, {"restored", restored},   {"items", items}};
    if (auto put = store_.event(0, "drift", dump(event), now); !put)
        log(Level::error, "cannot note what was put back: " + describe(put.error()));
    if (auto put = store_.report(dump(report), now); !put)
        log(Level::error, "cannot keep a report: " + describe(put.error()));
    changed();
}

/// In one transaction: it may be ten thousand items at once, and while they are told nothing is put
/// back.
void Engine::tell_fights(const std::vector<std::string>& items) {
    if (items.empty()) return;
    const std::int64_t now = clock_();
    Json list = Json::array();
    std::vector<std::string> reports;
    for (const std::string& item : items) {
        log(Level::warn, "somebody keeps taking it away; it is put back at longer intervals",
            {{"item", item}});
        list.push_back({{"item", item}});
        const Json report{{"kind", "contested"},
                          {"at", utc_with_ms(now)},
                          {"host", options_.host_id},
                          {"item", item}};
        reports.push_back(dump(report));
    }
    const Json event{{"items", std::move(list)}};
    if (auto put = store_.event_with_reports("contested", dump(event), reports, now); !put)
        log(Level::error, "cannot note contested items: " + describe(put.error()));
    changed();
}

Hold Engine::hold() {
    const auto kept = store_.hold();
    return kept ? hold_from_store(*kept) : Hold();
}

Result<std::string> Engine::set_hold(std::string_view request) {
    const std::lock_guard one_at_a_time(accept_mutex_);
    const std::int64_t now = clock_();
    auto wanted = changed_hold(hold(), request, now);
    if (!wanted) return std::unexpected(wanted.error());
    Json report{{"kind", "hold"}, {"at", utc_with_ms(now)}, {"host", options_.host_id}};
    report["hold"] = to_json(*wanted, now);
    if (auto kept = store_.set_hold(to_store(*wanted), dump(report), now); !kept)
        return std::unexpected(kept.error());
    log(Level::warn, "hold: " + dump(report["hold"]));
    wake_.notify_all();
    changed();
    return dump({{"hold", report["hold"]}});
}

bool Engine::is_held(const store::Operation& operation) {
    if (operation.state == store::cancelling) return false;
    const Hold held = hold();
    const std::int64_t now = clock_();
    if (!held.network(now) && !held.storage(now)) return false;
    if (operation.kind == "release") return true;
    const auto spec = desired();
    return spec && ((spec::has_network(*spec) && held.network(now)) ||
                    (spec->storage && held.storage(now)));
}

}  // namespace metalwright::engine
