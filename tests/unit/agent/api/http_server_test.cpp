#include "agent/api/http_server.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <mutex>

#include "tests/unit/agent/api/running_server.hpp"

namespace metalwright::agent::api {
namespace {

using std::chrono::milliseconds;

const std::string hello = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

void echo(Request request, const Respond& respond) {
    respond({.status = 200, .body = request.method + " " + request.target + " " + request.body});
}

std::string say(const std::filesystem::path& socket, std::string_view bytes) {
    SocketClient client(socket);
    client.send(bytes);
    return client.read_all();
}

TEST(HttpServer, AnswersByteForByte) {
    Threads threads;
    const RunningServer running(threads, echo);
    EXPECT_EQ(
        say(running.socket_path, "GET /a?b=c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        hello + "Content-Length: 11\r\nConnection: close\r\n\r\nGET /a?b=c ");
}

TEST(HttpServer, KeepsTheConnectionAndAnswersPipelinedRequestsInOrder) {
    Threads threads;
    const RunningServer running(threads, echo);
    EXPECT_EQ(say(running.socket_path,
                  "GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"
                  "GET /3 HTTP/1.1\r\nConnection: close\r\n\r\n"),
              hello + "Content-Length: 7\r\n\r\nGET /1 " + hello +
                  "Content-Length: 10\r\n\r\nPOST /2 hi" + hello +
                  "Content-Length: 7\r\nConnection: close\r\n\r\nGET /3 ");
}

TEST(HttpServer, SpeaksHttp10) {
    Threads threads;
    const RunningServer running(threads, echo);
    EXPECT_EQ(say(running.socket_path, "GET / HTTP/1.0\r\n\r\n"),
              hello + "Content-Length: 6\r\nConnection: close\r\n\r\nGET / ");
    SocketClient client(running.socket_path);
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const std::string kept = hello + "Content-Length: 6\r\nConnection: keep-alive\r\n\r\nGET / ";
    EXPECT_EQ(client.read(kept.size()), kept);
    client.send("GET / HTTP/1.0\r\n\r\n");
    EXPECT_EQ(client.read_all(), hello + "Content-Length: 6\r\nConnection: close\r\n\r\nGET / ");
}

TEST(HttpServer, HeadHasTheLengthOfGetAndNoBody) {
    Threads threads;
    const RunningServer running(threads, echo);
    EXPECT_EQ(say(running.socket_path,
                  "HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n"),
              hello + "Content-Length: 6\r\n\r\n" + hello +
                  "Content-Length: 6\r\nConnection: close\r\n\r\nGET / ");
}

TEST(HttpServer, TellsWhatIsNoHttp) {
    Threads threads;
    const RunningServer running(threads, echo);
    const std::string body =
        R"({"type":"about:blank","title":"Bad Request","status":400,)"
        R"("detail":"this is not an HTTP/1.1 request: bad version",)"
        R"("errors":[{"code":"invalid_spec","message":"this is not an HTTP/1.1 request: bad version","where":""}]})";
    EXPECT_EQ(
        say(running.socket_path, "GET / SPDY/9\r\n\r\n"),
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body);
    EXPECT_EQ(say(running.socket_path, "\x16\x03\x01 hello\r\n\r\n").substr(0, 24),
              "HTTP/1.1 400 Bad Request");
    EXPECT_EQ(say(running.socket_path,
                  "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n")
                  .substr(0, 24),
              "HTTP/1.1 400 Bad Request");
    EXPECT_EQ(
        say(running.socket_path, "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n").substr(0, 24),
        "HTTP/1.1 400 Bad Request");
}

TEST(HttpServer, RefusesALargeBodyAndTheCallerGetsToReadIt) {
    Threads threads;
    const RunningServer running(threads, echo);
    const std::string start = "HTTP/1.1 413 Payload Too Large\r\n";
    const std::string megabytes(4 << 20, 'x');
    EXPECT_EQ(
        say(running.socket_path, "POST / HTTP/1.1\r\nContent-Length: 4194304\r\n\r\n" + megabytes)
            .substr(0, start.size()),
        start);
    EXPECT_EQ(
        say(running.socket_path, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n400000\r\n" +
                                     megabytes + "\r\n0\r\n\r\n")
            .substr(0, start.size()),
        start);
}

TEST(HttpServer, TakesABodyOfExactlyTheLimit) {
    Threads threads;
    const RunningServer running(threads, [](Request request, const Respond& respond) {
        respond({.body = std::to_string(request.body.size())});
    });
    EXPECT_EQ(say(running.socket_path,
                  "POST / HTTP/1.1\r\nConnection: close\r\n"
                  "Content-Length: 1048576\r\n\r\n" +
                      std::string(1 << 20, 'x')),
              hello + "Content-Length: 7\r\nConnection: close\r\n\r\n1048576");
}

TEST(HttpServer, RefusesALargeHeader) {
    Threads threads;
    const RunningServer running(threads, echo);
    const std::string start = "HTTP/1.1 431 ";
    EXPECT_EQ(
        say(running.socket_path, "GET / HTTP/1.1\r\nX: " + std::string(20000, 'x') + "\r\n\r\n")
            .substr(0, start.size()),
        start);
}

TEST(HttpServer, InvitesABodyThatAsksFirst) {
    Threads threads;
    const RunningServer running(threads, echo);
    SocketClient client(running.socket_path);
    client.send(
        "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: "
        "close\r\n\r\n");
    EXPECT_EQ(client.read(25), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hi");
    EXPECT_EQ(client.read_all(), hello + "Content-Length: 9\r\nConnection: close\r\n\r\nPOST / hi");
}

TEST(HttpServer, ClosesAnIdleConnectionAndAStuckOne) {
    Threads threads;
    const RunningServer running(threads, echo, {.idle = milliseconds(50)});
    EXPECT_EQ(SocketClient(running.socket_path).read_all(), "");
    SocketClient slow(running.socket_path);
    slow.send("GET / HT");
    EXPECT_EQ(slow.read_all(), "");
}

TEST(HttpServer, IsIdleFromItsLastAnswerOn) {
    Threads threads;
    constexpr milliseconds idle(400);
    const RunningServer running(threads, echo, {.idle = idle});
    SocketClient client(running.socket_path);
    const std::string answer = hello + "Content-Length: 6\r\n\r\nGET / ";
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < 2 * idle) {
        client.send("GET / HTTP/1.1\r\n\r\n");
        ASSERT_EQ(client.read(answer.size()), answer);
    }
    const auto last = std::chrono::steady_clock::now();
    EXPECT_EQ(client.read_all(), "");
    EXPECT_GE(std::chrono::steady_clock::now() - last, idle / 2);
}

TEST(HttpServer, AnswersOneConnectionTooManyWith503) {
    Threads threads;
    const RunningServer running(threads, echo, {.connections = 1});
    SocketClient first(running.socket_path);
    first.send("GET / HTTP/1.1\r\n\r\n");
    const std::string answer = hello + "Content-Length: 6\r\n\r\nGET / ";
    ASSERT_EQ(first.read(answer.size()), answer);
    EXPECT_EQ(say(running.socket_path, "").substr(0, 34), "HTTP/1.1 503 Service Unavailable\r\n");
    first.send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(first.read(answer.size()), answer);
}

/// A connection of another user. Made by a process of its own: the credentials are those of then.
class Stranger {
 public:
    explicit Stranger(const std::filesystem::path& socket) {
        std::array<int, 2> words{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, words.data()), 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            sockaddr_un address{.sun_family = AF_UNIX};
            socket.native().copy(address.sun_path, sizeof address.sun_path - 1);
            const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
            char byte = 0;
            if (::setresuid(1234, 1234, 1234) != 0 ||
                ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
                ::_exit(1);
            (void)!::write(words[1], "c", 1);
            if (::recv(fd, &byte, 1, 0) == 1) (void)!::write(words[1], &byte, 1);
            (void)!::read(words[1], &byte, 1);  // until it is let go
            ::_exit(0);
        }
        ::close(words[1]);
        words_ = words[0];
        EXPECT_EQ(next(), 'c');
    }
    Stranger(const Stranger&) = delete;
    Stranger& operator=(const Stranger&) = delete;
    ~Stranger() {
        ::close(words_);
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    /// The first byte that it was told by the server, without asking for anything.
    char next() const {
        char byte = 0;
        return ::read(words_, &byte, 1) == 1 ? byte : '\0';
    }

 private:
    pid_t pid_ = 0;
    int words_ = -1;
};

TEST(HttpServer, OneUserDoesNotKeepAllOthersOut) {
    if (::geteuid() != 0) GTEST_SKIP() << "becomes another user: needs root";
    Threads threads;
    const RunningServer running(threads, echo, {.of_one_user = 2});
    std::filesystem::permissions(running.socket_path.parent_path(), std::filesystem::perms::all);
    std::filesystem::permissions(running.socket_path, std::filesystem::perms::all);
    const Stranger first(running.socket_path);
    const Stranger second(running.socket_path);
    EXPECT_EQ(Stranger(running.socket_path).next(), 'H') << "503 and its reason";
    for (int time = 0; time < 3; ++time) {
        SocketClient ours(running.socket_path);
        const std::string answer = hello + "Content-Length: 6\r\n\r\nGET / ";
        ours.send("GET / HTTP/1.1\r\n\r\n");
        EXPECT_EQ(ours.read(answer.size()), answer);
    }
}

TEST(HttpServer, KnowsWhoCalls) {
    Threads threads;
    const RunningServer running(threads, [](Request request, const Respond& respond) {
        const bool own = std::ranges::find(request.groups, ::getgid()) != request.groups.end();
        respond({.body = std::to_string(request.uid) + (own ? " in its group" : " in no group")});
    });
    const std::string who = std::to_string(::getuid()) + " in its group";
    const std::string answer =
        say(running.socket_path, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(answer.substr(answer.size() - who.size()), who);
}

TEST(HttpServer, TakesTheAnswerFromAnyThreadLater) {
    Threads threads;
    const RunningServer running(threads, [&threads](Request, const Respond& respond) {
        boost::asio::post(threads.pool, [respond] { respond({.body = "late"}); });
    });
    EXPECT_EQ(say(running.socket_path, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"),
              hello + "Content-Length: 4\r\nConnection: close\r\n\r\nlate");
}

/// A handler that keeps what it was asked, for the test to answer.
struct Keeper {
    void operator()(Request request, Respond respond) {
        const std::lock_guard lock(mutex);
        caller = request.caller;
        pending = std::move(respond);
        arrived.set_value();
    }
    std::mutex mutex{};
    std::weak_ptr<const void> caller{};
    Respond pending{};
    std::promise<void> arrived{};
};

TEST(HttpServer, NoticesThatTheCallerHungUp) {
    Threads threads;
    Keeper keeper;
    const RunningServer running(threads, std::ref(keeper), {.connections = 1});
    {
        SocketClient client(running.socket_path);
        client.send("GET / HTTP/1.1\r\n\r\n");
        keeper.arrived.get_future().wait();
    }
    // Its place is free again: eventually a new connection is served and not answered 503.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!keeper.caller.expired() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::yield();
    }
    EXPECT_TRUE(keeper.caller.expired());
    keeper.pending({.body = "to nobody"});
}

TEST(HttpServer, AnswersACallerThatClosedItsSendingHalf) {
    Threads threads;
    Keeper keeper;
    const RunningServer running(threads, std::ref(keeper));
    SocketClient client(running.socket_path);
    client.send("GET / HTTP/1.1\r\n\r\n");
    client.half_close();
    keeper.arrived.get_future().wait();
    threads.on_io([] {});  // the watch has seen the half-close
    keeper.pending({.body = "still here"});
    EXPECT_EQ(client.read_all(), hello + "Content-Length: 10\r\n\r\nstill here");
}

TEST(HttpServer, StopFinishesTheAnswerInHandAndClosesIdleConnections) {
    Threads threads;
    Keeper keeper;
    RunningServer running(threads, std::ref(keeper));
    SocketClient idle(running.socket_path);
    SocketClient busy(running.socket_path);
    busy.send("POST / HTTP/1.1\r\n\r\n");
    keeper.arrived.get_future().wait();

    std::promise<void> stopped;
    threads.on_io(
        [&] { running.server->stop(std::chrono::minutes(1), [&] { stopped.set_value(); }); });
    EXPECT_EQ(idle.read_all(), "");
    EXPECT_FALSE(SocketClient(running.socket_path).connected());
    keeper.pending({.status = 202, .body = "done"});
    EXPECT_EQ(busy.read_all(),
              "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 4\r\n"
              "Connection: close\r\n\r\ndone");
    stopped.get_future().wait();
    EXPECT_FALSE(std::filesystem::exists(running.socket_path));
}

TEST(HttpServer, StopAnswers503AtItsBound) {
    Threads threads;
    Keeper keeper;
    RunningServer running(threads, std::ref(keeper));
    SocketClient busy(running.socket_path);
    busy.send("GET / HTTP/1.1\r\n\r\n");
    keeper.arrived.get_future().wait();
    std::promise<void> stopped;
    threads.on_io([&] { running.server->stop(milliseconds(20), [&] { stopped.set_value(); }); });
    EXPECT_EQ(busy.read_all().substr(0, 34), "HTTP/1.1 503 Service Unavailable\r\n");
    stopped.get_future().wait();
}

}  // namespace
}  // namespace metalwright::agent::api
