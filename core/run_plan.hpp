#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/fail_point.hpp"
#include "core/hash_index.hpp"
#include "core/journal.hpp"
#include "core/plan.hpp"

namespace metalwright {

/// The texts of what takes a step back. They are written by journal_form(Op), found beside Op; a
/// room without groups needs none.
template <class Op>
std::vector<std::string> undo_of(const Step<Op>& step) {
    std::vector<std::string> texts;
    if constexpr (requires(const Op& op) { journal_form(op); })
        for (const Op& op : step.undo) texts.push_back(journal_form(op));
    return texts;
}

/// A step as the journal, a plan's reader and a veto see it.
template <class Op>
StepNote note_of(const Step<Op>& step) {
    return {step.item, step.why, step.destroys_data, step.group, undo_of(step)};
}

/// One run of one plan; run_plan() is the way to use it.
template <class Op, class Apply, class Now>
class PlanRun {
 public:
    PlanRun(Plan<Op> plan, Journal& journal, const Apply& apply, Now now)
        : steps_(std::move(plan.steps)),
          journal_(journal),
          apply_(apply),
          now_(now),
          results_(std::move(plan.settled)),
          index_(results_.size() + steps_.size()) {
        if (steps_.empty()) return;
        results_.reserve(results_.size() + steps_.size());
        in_batch_.resize(results_.capacity(), 0);
        for (const ItemResult& result : results_) index_.add(hash_(result.item));
    }

    std::vector<ItemResult> run() {
        while (at_ < steps_.size()) {
            if (!steps_[at_].group.empty())
                run_group();
            else
                run_batch();
        }
        return std::move(results_);
    }

 private:
    std::size_t find(const std::string& item) const {
        return index_.find(hash_(item), [&](std::size_t at) { return results_[at].item == item; });
    }

    /// Where the item's result is; a new one at the end.
    std::size_t at_of(const std::string& item) {
        if (const std::size_t at = find(item); at != HashIndex::none) return at;
        index_.add(hash_(item));
        results_.push_back({.item = item, .outcome = Outcome::changed});
        return results_.size() - 1;
    }

    /// Whether the step may still be run. One whose need has failed skips its item.
    bool has_its_turn(const Step<Op>& step, std::size_t of) {
        ItemResult& result = results_[of];
        if (result.outcome == Outcome::failed || result.outcome == Outcome::skipped) return false;
        if (step.needs.empty()) return true;
        const std::size_t need = find(step.needs);
        if (need == HashIndex::none || results_[need].outcome != Outcome::failed) return true;
        const std::optional<Error>& why = results_[need].error;
        result.outcome = Outcome::skipped;
        result.error = Error{why ? why->code : Errc::refused,
                             "not done, since " + step.needs + " failed", step.item};
        return false;
    }

    /// Tells the journal what is about to be done. The words are lent to it, not copied.
    bool intend(std::span<Step<Op>> steps, std::span<const std::size_t> at) {
        std::vector<StepNote> notes;
        notes.reserve(steps.size());
        for (Step<Op>& step : steps) {
            std::vector<std::string> undo =
                step.group.empty() ? std::vector<std::string>() : undo_of(step);
            notes.push_back({std::move(step.item), std::move(step.why), step.destroys_data,
                             step.group, std::move(undo)});
        }
        const Result<void> intended = journal_.intend(notes);
        for (std::size_t i = 0; i < steps.size(); ++i) {
            steps[i].item = std::move(notes[i].item);
            steps[i].why = std::move(notes[i].why);
        }
        if (!intended) fail_all(at, intended.error());
        return intended.has_value();
    }

    void fail_all(std::span<const std::size_t> at, const Error& error) {
        for (const std::size_t of : at) {
            results_[of].outcome = Outcome::failed;
            results_[of].error = error;
        }
    }

    /// Tells the journal how the items ended, as far as they have come; the read-back has the last
    /// word.
    void commit(std::span<const std::size_t> at) {
        // Items that are new to the report stand in it as they do in the plan.
        if (at.back() - at.front() + 1 == at.size() && std::ranges::is_sorted(at))
            return journal_.done(std::span(results_).subspan(at.front(), at.size()));
        std::vector<ItemResult> outcomes;
        outcomes.reserve(at.size());
        for (const std::size_t of : at) outcomes.push_back(results_[of]);
        journal_.done(outcomes);
    }

    void run_batch() {
        const std::size_t begin = at_;
        const std::size_t number = ++batches_;
        std::vector<std::size_t> result_at;  // of each step in the batch
        for (; at_ < steps_.size(); ++at_) {
            Step<Op>& step = steps_[at_];
            if (!step.group.empty()) break;
            const std::size_t of = at_of(step.item);
            // Two steps of one item never share a batch, nor does a step and what it needs: the
            // second depends on how the first ended.
            if (in_batch_[of] == number) break;
            if (const std::size_t need = step.needs.empty() ? HashIndex::none : find(step.needs);
                need != HashIndex::none && in_batch_[need] == number)
                break;
            Step<Op>& place = steps_[begin + result_at.size()];
            if (!result_at.empty() && (step.destroys_data || (&place)[-1].destroys_data)) break;
            if (!has_its_turn(step, of)) continue;
            in_batch_[of] = number;
            result_at.push_back(of);
            if (&place != &step) place = std::move(step);  // over those that were skipped
        }
        if (result_at.empty()) return;
        const std::span<Step<Op>> batch(steps_.data() + begin, result_at.size());
        if (!intend(batch, result_at)) return;

        const auto started = now_();
        std::vector<Result<void>> done = apply_(std::span<const Step<Op>>(batch));
        const auto took = since(started);
        for (std::size_t i = 0; i < batch.size(); ++i) {
            ItemResult& result = results_[result_at[i]];
            result.took += took;
            if (done[i]) continue;
            result.outcome = Outcome::failed;
            result.error = std::move(done[i]).error();
        }
        commit(result_at);
    }

    void run_group() {
        const std::size_t begin = at_;
        const std::string name = steps_[at_].group;
        std::vector<std::size_t> items;  // of the group, each once
        const Step<Op>* hindered = nullptr;
        for (; at_ < steps_.size() && steps_[at_].group == name; ++at_) {
            const std::size_t of = at_of(steps_[at_].item);
            if (std::ranges::find(items, of) == items.end()) items.push_back(of);
            if (!has_its_turn(steps_[at_], of) && hindered == nullptr) hindered = &steps_[at_];
        }
        const std::span<Step<Op>> group(steps_.data() + begin, at_ - begin);
        if (hindered != nullptr)
            return fail_all(items, {Errc::refused,
                                    "not tried: it goes together with " + hindered->item +
                                        ", which could not be done",
                                    hindered->item});
        if (!intend(group, items)) return;

        const auto started = now_();
        std::size_t done = 0;
        std::optional<Error> failure;
        for (; done < group.size() && !failure; ++done) {
            std::vector<Result<void>> answer =
                apply_(std::span<const Step<Op>>(group).subspan(done, 1));
            if (!answer[0]) failure = std::move(answer[0]).error();
            fail_point("group.half-done");
        }
        if (failure) take_back(group.first(done), items, *failure);
        for (const std::size_t of : items) results_[of].took += since(started);
        commit(items);
    }

    /// The last of `tried` has failed: its own undo is run as well, it may be half-done.
    void take_back(std::span<const Step<Op>> tried, std::span<const std::size_t> items,
                   const Error& failure) {
        std::string left;
        for (const Step<Op>& step : tried | std::views::reverse)
            for (const Op& op : step.undo) {
                const Step<Op> back{step.item, "take back: " + step.why, op};
                const std::vector<Result<void>> answer = apply_(std::span(&back, 1));
                if (!answer[0]) left += "; could not take back: " + answer[0].error().message;
            }
        if (left.empty()) left = "; all of the change was taken back";
        const std::string& at_fault = tried.back().item;
        for (const std::size_t of : items) {
            ItemResult& result = results_[of];
            result.outcome = Outcome::failed;
            result.error = failure;
            if (result.item != at_fault)
                result.error->message = at_fault + ": " + result.error->message;
            result.error->message += left;
        }
    }

    std::chrono::milliseconds since(auto started) const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(now_() - started);
    }

    std::vector<Step<Op>> steps_;
    Journal& journal_;
    const Apply& apply_;
    Now now_;
    std::vector<ItemResult> results_;
    std::hash<std::string_view> hash_{};
    HashIndex index_;                      // of results_, by item
    std::vector<std::size_t> in_batch_{};  // by result: the number of the batch it was last in
    std::size_t batches_ = 0;
    std::size_t at_ = 0;
};

/// Runs a plan's steps in order and returns one result per item, settled items first.
///
/// Steps that destroy nothing are gathered into one intent and one outcome commit; a step that
/// destroys data commits alone, before and after. `apply` is called with a run of consecutive steps
/// that share a commit and answers one result per step, in order:
///     std::vector<Result<void>> apply(std::span<const Step<Op>>)
/// A failed step skips the later steps of its item, and of items that need it. If the journal
/// cannot be written nothing more is done, and the remaining items fail with the journal's error:
/// persist before acting.
/// A group has one intent, with what takes it back; its steps are applied one by one, and when one
/// fails, those before it are taken back in reverse order and every item of the group has failed.
/// `now` is a monotonic clock. The results say what the steps claim; the engine reads back.
template <class Op, class Apply, class Now>
std::vector<ItemResult> run_plan(Plan<Op> plan, Journal& journal, const Apply& apply, Now now) {
    return PlanRun<Op, Apply, Now>(std::move(plan), journal, apply, now).run();
}

}  // namespace metalwright
