#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/hash_index.hpp"
#include "core/journal.hpp"
#include "core/plan.hpp"

namespace metalwright {

namespace detail {

/// Tells the journal what is about to be done. The words are lent to it, not copied.
template <class Op>
Result<void> intend(std::span<Step<Op>> steps, Journal& journal) {
    std::vector<StepNote> notes;
    notes.reserve(steps.size());
    for (Step<Op>& step : steps)
        notes.push_back({std::move(step.item), std::move(step.why), step.destroys_data});
    Result<void> intended = journal.intend(notes);
    for (std::size_t i = 0; i < steps.size(); ++i) {
        steps[i].item = std::move(notes[i].item);
        steps[i].why = std::move(notes[i].why);
    }
    return intended;
}

/// Tells the journal how the steps of a batch ended: `results[at[i]]` is that of the i-th.
inline void tell(Journal& journal, std::span<const ItemResult> results,
                 std::span<const std::size_t> at) {
    // Items that are new to the report stand in it as they do in the plan.
    if (at.back() - at.front() + 1 == at.size() && std::ranges::is_sorted(at))
        return journal.done(results.subspan(at.front(), at.size()));
    std::vector<ItemResult> outcomes;
    outcomes.reserve(at.size());
    for (const std::size_t of : at) outcomes.push_back(results[of]);
    journal.done(outcomes);
}

}  // namespace detail

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
std::vector<ItemResult> run_plan(Plan<Op> plan, Journal& journal, const Apply& apply, Now now) {
    std::vector<ItemResult> results = std::move(plan.settled);
    if (plan.steps.empty()) return results;
    const std::size_t most = results.size() + plan.steps.size();
    results.reserve(most);
    const std::hash<std::string_view> hash;
    HashIndex index(most);  // of results, by item
    for (const ItemResult& result : results) index.add(hash(result.item));
    const auto at_of = [&](const std::string& item) {
        const std::size_t key = hash(item);
        const auto same = [&](std::size_t at) { return results[at].item == item; };
        if (const std::size_t at = index.find(key, same); at != HashIndex::none) return at;
        index.add(key);
        results.push_back({.item = item, .outcome = Outcome::changed});
        return results.size() - 1;
    };

    std::vector<std::size_t> in_batch(most, 0);  // by result: the number of a batch
    for (std::size_t at = 0, number = 1; at < plan.steps.size(); ++number) {
        const std::size_t begin = at;
        std::vector<std::size_t> result_at;  // of each step in the batch
        for (; at < plan.steps.size(); ++at) {
            Step<Op>& step = plan.steps[at];
            const std::size_t of = at_of(step.item);
            if (results[of].outcome == Outcome::failed) continue;
            Step<Op>& place = plan.steps[begin + result_at.size()];
            const bool alone =
                !result_at.empty() && (step.destroys_data || (&place)[-1].destroys_data);
            // Two steps of one item never share a batch: the second depends on the first.
            if (alone || in_batch[of] == number) break;
            in_batch[of] = number;
            result_at.push_back(of);
            if (&place != &step) place = std::move(step);  // over those that were skipped
        }
        if (result_at.empty()) break;
        const std::span<Step<Op>> batch(plan.steps.data() + begin, result_at.size());

        if (Result<void> intended = detail::intend(batch, journal); !intended) {
            for (const std::size_t of : result_at) {
                results[of].outcome = Outcome::failed;
                results[of].error = intended.error();
            }
            continue;
        }

        const auto started = now();
        std::vector<Result<void>> done = apply(std::span<const Step<Op>>(batch));
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now() - started);
        for (std::size_t i = 0; i < batch.size(); ++i) {
            ItemResult& result = results[result_at[i]];
            result.took += took;
            if (!done[i]) {
                result.outcome = Outcome::failed;
                result.error = std::move(done[i]).error();
            }
        }
        // Of its steps so far; the read-back has the last word.
        detail::tell(journal, results, result_at);
    }
    return results;
}

}  // namespace metalwright
