#include <atomic>
#include <fstream>
#include <mutex>

#include "tests/unit/agent/link/https_link_fixture.hpp"

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
    EXPECT_EQ(desk_.link("link"), link_->status()) << "it is shown to whoever asks for the status";
}

TEST_F(HttpsLinkTest, TheSignatureIsHandedOverAsItCame) {
    std::atomic<std::uint64_t> turn = 0;
    TestServer server([&](const Seen&) {
        const std::uint64_t now = ++turn;
        const std::string body = R"({"now":)" + std::to_string(now) + "}";
        const std::string etag = "ETag: \"" + std::to_string(now) + "\"\r\n";
        if (now == 1) return answer(200, body, etag + "Metalwright-Signature: aGVhZGVy..c2ln\r\n");
        if (now == 2)
            return answer(200, body,
                          etag +
                              "metalwright-signature: a..b\r\n"
                              "METALWRIGHT-SIGNATURE: c..d\r\n");
        return now == 3 ? answer(200, body, etag) : Act{.hang = true};
    });
    start(options({server.url()}));
    ASSERT_TRUE(submitted(3));
    const auto submissions = desk_.submissions();
    EXPECT_EQ(submissions[0].signature, "aGVhZGVy..c2ln");
    EXPECT_EQ(submissions[1].signature, "a..b, c..d") << "which is none: no choice is made here";
    EXPECT_FALSE(submissions[2].signature);
}

TEST_F(HttpsLinkTest, WhatBecameOfEachDocumentIsToldToWhoeverKeepsIt) {
    std::atomic<int> turn = 0;
    TestServer server([&](const Seen& seen) {
        const int now = turn++;
        return spec_answer(seen, now == 0 ? 1 : 2, R"({"now":)" + std::to_string(now) + "}");
    });
    std::mutex mutex;
    std::vector<std::string> heard;
    const auto said = [&] {
        const std::lock_guard lock(mutex);
        return heard;
    };
    auto made = options({server.url()});
    made.told = [&](const Submission& submission, const Submitted& result) {
        const std::lock_guard lock(mutex);
        heard.push_back(submission.source + ' ' + std::to_string(*submission.generation) +
                        (result ? " accepted" : ""));
        desk_.refuse({{Errc::conflict, "another instance is in force"}});
    };
    start(made);
    ASSERT_TRUE(eventually([&] { return said().size() >= 2; }));
    EXPECT_EQ(said()[0], "link 1 accepted");
    EXPECT_EQ(said()[1], "link 2");
    stop();
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
    TestServer server([](const Seen& seen) {
        if (is_get(seen)) return answer(200, document, "ETag: \"3\"\r\n");
        const auto colon = seen.body.find(":", seen.body.find("seq"));
        return answer(200,
                      "{\"safe\":" + std::to_string(std::stoi(seen.body.substr(colon + 1))) + "}");
    });
    auto made = options({server.url()});
    made.pace = std::chrono::hours(1);
    start(made);
    ASSERT_TRUE(submitted(1));
    for (int i = 0; i < 10; ++i) {  // as long as ten more requests take
        desk_.add_report();
        ASSERT_TRUE(eventually([&] { return desk_.outbox_size() == 0; }));
    }
    EXPECT_EQ(gets(server.seen()).size(), 1u);
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
    TestServer busy([](const Seen&) { return answer(503, "", "Retry-After: 3000\r\n"); });
    TestServer broken([](const Seen&) { return answer(500); });  // comes back every few ms
    start(options({busy.url(), broken.url()}));
    ASSERT_TRUE(broken.wait_for(10));
    EXPECT_EQ(gets(busy.seen()).size(), 1u);
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

}  // namespace
}  // namespace metalwright::agent::link
