// What destroys data waits for an operator where the store may not know what was done to this host.

#include "agent/engine/lock.hpp"

#include "agent/engine/engine.hpp"
#include "agent/engine/json.hpp"
#include "agent/engine/log.hpp"
#include "core/utc.hpp"

namespace metalwright::engine {

Error refused_by(const store::Lock& lock, const std::string& what, std::string where) {
    return {Errc::refused,
            "not done: " + what + ": locked since " + utc_with_ms(lock.since_ms) + ", because " +
                lock.reason + "; look at the disks, then `metalwright arm` and apply again",
            std::move(where)};
}

bool only_verifies(std::string_view operation_kind) {
    return operation_kind == "boot" || operation_kind == "resetPassword";
}

Veto disk_veto(std::string_view operation_kind, std::optional<store::Lock> lock) {
    if (lock)
        return [lock = std::move(*lock)](const StepNote& step) -> std::optional<Error> {
            if (!step.destroys_data) return std::nullopt;
            return refused_by(lock, step.why, step.item);
        };
    if (!only_verifies(operation_kind)) return {};
    const std::string when = operation_kind == "boot" ? "at start" : "with a new password";
    return [when](const StepNote& step) -> std::optional<Error> {
        if (!step.destroys_data) return std::nullopt;
        return Error{
            Errc::refused,
            "not done " + when + ": " + step.why + "; apply the spec again to have it done",
            step.item};
    };
}

void Engine::lock_when_in_doubt() {
    if (store_.locked()) return;
    std::string reason = store_.set_aside();
    if (reason.empty()) {
        const auto doubt = store_.doubt(machine_.has_script_markers());
        if (doubt && !*doubt) return;
        reason = doubt ? **doubt : "the store cannot be read (" + describe(doubt.error()) + ")";
    }
    const store::Lock lock{std::move(reason), clock_()};
    Json report{{"kind", "locked"}, {"at", utc_with_ms(lock.since_ms)}, {"host", options_.host_id}};
    report["locked"] = to_json(lock);
    log(Level::error, "what destroys data is locked until `metalwright arm`: " + lock.reason);
    if (auto set = store_.set_lock(lock, dump(report)); !set)
        log(Level::error, "cannot keep the lock: " + describe(set.error()));
    ++looks_;
    changed();
}

Result<std::string> Engine::arm() {
    const std::lock_guard one_at_a_time(accept_mutex_);
    const std::optional<store::Lock> lock = store_.locked();
    Json answer{{"wasLocked", lock.has_value()}};
    answer["reason"] = lock ? Json(lock->reason) : Json();
    answer["since"] = lock ? Json(utc_with_ms(lock->since_ms)) : Json();
    answer["unlocks"] = Json::array();
    if (!lock) return dump(answer);
    const std::int64_t now = clock_();
    Json report{{"kind", "armed"}, {"at", utc_with_ms(now)}, {"host", options_.host_id}};
    report["wasLocked"] = to_json(*lock);
    if (auto unlocked = store_.unlock(dump(report), now); !unlocked)
        return std::unexpected(unlocked.error());
    answer["unlocks"] = {"making arrays and file systems, and wiping disks with consent",
                         "running user data that has not run on this host"};
    log(Level::warn, "armed: what destroys data may be done again");
    changed();
    return dump(answer);
}

}  // namespace metalwright::engine
