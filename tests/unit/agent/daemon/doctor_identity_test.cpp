// What the doctor says of the host's certificate, from what was seen of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "agent/daemon/doctor/judge.hpp"

namespace metalwright::daemon::doctor {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year;
using testing::HasSubstr;

File file(const std::string& path) {
    return {.path = path, .error = 0, .mode = 0600};
}

class DoctorOfAnIdentity : public testing::Test {
 protected:
    DoctorOfAnIdentity() {
        seen.now = sys_days(year(2026) / 6 / 1);
        seen.identity = IdentitySeen{
            .directory = "/s/link",
            .certificate =
                agent::link::HostCertificate{
                    .subject = "CN = h", .serial = "0A", .valid = {seen.now, seen.now + days(90)}},
            .token_file = {.path = "/e"}};
    }
    void at(days after) { seen.now += after; }
    Findings found() const {
        Findings all;
        judge_identity(seen, all);
        return all;
    }
    void says(const std::string& words) const {
        EXPECT_THAT(found(),
                    testing::Contains(testing::Field(&Finding::message, HasSubstr(words))));
    }
    /// One finding, of this level, and what to do is said.
    void only(Level level, const std::string& words) const {
        const Findings all = found();
        ASSERT_EQ(all.size(), 1u);
        EXPECT_EQ(to_string(all[0].level), to_string(level));
        EXPECT_THAT(all[0].where + ": " + all[0].message, HasSubstr(words));
        EXPECT_NE(all[0].advice, "");
    }
    void problem(const std::string& words) const { only(Level::problem, words); }
    void warning(const std::string& words) const { only(Level::warning, words); }
    bool in_order() const {
        return std::ranges::all_of(found(), [](const Finding& f) { return f.level == Level::ok; });
    }

    Seen seen;
};

TEST_F(DoctorOfAnIdentity, InOrderItIsNamedWithItsDays) {
    EXPECT_TRUE(in_order());
    says("CN = h, serial 0A, is valid until 2026-08-30, and is renewed from 2026-0");
}

TEST_F(DoctorOfAnIdentity, AUsedTokenCanBeDeleted) {
    seen.identity->token_file = file("/e");
    seen.identity->token_used = true;
    EXPECT_TRUE(in_order());
    says("the token in it has been used: the file can be deleted");
}

TEST_F(DoctorOfAnIdentity, ARenewalThatDoesNotComeSaysWhy) {
    at(days(80));
    seen.identity->trouble = "https://cp: the control plane answers 503";
    warning("is to be renewed since 2026-0");
    says("https://cp: the control plane answers 503");
    at(days(20));
    problem("has expired on 2026-08-30");
}

TEST_F(DoctorOfAnIdentity, ARevokedOneIsAProblem) {
    seen.identity->revoked = true;
    problem("the control plane has revoked the certificate CN = h, serial 0A");
}

TEST_F(DoctorOfAnIdentity, AClockBeforeItIsTold) {
    at(days(-1));
    problem("is valid from 2026-06-01 on");
}

TEST_F(DoctorOfAnIdentity, WithoutOneTheReasonIsTold) {
    seen.identity->certificate.reset();
    problem("has no certificate yet, and no token is in /e");
    seen.identity->token_file = file("/e");
    warning("has no certificate yet");
    seen.identity->trouble = "https://cp: somebody has to approve it there";
    warning("has no certificate yet: https://cp: somebody has to approve it there");
    seen.identity->token_used = true;
    problem("has no certificate, and the token in /e has been used");
}

TEST_F(DoctorOfAnIdentity, WhatCannotBeLookedAtIsTold) {
    seen.identity->error = Error{Errc::io, "cannot open the directory", "/s/link", EACCES};
    seen.identity->certificate.reset();
    warning("not checked");
    seen.identity->error = Error{Errc::refused, "must be a directory", "/s/link"};
    problem("/s/link: must be a directory");
}

}  // namespace
}  // namespace metalwright::daemon::doctor
