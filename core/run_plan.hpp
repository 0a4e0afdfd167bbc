#pragma once

#include <chrono>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/journal.hpp"
#include "core/plan.hpp"

namespace metalwright {

/// Runs a plan's steps in order and returns one result per item, settled items first.
///
/// Steps that destroy nothing are gathered into one intent and one outcome commit; a step that
/// destroys data commits alone, before and after. `apply` is called with a run of consecutive steps
/// that share a commit and answers one result per step, in order:
///     std::vector<Result<void>> apply(std::span<const Step<Op>>)
/// A failed step skips the later steps of its item only. If the journal cannot be written nothing
/// more is done, and the remaining items fail with the journal's error: persist before acting.
/// `now` is a monotonic clock. The results say what the steps claim; the engine reads back.
template <class Op, class Apply, class Now>
std::vector<ItemResult> run_plan(const Plan<Op>& plan, Journal& journal, const Apply& apply,
                                 Now now) {
    std::vector<ItemResult> results = plan.settled;
    std::unordered_map<std::string, std::size_t> index;
    for (std::size_t i = 0; i < results.size(); ++i) index.emplace(results[i].item, i);
    const auto result_of = [&](const std::string& item) -> ItemResult& {
        const auto [it, added] = index.try_emplace(item, results.size());
        if (added) results.push_back({.item = item, .outcome = Outcome::changed});
        return results[it->second];
    };

    for (std::size_t at = 0; at < plan.steps.size();) {
        std::vector<Step<Op>> batch;
        std::unordered_set<std::string> in_batch;
        for (; at < plan.steps.size(); ++at) {
            const Step<Op>& step = plan.steps[at];
            if (result_of(step.item).outcome == Outcome::failed) continue;
            const bool alone = !batch.empty() && (step.destroys_data || batch.back().destroys_data);
            // Two steps of one item never share a batch: the second depends on the first.
            if (alone || in_batch.contains(step.item)) break;
            in_batch.insert(step.item);
            batch.push_back(step);
        }
        if (batch.empty()) break;

        std::vector<StepNote> notes;
        for (const Step<Op>& step : batch)
            notes.push_back({step.item, step.why, step.destroys_data});
        if (Result<void> intended = journal.intend(notes); !intended) {
            for (const Step<Op>& step : batch) {
                result_of(step.item).outcome = Outcome::failed;
                result_of(step.item).error = intended.error();
            }
            continue;
        }

        const auto started = now();
        std::vector<Result<void>> done = apply(std::span<const Step<Op>>(batch));
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now() - started);
        std::vector<ItemResult> outcomes;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            ItemResult& result = result_of(batch[i].item);
            result.took += took;
            if (!done[i]) {
                result.outcome = Outcome::failed;
                result.error = std::move(done[i]).error();
            }
            outcomes.push_back(result);  // of its steps so far; the read-back has the last word
        }
        journal.done(outcomes);
    }
    return results;
}

}  // namespace metalwright
