#include "core/run_plan.hpp"

#include <gtest/gtest.h>

#include "core/json_pointer.hpp"

namespace metalwright {
namespace {

/// An operation with a text, so that a group of them can be journaled.
struct Act {
    std::string does;
    bool operator==(const Act&) const = default;
};
std::string journal_form(const Act& act) {
    return "act " + act.does;
}

struct Recorder final : Journal {
    std::vector<std::vector<std::string>> intents;
    std::vector<std::vector<std::string>> undos;
    std::vector<ItemResult> outcomes;
    std::size_t refuse_from = 1000;

    Result<void> intend(std::span<const StepNote> steps) override {
        if (intents.size() >= refuse_from) return fail(Errc::io, "the disk is full");
        std::vector<std::string>& batch = intents.emplace_back();
        std::vector<std::string>& undo = undos.emplace_back();
        for (const StepNote& step : steps) {
            batch.push_back(step.item);
            undo.insert(undo.end(), step.undo.begin(), step.undo.end());
        }
        return {};
    }
    void done(std::span<const ItemResult> results) override {
        outcomes.insert(outcomes.end(), results.begin(), results.end());
    }
    void progress(std::string_view, std::string_view, double) override {}
};

using Batches = std::vector<std::vector<std::string>>;

auto apply_but(std::string bad, std::vector<std::string>& ran) {
    return [bad, &ran](std::span<const Step<std::string>> steps) {
        std::vector<Result<void>> results;
        for (const auto& step : steps) {
            ran.push_back(step.op);
            if (step.op == bad)
                results.emplace_back(fail(Errc::command_failed, "no space"));
            else
                results.emplace_back();
        }
        return results;
    };
}

const auto now = [] { return std::chrono::steady_clock::time_point(); };

TEST(RunPlan, StepsThatDestroyNothingShareACommitAndOthersCommitAlone) {
    const Plan<std::string> plan{.steps = {{"a", "", "1"},
                                           {"b", "", "2"},
                                           {"c", "", "3", true},
                                           {"d", "", "4", true},
                                           {"e", "", "5"},
                                           {"e", "", "6"}}};
    Recorder journal;
    std::vector<std::string> ran;
    run_plan(plan, journal, apply_but("", ran), now);
    EXPECT_EQ(journal.intents, (Batches{{"a", "b"}, {"c"}, {"d"}, {"e"}, {"e"}}));
    EXPECT_EQ(ran, (std::vector<std::string>{"1", "2", "3", "4", "5", "6"}));
}

TEST(RunPlan, AFailedStepSkipsTheRestOfItsItemOnly) {
    const Plan<std::string> plan{.steps = {{"a", "", "1"}, {"a", "", "2"}, {"b", "", "3"}},
                                 .settled = {{.item = "z", .outcome = Outcome::unchanged}}};
    Recorder journal;
    std::vector<std::string> ran;
    const auto results = run_plan(plan, journal, apply_but("1", ran), now);
    ASSERT_EQ(results.size(), 3u);
    EXPECT_EQ(results[0].outcome, Outcome::unchanged);
    EXPECT_EQ(results[1].outcome, Outcome::failed);
    EXPECT_EQ(results[1].error->message, "no space");
    EXPECT_EQ(results[2].outcome, Outcome::changed);
    EXPECT_EQ(ran, (std::vector<std::string>{"1", "3"}));
}

TEST(RunPlan, NothingIsDoneThatTheJournalDidNotTake) {
    const Plan<std::string> plan{.steps = {{"a", "", "1", true}, {"b", "", "2", true}}};
    Recorder journal;
    journal.refuse_from = 1;
    std::vector<std::string> ran;
    const auto results = run_plan(plan, journal, apply_but("", ran), now);
    EXPECT_EQ(ran, (std::vector<std::string>{"1"}));
    EXPECT_EQ(results[1].outcome, Outcome::failed);
    EXPECT_EQ(results[1].error->message, "the disk is full");
}

/// The world is the list of what was done; an act named `bad` fails.
std::vector<ItemResult> run_acts(const Plan<Act>& plan, Recorder& journal, const std::string& bad,
                                 std::vector<std::string>& world) {
    const auto apply = [&](std::span<const Step<Act>> steps) {
        std::vector<Result<void>> results;
        for (const auto& step : steps) {
            world.push_back(step.op.does);
            if (step.op.does == bad)
                results.emplace_back(fail(Errc::timed_out, "no answer from the gateway"));
            else
                results.emplace_back();
        }
        return results;
    };
    return run_plan(plan, journal, apply, now);
}

using Acts = std::vector<Act>;

Step<Act> step(std::string item, std::string does, Acts undo = {}) {
    return {.item = std::move(item),
            .why = does,
            .op = Act{does},
            .group = "primary",
            .undo = std::move(undo)};
}
Step<Act> alone(std::string item, std::string does, std::string needs = {}) {
    Step<Act> made = step(std::move(item), std::move(does));
    made.group.clear();
    made.needs = std::move(needs);
    return made;
}

Plan<Act> a_group() {
    Plan<Act> plan;
    plan.steps = {alone("first", "0"),
                  step("primary", "+a", Acts{Act{"-a"}}),
                  step("route", "+r", Acts{Act{"-r"}, Act{"old r"}}),
                  step("route", "ask"),
                  alone("primary", "-old"),
                  alone("persist", "write", "primary"),
                  alone("last", "9")};
    return plan;
}

TEST(RunPlan, AGroupThatComesTrueIsOneIntentAndOneOutcome) {
    Recorder journal;
    std::vector<std::string> world;
    const auto results = run_acts(a_group(), journal, "", world);
    EXPECT_EQ(world, (std::vector<std::string>{"0", "+a", "+r", "ask", "-old", "write", "9"}));
    EXPECT_EQ(
        journal.intents,
        (Batches{{"first"}, {"primary", "route", "route"}, {"primary"}, {"persist", "last"}}));
    EXPECT_EQ(journal.undos[1], (std::vector<std::string>{"act -a", "act -r", "act old r"}));
    for (const ItemResult& result : results) EXPECT_EQ(result.outcome, Outcome::changed);
}

TEST(RunPlan, AGroupThatFailsIsTakenBackInReverseAndNothingThatNeedsItIsDone) {
    Recorder journal;
    std::vector<std::string> world;
    const auto results = run_acts(a_group(), journal, "ask", world);
    EXPECT_EQ(world, (std::vector<std::string>{"0", "+a", "+r", "ask", "-r", "old r", "-a", "9"}));
    ASSERT_EQ(results.size(), 5u);
    EXPECT_EQ(results[1].item, "primary");
    EXPECT_EQ(results[1].outcome, Outcome::failed);
    EXPECT_EQ(results[1].error->message,
              "route: no answer from the gateway; all of the change was taken back");
    EXPECT_EQ(results[2].error->message,
              "no answer from the gateway; all of the change was taken back");
    EXPECT_EQ(results[3].item, "persist");
    EXPECT_EQ(results[3].outcome, Outcome::skipped);
    EXPECT_EQ(results[3].error->message, "not done, since primary failed");
    EXPECT_EQ(results[4].outcome, Outcome::changed);
}

TEST(RunPlan, WhatCannotBeTakenBackIsSaid) {
    Recorder journal;
    std::vector<std::string> world;
    Plan<Act> plan = a_group();
    plan.steps[1].undo = Acts{Act{"ask"}};  // it fails again
    const auto results = run_acts(plan, journal, "ask", world);
    EXPECT_EQ(results[2].error->message,
              "no answer from the gateway; could not take back: no answer from the gateway");
}

TEST(RunPlan, AGroupWithAnItemThatHasFailedIsNotTried) {
    Recorder journal;
    std::vector<std::string> world;
    Plan<Act> plan = a_group();
    plan.settled = {{.item = "primary", .outcome = Outcome::failed, .error = Error{}}};
    const auto results = run_acts(plan, journal, "", world);
    EXPECT_EQ(world, (std::vector<std::string>{"0", "9"}));
    EXPECT_EQ(results[2].item, "route");
    EXPECT_EQ(results[2].outcome, Outcome::failed);
}

TEST(JsonPointer, EscapesItsTokens) {
    EXPECT_EQ(pointer_to("/a", "b/c~d"), "/a/b~1c~0d");
    EXPECT_EQ(pointer_to("", std::size_t{3}), "/3");
}

TEST(Error, EveryCodeHasAWordAndBack) {
    for (int i = 0; i <= static_cast<int>(Errc::internal); ++i)
        EXPECT_EQ(errc_from(to_string(static_cast<Errc>(i))), static_cast<Errc>(i));
}

}  // namespace
}  // namespace metalwright
