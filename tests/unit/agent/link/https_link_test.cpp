#include "agent/link/https_link.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/fakes/fake_desk.hpp"
#include "tests/unit/agent/link/test_server.hpp"
#include "tests/unit/agent/link/threads.hpp"

namespace metalwright::agent::link {
namespace {

using std::chrono::milliseconds;
const std::string document = R"({"apiVersion":"metalwright/v1"})";

/// The spec side of a control plane: one document, its generation, and how often it was fetched.
Act spec_answer(const Seen& seen, std::uint64_t generation, const std::string& body = document) {
    const std::string etag = '"' + std::to_string(generation) + '"';
    if (seen.header("if-none-match") == etag) return Act{.hang = true};  // nothing new: it waits
    return answer(200, body, "ETag: " + etag + "\r\n");
}

class HttpsLinkTest : public testing::Test {
 protected:
    ~HttpsLinkTest() override {
        stop();
        threads_.end();
    }

    HttpsOptions options(const std::vector<std::string>& urls) {
        HttpsOptions made;
        for (const std::string& url : urls) made.bases.push_back(parse_base_url(url).value());
        made.host_id = "host 7";
        made.connect_timeout = milliseconds(500);
        made.answer_timeout = milliseconds(5000);
        made.wait = std::chrono::seconds(0);
        made.backoff = {milliseconds(1), milliseconds(8)};
        made.absent_most = milliseconds(8);
        made.denied = milliseconds(1);
        made.pace = milliseconds(1);
        made.seed = 1;
        return made;
    }
    void start(HttpsOptions made) {
        threads_.on_io([&] {
            link_ = std::make_unique<HttpsLink>(threads_.io, threads_.pool, desk_, std::move(made));
            link_->start();
        });
    }
    void stop() {
        threads_.on_io([&] { link_.reset(); });
    }
    bool submitted(std::size_t count) {
        return eventually([&] { return desk_.submissions().size() >= count; });
    }

    TempDir dir_;
    FakeDesk desk_;
    Threads threads_;
    std::unique_ptr<HttpsLink> link_;
};

bool is_get(const Seen& seen) {
    return seen.method == "GET";
}

std::vector<Seen> gets(const std::vector<Seen>& all) {
    std::vector<Seen> found;
    std::copy_if(all.begin(), all.end(), std::back_inserter(found), is_get);
    return found;
}

TEST(GenerationOf, ReadsAnEtag) {
    EXPECT_EQ(generation_of("\"17\""), 17u);
    EXPECT_EQ(generation_of("W/\"17\""), 17u);
    EXPECT_EQ(generation_of("\"18446744073709551615\""), 18446744073709551615u);
    for (const char* bad :
         {"", "17", "\"\"", "\"17", "\"x\"", "\"-1\"", "\"18446744073709551616\""}) {
        EXPECT_FALSE(generation_of(bad)) << bad;
    }
}

TEST_F(HttpsLinkTest, TakesADocumentOnceWithItsGeneration) {
    TestServer server([](const Seen& seen) { return spec_answer(seen, 17); });
    auto made = options({server.url() + "/fleet"});
    made.wait = std::chrono::seconds(45);
    std::ofstream(dir_.path() / "token") << "s3cret\n";
    std::filesystem::permissions(dir_.path() / "token", std::filesystem::perms::owner_read);
    made.token_file = dir_.path() / "token";
    start(made);
    ASSERT_TRUE(server.wait_for(2));
    const auto seen = server.seen();
    EXPECT_EQ(seen[0].target, "/fleet/v1/hosts/host%207/spec?wait=45");
    EXPECT_EQ(seen[0].header("authorization"), "Bearer s3cret");
    EXPECT_EQ(seen[0].header("if-none-match"), "");
    EXPECT_EQ(seen[1].header("if-none-match"), "\"17\"");
    ASSERT_EQ(desk_.submissions().size(), 1u);
    EXPECT_EQ(desk_.submissions()[0].source, "link");
    EXPECT_EQ(desk_.submissions()[0].document, document);
    EXPECT_EQ(desk_.submissions()[0].generation, 17u);
    EXPECT_EQ(link_->status().generation, 17u);
    EXPECT_TRUE(link_->status().last_contact);
    EXPECT_FALSE(link_->status().document_error);
}

TEST_F(HttpsLinkTest, ANewGenerationIsTakenAfterNothingNew) {
    std::atomic<int> turn = 0;
    TestServer server([&](const Seen& seen) {
        const int now = turn++;
        return now == 1 || now == 2
                   ? answer(304, "", "ETag: \"1\"\r\n")
                   : spec_answer(seen, now == 0 ? 1 : 2, R"({"now":)" + std::to_string(now) + "}");
    });
    start(options({server.url()}));
    ASSERT_TRUE(submitted(2));
    EXPECT_EQ(desk_.submissions()[1].generation, 2u);
    EXPECT_EQ(server.seen().at(3).header("if-none-match"), "\"1\"");
}

TEST_F(HttpsLinkTest, NoDocumentYetIsAskedForAgain) {
    std::atomic<int> turn = 0;
    TestServer server(
        [&](const Seen& seen) { return turn++ < 5 ? answer(404, "{}") : spec_answer(seen, 1); });
    start(options({server.url()}));
    ASSERT_TRUE(submitted(1));
    EXPECT_GE(server.seen().size(), 6u);
}

TEST_F(HttpsLinkTest, AServerThatIgnoresIfNoneMatchIsNotTakenTwice) {
    TestServer server([](const Seen&) { return answer(200, document, "ETag: \"3\"\r\n"); });
    start(options({server.url()}));
    ASSERT_TRUE(server.wait_for(5));
    EXPECT_EQ(desk_.submissions().size(), 1u);
}

TEST_F(HttpsLinkTest, ThePaceBoundsAServerThatNeverWaits) {
    TestServer server([](const Seen&) { return answer(200, document, "ETag: \"3\"\r\n"); });
    auto made = options({server.url()});
    made.pace = std::chrono::hours(1);
    start(made);
    ASSERT_TRUE(submitted(1));
    threads_.on_io([] {});
    EXPECT_EQ(server.seen().size(), 1u);
}

TEST_F(HttpsLinkTest, ARefusedDocumentIsNotFetchedInALoopButTriedAgainLater) {
    desk_.refuse({{Errc::conflict, "instance i-0 is in force: release it", "/instance/id"}});
    TestServer server([](const Seen& seen) {
        return seen.header("if-none-match") == "\"9\"" ? answer(304)
                                                       : answer(200, document, "ETag: \"9\"\r\n");
    });
    auto made = options({server.url()});
    made.refused = milliseconds(200);
    start(made);
    ASSERT_TRUE(server.wait_for(10));
    EXPECT_EQ(server.seen()[1].header("if-none-match"), "\"9\"");
    ASSERT_TRUE(submitted(2));  // once more, and now it fits
    EXPECT_EQ(link_->status().refused.at(0).where, "/instance/id");
    desk_.refuse({});
    ASSERT_TRUE(eventually([&] { return link_->status().generation == 9u; }));
    EXPECT_TRUE(link_->status().refused.empty());
}

TEST_F(HttpsLinkTest, AFullDiskIsNoVerdictOnTheDocument) {
    desk_.refuse({{Errc::io, "no space left on device", "state.db"}});
    TestServer server([](const Seen& seen) { return spec_answer(seen, 4); });
    start(options({server.url()}));
    ASSERT_TRUE(submitted(3));
    desk_.refuse({});
    ASSERT_TRUE(eventually([&] { return link_->status().generation == 4u; }));
}

TEST_F(HttpsLinkTest, SurvivesEverythingThatIsNoAnswer) {
    const std::vector<Act> bad{
        answer(500, "oops"),
        answer(503, "", "Retry-After: 0\r\n"),
        answer(429, "", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
        answer(301, "", "Location: http://elsewhere.example/\r\n"),
        answer(401),
        answer(403),
        answer(400, "{}"),
        answer(304),  // although nothing was named
        answer(204),
        answer(200, document),  // no ETag
        answer(200, document, "ETag: \"not-a-number\"\r\n"),
        answer(200, "<html>captive portal</html>", "ETag: \"1\"\r\n"),
        answer(200, R"({"neither": "a spec")", "ETag: \"1\"\r\n"),
        Act{.bytes = "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 31\r\n\r\n{\"api",
            .close = true},
        Act{.bytes = "", .close = true},
        Act{.bytes = "\x01\x02garbage\r\n\r\n", .close = true},
    };
    std::atomic<std::size_t> turn = 0;
    TestServer server([&](const Seen& seen) {
        const std::size_t now = turn++;
        return now < bad.size() ? bad[now] : spec_answer(seen, 5);
    });
    start(options({server.url()}));
    ASSERT_TRUE(submitted(1));
    EXPECT_EQ(desk_.submissions()[0].generation, 5u);
    EXPECT_EQ(desk_.submissions().size(), 1u);
    EXPECT_FALSE(link_->status().document_error);
}

TEST_F(HttpsLinkTest, AHangIsLeftAfterTheTimeout) {
    std::atomic<int> turn = 0;
    TestServer server([&](const Seen& seen) {
        return turn++ == 0 ? Act{.bytes = "HTTP/1.1 200 OK\r\n", .hang = true}
                           : spec_answer(seen, 5);
    });
    auto made = options({server.url()});
    made.answer_timeout = milliseconds(50);
    start(made);
    ASSERT_TRUE(submitted(1));
    EXPECT_GE(server.seen().at(1).connection, 2);
}

TEST_F(HttpsLinkTest, RetryAfterIsHonoured) {
    TestServer server([](const Seen&) { return answer(503, "", "Retry-After: 3000\r\n"); });
    start(options({server.url()}));
    ASSERT_TRUE(eventually([&] { return link_->status().document_error.has_value(); }));
    for (int i = 0; i < 20; ++i) threads_.on_io([] {});
    EXPECT_EQ(gets(server.seen()).size(), 1u);
    EXPECT_NE(link_->status().document_error->message.find("503"), std::string::npos);
}

TEST_F(HttpsLinkTest, ARefusedTokenSaysWhichFileAndIsReadAnew) {
    const auto token = dir_.path() / "token";
    std::ofstream(token) << "old";
    std::filesystem::permissions(token, static_cast<std::filesystem::perms>(0600));
    TestServer server([](const Seen& seen) {
        return seen.header("authorization") == "Bearer new" ? spec_answer(seen, 1) : answer(401);
    });
    auto made = options({server.url()});
    made.token_file = token;
    start(made);
    ASSERT_TRUE(eventually([&] { return link_->status().document_error.has_value(); }));
    const Error error = *link_->status().document_error;
    EXPECT_EQ(error.code, Errc::refused);
    EXPECT_NE(error.message.find("check the token in " + token.string()), std::string::npos);
    EXPECT_EQ(error.message.find("old"), std::string::npos);
    {
        std::ofstream(dir_.path() / "next") << "new";
        std::filesystem::permissions(dir_.path() / "next",
                                     static_cast<std::filesystem::perms>(0600));
        std::filesystem::rename(dir_.path() / "next", token);
    }
    EXPECT_TRUE(submitted(1));
}

TEST_F(HttpsLinkTest, NothingIsSentWithAnUnsafeToken) {
    const auto token = dir_.path() / "token";
    std::ofstream(token) << "s3cret";
    std::filesystem::permissions(token, static_cast<std::filesystem::perms>(0644));
    TestServer server([](const Seen& seen) { return spec_answer(seen, 1); });
    auto made = options({server.url()});
    made.token_file = token;
    start(made);
    ASSERT_TRUE(eventually([&] { return link_->status().document_error.has_value(); }));
    EXPECT_EQ(link_->status().document_error->code, Errc::refused);
    EXPECT_TRUE(server.seen().empty());
}

TEST_F(HttpsLinkTest, TurnsToTheNextBaseUrlAndStaysThere) {
    std::string dead;
    {
        dead = TestServer([](const Seen&) { return answer(200); }).url();
    }
    TestServer broken([](const Seen&) { return answer(502); });
    std::atomic<int> turn = 0;
    TestServer good([&](const Seen& seen) {
        return turn++ < 20 ? answer(seen.header("if-none-match").empty() ? 200 : 304, document,
                                    "ETag: \"1\"\r\n")
                           : Act{.hang = true};
    });
    start(options({dead, broken.url(), good.url()}));
    ASSERT_TRUE(good.wait_for([](const std::vector<Seen>& all) { return gets(all).size() > 20; }));
    EXPECT_EQ(gets(broken.seen()).size(), 1u);
}

TEST_F(HttpsLinkTest, OverTls) {
    const TestCa ca(dir_.path());
    const Identity identity = ca.issue("server", "IP:127.0.0.1");
    const Identity host = ca.issue("host-7", "DNS:host-7");
    TestServer server([](const Seen& seen) { return spec_answer(seen, 1); }, &identity,
                      ca.certificate());
    auto made = options({server.url()});
    made.tls = {.ca_file = ca.file(), .cert_file = host.cert_file, .key_file = host.key_file};
    start(made);
    EXPECT_TRUE(submitted(1));
}

TEST_F(HttpsLinkTest, StopsInTheMiddleOfALongPoll) {
    TestServer server([](const Seen&) { return Act{.hang = true}; });
    start(options({server.url()}));
    ASSERT_TRUE(server.wait_for(1));
    stop();
    EXPECT_EQ(desk_.subscribers(), 0u);
}

// The outbox

/// A control plane that keeps reports: {"reports":[{"seq":N}...]} -> {"safe":N}.
class Keeper {
 public:
    /// Stores what follows on from what it has; `most` reports at a time. The answer.
    Act store(const Seen& seen, std::size_t most = 1000) {
        const std::lock_guard lock(mutex_);
        const auto json = nlohmann::json::parse(seen.body);
        std::int64_t last = -1;
        for (const auto& report : json.at("reports")) {
            if (most-- == 0) break;
            const auto seq = report.at("seq").get<std::int64_t>();
            EXPECT_TRUE(last < 0 || seq == last + 1) << "out of order within a batch";
            EXPECT_LE(seq, safe_ + 1) << "a report was skipped";
            last = seq;
            safe_ = std::max(safe_, seq);
        }
        return answer(200, R"({"safe":)" + std::to_string(last) + "}");
    }
    std::int64_t safe() const {
        const std::lock_guard lock(mutex_);
        return safe_;
    }

 private:
    mutable std::mutex mutex_{};
    std::int64_t safe_ = 0;
};

Act without_spec(const Seen& seen, const std::function<Act()>& post) {
    return is_get(seen) ? Act{.hang = true} : post();
}

TEST_F(HttpsLinkTest, ReportsAreSentInBatchesAndForgottenOnceSafe) {
    for (int i = 0; i < 5; ++i) desk_.add_report("r" + std::to_string(i));
    Keeper keeper;
    TestServer server(
        [&](const Seen& seen) { return without_spec(seen, [&] { return keeper.store(seen); }); });
    auto made = options({server.url()});
    made.batch = 3;
    start(made);
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
    EXPECT_EQ(desk_.acknowledged(), (std::vector<std::int64_t>{3, 5}));
    const auto seen = server.seen();
    const auto post = std::find_if(seen.begin(), seen.end(),
                                   [](const Seen& one) { return one.method == "POST"; });
    ASSERT_NE(post, seen.end());
    EXPECT_EQ(post->target, "/v1/hosts/host%207/reports");
    EXPECT_EQ(post->body,
              R"({"reports":[{"seq":1,"what":"r0"},{"seq":2,"what":"r1"},{"seq":3,"what":"r2"}]})");
}

TEST_F(HttpsLinkTest, ANewReportWakesTheOutbox) {
    Keeper keeper;
    TestServer server(
        [&](const Seen& seen) { return without_spec(seen, [&] { return keeper.store(seen); }); });
    start(options({server.url()}));
    ASSERT_TRUE(server.wait_for(1));
    for (std::int64_t seq = 1; seq <= 20; ++seq) {
        ASSERT_EQ(desk_.add_report(), seq);
        ASSERT_TRUE(eventually([&] { return keeper.safe() == seq; }));
    }
}

TEST_F(HttpsLinkTest, APartOfABatchMayBeSafe) {
    for (int i = 0; i < 7; ++i) desk_.add_report();
    Keeper keeper;
    TestServer server([&](const Seen& seen) {
        return without_spec(seen, [&] { return keeper.store(seen, 2); });
    });
    start(options({server.url()}));
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
    EXPECT_EQ(desk_.acknowledged(), (std::vector<std::int64_t>{2, 4, 6, 7}));
}

TEST_F(HttpsLinkTest, ASafeNumberThatWasNotSentForgetsNothing) {
    for (int i = 0; i < 3; ++i) desk_.add_report();
    std::atomic<int> turn = 0;
    Keeper keeper;
    const std::vector<Act> bad{answer(200, R"({"safe":4})"),
                               answer(200, R"({"safe":0})"),
                               answer(200, R"({"safe":-1})"),
                               answer(200, R"({"safe":"3"})"),
                               answer(200, R"({"safe":2.5})"),
                               answer(200, "[]"),
                               answer(200, "<html>"),
                               answer(200),
                               answer(404, R"({"safe":3})"),
                               answer(201, R"({"safe":3})"),
                               answer(200, R"({"safe":99999999999999999999})")};
    TestServer server([&](const Seen& seen) {
        return without_spec(seen, [&] {
            const auto now = static_cast<std::size_t>(turn++);
            EXPECT_TRUE(desk_.acknowledged().empty());
            return now < bad.size() ? bad[now] : keeper.store(seen);
        });
    });
    start(options({server.url()}));
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
    EXPECT_EQ(desk_.acknowledged(), (std::vector<std::int64_t>{3}));
}

TEST_F(HttpsLinkTest, ATooLargeBatchIsHalved) {
    for (int i = 0; i < 40; ++i) desk_.add_report();
    Keeper keeper;
    TestServer server([&](const Seen& seen) {
        return without_spec(
            seen, [&] { return seen.body.size() > 200 ? answer(413) : keeper.store(seen); });
    });
    start(options({server.url()}));
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
    EXPECT_EQ(keeper.safe(), 40);
}

TEST_F(HttpsLinkTest, ABatchHasABoundInBytes) {
    for (int i = 0; i < 3; ++i) desk_.add_report(std::string(1000, 'x'));
    Keeper keeper;
    TestServer server([&](const Seen& seen) {
        return without_spec(seen, [&] {
            EXPECT_LT(seen.body.size(), 1200u);
            return keeper.store(seen);
        });
    });
    auto made = options({server.url()});
    made.batch_bytes = 1200;
    start(made);
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
}

TEST_F(HttpsLinkTest, WhatCannotBeForgottenIsSentAgain) {
    desk_.add_report();
    desk_.fail_acknowledge(Error{Errc::io, "no space left on device", "state.db"});
    Keeper keeper;
    TestServer server(
        [&](const Seen& seen) { return without_spec(seen, [&] { return keeper.store(seen); }); });
    start(options({server.url()}));
    ASSERT_TRUE(eventually([&] { return link_->status().report_error.has_value(); }));
    EXPECT_EQ(link_->status().report_error->where, "state.db");
    desk_.fail_acknowledge(std::nullopt);
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
    ASSERT_TRUE(eventually([&] { return !link_->status().report_error; }));
}

TEST_F(HttpsLinkTest, OnlyTheReportingLinkTouchesTheOutbox) {
    desk_.add_report();
    TestServer server([](const Seen& seen) { return spec_answer(seen, 1); });
    auto made = options({server.url()});
    made.reports = false;
    start(made);
    ASSERT_TRUE(server.wait_for(2));
    EXPECT_EQ(desk_.outbox_size(), 1u);
    EXPECT_EQ(gets(server.seen()).size(), server.seen().size());
}

/// Random failures before and after the reports are stored, over two base URLs that share a store:
/// none is lost, none overtakes another. The seed is printed by the parameter.
class OutboxCampaign : public HttpsLinkTest, public testing::WithParamInterface<unsigned> {};

TEST_P(OutboxCampaign, LosesNothingAndKeepsTheOrder) {
    constexpr std::int64_t count = 150;
    Keeper keeper;
    std::mutex mutex;
    std::mt19937 random(GetParam());
    const auto decide = [&](const Seen& seen) {
        if (is_get(seen)) return Act{.hang = true};
        unsigned chance = 0;
        std::size_t most = 0;
        {
            const std::lock_guard lock(mutex);
            chance = static_cast<unsigned>(random() % 12);
            most = 1 + random() % 6;
        }
        switch (chance) {
            case 0: return answer(503);
            case 1: return Act{.bytes = "", .close = true};  // before storing
            case 2: (void)keeper.store(seen); return Act{.bytes = "", .close = true};  // after it
            case 3: (void)keeper.store(seen); return answer(500);
            case 4: return answer(200, "{}");
            case 5: return Act{.bytes = "garbage\r\n\r\n", .close = true};
            case 6: return Act{.hang = true};
            case 7: {
                Act cut = keeper.store(seen);
                cut.bytes.resize(cut.bytes.size() - 3);
                cut.close = true;
                return cut;
            }
            default: return keeper.store(seen, most);
        }
    };
    TestServer first(decide);
    TestServer second(decide);
    auto made = options({first.url(), second.url()});
    made.batch = 10;
    made.answer_timeout = milliseconds(30);
    made.backoff = {milliseconds(1), milliseconds(3)};
    made.seed = GetParam();
    start(made);
    for (std::int64_t i = 0; i < count; ++i) desk_.add_report();
    ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }))
        << desk_.outbox_size() << " left";
    EXPECT_EQ(keeper.safe(), count);
    const auto acknowledged = desk_.acknowledged();
    EXPECT_TRUE(std::is_sorted(acknowledged.begin(), acknowledged.end()));
}

INSTANTIATE_TEST_SUITE_P(Seeds, OutboxCampaign, testing::Range(1u, 9u));

}  // namespace
}  // namespace metalwright::agent::link
