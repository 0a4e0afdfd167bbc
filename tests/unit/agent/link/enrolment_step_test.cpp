// What enrolment does next, from what is there; and what an answer means.
#include "agent/link/enrolment_step.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace metalwright::agent::link {
namespace {

using Act = EnrolmentStep::Act;
using Kind = EnrolmentAnswer::Kind;
using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;
using testing::HasSubstr;

class NextStep : public testing::Test {
 protected:
    NextStep() {
        s.file = "/e";
        s.now = start;
    }
    void enrolled() {
        s.certificate = HostCertificate{.serial = "0A", .valid = {start, start + days(90)}};
    }
    EnrolmentStep at(std::chrono::sys_seconds now) {
        s.now = now;
        return next_step(s);
    }
    std::string trouble() const {
        const auto step = next_step(s);
        EXPECT_EQ(step.act, Act::wait);
        EXPECT_TRUE(step.trouble);
        return step.trouble ? describe(*step.trouble) : "";
    }

    std::chrono::sys_seconds start = sys_days(year(2026) / 1 / 1);
    EnrolmentSituation s;
};

TEST_F(NextStep, ABlankHostEnrolsWithItsToken) {
    s.token = "t";
    EXPECT_EQ(next_step(s), (EnrolmentStep{.act = Act::enrol}));
    s.due = false;
    EXPECT_EQ(next_step(s), EnrolmentStep()) << "it waits its time, and says nothing new";
}

TEST_F(NextStep, WithoutATokenItSaysWhatIsMissing) {
    s.token_error = Error{Errc::not_found, "cannot read the secret", "/e"};
    EXPECT_THAT(trouble(), HasSubstr("/e: cannot read the secret"));
    EXPECT_FALSE(next_step(s).talk);
}

TEST_F(NextStep, AUsedTokenIsNotTriedAgain) {
    s.token = s.spent = "t";
    EXPECT_THAT(trouble(), HasSubstr("has been used: put a new one there"));
    s.token = "t2";
    EXPECT_EQ(next_step(s).act, Act::enrol);
}

TEST_F(NextStep, ARefusedTokenIsTriedLongAfterAndAnotherOneAtOnce) {
    s.token = s.denied = "t";
    EXPECT_THAT(trouble(), HasSubstr("has refused the one-time token"));
    s.denied_is_due = true;
    EXPECT_EQ(next_step(s).act, Act::enrol);
    s.denied_is_due = false;
    s.token = "t2";
    EXPECT_EQ(next_step(s).act, Act::enrol);
}

TEST_F(NextStep, AnEnrolledHostTalksAndLeavesATokenAlone) {
    enrolled();
    s.token = "t2";
    const auto step = next_step(s);
    EXPECT_EQ(step, (EnrolmentStep{.talk = true, .again = rotation_of(*s.certificate)}));
}

TEST_F(NextStep, RotationBeginsAfterTwoThirdsAndTalkGoesOn) {
    enrolled();
    const auto due = rotation_of(*s.certificate);
    EXPECT_EQ(at(due - seconds(1)).act, Act::wait);
    EXPECT_EQ(at(due),
              (EnrolmentStep{.act = Act::rotate, .talk = true, .again = start + days(90)}));
    s.due = false;
    EXPECT_EQ(next_step(s).act, Act::wait);
    EXPECT_TRUE(next_step(s).talk);
    s.due = true;
    EXPECT_EQ(at(start + days(90) - seconds(1)).act, Act::rotate);
}

TEST_F(NextStep, AnExpiredCertificateNeedsAToken) {
    enrolled();
    s.now = start + days(90);
    s.token = s.spent = "t";
    EXPECT_THAT(trouble(), HasSubstr("was valid until 2026-04-01T00:00:00Z, and its clock says "
                                     "2026-04-01: set the time if it is wrong"));
    EXPECT_FALSE(next_step(s).talk);
    s.token = "t2";
    EXPECT_EQ(next_step(s), (EnrolmentStep{.act = Act::enrol}));
}

TEST_F(NextStep, AClockThatJumpsByYearsAndBackLosesNothing) {
    enrolled();
    s.token = s.spent = "t";
    EXPECT_FALSE(at(sys_days(year(2099) / 1 / 1)).talk);
    EXPECT_TRUE(at(sys_days(year(1970) / 1 / 1)).talk) << "the server's own clock decides";
    EXPECT_EQ(at(sys_days(year(1970) / 1 / 1)).act, Act::wait);
    EXPECT_TRUE(at(start + days(1)).talk);
}

TEST_F(NextStep, ARevokedCertificateIsShownOnTrialOnly) {
    enrolled();
    s.revoked = true;
    s.token = s.spent = "t";
    EXPECT_THAT(trouble(), HasSubstr("has revoked this host's certificate (serial 0A)"));
    EXPECT_THAT(trouble(), HasSubstr("until a new one-time token is in the enrolment file"));
    EXPECT_FALSE(next_step(s).talk);
    s.trial = true;
    EXPECT_TRUE(next_step(s).talk);
    EXPECT_EQ(at(start + days(80)).act, Act::wait) << "it is not renewed either";
    s.token = "t2";
    EXPECT_EQ(next_step(s).act, Act::enrol);
}

EnrolmentAnswer judge(const Reply& reply, Act act = Act::enrol) {
    return judge_answer(reply, act, "/e", "https://cp", sys_days(year(2026) / 1 / 1), seconds(30));
}

TEST(EnrolmentAnswerTest, ACertificateIsInTheBody) {
    EXPECT_EQ(judge({.status = 200}).kind, Kind::certificate);
    EXPECT_EQ(judge({.status = 201}, Act::rotate).kind, Kind::certificate);
}

TEST(EnrolmentAnswerTest, ApprovalIsWaitedForAsLongAsIsAsked) {
    const auto answer = judge({.status = 202, .retry_after = "7"});
    EXPECT_EQ(answer.kind, Kind::later);
    EXPECT_EQ(answer.least, seconds(7));
    EXPECT_THAT(answer.trouble->message, HasSubstr("has to approve it"));
    EXPECT_EQ(judge({.status = 202}).least, seconds(30));
    EXPECT_EQ(judge({.status = 202, .retry_after = "999999"}).least, seconds(3600));
}

TEST(EnrolmentAnswerTest, ARefusedTokenNamesItsFile) {
    for (const unsigned status : {401U, 403U}) {
        const auto answer = judge({.status = status, .body = R"({"code":"revoked"})"});
        EXPECT_EQ(answer.kind, Kind::denied);
        EXPECT_THAT(describe(*answer.trouble),
                    HasSubstr("/e: the control plane refuses the one-time token"));
    }
    EXPECT_THAT(judge({.status = 409}).trouble->message, HasSubstr("another certificate in force"));
    EXPECT_EQ(judge({.status = 409}).kind, Kind::denied);
}

TEST(EnrolmentAnswerTest, ARenewalThatIsRefusedIsAskedForLaterUnlessRevoked) {
    for (const unsigned status : {401U, 403U, 409U}) {
        const auto answer = judge({.status = status}, Act::rotate);
        EXPECT_EQ(answer.kind, Kind::later) << status;
        EXPECT_GE(answer.least, seconds(60));
    }
    EXPECT_EQ(judge({.status = 403, .body = R"({"code":"revoked"})"}, Act::rotate).kind,
              Kind::revoked);
    EXPECT_EQ(judge({.status = 401, .body = R"({"code":"revoked"})"}, Act::rotate).kind,
              Kind::later);
    EXPECT_EQ(judge({.status = 403, .body = R"({"code":["revoked"]})"}, Act::rotate).kind,
              Kind::later);
}

TEST(EnrolmentAnswerTest, WhatIsNoAnswerIsAskedForAgain) {
    for (const unsigned status : {301U, 400U, 404U, 405U, 413U, 422U, 429U, 500U, 503U}) {
        for (const Act act : {Act::enrol, Act::rotate}) {
            const auto answer = judge({.status = status, .retry_after = "3700"}, act);
            EXPECT_EQ(answer.kind, Kind::later) << status;
            EXPECT_EQ(answer.least, seconds(3600)) << status;
            ASSERT_TRUE(answer.trouble);
            EXPECT_EQ(answer.trouble->where, "https://cp");
        }
    }
}

}  // namespace
}  // namespace metalwright::agent::link
