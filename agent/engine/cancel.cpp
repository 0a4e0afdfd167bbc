// An operation that ends before its time.

#include "agent/engine/json.hpp"
#include "agent/engine/log.hpp"
#include "agent/engine/work.hpp"

namespace metalwright::engine {

/// What its steps that are still to come fail with; nothing when it goes on.
std::optional<Error> Engine::cancelled(std::int64_t operation) const {
    if (cancelled_ != operation) return std::nullopt;
    return Error{Errc::refused, "operation " + std::to_string(operation) +
                                    " was cancelled: apply the document again to have it done"};
}

Result<std::string> Engine::cancel(std::int64_t id) {
    {
        const std::lock_guard one_at_a_time(accept_mutex_);
        const auto known = store_.operation(id);
        if (!known) return std::unexpected(known.error());
        if (!*known) return operation(id);
        if ((*known)->finished())
            return fail(Errc::conflict,
                        "operation " + std::to_string(id) + " has ended: " + (*known)->state);
        const auto script = store_.script((*known)->instance);
        if (script && *script && (*script)->operation == id &&
            (*script)->state == cloudinit::to_string(cloudinit::ScriptState::started))
            return fail(Errc::conflict,
                        "its user data has begun, and nothing else of operation " +
                            std::to_string(id) +
                            " is left to do: a release of the instance ends the script");
        if (auto kept = store_.cancel(id, clock_()); !kept) return std::unexpected(kept.error());
        log(Level::warn, "operation is to end before its time",
            {{"operation", std::to_string(id)}});
        // Where its turn has not come yet, it is known by its state then.
        const std::lock_guard lock(mutex_);
        if (std::ranges::find(queue_, id) == queue_.end()) cancelled_ = id;
    }
    wake_.notify_all();
    changed();
    return operation(id);
}

}  // namespace metalwright::engine
