#include "agent/engine/room_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <mutex>
#include <set>

namespace metalwright::engine {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;
using Made = std::set<std::string>;
using Room = RoomOf<Made, std::string>;

/// Counts how many journals there are of one work.
class CountingJournal final : public Journal {
 public:
    explicit CountingJournal(int& journals) : journals_(journals) { ++journals_; }
    Result<void> intend(std::span<const StepNote>) override { return {}; }
    void done(std::span<const ItemResult>) override {}
    void progress(std::string_view, std::string_view, double) override {}
    std::unique_ptr<Journal> beside() override {
        return std::make_unique<CountingJournal>(journals_);
    }

 private:
    int& journals_;
};

/// Wants "one" and "two", each a part of its own; `meet` is called by each before it is made.
struct Two {
    explicit Two(std::function<void()> meet)
        : room([this] { return made; },
               [](const Made& seen) {
                   Plan<std::string> plan;
                   for (const char* item : {"one", "two"})
                       if (!seen.contains(item))
                           plan.steps.push_back({item, "make it", item, true});
                   return plan;
               },
               [this, meet = std::move(meet)](std::span<const Step<std::string>> steps, const Made&,
                                              Journal&) {
                   meet();
                   const std::lock_guard alone(mutex);
                   for (const Step<std::string>& step : steps) made.insert(step.op);
                   return std::vector<Result<void>>(steps.size());
               },
               Room::Remember(), Veto()) {
        room.side_by_side([](Plan<std::string> plan) {
            std::vector<Plan<std::string>> parts(2);
            for (Step<std::string>& step : plan.steps)
                parts[step.item == "two" ? 1 : 0].steps.push_back(std::move(step));
            return parts;
        });
    }
    std::mutex mutex;
    Made made;
    Room room;
};

std::vector<std::string> lines(const std::vector<ItemResult>& results) {
    std::vector<std::string> texts;
    for (const ItemResult& result : results)
        texts.push_back(result.item + ' ' + std::string(to_string(result.outcome)));
    return texts;
}

TEST(RoomRun, PartsAreDoneAtTheSameTimeEachWithItsOwnJournal) {
    std::latch both(2);  // nobody goes on before both are there
    Two two([&] { both.arrive_and_wait(); });
    int journals = 0;
    CountingJournal journal(journals);
    ASSERT_TRUE(two.room.plan());
    EXPECT_THAT(lines(two.room.run(journal)), ElementsAre("one changed", "two changed"));
    EXPECT_EQ(journals, 2);
}

TEST(RoomRun, WithoutASecondJournalAllIsDoneInItsOrder) {
    Two two([] {});
    NoJournal journal;
    ASSERT_TRUE(two.room.plan());
    EXPECT_THAT(lines(two.room.run(journal)), ElementsAre("one changed", "two changed"));
    EXPECT_THAT(two.made, UnorderedElementsAre("one", "two"));
}

}  // namespace
}  // namespace metalwright::engine
