#pragma once

#include <algorithm>
#include <chrono>
#include <ranges>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/fail_point.hpp"
#include "core/journal.hpp"
#include "core/plan.hpp"

namespace metalwright {

/// A step as the journal has it. The operations that take it back are written by journal_form(Op),
/// found beside Op; a room without groups needs none.
template <class Op>
StepNote note_of(const Step<Op>& step) {
    StepNote note{step.item, step.why, step.destroys_data, step.group, {}};
    if constexpr (requires(const Op& op) { journal_form(op); })
        for (const Op& op : step.undo) note.undo.push_back(journal_form(op));
    return note;
}

/// One run of one plan; run_plan() is the way to use it.
template <class Op, class Apply, class Now>
class PlanRun {
 public:
    PlanRun(const Plan<Op>& plan, Journal& journal, const Apply& apply, Now now)
        : plan_(plan), journal_(journal), apply_(apply), now_(now), results_(plan.settled) {
        for (std::size_t i = 0; i < results_.size(); ++i) index_.emplace(results_[i].item, i);
    }

    std::vector<ItemResult> run() {
        while (at_ < plan_.steps.size()) {
            if (!plan_.steps[at_].group.empty())
                run_group();
            else
                run_batch();
        }
        return std::move(results_);
    }

 private:
    using Steps = std::vector<Step<Op>>;

    ItemResult& result_of(const std::string& item) {
        const auto [it, added] = index_.try_emplace(item, results_.size());
        if (added) results_.push_back({.item = item, .outcome = Outcome::changed});
        return results_[it->second];
    }

    const ItemResult* failure_of(const std::string& item) const {
        const auto it = index_.find(item);
        if (it == index_.end() || results_[it->second].outcome != Outcome::failed) return nullptr;
        return &results_[it->second];
    }

    /// Whether the step may still be run. One whose need has failed skips its item.
    bool has_its_turn(const Step<Op>& step) {
        ItemResult& result = result_of(step.item);
        if (result.outcome == Outcome::failed || result.outcome == Outcome::skipped) return false;
        const ItemResult* lacks = step.needs.empty() ? nullptr : failure_of(step.needs);
        if (lacks == nullptr) return true;
        const Errc code = lacks->error ? lacks->error->code : Errc::refused;
        ItemResult& skipped = result_of(step.item);
        skipped.outcome = Outcome::skipped;
        skipped.error = Error{code, "not done, since " + step.needs + " failed", step.item};
        return false;
    }

    void fail_all(const Steps& steps, const Error& error) {
        for (const Step<Op>& step : steps) {
            result_of(step.item).outcome = Outcome::failed;
            result_of(step.item).error = error;
        }
    }

    bool intend(const Steps& steps) {
        std::vector<StepNote> notes;
        notes.reserve(steps.size());
        for (const Step<Op>& step : steps) notes.push_back(note_of(step));
        const Result<void> intended = journal_.intend(notes);
        if (!intended) fail_all(steps, intended.error());
        return intended.has_value();
    }

    void commit(const Steps& steps) {
        std::vector<ItemResult> outcomes;
        std::unordered_set<std::string> told;
        for (const Step<Op>& step : steps)
            if (told.insert(step.item).second) outcomes.push_back(result_of(step.item));
        journal_.done(outcomes);
    }

    void run_batch() {
        Steps batch;
        std::unordered_set<std::string> in_batch;
        for (; at_ < plan_.steps.size(); ++at_) {
            const Step<Op>& step = plan_.steps[at_];
            if (!step.group.empty()) break;
            // Two steps of one item never share a batch, nor does a step and what it needs: the
            // second depends on how the first ended.
            if (in_batch.contains(step.item) || in_batch.contains(step.needs)) break;
            if (!batch.empty() && (step.destroys_data || batch.back().destroys_data)) break;
            if (!has_its_turn(step)) continue;
            in_batch.insert(step.item);
            batch.push_back(step);
        }
        if (batch.empty() || !intend(batch)) return;

        const auto started = now_();
        std::vector<Result<void>> done = apply_(std::span<const Step<Op>>(batch));
        const auto took = since(started);
        for (std::size_t i = 0; i < batch.size(); ++i) {
            ItemResult& result = result_of(batch[i].item);
            result.took += took;
            if (done[i]) continue;
            result.outcome = Outcome::failed;
            result.error = std::move(done[i]).error();
        }
        commit(batch);
    }

    void run_group() {
        const std::string& name = plan_.steps[at_].group;
        Steps group;
        for (; at_ < plan_.steps.size() && plan_.steps[at_].group == name; ++at_)
            group.push_back(plan_.steps[at_]);
        for (const Step<Op>& step : group) {
            if (has_its_turn(step)) continue;
            return fail_all(group, {Errc::refused,
                                    "not tried: it goes together with " + step.item +
                                        ", which could not be done",
                                    step.item});
        }
        if (!intend(group)) return;

        const auto started = now_();
        std::size_t done = 0;
        std::optional<Error> failure;
        for (; done < group.size() && !failure; ++done) {
            std::vector<Result<void>> answer =
                apply_(std::span<const Step<Op>>(group).subspan(done, 1));
            if (!answer[0]) failure = std::move(answer[0]).error();
            fail_point("group.half-done");
        }
        if (failure) take_back(std::span(group).first(done), group, *failure);
        std::unordered_set<std::string> timed;
        for (const Step<Op>& step : group)
            if (timed.insert(step.item).second) result_of(step.item).took += since(started);
        commit(group);
    }

    /// The last of `tried` has failed: its own undo is run as well, it may be half-done.
    void take_back(std::span<const Step<Op>> tried, const Steps& group, const Error& failure) {
        std::string left;
        for (const Step<Op>& step : tried | std::views::reverse)
            for (const Op& op : step.undo) {
                const Step<Op> back{step.item, "take back: " + step.why, op};
                const std::vector<Result<void>> answer = apply_(std::span(&back, 1));
                if (!answer[0]) left += "; could not take back: " + answer[0].error().message;
            }
        const std::string& at_fault = tried.back().item;
        for (const Step<Op>& step : group) {
            ItemResult& result = result_of(step.item);
            result.outcome = Outcome::failed;
            result.error = failure;
            if (step.item != at_fault) result.error->message = at_fault + ": " + failure.message;
            result.error->message += left.empty() ? "; all of the change was taken back" : left;
        }
    }

    std::chrono::milliseconds since(auto started) const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(now_() - started);
    }

    const Plan<Op>& plan_;
    Journal& journal_;
    const Apply& apply_;
    Now now_;
    std::vector<ItemResult> results_;
    std::unordered_map<std::string, std::size_t> index_;
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
std::vector<ItemResult> run_plan(const Plan<Op>& plan, Journal& journal, const Apply& apply,
                                 Now now) {
    return PlanRun<Op, Apply, Now>(plan, journal, apply, now).run();
}

}  // namespace metalwright
