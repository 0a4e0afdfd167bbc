// What a network, a server and a clock do to a link, and that it comes back from it by itself.

#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/unit/agent/link/https_link_fixture.hpp"

namespace metalwright::agent::link {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

const std::string document = R"({"apiVersion":"metalwright/v1"})";

Act offer(const Seen& seen, int generation) {
    const std::string tag = '"' + std::to_string(generation) + '"';
    if (seen.header("if-none-match") == tag) return answer(304, "", "ETag: " + tag + "\r\n");
    return answer(200, document, "ETag: " + tag + "\r\n");
}

/// What the control plane says to a batch of reports.
Act keep(const Seen& seen) {
    const auto batch = nlohmann::json::parse(seen.body)["reports"];
    return answer(200, nlohmann::json{{"safe", batch.back()["seq"]}}.dump());
}

class LinkFaults : public HttpsLinkTest {
 protected:
    /// The next trouble with documents, as an operator is told.
    std::string trouble() {
        std::string told;
        eventually([&] {
            if (const auto error = link_->status().document_error) told = describe(*error);
            return !told.empty();
        });
        return told;
    }
    bool well() {
        return eventually([&] {
            const LinkStatus now = link_->status();
            return !now.document_error && now.last_contact;
        });
    }
};

TEST_F(LinkFaults, ARedirectTakesNeitherTokenNorHostElsewhere) {
    const auto token = dir_.path() / "token";
    std::ofstream(token) << "s3cret";
    std::filesystem::permissions(token, static_cast<std::filesystem::perms>(0600));
    TestServer elsewhere([](const Seen& seen) { return offer(seen, 9); });
    std::atomic<bool> moved = true;
    std::atomic<int> status = 301;
    TestServer server([&](const Seen& seen) {
        if (!moved) return offer(seen, 1);
        return answer(static_cast<unsigned>(status.load()), "",
                      "Location: " + elsewhere.url() + seen.target + "\r\n");
    });
    auto made = options({server.url()});
    made.token_file = token;
    start(made);
    for (const int code : {301, 302, 303, 307, 308}) {
        status = code;
        const std::string told = "redirects (" + std::to_string(code) + "), which is not followed";
        ASSERT_TRUE(eventually([&] { return trouble().find(told) != std::string::npos; })) << code;
    }
    EXPECT_NE(trouble().find("put the final URL into the configuration"), std::string::npos);
    EXPECT_TRUE(elsewhere.seen().empty());
    EXPECT_TRUE(desk_.submissions().empty());
    moved = false;
    ASSERT_TRUE(submitted(1));
    EXPECT_TRUE(well());
}

TEST_F(LinkFaults, AnAnswerByteByByteIsLeftWhenItsTimeIsOver) {
    std::atomic<bool> slow = true;
    TestServer server([&](const Seen& seen) {
        Act act = offer(seen, 3);
        if (slow) act.bytes.insert(act.bytes.find("\r\n\r\n"), "\r\nX: " + std::string(4000, 'x'));
        act.drip = slow;
        return act;
    });
    auto made = options({server.url()});
    made.answer_timeout = milliseconds(100);
    start(made);
    EXPECT_NE(trouble().find("no whole answer within 100 ms"), std::string::npos) << trouble();
    ASSERT_TRUE(server.wait_for(3)) << "it is asked again, not waited for";
    EXPECT_TRUE(desk_.submissions().empty());
    slow = false;
    ASSERT_TRUE(submitted(1));
    EXPECT_TRUE(well());
}

TEST_F(LinkFaults, ALengthThatDoesNotFitGivesNoDocument) {
    const std::string etag = "ETag: \"1\"\r\n";
    const std::vector<Act> wrong{
        // Longer than what comes, then the end; the same, then nothing; shorter than what comes.
        {.bytes = "HTTP/1.1 200 OK\r\n" + etag + "Content-Length: 9000\r\n\r\n" + document,
         .close = true},
        {.bytes = "HTTP/1.1 200 OK\r\n" + etag + "Content-Length: 9000\r\n\r\n" + document,
         .hang = true},
        {.bytes = "HTTP/1.1 200 OK\r\n" + etag + "Content-Length: 7\r\n\r\n" + document},
        // Two lengths; a length and chunks; a chunk that is shorter than it says.
        {.bytes = "HTTP/1.1 200 OK\r\n" + etag + "Content-Length: 5\r\nContent-Length: 31\r\n\r\n" +
                  document,
         .close = true},
        {.bytes = "HTTP/1.1 200 OK\r\n" + etag + "Transfer-Encoding: chunked\r\n\r\nfff\r\n" +
                  document + "\r\n0\r\n\r\n",
         .close = true},
        {.bytes = "HTTP/1.1 200 OK\r\n" + etag + "Content-Length: 99999999999999999999\r\n\r\n" +
                  document,
         .close = true},
    };
    std::atomic<std::size_t> turn = 0;
    TestServer server([&](const Seen& seen) {
        const std::size_t now = turn++;
        return now < wrong.size() ? wrong[now] : offer(seen, 5);
    });
    auto made = options({server.url()});
    made.answer_timeout = milliseconds(100);
    start(made);
    ASSERT_TRUE(submitted(1));
    EXPECT_EQ(desk_.submissions().front().generation, 5u);
    EXPECT_EQ(desk_.submissions().front().document, document);
    EXPECT_TRUE(well());
    EXPECT_EQ(desk_.submissions().size(), 1u);
}

TEST_F(LinkFaults, ABombOfGzipIsNeitherAskedForNorUnpacked) {
    // Half a gigabyte of zeros, were it unpacked: the first bytes of what gzip makes of it.
    std::string packed("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03", 10);
    packed += std::string(std::size_t{1} << 19, '\0');
    std::atomic<bool> bomb = true;
    TestServer server([&](const Seen& seen) {
        if (!bomb) return offer(seen, 1);
        return answer(200, packed, "ETag: \"1\"\r\nContent-Encoding: gzip\r\n");
    });
    start(options({server.url()}));
    EXPECT_NE(trouble().find("what came is not JSON: it is not taken"), std::string::npos);
    EXPECT_EQ(server.seen().front().header("accept-encoding"), "");
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    EXPECT_LT(used.ru_maxrss, 256 << 10) << "KiB";
    bomb = false;
    ASSERT_TRUE(submitted(1));
    EXPECT_TRUE(well());
}

TEST_F(LinkFaults, AnExpiredCertificateIsToldAndItsSuccessorTakenWithoutARestart) {
    const TestCa ca(dir_.path());
    const Identity expired = ca.issue("expired", "IP:127.0.0.1", -7200, -3600);
    const Identity renewed = ca.issue("renewed", "IP:127.0.0.1");
    TestServer server([](const Seen& seen) { return offer(seen, 1); }, &expired);
    auto made = options({server.url()});
    made.tls.ca_file = ca.file();
    start(made);
    const std::string told = trouble();
    EXPECT_NE(told.find("was valid until"), std::string::npos) << told;
    EXPECT_NE(told.find("renew it on the server, or set the time"), std::string::npos) << told;
    EXPECT_TRUE(server.seen().empty());
    server.become(renewed);
    ASSERT_TRUE(submitted(1));
    EXPECT_TRUE(well());
}

TEST_F(LinkFaults, AnotherAuthorityAndAnotherClientCertificateAreReadWhenTheirFilesAreReplaced) {
    std::filesystem::create_directory(dir_.path() / "next");
    const TestCa former(dir_.path());
    const TestCa next(dir_.path() / "next", "ca");
    const Identity old_server = former.issue("server", "IP:127.0.0.1");
    const Identity new_server = next.issue("server", "IP:127.0.0.1");
    const Identity host = former.issue("host", "DNS:host");
    const Identity new_host = next.issue("host", "DNS:host");
    std::atomic<int> generation = 1;
    TestServer before([&](const Seen& seen) { return offer(seen, generation); }, &old_server,
                      former.certificate());
    TestServer after([&](const Seen& seen) { return offer(seen, generation); }, &new_server,
                     next.certificate());
    auto made = options({before.url(), after.url()});
    made.tls = {.ca_file = former.file(), .cert_file = host.cert_file, .key_file = host.key_file};
    start(made);
    ASSERT_TRUE(submitted(1));
    EXPECT_TRUE(after.seen().empty());
    // The host's files are replaced; the server that knew the former ones goes out of service.
    for (const auto& [from, to] :
         {std::pair(next.file(), former.file()), std::pair(new_host.cert_file, host.cert_file),
          std::pair(new_host.key_file, host.key_file)})
        std::filesystem::rename(from, to);
    before.become(new_server);  // which takes clients of the former authority alone
    ASSERT_TRUE(after.wait_for(1));
    generation = 2;
    ASSERT_TRUE(submitted(2));
    EXPECT_TRUE(well());
}

TEST_F(LinkFaults, AClockThatJumpsByYearsDelaysNothingAndIsToldWhereItMatters) {
    const TestCa ca(dir_.path());
    const Identity identity = ca.issue("server", "IP:127.0.0.1");
    std::atomic<int> generation = 1;
    TestServer server(
        [&](const Seen& seen) {
            if (is_get(seen)) return offer(seen, generation);
            return keep(seen);
        },
        &identity);
    std::atomic<int> years = 0;
    auto made = options({server.url()});
    made.tls.ca_file = ca.file();
    made.now = [&years] { return system_clock::now() + std::chrono::years(years.load()); };
    start(made);
    ASSERT_TRUE(submitted(1));
    for (const int jump : {30, -30, 0}) {
        desk_.add_report();  // both conversations have their connections
        ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
        // What is connected goes on, at once, both ways: no wait hangs on that clock.
        years = jump;
        const int wanted = ++generation;
        desk_.add_report();
        ASSERT_TRUE(eventually([&] {
            return link_->status().generation == static_cast<unsigned>(wanted) &&
                   desk_.outbox_size() == 0;
        })) << jump;
        // A new connection looks at certificates with it.
        server.drop();
        if (jump == 0) break;
        const std::string told = trouble();
        EXPECT_NE(told.find(jump > 0 ? "was valid until" : "is valid from"), std::string::npos)
            << told;
        EXPECT_NE(told.find("set the time"), std::string::npos) << told;
        years = 0;
        ASSERT_TRUE(well()) << "once the clock is right again";
    }
    EXPECT_TRUE(well());
    std::set<std::uint64_t> taken;
    for (const auto& submission : desk_.submissions())
        EXPECT_TRUE(taken.insert(*submission.generation).second) << "taken twice";
}

TEST_F(LinkFaults, ATroubleThatLastsIsLoggedOnceThoughItTellsTheTime) {
    LinkBoard board("link", [](const LinkStatus&) {});
    std::ostringstream log;
    const auto before = spdlog::default_logger();
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
    for (const char* now : {"2056-11-27T18:43:53Z", "2056-11-27T18:43:54Z"})
        board.trouble(Talk::documents, {Errc::unavailable,
                                        std::string("the host's clock says ") + now +
                                            ", the server's certificate was valid until 2036",
                                        "https://cp"});
    board.trouble(Talk::documents,
                  {Errc::unavailable, "the control plane answers 503", "https://cp"});
    spdlog::set_default_logger(before);
    const std::string told = log.str();
    EXPECT_EQ(std::ranges::count(told, '\n'), 2) << told;
    EXPECT_NE(board.read().document_error->message.find("503"), std::string::npos);
}

TEST_F(LinkFaults, ARetryAfterOfAServerWithAnotherYearIsNoWaitOfAYear) {
    std::atomic<int> turn = 0;
    TestServer server([&](const Seen& seen) {
        if (turn++ > 0) return offer(seen, 1);
        return answer(503, "",
                      "Date: Fri, 01 Jan 2100 00:00:00 GMT\r\n"
                      "Retry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n");
    });
    start(options({server.url()}));
    EXPECT_TRUE(submitted(1));
}

TEST_F(LinkFaults, ALinkThatFlapsLosesNothingAndTakesNothingTwice) {
    std::atomic<int> turn = 0;
    std::atomic<int> generation = 1;
    std::set<std::int64_t> kept;
    std::mutex mutex;
    TestServer server([&](const Seen& seen) {
        const int now = turn++;
        if (now % 3 == 0) return Act{.bytes = "HTTP/1.1 2", .close = true};
        if (is_get(seen)) {
            Act act = offer(seen, generation);
            act.close = now % 2 == 0;
            return act;
        }
        const auto batch = nlohmann::json::parse(seen.body)["reports"];
        {
            const std::lock_guard lock(mutex);
            for (const auto& report : batch) kept.insert(report["seq"].get<std::int64_t>());
        }
        // Kept, and the answer is lost.
        return now % 2 == 0 ? Act{.bytes = "", .close = true} : keep(seen);
    });
    start(options({server.url()}));
    constexpr int rounds = 40;
    for (int round = 1; round <= rounds; ++round) {
        generation = round;
        desk_.add_report();
        ASSERT_TRUE(
            eventually([&] { return link_->status().generation == static_cast<unsigned>(round); }));
    }
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
    const std::lock_guard lock(mutex);
    EXPECT_EQ(kept.size(), static_cast<std::size_t>(rounds));
    std::uint64_t last = 0;
    for (const auto& submission : desk_.submissions()) {
        EXPECT_GT(*submission.generation, last) << "taken twice, or out of order";
        last = *submission.generation;
    }
}

}  // namespace
}  // namespace metalwright::agent::link
