#include "agent/engine/backoff.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace metalwright::engine {
namespace {

using namespace std::chrono_literals;

class BackoffTest : public testing::Test {
 protected:
    /// Somebody takes it away at once, whenever it is there; how long it stays away, `times` over.
    std::vector<std::chrono::milliseconds> fight(int times) {
        std::vector<std::chrono::milliseconds> pauses;
        for (int i = 0; i < times; ++i) {
            const auto gone = now_;
            if (!backoff_.allows("a", now_)) {
                now_ = backoff_.next().value();
                EXPECT_TRUE(backoff_.allows("a", now_));
            }
            pauses.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(now_ - gone));
            told_ += backoff_.put_back("a", now_) ? 1 : 0;
        }
        return pauses;
    }

    Backoff backoff_;
    Backoff::TimePoint now_{};
    int told_ = 0;
};

TEST_F(BackoffTest, ThreeTimesAtOnceThenAtDoublingPauses) {
    EXPECT_EQ(fight(7),
              (std::vector<std::chrono::milliseconds>{0ms, 0ms, 0ms, 200ms, 400ms, 800ms, 1600ms}));
}

TEST_F(BackoffTest, ThePauseIsNeverLongerThanAMinute) {
    const auto pauses = fight(40);
    EXPECT_EQ(pauses.back(), Backoff::longest);
    EXPECT_EQ(*std::ranges::max_element(pauses), Backoff::longest);
}

TEST_F(BackoffTest, AFightIsToldOnce) {
    fight(30);
    EXPECT_EQ(told_, 1);
}

TEST_F(BackoffTest, WhoLetsGoForLongEnoughStartsAnew) {
    fight(6);
    now_ += Backoff::window + Backoff::longest;
    told_ = 0;
    EXPECT_EQ(fight(4), (std::vector<std::chrono::milliseconds>{0ms, 0ms, 0ms, 200ms}));
    EXPECT_EQ(told_, 1) << "a new fight is told again";
}

TEST_F(BackoffTest, OneItemsFightIsNotTheOthers) {
    fight(3);
    EXPECT_FALSE(backoff_.allows("a", now_));
    EXPECT_TRUE(backoff_.allows("b", now_));
    EXPECT_FALSE(backoff_.put_back("b", now_));
}

TEST_F(BackoffTest, WhoIsFasterThanTheReadBackIsPausedToo) {
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(backoff_.allows("a", now_));
        EXPECT_FALSE(backoff_.put_back("a", now_, /*worked=*/false)) << "what fails is no fight";
    }
    EXPECT_FALSE(backoff_.allows("a", now_));
    now_ += 200ms;
    EXPECT_TRUE(backoff_.put_back("a", now_, /*worked=*/true)) << "told late, but told";
    EXPECT_FALSE(backoff_.put_back("a", now_ + 400ms, /*worked=*/true));
}

TEST_F(BackoffTest, NextIsTheFirstThatWaits) {
    EXPECT_FALSE(backoff_.next());
    fight(4);  // "a" waits for 400 ms
    for (int i = 0; i < 3; ++i) backoff_.put_back("b", now_);
    EXPECT_FALSE(backoff_.allows("a", now_));
    EXPECT_EQ(backoff_.next(), now_ + 400ms);
    EXPECT_FALSE(backoff_.allows("b", now_));
    EXPECT_EQ(backoff_.next(), now_ + 200ms);
    now_ += 1s;
    EXPECT_TRUE(backoff_.allows("a", now_));
    EXPECT_FALSE(backoff_.next()) << "nobody waits any more";
}

}  // namespace
}  // namespace metalwright::engine
