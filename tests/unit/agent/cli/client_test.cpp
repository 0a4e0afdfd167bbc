#include "agent/cli/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/agent/cli/scripted_daemon.hpp"

namespace metalwright::agent::cli {
namespace {

using Manner = ScriptedDaemon::Answer::Manner;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr milliseconds long_enough{10'000};

class ClientTest : public testing::Test {
 protected:
    ScriptedDaemon daemon;
    Client client{daemon.socket_path()};

    Result<Reply> get() { return client.send({.target = "/v1/health"}, long_enough); }
    /// The error to what the daemon sends as it is.
    Error error_of(const std::string& raw) {
        daemon.will({.raw = raw});
        Result<Reply> reply = get();
        return reply ? Error{Errc::internal, "no error"} : reply.error();
    }
};

TEST_F(ClientTest, AnAnswerOfAnyStatusIsAReply) {
    daemon.will_answer(R"({"errors":[]})", 404);
    const Result<Reply> reply = get();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 404);
    EXPECT_EQ(reply->body, R"({"errors":[]})");
}

TEST_F(ClientTest, LargeBodiesGoBothWays) {
    const std::string question(900'000, 'q');
    const std::string answer(3'000'000, 'a');
    daemon.will_answer(answer);
    const Result<Reply> reply =
        client.send({.method = "POST", .target = "/v1/plan", .body = question}, long_enough);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, answer);
    EXPECT_EQ(daemon.bodies().front(), question);
}

TEST_F(ClientTest, AnAnswerInChunksIsRead) {
    daemon.will({.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                        "chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n"});
    const Result<Reply> reply = get();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "{\"a\":1}");
}

TEST_F(ClientTest, NoSocketSaysWhichAndWhereToLook) {
    daemon.stop();
    const Result<Reply> reply = get();
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Errc::unavailable);
    EXPECT_EQ(reply.error().where, daemon.socket_path());
    EXPECT_EQ(reply.error().message,
              "cannot reach metalwrightd: no such socket; is it running? See `systemctl status "
              "metalwright`");
}

TEST_F(ClientTest, AFileInTheSocketsPlaceIsNobodyListening) {
    daemon.stop();
    std::ofstream(daemon.socket_path()) << "no socket";
    const Result<Reply> reply = get();
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Errc::unavailable);
    EXPECT_THAT(reply.error().message, HasSubstr("nobody listens on its socket"));
}

TEST_F(ClientTest, APathThatNoSocketCanHaveIsNotCutShort) {
    const Client far(daemon.socket_path() + std::string(120, 'x'));
    const Result<Reply> reply = far.send({.target = "/"}, long_enough);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Errc::unavailable);
    EXPECT_THAT(reply.error().message, HasSubstr("too long"));
}

TEST_F(ClientTest, HalfAnAnswerIsNoAnswer) {
    daemon.will({.manner = Manner::cut_before});
    Result<Reply> reply = get();
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Errc::unavailable);
    EXPECT_THAT(reply.error().message, HasSubstr("without an answer"));

    daemon.will({.body = R"({"operation":7})", .manner = Manner::cut_within});
    reply = get();
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Errc::unavailable);
    EXPECT_THAT(reply.error().message, HasSubstr("in the middle of its answer"));
}

TEST_F(ClientTest, WhatDoesNotSpeakHttpIsToldApartFromADaemonThatIsDown) {
    EXPECT_EQ(error_of("SSH-2.0-OpenSSH_9.2\r\n\r\n").code, Errc::internal);
    EXPECT_EQ(error_of("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}").code, Errc::internal);
    EXPECT_EQ(error_of("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}").code,
              Errc::internal);
    // Its end would be the end of the connection, wherever that was cut.
    EXPECT_THAT(error_of("HTTP/1.1 200 OK\r\n\r\n{}").message, HasSubstr("without a length"));
}

TEST_F(ClientTest, ASilentDaemonIsGivenUpInTimeAndTicksMeanwhile) {
    daemon.will({.manner = Manner::silent});
    int ticks = 0;
    const Result<Reply> reply =
        client.send({.target = "/v1/health"}, milliseconds(250), [&] { ++ticks; });
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Errc::timed_out);
    EXPECT_THAT(reply.error().message, HasSubstr("did not answer within 250 ms"));
    EXPECT_GE(ticks, 1);
}

}  // namespace
}  // namespace metalwright::agent::cli
