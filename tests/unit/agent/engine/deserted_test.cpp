#include "agent/engine/deserted.hpp"

#include <gtest/gtest.h>

namespace metalwright::engine {
namespace {

using namespace std::chrono_literals;
using Nics = std::vector<int>;

constexpr Deserted::TimePoint begin{1h};

TEST(Deserted, UntilAnAddressIsThereAgainOrTheTimeIsUp) {
    Deserted deserted;
    EXPECT_EQ(deserted.next(), std::nullopt);
    EXPECT_FALSE(deserted.address_set(2)) << "it was not deserted";
    deserted.address_gone(2, begin);
    deserted.address_gone(3, begin + 1s);
    EXPECT_EQ(deserted.nics(begin + 1s), (Nics{2, 3}));
    EXPECT_EQ(deserted.next(), begin + Deserted::grace);
    EXPECT_TRUE(deserted.address_set(2));
    EXPECT_EQ(deserted.nics(begin + 1s), Nics{3});
    EXPECT_EQ(deserted.nics(begin + 1s + Deserted::grace), Nics{});
    EXPECT_EQ(deserted.next(), std::nullopt);
}

TEST(Deserted, WithoutACableForAsLongAsItIsOut) {
    Deserted deserted;
    deserted.carrier(2, false, begin);
    EXPECT_EQ(deserted.nics(begin), Nics{2}) << "before its owner has taken the first address away";
    deserted.address_gone(2, begin);
    EXPECT_EQ(deserted.next(), std::nullopt);
    EXPECT_EQ(deserted.nics(begin + 24h), Nics{2});
    EXPECT_TRUE(deserted.carrier(2, true, begin + 24h));
    EXPECT_EQ(deserted.next(), begin + 24h + Deserted::grace);
    EXPECT_EQ(deserted.nics(begin + 24h + Deserted::grace), Nics{});
}

TEST(Deserted, AnnouncingACarrierAgainDoesNotProlongTheWait) {
    Deserted deserted;
    deserted.address_gone(2, begin);
    EXPECT_FALSE(deserted.carrier(2, true, begin + 5s));
    EXPECT_EQ(deserted.next(), begin + Deserted::grace);
}

TEST(Deserted, ACableThatReturnsWithEverythingInPlaceEndsIt) {
    Deserted deserted;
    deserted.carrier(2, false, begin);
    EXPECT_TRUE(deserted.carrier(2, true, begin + 1s));
    EXPECT_EQ(deserted.nics(begin + 1s), Nics{});
}

TEST(Deserted, ANicThatIsGoneIsForgotten) {
    Deserted deserted;
    deserted.carrier(2, false, begin);
    deserted.address_gone(2, begin);
    deserted.forget(2);
    EXPECT_EQ(deserted.nics(begin), Nics{});
    deserted.address_gone(2, begin);
    EXPECT_EQ(deserted.next(), begin + Deserted::grace) << "another NIC of that number";
}

}  // namespace
}  // namespace metalwright::engine
