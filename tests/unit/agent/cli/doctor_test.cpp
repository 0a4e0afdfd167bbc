// How the daemon stands, as the doctor says it. What the daemon's program sees of the host is held
// in tests/unit/agent/daemon/doctor_test.cpp, both together in doctor_test.py.
#include "agent/cli/daemon_findings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace metalwright::agent::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DaemonFindings : public testing::Test {
 protected:
    DaemonFindings() {
        heard.socket = heard.usual_socket = "/run/admin.sock";
        heard.health = heard.ready = Json{{"status", "ok"}};
        status({{"host", "h-1"}, {"instance", "i-1"}, {"state", "running"}});
    }
    void status(Json now) { heard.status = std::move(now); }
    static Answer refused(Exit exit, Error error) {
        return std::unexpected(Refusal{exit, {std::move(error)}});
    }

    /// "level: message" of each; what is wrong has to come with what to do.
    std::vector<std::string> said() const {
        std::vector<std::string> all;
        for (const Json& one : daemon_findings(heard)) {
            EXPECT_EQ(text(one, "level") == "ok", text(one, "advice").empty()) << one.dump();
            EXPECT_EQ(text(one, "check"), "daemon");
            all.push_back(text(one, "level") + ": " + text(one, "message"));
        }
        return all;
    }

    Heard heard;
};

TEST_F(DaemonFindings, OneThatIsWellIsToldWithItsInstance) {
    EXPECT_THAT(said(), ElementsAre("ok: host h-1, instance i-1, is running"));
}

TEST_F(DaemonFindings, OneThatDoesNotRunIsAProblemWithTheNextStep) {
    heard.idle = true;
    EXPECT_THAT(said(), ElementsAre("problem: the daemon does not run: no order is taken, nothing "
                                    "is put back"));
}

TEST_F(DaemonFindings, OneThatDoesNotAnswerIsAProblem) {
    heard.health =
        refused(Exit::unreachable, {Errc::unavailable, "nobody listens", "/s", ECONNREFUSED});
    EXPECT_THAT(said(), ElementsAre("problem: nobody listens"));
}

TEST_F(DaemonFindings, WhoMayNotAskKnowsNothing) {
    heard.health = refused(Exit::unreachable, {Errc::unavailable, "denied", "/s", EACCES});
    EXPECT_THAT(said(), ElementsAre("warning: not checked: only root may ask the daemon"));
    EXPECT_TRUE(flag(daemon_findings(heard)[0], "unchecked"));
}

TEST_F(DaemonFindings, OneThatIsNotReadySaysWhy) {
    heard.ready = refused(Exit::unreachable, {Errc::io, "the store cannot be written"});
    EXPECT_THAT(said(),
                ElementsAre("problem: it is not ready for orders: the store cannot be written",
                            "ok: host h-1, instance i-1, is running"));
}

TEST_F(DaemonFindings, AnotherSocketThanTheUsualOneIsNamed) {
    heard.socket = "/run/other.sock";
    EXPECT_THAT(said(), ElementsAre("warning: commands ask /run/admin.sock unless told otherwise, "
                                    "and the daemon listens here",
                                    testing::StartsWith("ok: ")));
}

TEST_F(DaemonFindings, AFailedHostIsAProblemAndADegradedOneAWarning) {
    status({{"host", "h-1"}, {"instance", nullptr}, {"state", "failed"}});
    EXPECT_THAT(said(), ElementsAre("problem: host h-1, is failed"));
    status({{"host", "h-1"},
            {"state", "failed"},
            {"error", {{"code", "io"}, {"message", "disk full"}, {"where", ""}}}});
    EXPECT_THAT(said(), ElementsAre("problem: host h-1, is failed: disk full"));
    status({{"host", "h-1"}, {"state", "degraded"}});
    EXPECT_THAT(said(), ElementsAre("warning: host h-1, is degraded"));
}

TEST_F(DaemonFindings, ALockAHoldAndReportsThatWaitAreTold) {
    status({{"host", "h-1"},
            {"state", "idle"},
            {"locked", {{"reason", "the store was made anew"}}},
            {"hold", {{"network", "2026-11-21T21:00:00.000Z"}, {"storage", nullptr}}},
            {"reportsWaiting", 20}});
    EXPECT_THAT(
        said(),
        ElementsAre("ok: host h-1, is idle",
                    "warning: what destroys data is locked: the store was made anew",
                    "warning: the network is held until 2026-11-21 21:00:00 UTC: operations "
                    "that would touch it wait",
                    "warning: 20 reports wait for the control plane"));
    status({{"host", "h-1"}, {"state", "idle"}, {"reportsWaiting", 19}});
    EXPECT_THAT(said(), ElementsAre("ok: host h-1, is idle")) << "an operation at work has as many";
}

TEST_F(DaemonFindings, OneThatDoesNotTellItsStatusIsAProblem) {
    heard.status = refused(Exit::failed, {Errc::timed_out, "no answer within 10 s"});
    EXPECT_THAT(said(), ElementsAre("problem: it does not tell its status: no answer within 10 s"));
}

}  // namespace
}  // namespace metalwright::agent::cli
