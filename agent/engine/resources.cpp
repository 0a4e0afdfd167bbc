// What vendors' calls have made that is in no document, on its way: elastic addresses.

#include <algorithm>
#include <set>

#include "agent/engine/call_batch.hpp"
#include "agent/engine/log.hpp"
#include "agent/vendor/eip.hpp"

namespace metalwright::engine {

void Engine::look_after_resources() {
    {
        const std::lock_guard lock(mutex_);
        resources_changed_ = true;
    }
    wake_.notify_all();
}

/// Elastic addresses on their way. On the worker.
void Engine::settle_resources() {
    if (const auto there = store_.resources(); there && there->empty()) return;
    const std::lock_guard one_at_a_time(accept_mutex_);
    auto seen = look();
    if (!seen)
        return log(Level::error,
                   "cannot look after the elastic addresses: " + describe(seen.error().front()));
    std::vector<vendor::Finished> finished;
    std::set<std::int64_t> asked;
    for (const vendor::Resource& one : (*seen)->host.resources) {
        if (one.operation == 0 || !asked.insert(one.operation).second) continue;
        const auto operation = store_.operation(one.operation);
        if (!operation) continue;
        if (*operation && !(*operation)->finished()) continue;
        auto items = store_.items(one.operation);
        if (items) finished.push_back({one.operation, std::move(*items)});
    }
    vendor::Settled settled = vendor::settle((*seen)->host, finished);
    next_settlement_ms_ = vendor::next_settlement((*seen)->host);
    if (settled.empty()) return;
    Batch batch(*this, std::move(*seen));
    std::vector<std::string> drawn;
    bool changes = false;
    const bool edits = !settled.edit.add.empty() || !settled.edit.remove.empty();
    if (edits) {
        const auto edited = batch.edit(settled.edit, drawn, changes);
        for (vendor::Resource& one : settled.ledger.put) {
            if (std::ranges::find(settled.waiting, one.id) == settled.waiting.end()) continue;
            if (edited) {
                one.operation = store::Candidate::this_one;
                continue;
            }
            one = vendor::given_up(std::move(one), edited.error().front().message, clock_());
        }
    }
    batch.ledger() = to_store(settled.ledger);
    batch.commit();
    changed();
}

}  // namespace metalwright::engine
