#include "core/run_plan.hpp"

#include <gtest/gtest.h>

#include "core/json_pointer.hpp"

namespace metalwright {
namespace {

struct Recorder final : Journal {
    std::vector<std::vector<std::string>> intents;
    std::vector<ItemResult> outcomes;
    std::size_t refuse_from = 1000;

    Result<void> intend(std::span<const StepNote> steps) override {
        if (intents.size() >= refuse_from) return fail(Errc::io, "the disk is full");
        std::vector<std::string>& batch = intents.emplace_back();
        for (const StepNote& step : steps) batch.push_back(step.item);
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
