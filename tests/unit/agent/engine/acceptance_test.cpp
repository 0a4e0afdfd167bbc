#include "agent/engine/acceptance.hpp"

#include <gtest/gtest.h>

namespace metalwright::engine {
namespace {

const store::Source from_link{"link", 7, "digest-7", "{}", 70, "digest-7"};

Offer offer() {
    return {.source = "link", .digest = "digest-8", .instance = "i-1"};
}

InForce in_force() {
    return {.instance = "i-1", .sources = {from_link}};
}

Error refusal(const Decision& decision) {
    const Error* error = std::get_if<Error>(&decision);
    return error != nullptr ? *error : Error{Errc::internal, "it was not refused"};
}

TEST(Acceptance, TheFirstDocumentOfABlankHostStartsGenerationOne) {
    const Decision d = decide(offer(), {});
    ASSERT_TRUE(std::holds_alternative<Accept>(d));
    EXPECT_EQ(std::get<Accept>(d).generation, 1u);
    EXPECT_EQ(std::get<Accept>(d).instance, "i-1");
    EXPECT_EQ(std::get<Accept>(d).kind, "apply");
}

TEST(Acceptance, AnOlderGenerationIsRefused) {
    Offer o = offer();
    o.delivered = 6;
    const Error e = refusal(decide(o, in_force()));
    EXPECT_EQ(e.code, Errc::conflict);
    EXPECT_EQ(e.where, "/generation");
}

TEST(Acceptance, TheSameGenerationWithOtherContentIsAConflict) {
    Offer o = offer();
    o.delivered = 7;
    EXPECT_EQ(refusal(decide(o, in_force())).code, Errc::conflict);
}

TEST(Acceptance, TheSameGenerationAndContentIsTheFirstAnswerAgain) {
    Offer o = offer();
    o.delivered = 7;
    o.digest = "digest-7";
    const Decision d = decide(o, in_force());
    ASSERT_TRUE(std::holds_alternative<Repeat>(d));
    EXPECT_EQ(std::get<Repeat>(d).operation, 70);
}

TEST(Acceptance, ADocumentThatDisagreesWithItsDeliveryIsAConflict) {
    Offer o = offer();
    o.delivered = 8;
    o.written = 9;
    EXPECT_EQ(refusal(decide(o, in_force())).where, "/generation");
}

TEST(Acceptance, TheSameContentWithoutGenerationIsAppliedAgainAsVerification) {
    Offer o = offer();
    o.digest = "digest-7";
    const Decision d = decide(o, in_force());
    ASSERT_TRUE(std::holds_alternative<Accept>(d));
    EXPECT_TRUE(std::get<Accept>(d).reapplied);
    EXPECT_EQ(std::get<Accept>(d).generation, 7u);
}

TEST(Acceptance, EachSourceHasItsOwnGenerations) {
    Offer o = offer();
    o.source = "admin";
    const Decision d = decide(o, in_force());
    ASSERT_TRUE(std::holds_alternative<Accept>(d));
    EXPECT_EQ(std::get<Accept>(d).generation, 1u);
}

TEST(Acceptance, AnotherInstanceIsRefusedWhileOneIsInForce) {
    Offer o = offer();
    o.instance = "i-2";
    const Error e = refusal(decide(o, in_force()));
    EXPECT_EQ(e.code, Errc::conflict);
    EXPECT_EQ(e.where, "/instance/id");
    EXPECT_NE(e.message.find("i-1"), std::string::npos);
}

TEST(Acceptance, ADialectsOrderWithoutInstanceIsTheSameInstanceOnlyWithTheSameContent) {
    Offer o = offer();
    o.instance.reset();
    EXPECT_EQ(refusal(decide(o, in_force())).code, Errc::conflict);
    o.digest = "digest-7";
    const Decision d = decide(o, in_force());
    ASSERT_TRUE(std::holds_alternative<Accept>(d));
    EXPECT_EQ(std::get<Accept>(d).instance, "i-1");
    o.source = "admin";  // whoever hands it over
    ASSERT_TRUE(std::holds_alternative<Accept>(decide(o, in_force())));
    EXPECT_EQ(std::get<Accept>(decide(o, in_force())).instance, "i-1");
    const Decision blank = decide(o, {});
    ASSERT_TRUE(std::holds_alternative<Accept>(blank));
    EXPECT_EQ(std::get<Accept>(blank).instance, "");
}

TEST(Acceptance, AKnownTokenAnswersTheFirstResult) {
    Offer o = offer();
    o.token = "t";
    InForce f = in_force();
    f.same_token = store::Operation{.id = 3, .digest = "digest-8"};
    ASSERT_TRUE(std::holds_alternative<Repeat>(decide(o, f)));
    f.same_token->digest = "other";
    EXPECT_EQ(refusal(decide(o, f)).where, "/operation/token");
    o.first_result_wins = true;
    EXPECT_TRUE(std::holds_alternative<Repeat>(decide(o, f)));
}

TEST(Acceptance, AResetIsOfTheInstanceInForceAndLeavesItsOrder) {
    Offer o = offer();
    o.reset = "i-1";
    const Decision d = decide(o, in_force());
    ASSERT_TRUE(std::holds_alternative<Accept>(d));
    EXPECT_EQ(std::get<Accept>(d).kind, "resetPassword");
    EXPECT_EQ(std::get<Accept>(d).generation, 8u);
    o.reset = "i-2";
    EXPECT_EQ(refusal(decide(o, in_force())).where, "/resetPassword/instanceId");
    EXPECT_EQ(refusal(decide(o, {})).message, "no instance is in force on this host");

    // Delivered again it is the first one; the order that it left in force is known too.
    InForce after = in_force();
    after.sources.front().generation = 8;
    after.sources.front().last_digest = "digest-8";
    after.sources.front().operation = 80;
    o.reset = "i-1";
    o.delivered = 8;
    ASSERT_TRUE(std::holds_alternative<Repeat>(decide(o, after)));
    Offer order = offer();
    order.instance.reset();
    order.digest = "digest-7";
    const Decision same = decide(order, after);
    ASSERT_TRUE(std::holds_alternative<Accept>(same));
    EXPECT_EQ(std::get<Accept>(same).instance, "i-1");
    EXPECT_TRUE(std::get<Accept>(same).reapplied);
}

TEST(Acceptance, OnlyAReleaseThatNamesTheCurrentInstanceFreesTheHost) {
    Offer o{.source = "link", .digest = "r", .release = "i-2"};
    EXPECT_EQ(refusal(decide(o, in_force())).where, "/release/instanceId");
    o.release = "i-1";
    const Decision d = decide(o, in_force());
    ASSERT_TRUE(std::holds_alternative<Accept>(d));
    EXPECT_EQ(std::get<Accept>(d).kind, "release");
    EXPECT_EQ(refusal(decide(o, {})).code, Errc::conflict);
    EXPECT_TRUE(std::holds_alternative<Accept>(decide(o, {.last_released = "i-1"})));
}

}  // namespace
}  // namespace metalwright::engine
