#include "agent/api/event_stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/api/routes.hpp"
#include "tests/fakes/fake_desk.hpp"
#include "tests/unit/agent/api/running_server.hpp"

namespace metalwright::agent::api {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

/// The daemon's routes on a socket, with operation 1 under way.
class EventStream : public testing::Test {
 protected:
    EventStream()
        : server_(threads_, routes(desk_, threads_.io, threads_.pool, ::getuid(),
                                   [] { return std::optional<unsigned>(); })) {
        EXPECT_TRUE(desk_.submit({.source = "admin", .document = "{}"}));
        desk_.add_event(1, "first");
    }
    static std::string get(const std::string& target, const std::string& more = "",
                           const std::string& version = "1.1") {
        return "GET " + target + " HTTP/" + version +
               "\r\nHost: x\r\nAccept: text/event-stream\r\n" + more + "\r\n";
    }
    /// Reads until `text` has come.
    static std::string until(SocketClient& client, const std::string& text) {
        std::string got;
        while (got.find(text) == std::string::npos) {
            const std::string next = client.read(1);
            if (next.empty()) return got + "(ended)";
            got += next;
        }
        return got;
    }

    /// Lets the server stop; ready once it has.
    std::future<void> stop() {
        auto stopped = std::make_shared<std::promise<void>>();
        threads_.on_io([&] {
            server_.server->stop(std::chrono::seconds(60), [stopped] { stopped->set_value(); });
        });
        return stopped->get_future();
    }

    FakeDesk desk_;
    Threads threads_;
    RunningServer server_;
};

TEST_F(EventStream, EventsComeAsTheyHappenUntilTheOperationHasEnded) {
    SocketClient client(server_.socket_path);
    client.send(get("/v1/operations/1/events"));
    const std::string head = until(client, "\"first\"}\n\n");
    EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream\r\n"));
    EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_THAT(head, HasSubstr("\nid: 1\nevent: event\ndata: {"));
    desk_.add_event(1, "second");
    EXPECT_THAT(until(client, "\"second\"}\n\n"), HasSubstr("id: 2\n"));
    desk_.finish(1);
    EXPECT_THAT(until(client, "\r\n0\r\n\r\n"), HasSubstr("event: end\ndata: {}\n\n"));
    // The connection is good for more.
    client.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(until(client, "{\"status\":\"ok\"}"), HasSubstr("200 OK"));
}

TEST_F(EventStream, ACallerThatComesAgainMissesNothingAndHearsNothingTwice) {
    desk_.add_event(1, "second");
    desk_.finish(1);
    SocketClient client(server_.socket_path);
    client.send(get("/v1/operations/1/events", "Last-Event-ID: 1\r\n"));
    const std::string told = until(client, "event: end");
    EXPECT_THAT(told, HasSubstr("\"second\""));
    EXPECT_THAT(told, Not(HasSubstr("\"first\"")));
}

TEST_F(EventStream, WhatHappensBetweenOperationsNeverEnds) {
    desk_.add_host_event("one");
    SocketClient client(server_.socket_path);
    client.send(get("/v1/events"));
    EXPECT_THAT(until(client, "\"one\"}\n\n"), HasSubstr("200 OK"));
    desk_.add_host_event("two");
    EXPECT_THAT(until(client, "\"two\"}\n\n"), HasSubstr("id: 2\n"));
}

TEST_F(EventStream, AnOlderCallerReadsUntilItCloses) {
    desk_.finish(1);
    SocketClient client(server_.socket_path);
    client.send(get("/v1/operations/1/events", "", "1.0"));
    const std::string told = client.read_all();
    EXPECT_THAT(told, Not(HasSubstr("chunked")));
    EXPECT_THAT(told, EndsWith("event: end\ndata: {}\n\n"));
}

TEST_F(EventStream, NoSuchOperationIsAnOrdinaryError) {
    SocketClient client(server_.socket_path);
    client.send(get("/v1/operations/9/events", "Connection: close\r\n"));
    EXPECT_THAT(client.read_all(), HasSubstr("HTTP/1.1 404 "));
}

TEST_F(EventStream, AStreamEndsInGoodOrderWhenTheDaemonStops) {
    SocketClient client(server_.socket_path);
    client.send(get("/v1/events"));
    until(client, "nothing new\n\n");
    auto stopped = stop();
    EXPECT_THAT(client.read_all(), EndsWith("0\r\n\r\n"));
    stopped.wait();
}

TEST_F(EventStream, WhoHangsUpIsForgotten) {
    {
        SocketClient client(server_.socket_path);
        client.send(get("/v1/events"));
        until(client, "nothing new\n\n");
    }
    // The server has nobody left to wait for.
    stop().wait();
}

}  // namespace
}  // namespace metalwright::agent::api
