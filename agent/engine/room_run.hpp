#pragma once

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/journal.hpp"
#include "core/plan.hpp"
#include "core/run_plan.hpp"

namespace metalwright::engine {

/// One wanted item as a plan shows it: settled (`outcome` is set), or the steps it needs.
struct PlannedItem {
    std::string item;
    std::optional<Outcome> outcome{};
    std::optional<Error> error{};
    std::string note{};
    std::vector<StepNote> steps{};

    bool operator==(const PlannedItem&) const = default;
};

/// One room at work for one operation, whatever its model: observe and plan, then run and read
/// back.
class RoomRun {
 public:
    virtual ~RoomRun() = default;

    /// Observes and plans; kept for run(). Errors: those of the room's observe.
    virtual Result<std::vector<PlannedItem>> plan() = 0;

    /// Runs what plan() found, observes and plans again: an item is `changed` only when the second
    /// plan has no step left for it. One result per item.
    virtual std::vector<ItemResult> run(Journal& journal) = 0;
};

/// Which steps may not be run now, and why: the policy between plan and run.
using Veto = std::function<std::optional<Error>(const StepNote&)>;

/// A RoomRun over the three functions of a room; `Run` is what it is to the engine.
template <class Observed, class Op, class Run = RoomRun>
class RoomOf : public Run {
 public:
    using Observe = std::function<Result<Observed>()>;
    using MakePlan = std::function<Plan<Op>(const Observed&)>;
    using Apply = std::function<std::vector<Result<void>>(std::span<const Step<Op>>,
                                                          const Observed&, Journal&)>;
    using Remember = std::function<Result<void>(const Observed&)>;
    /// Parts of a plan that have nothing to do with each other; one part: all in its order.
    using Split = std::function<std::vector<Plan<Op>>(Plan<Op>)>;

    /// `remember` makes durable what is about to be ours, from what the plan was made from, before
    /// the first step; if it cannot, no step is run. It is called again with the read-back, to
    /// forget what is gone. It and `veto` may be empty.
    RoomOf(Observe observe, MakePlan make_plan, Apply apply, Remember remember, Veto veto)
        : observe_(std::move(observe)),
          make_plan_(std::move(make_plan)),
          apply_(std::move(apply)),
          remember_(std::move(remember)),
          veto_(std::move(veto)) {}

    /// From now on parts of a plan are run at the same time; `apply` must bear that.
    void side_by_side(Split split) { split_ = std::move(split); }

    Result<std::vector<PlannedItem>> plan() override {
        Result<Observed> seen = observe_();
        if (!seen) return std::unexpected(seen.error());
        seen_ = std::move(*seen);
        plan_again();
        return words();
    }

    std::vector<ItemResult> run(Journal& journal) override {
        if (auto kept = remember(*seen_); !kept) {
            for (const Step<Op>& step : plan_.steps)
                plan_.settled.push_back(
                    {.item = step.item, .outcome = Outcome::failed, .error = kept.error()});
            plan_.steps.clear();
        }
        const bool acts = !plan_.steps.empty();
        std::vector<ItemResult> results = run_parts(std::move(plan_), journal);
        // An item that waited for another one (a mount for its array) may have its turn now.
        for (int round = 0; round < 2 && acts; ++round) {
            if (!read_back(results)) break;
            for (ItemResult& more : run_part(std::move(plan_), journal))
                *std::ranges::find(results, more.item, &ItemResult::item) = std::move(more);
        }
        return results;
    }

 protected:
    /// What was seen last; plan() has been called.
    const Observed& seen() const { return *seen_; }

    /// From what was seen last.
    void plan_again() {
        plan_ = make_plan_(*seen_);
        apply_veto();
    }

 private:
    std::vector<ItemResult> run_part(Plan<Op> plan, Journal& journal) {
        const auto apply = [&](std::span<const Step<Op>> steps) {
            return apply_(steps, *seen_, journal);
        };
        return run_plan(std::move(plan), journal, apply,
                        [] { return std::chrono::steady_clock::now(); });
    }

    std::vector<ItemResult> run_parts(Plan<Op> plan, Journal& journal) {
        if (!split_) return run_part(std::move(plan), journal);
        std::vector<Plan<Op>> parts = split_(std::move(plan));
        struct Beside {
            std::unique_ptr<Journal> journal;
            std::vector<ItemResult> results;
            std::thread thread;
        };
        std::vector<Beside> others(parts.size() - 1);
        for (std::size_t i = 0; i < others.size(); ++i) {
            Beside& other = others[i];
            other.journal = journal.beside();
            if (!other.journal) continue;
            other.thread = std::thread([this, &other, part = std::move(parts[i + 1])]() mutable {
                other.results = run_part(std::move(part), *other.journal);
            });
        }
        std::vector<ItemResult> results = run_part(std::move(parts.front()), journal);
        for (std::size_t i = 0; i < others.size(); ++i) {
            if (others[i].thread.joinable())
                others[i].thread.join();
            else
                others[i].results = run_part(std::move(parts[i + 1]), journal);
            std::ranges::move(others[i].results, std::back_inserter(results));
        }
        return results;
    }

    void apply_veto() {
        if (!veto_) return;
        std::map<std::string, Error> vetoed;
        std::map<std::string, Error> groups;  // come true together, so they are vetoed together
        for (const Step<Op>& step : plan_.steps)
            if (auto error = veto_(note_of(step))) {
                if (!step.group.empty()) groups.try_emplace(step.group, *error);
                vetoed.try_emplace(step.item, std::move(*error));
            }
        for (const Step<Op>& step : plan_.steps)
            if (const auto it = groups.find(step.group); it != groups.end())
                vetoed.try_emplace(step.item, it->second);
        std::erase_if(plan_.steps,
                      [&](const Step<Op>& step) { return vetoed.contains(step.item); });
        for (auto& [item, error] : vetoed)
            plan_.settled.push_back(
                {.item = item, .outcome = Outcome::failed, .error = std::move(error)});
    }

    /// Holds the results against a second plan; what was done and is not there has failed with
    /// `internal`. True when plan_ now has steps for items that had to wait.
    bool read_back(std::vector<ItemResult>& results) {
        Result<Observed> seen = observe_();
        if (!seen) {
            for (ItemResult& result : results)
                if (result.outcome == Outcome::changed) blame(result, seen.error());
            return false;
        }
        seen_ = std::move(*seen);
        plan_again();
        std::map<std::string_view, const Step<Op>*> left;
        for (const Step<Op>& step : plan_.steps) left.try_emplace(step.item, &step);
        std::map<std::string_view, const ItemResult*> settled;
        for (const ItemResult& result : plan_.settled) settled.try_emplace(result.item, &result);
        std::set<std::string> their_turn;
        for (ItemResult& result : results) {
            const auto step = left.find(result.item);
            const auto said = settled.find(result.item);
            if (result.outcome == Outcome::skipped) {
                if (step != left.end())
                    their_turn.insert(result.item);
                else if (said != settled.end())
                    result = *said->second;
            } else if (result.outcome == Outcome::changed) {
                if (step != left.end())
                    blame(result, {Errc::internal, "read back: still to do: " + step->second->why,
                                   result.item});
                else if (said != settled.end())
                    settle(result, *said->second);
            }
        }
        const auto has_failed = [&](const std::string& item) {
            return std::ranges::any_of(results, [&](const ItemResult& result) {
                return result.item == item && result.outcome == Outcome::failed;
            });
        };
        std::erase_if(plan_.steps, [&](const Step<Op>& s) {
            return !their_turn.contains(s.item) || (!s.needs.empty() && has_failed(s.needs));
        });
        plan_.settled.clear();
        // What is gone stays remembered as ours until a later read-back can be kept: harmless.
        (void)remember(*seen_);
        return !plan_.steps.empty();
    }

    static void settle(ItemResult& result, const ItemResult& said) {
        if (said.outcome == Outcome::failed && said.error) blame(result, *said.error);
        result.note = said.note;
    }

    Result<void> remember(const Observed& seen) {
        return remember_ ? remember_(seen) : Result<void>();
    }

    static void blame(ItemResult& result, const Error& error) {
        result.outcome = Outcome::failed;
        result.error = error;
    }

    std::vector<PlannedItem> words() const {
        std::vector<PlannedItem> items;
        for (const ItemResult& result : plan_.settled)
            items.push_back({result.item, result.outcome, result.error, result.note, {}});
        std::map<std::string_view, std::size_t> index;
        for (const Step<Op>& step : plan_.steps) {
            const auto [it, added] = index.try_emplace(step.item, items.size());
            if (added) items.push_back({.item = step.item});
            items[it->second].steps.push_back(note_of(step));
        }
        return items;
    }

    Observe observe_;
    MakePlan make_plan_;
    Apply apply_;
    Remember remember_;
    Veto veto_;
    Split split_{};
    std::optional<Observed> seen_;
    Plan<Op> plan_;
};

}  // namespace metalwright::engine
