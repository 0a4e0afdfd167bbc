#include "agent/link/turns.hpp"

#include <gtest/gtest.h>

namespace metalwright::agent::link {
namespace {

using std::chrono::milliseconds;
constexpr BackoffBounds bounds{milliseconds(1000), milliseconds(60'000)};
const Turns::Time start{std::chrono::hours(1)};

TEST(Backoff, DoublesWithJitterUpToItsBound) {
    Backoff backoff(bounds, 7);
    for (const long whole : {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000}) {
        const auto wait = backoff.next();
        EXPECT_GE(wait.count(), whole / 2);
        EXPECT_LE(wait.count(), whole);
    }
    for (int i = 0; i < 100; ++i) EXPECT_LE(backoff.next(), bounds.most);  // never overflows
    backoff.reset();
    EXPECT_LE(backoff.next().count(), 1000);
}

TEST(Backoff, HostsDoNotComeBackTogether) {
    EXPECT_NE(Backoff(bounds, 1).next(), Backoff(bounds, 2).next());
}

TEST(Turns, TheOneThatWorkedStaysFirst) {
    Turns turns(3, bounds, 1);
    EXPECT_EQ(turns.next(start).index, 0u);
    EXPECT_EQ(turns.next(start).at, start);
    turns.failed(0, start, milliseconds(0));
    EXPECT_EQ(turns.next(start).index, 1u);
    EXPECT_EQ(turns.next(start).at, start) << "the next one is asked without waiting";
    turns.succeeded(1);
    EXPECT_EQ(turns.next(start + std::chrono::hours(1)).index, 1u);
}

TEST(Turns, WaitsOnlyWhenAllHaveFailed) {
    Turns turns(2, bounds, 1);
    turns.failed(0, start, milliseconds(0));
    turns.failed(1, start, milliseconds(5000));
    const auto turn = turns.next(start);
    EXPECT_EQ(turn.index, 0u);
    EXPECT_GE(turn.at, start + milliseconds(500));
    EXPECT_LE(turn.at, start + milliseconds(1000));
}

TEST(Turns, TwoThatHangDoNotKeepAThirdFromItsTurn) {
    Turns turns(3, bounds, 1);
    auto now = start;
    std::vector<std::size_t> asked;
    for (int i = 0; i < 6; ++i) {
        asked.push_back(turns.next(now).index);
        now += std::chrono::seconds(30);  // each takes longer to time out than the wait before it
        turns.failed(asked.back(), now, milliseconds(0));
    }
    EXPECT_EQ(asked, (std::vector<std::size_t>{0, 1, 2, 0, 1, 2}));
}

TEST(Turns, TheServersOwnWaitIsALowerBound) {
    Turns turns(1, bounds, 1);
    turns.failed(0, start, milliseconds(600'000));
    EXPECT_EQ(turns.next(start).at, start + milliseconds(600'000));
}

TEST(Turns, AHoldConcernsEverybody) {
    Turns turns(2, bounds, 1);
    turns.hold(start + milliseconds(10));
    EXPECT_EQ(turns.next(start).at, start + milliseconds(10));
    turns.failed(0, start, milliseconds(0));
    EXPECT_EQ(turns.next(start).index, 1u);
    EXPECT_EQ(turns.next(start).at, start + milliseconds(10));
    EXPECT_EQ(turns.next(start + milliseconds(20)).at, start + milliseconds(20));
}

}  // namespace
}  // namespace metalwright::agent::link
