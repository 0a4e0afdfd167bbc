// The worker: what was left unfinished, then operations as they come, then whoever watches.

#include "agent/engine/engine.hpp"

#include "agent/engine/calls.hpp"
#include "agent/engine/json.hpp"
#include "agent/engine/log.hpp"

namespace metalwright::engine {

Engine::Engine(Options options, store::Store& store, Machine& machine, WallClock clock)
    : options_(std::move(options)),
      store_(store),
      machine_(machine),
      clock_(std::move(clock)),
      calls_(std::make_unique<Calls>()) {}

Engine::~Engine() {
    stop(std::chrono::milliseconds(0));
    if (worker_.joinable()) worker_.join();
}

void Engine::start() {
    lock_when_in_doubt();  // before anything is planned
    take_up_unfinished();  // before anybody is answered: no stale "running" after a start
    take_back_calls({});
    look_after_resources();
    worker_ = std::thread([this] {
        serve();
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        wake_.notify_all();
    });
}

bool Engine::stop(std::chrono::milliseconds bound) {
    // Under the mutex: between the worker's look and its wait nobody hears a notification.
    std::unique_lock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
    return wake_.wait_for(lock, bound, [this] { return stopped_ || !worker_.joinable(); });
}

void Engine::take_up_unfinished() {
    const auto unfinished = store_.unfinished();
    if (!unfinished) {
        log(Level::error, "cannot read what was left unfinished: " + describe(unfinished.error()));
        return;
    }
    if (!unfinished->empty()) {
        const std::lock_guard lock(mutex_);
        for (const store::Operation& operation : *unfinished) {
            log(Level::info, "taking up an unfinished operation",
                {{"operation", std::to_string(operation.id)}, {"kind", operation.kind}});
            queue_.push_back(operation.id);
        }
        return;
    }
    const auto instance = store_.instance();
    if (!instance || !*instance) return;
    // Nothing is under way: put back what a reboot took (addresses, mounts) and look at the rest.
    store::Candidate boot{.source = "boot", .kind = "boot", .instance = **instance, .digest = ""};
    const auto sources = store_.sources();
    if (sources)
        for (const store::Source& source : *sources)
            if (!source.document.empty())
                boot.generation = std::max(boot.generation, source.generation);
    const auto id = store_.accept(boot, clock_());
    if (!id) {
        log(Level::error, "cannot begin the check at start: " + describe(id.error()));
        return;
    }
    const std::lock_guard lock(mutex_);
    queue_.push_back(*id);
}

void Engine::serve() {
    constexpr std::chrono::seconds room_may_be_made(5);
    bool waits_for_hold = false;
    while (!stopping()) {
        std::optional<std::int64_t> next;
        bool settles = false;
        {
            std::unique_lock lock(mutex_);
            const auto ready = [this] {
                return stopping() || !queue_.empty() || resources_changed_;
            };
            // A script's end is seen by its result file; nobody calls us.
            if (std::exchange(waits_for_store_, false))
                wake_.wait_for(lock, room_may_be_made, [this] { return stopping(); });
            else if (watched_instance_ || waits_for_hold)
                wake_.wait_for(lock, std::chrono::milliseconds(200),
                               [&] { return waits_for_hold ? stopping() : ready(); });
            else if (next_settlement_ms_ != 0)
                wake_.wait_for(lock, std::chrono::minutes(1), ready);
            else
                wake_.wait(lock, ready);
            if (stopping()) return;
            settles = std::exchange(resources_changed_, false) ||
                      (next_settlement_ms_ != 0 && clock_() >= next_settlement_ms_);
            if (!queue_.empty()) {
                next = queue_.front();
                queue_.pop_front();
            }
        }
        if (watched_instance_) watch_script();
        if (settles) settle_resources();
        waits_for_hold = false;
        if (!next) continue;
        const auto operation = store_.operation(*next);
        if (!operation || !*operation || (*operation)->finished()) continue;
        if (is_held(**operation)) {
            // Its turn comes when the hold ends; those behind it wait with it.
            waits_for_hold = true;
            const std::lock_guard lock(mutex_);
            queue_.push_front(*next);
            continue;
        }
        perform(**operation);
    }
}

std::uint64_t Engine::on_change(std::function<void()> changed) {
    const std::lock_guard lock(mutex_);
    subscribers_.emplace(next_subscription_, std::move(changed));
    return next_subscription_++;
}

void Engine::forget(std::uint64_t subscription) {
    const std::lock_guard lock(mutex_);
    subscribers_.erase(subscription);
}

void Engine::changed() {
    std::vector<std::function<void()>> subscribers;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [_, subscriber] : subscribers_) subscribers.push_back(subscriber);
    }
    for (const auto& subscriber : subscribers) subscriber();
}

std::vector<agent::OutboxRow> Engine::unsent(std::size_t limit) {
    std::vector<agent::OutboxRow> rows;
    const auto reports = store_.unsent(limit);
    if (!reports) {
        log(Level::error, "cannot read the outbox: " + describe(reports.error()));
        return rows;
    }
    for (const store::Report& report : *reports)
        rows.push_back(
            {report.seq, "{\"seq\":" + std::to_string(report.seq) + "," + report.body.substr(1)});
    return rows;
}

Result<void> Engine::acknowledge(std::int64_t seq) {
    return store_.acknowledge(seq);
}

}  // namespace metalwright::engine
