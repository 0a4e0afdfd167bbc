#include <gtest/gtest.h>

#include <string>

#include "agent/runner/masked_log.hpp"

namespace metalwright::runner {
namespace {

/// The text in pieces of so many bytes, and the rest.
std::string masked(Mask mask, const std::string& text, std::size_t piece) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += piece)
        out += mask.take(text.substr(at, piece));
    return out + mask.rest();
}

TEST(Mask, FindsSecretsWhereverTheTextIsCut) {
    const Mask mask({"hunter22", "correct horse"});
    const std::string text = "a hunter22 b correct horse\nhunter2 correct house hunter22hunter22";
    for (std::size_t piece = 1; piece <= text.size(); ++piece)
        EXPECT_EQ(masked(mask, text, piece), "a *** b ***\nhunter2 correct house ******") << piece;
}

TEST(Mask, OfTwoSecretsTheLongerGoes) {
    const Mask mask({"pass", "password1", "sword1x"});
    for (std::size_t piece = 1; piece < 12; ++piece) {
        EXPECT_EQ(masked(mask, "password1", piece), "***") << piece;
        EXPECT_EQ(masked(mask, "passwords", piece), "***words") << piece;
        EXPECT_EQ(masked(mask, "pass", piece), "***") << piece;
    }
}

TEST(Mask, HoldsBackNoMoreThanMayBecomeASecret) {
    Mask mask({"hunter22"});
    EXPECT_EQ(mask.take("login: "), "login: ");
    EXPECT_EQ(mask.take("say hun"), "say ");
    EXPECT_EQ(mask.take("gry"), "hungry");
    EXPECT_EQ(mask.rest(), "");
    EXPECT_EQ(mask.take("hunt"), "");
    EXPECT_EQ(mask.rest(), "hunt");
}

TEST(Mask, WhatStandsEverywhereIsNoSecret) {
    EXPECT_TRUE(Mask({"abc", ""}).empty());
    EXPECT_FALSE(Mask({"abcd"}).empty());
}

}  // namespace
}  // namespace metalwright::runner
