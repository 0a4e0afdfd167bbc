// A host without a certificate, a token, and a control plane over TLS whose every answer the test
// decides.
#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <mutex>
#include <sstream>

#include "agent/link/identity.hpp"
#include "tests/unit/agent/link/https_link_fixture.hpp"

namespace metalwright::agent::link {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

const std::string document = R"({"apiVersion":"metalwright/v1"})";

bool asks_for_certificate(const Seen& seen) {
    return seen.target == "/v1/hosts/host%207/certificate";
}

class EnrolmentTest : public HttpsLinkTest {
 protected:
    using Decide = TestServer::Decide;

    /// Link and server end with the test's own variables, which their answers are made from.
    struct [[nodiscard]] Serving {
        explicit Serving(EnrolmentTest& of) : test(of) {}
        Serving(const Serving&) = delete;
        Serving& operator=(const Serving&) = delete;
        ~Serving() {
            test.stop();
            test.server_.reset();
        }
        EnrolmentTest& test;
    };

    /// `issue` decides over requests for a certificate; documents go to whoever shows one.
    Serving serve(Decide issue, X509* clients = nullptr, Decide talk = {}) {
        if (!talk)
            talk = [](const Seen& seen) {
                return seen.peer.empty() ? answer(401) : Act{.hang = true};
            };
        server_ = std::make_unique<TestServer>(
            [issue = std::move(issue), talk = std::move(talk)](const Seen& seen) {
                return asks_for_certificate(seen) ? issue(seen) : talk(seen);
            },
            &identity_, clients != nullptr ? clients : ca_.certificate(), 0,
            /*clients_must=*/false);
        return Serving(*this);
    }
    Act issued(const Seen& seen, long from = -3600, long to = 86400) const {
        return answer(201, ca_.sign(seen.body, "host 7", "", from, to));
    }
    void put_token(const std::string& text) {
        std::ofstream(dir_.path() / "new") << text << "\n";
        fs::permissions(dir_.path() / "new", fs::perms::owner_read);
        fs::rename(dir_.path() / "new", dir_.path() / "enrolment");
    }
    HttpsOptions enrolling() {
        HttpsOptions made = options({server_->url()});
        made.wait = std::chrono::seconds(60);
        made.tls.ca_file = ca_.file();
        made.enrolment = EnrolmentOptions{.directory = place_,
                                          .file = dir_.path() / "enrolment",
                                          .look_every = milliseconds(2),
                                          .rest = milliseconds(2)};
        return made;
    }
    std::vector<Seen> asked() const {
        std::vector<Seen> found;
        for (const Seen& seen : server_->seen())
            if (asks_for_certificate(seen)) found.push_back(seen);
        return found;
    }
    std::vector<Seen> talked() const {
        std::vector<Seen> found;
        for (const Seen& seen : server_->seen())
            if (!asks_for_certificate(seen)) found.push_back(seen);
        return found;
    }
    bool polled_with(const std::string& peer) {
        return server_->wait_for([&](const std::vector<Seen>& all) {
            return std::ranges::any_of(all, [&](const Seen& seen) {
                return !asks_for_certificate(seen) && seen.peer == peer;
            });
        });
    }
    std::string serial() { return files_.look()->certificate->serial; }
    std::string trouble() {
        const auto error = link_->status().document_error;
        return error ? describe(*error) : "";
    }
    bool told(const std::string& words) {
        return eventually([&] { return trouble().contains(words); });
    }
    bool noted(const std::string& words) {
        return eventually([&] {
            const auto found = files_.look();
            return found && found->record.trouble.contains(words);
        });
    }

    TestCa ca_{dir_.path()};
    const Identity identity_ = ca_.issue("server", "IP:127.0.0.1");
    fs::path place_ = dir_.path() / "link";
    IdentityFiles files_{place_, "host 7"};
    std::unique_ptr<TestServer> server_;
};

TEST_F(EnrolmentTest, ATokenIsExchangedOnceAndAllElseGoesWithTheCertificate) {
    const Serving until_the_end = serve([&](const Seen& seen) { return issued(seen); });
    put_token("t0ken");
    start(enrolling());
    ASSERT_TRUE(server_->wait_for([](const auto& all) { return all.size() >= 2; }));
    ASSERT_EQ(asked().size(), 1U);
    const Seen request = asked()[0];
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.header("authorization"), "Bearer t0ken");
    EXPECT_EQ(request.header("content-type"), "application/pkcs10");
    EXPECT_EQ(request.peer, "") << "there is none to show yet";
    EXPECT_THAT(request.body, HasSubstr("BEGIN CERTIFICATE REQUEST"));
    EXPECT_TRUE(polled_with(serial()));
    for (const Seen& seen : talked()) EXPECT_EQ(seen.header("authorization"), "");
    const auto found = files_.look();
    EXPECT_NE(found->record.spent, "");
    EXPECT_FALSE(found->pending);
    ASSERT_TRUE(eventually([&] { return desk_.link("link").certificate.has_value(); }));
    EXPECT_EQ(desk_.link("link").certificate->serial, serial());
    EXPECT_EQ(desk_.link("link").certificate->until, found->certificate->valid.to);
}

TEST_F(EnrolmentTest, TheKeyNeverLeavesTheHost) {
    const Serving until_the_end = serve([&](const Seen& seen) { return issued(seen); });
    put_token("t0ken");
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    start(enrolling());
    EXPECT_TRUE(eventually([&] { return files_.look()->certificate.has_value(); }));
    EXPECT_TRUE(polled_with(serial()));
    stop();
    std::string all =
        testing::internal::GetCapturedStderr() + testing::internal::GetCapturedStdout();
    for (const Seen& seen : server_->seen()) {
        all += seen.target + seen.body;
        for (const auto& [name, value] : seen.headers)
            if (name != "authorization") all += value;
    }
    std::ifstream file(files_.identity());
    std::string line;
    std::getline(file, line);
    ASSERT_EQ(line, "-----BEGIN PRIVATE KEY-----");
    std::getline(file, line);
    EXPECT_THAT(all, Not(HasSubstr(line.substr(40))));
    EXPECT_THAT(all, Not(HasSubstr("PRIVATE KEY")));
    EXPECT_THAT(all, Not(HasSubstr("t0ken"))) << "nor is the token told";
}

TEST_F(EnrolmentTest, WithoutAnIdentityNothingIsSaidButWhatIsMissing) {
    const Serving until_the_end = serve([&](const Seen& seen) { return issued(seen); });
    start(enrolling());
    EXPECT_TRUE(told("cannot read the secret: No such file or directory: put it there, mode 0600"));
    EXPECT_TRUE(server_->seen().empty());
    put_token("t0ken");  // and it goes on, without a restart
    EXPECT_TRUE(eventually([&] { return !talked().empty(); }));
}

TEST_F(EnrolmentTest, ARestartKeepsTheIdentityAndLeavesTheTokenAlone) {
    const Serving until_the_end = serve([&](const Seen& seen) { return issued(seen); });
    put_token("t0ken");
    start(enrolling());
    ASSERT_TRUE(eventually([&] { return !talked().empty(); }));
    const std::string before = serial();
    stop();
    const std::size_t polls = talked().size();
    start(enrolling());
    ASSERT_TRUE(eventually([&] { return talked().size() > polls; }));
    EXPECT_EQ(asked().size(), 1U);
    EXPECT_EQ(serial(), before);
}

TEST_F(EnrolmentTest, ARequestThatWasCutOffIsMadeAgainTheSame) {
    std::atomic<int> turn = 0;
    const Serving until_the_end = serve([&](const Seen& seen) {
        // Signed, and the answer is lost.
        return ++turn == 1 ? Act{.bytes = "HTTP/1.1 201", .close = true} : issued(seen);
    });
    put_token("t0ken");
    start(enrolling());
    ASSERT_TRUE(eventually([&] { return !talked().empty(); }));
    ASSERT_EQ(asked().size(), 2U);
    EXPECT_EQ(asked()[0].body, asked()[1].body);
}

TEST_F(EnrolmentTest, SoItIsAfterARestart) {
    std::atomic<bool> well = false;
    const Serving until_the_end =
        serve([&](const Seen& seen) { return well ? issued(seen) : answer(503); });
    put_token("t0ken");
    start(enrolling());
    ASSERT_TRUE(server_->wait_for(1));
    stop();
    well = true;
    start(enrolling());
    ASSERT_TRUE(eventually([&] { return !talked().empty(); }));
    EXPECT_EQ(asked().front().body, asked().back().body);
}

TEST_F(EnrolmentTest, ARefusedTokenIsToldOnceAndAnotherOneIsTriedAtOnce) {
    const Serving until_the_end = serve([&](const Seen& seen) {
        return seen.header("authorization") == "Bearer good" ? issued(seen) : answer(403);
    });
    put_token("used");
    start(enrolling());
    ASSERT_TRUE(noted("refuses the one-time token (403)"));
    // Many looks later it has not been tried again.
    put_token("used");
    EXPECT_TRUE(told("has refused the one-time token in this file"));
    EXPECT_EQ(asked().size(), 1U);
    const std::string first = asked()[0].body;
    put_token("good");
    ASSERT_TRUE(eventually([&] { return !talked().empty(); }));
    ASSERT_EQ(asked().size(), 2U);
    EXPECT_NE(asked()[1].body, first) << "a new token has a new key";
    EXPECT_EQ(files_.look()->record.trouble, "");
}

TEST_F(EnrolmentTest, ApprovalIsWaitedFor) {
    std::atomic<int> turn = 0;
    const Serving until_the_end = serve([&](const Seen& seen) {
        return ++turn < 3 ? answer(202, "", "Retry-After: 0\r\n") : issued(seen);
    });
    put_token("t0ken");
    auto made = enrolling();
    made.enrolment->approval = milliseconds(3);
    start(made);
    ASSERT_TRUE(eventually([&] { return !talked().empty(); }));
    EXPECT_EQ(asked().size(), 3U);
    EXPECT_EQ(asked()[0].body, asked()[2].body);
}

TEST_F(EnrolmentTest, WhatIsNoCertificateOfOursIsNotKept) {
    std::atomic<int> turn = 0;
    std::mutex mutex;
    std::vector<std::string> answers{"garbage", "", std::string(100'000, 'x')};
    const Serving until_the_end = serve([&](const Seen& seen) {
        const std::lock_guard lock(mutex);
        const int now = turn++;
        if (now < 3) return answer(201, answers[static_cast<std::size_t>(now)]);
        if (now == 3) return answer(201, ca_.sign(seen.body, "host 8"));
        if (now == 4) return answer(201, ca_.sign(seen.body, "host 7", "", -20, -10));
        if (now == 5) return answer(201, ca_.sign(seen.body, "host 7", "", 1000, 2000));
        return Act{.hang = true};
    });
    put_token("t0ken");
    start(enrolling());
    ASSERT_TRUE(eventually([&] { return turn == 7; }));
    EXPECT_THAT(trouble(), HasSubstr("the host's clock says"));
    EXPECT_THAT(trouble(), HasSubstr("set the time if it is wrong"));
    EXPECT_FALSE(files_.look()->certificate);
    EXPECT_EQ(files_.look()->record.spent, "");
    EXPECT_TRUE(talked().empty());
}

TEST_F(EnrolmentTest, ItIsRenewedOverTheOldOneAndNewConnectionsTakeTheNew) {
    std::atomic<int> turn = 0;
    const Serving until_the_end = serve([&](const Seen& seen) {
        // The first is past two thirds of its life when it comes.
        return ++turn == 1 ? issued(seen, -3000, 1000) : issued(seen);
    });
    put_token("t0ken");
    start(enrolling());
    ASSERT_TRUE(eventually([&] { return turn == 2 && files_.look()->certificate; }));
    ASSERT_TRUE(eventually([&] { return !files_.look()->pending; }));
    ASSERT_EQ(asked().size(), 2U);
    EXPECT_EQ(asked()[1].header("authorization"), "");
    EXPECT_NE(asked()[1].peer, "");
    EXPECT_NE(asked()[1].peer, serial()) << "it was shown the one before";
    EXPECT_NE(asked()[0].body, asked()[1].body) << "a new key each time";
    stop();
    start(enrolling());
    EXPECT_TRUE(polled_with(serial()));
}

TEST_F(EnrolmentTest, AnAuthorityWhoseCertificatesAreDueAtOnceIsNotHammered) {
    const Serving until_the_end =
        serve([&](const Seen& seen) { return issued(seen, -3000, 1000); }, nullptr,
              [&](const Seen&) { return answer(200, document, "ETag: \"1\"\r\n"); });
    put_token("t0ken");
    auto made = enrolling();
    made.wait = std::chrono::seconds(0);
    made.backoff = {hours(1), hours(2)};
    start(made);
    // Documents pass, look after look, and the next certificate has its time.
    ASSERT_TRUE(eventually([&] { return talked().size() > 30; }));
    EXPECT_EQ(asked().size(), 1U);
}

TEST_F(EnrolmentTest, ATokenInOurOwnDirectoryIsRemovedOnceItIsUsed) {
    const Serving until_the_end = serve([&](const Seen& seen) { return issued(seen); });
    fs::create_directory(place_);
    fs::permissions(place_, fs::perms::owner_all);
    put_token("t0ken");
    auto made = enrolling();
    made.enrolment->file = place_ / "token";
    fs::rename(dir_.path() / "enrolment", place_ / "token");
    start(made);
    ASSERT_TRUE(eventually([&] { return !talked().empty(); }));
    EXPECT_FALSE(fs::exists(place_ / "token"));
}

TEST_F(EnrolmentTest, AConnectionIsGivenUpForTheNewCertificate) {
    std::atomic<int> turn = 0;
    std::atomic<bool> renewed = false;
    const Serving until_the_end = serve(
        [&](const Seen& seen) {
            if (++turn == 1) return issued(seen, -3000, 1000);
            renewed = true;
            return issued(seen);
        },
        nullptr, [&](const Seen&) { return answer(200, document, "ETag: \"1\"\r\n"); });
    put_token("t0ken");
    auto made = enrolling();
    made.wait = std::chrono::seconds(0);
    start(made);
    ASSERT_TRUE(eventually([&] { return renewed && !files_.look()->pending; }));
    EXPECT_TRUE(polled_with(serial())) << "without a restart, and the old connection was alive";
}

TEST_F(EnrolmentTest, WhileTheRenewalFailsTheOldOneIsUsed) {
    std::atomic<int> turn = 0;
    const Serving until_the_end = serve(
        [&](const Seen& seen) { return ++turn == 1 ? issued(seen, -3000, 1000) : answer(503); },
        nullptr, [&](const Seen&) { return answer(200, document, "ETag: \"1\"\r\n"); });
    put_token("t0ken");
    auto made = enrolling();
    made.wait = std::chrono::seconds(0);
    start(made);
    ASSERT_TRUE(noted("does not answer the request for a certificate (503)"));
    const std::size_t polls = talked().size();
    EXPECT_TRUE(eventually([&] { return talked().size() > polls + 3; }));
    EXPECT_TRUE(submitted(1));
    for (std::size_t i = 2; i < asked().size(); ++i) EXPECT_EQ(asked()[i].body, asked()[1].body);
}

TEST_F(EnrolmentTest, ARevokedHostStopsAndGoesOnWithANewToken) {
    std::atomic<bool> revoked = true;
    std::mutex mutex;
    std::string first;
    const Serving until_the_end =
        serve([&](const Seen& seen) { return issued(seen); }, nullptr,
              [&](const Seen& seen) {
                  const std::lock_guard lock(mutex);
                  if (first.empty()) first = seen.peer;
                  if (revoked && seen.peer == first)
                      return answer(403, R"({"code":"revoked","detail":"s"})");
                  return answer(200, document, "ETag: \"1\"\r\n");
              });
    put_token("t1");
    start(enrolling());
    ASSERT_TRUE(told("has revoked this host's certificate (serial"));
    ASSERT_TRUE(noted("has revoked this host's certificate"));
    EXPECT_TRUE(desk_.submissions().empty());
    const std::size_t before = talked().size();
    EXPECT_LE(before, 2U) << "a document and a report, each once";
    const std::string key = asked()[0].body;
    put_token("t2");
    ASSERT_TRUE(submitted(1));
    EXPECT_EQ(asked().size(), 2U);
    EXPECT_NE(asked()[1].body, key);
    EXPECT_EQ(files_.look()->record.revoked, "");
}

TEST_F(EnrolmentTest, ARevokedHostAsksOnceAfterARestart) {
    std::atomic<bool> revoked = true;
    const Serving until_the_end = serve([&](const Seen& seen) { return issued(seen); }, nullptr,
                                        [&](const Seen&) {
                                            return revoked
                                                       ? answer(403, R"({"code":"revoked"})")
                                                       : answer(200, document, "ETag: \"1\"\r\n");
                                        });
    put_token("t1");
    start(enrolling());
    ASSERT_TRUE(noted("has revoked"));
    stop();
    const std::size_t before = talked().size();
    start(enrolling());
    ASSERT_TRUE(told("has revoked"));
    EXPECT_LE(talked().size(), before + 2);
    stop();
    revoked = false;  // it was a mistake, and is taken back
    start(enrolling());
    ASSERT_TRUE(submitted(1));
    EXPECT_TRUE(eventually([&] { return files_.look()->record.revoked.empty(); }));
}

TEST_F(EnrolmentTest, AnAlertOfRevocationIsTheSame) {
    const Serving until_the_end = serve([&](const Seen& seen) { return issued(seen); });
    put_token("t1");
    start(enrolling());
    ASSERT_TRUE(eventually([&] { return !talked().empty(); }));
    const std::string own = serial();
    stop();
    // Another server of the same control plane, which reads its authority's list.
    BIO* in = BIO_new_file(files_.identity().c_str(), "r");
    X509* shown = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
    BIO_free(in);
    const std::string list = ca_.revocations({shown});
    X509_free(shown);
    server_ = std::make_unique<TestServer>([](const Seen&) { return Act{.hang = true}; },
                                           &identity_, ca_.certificate(), 0, false, list);
    start(enrolling());
    EXPECT_TRUE(told("has revoked this host's certificate (serial " + own + ")")) << trouble();
    EXPECT_TRUE(server_->seen().empty());
}

TEST_F(EnrolmentTest, AnExpiredCertificateIsToldAndReplacedWithANewToken) {
    const Serving until_the_end = serve([&](const Seen& seen) { return issued(seen); });
    put_token("t1");
    auto made = enrolling();
    start(made);
    ASSERT_TRUE(eventually([&] { return !talked().empty(); }));
    stop();
    // The server's own certificate ends then, too, so it is another one.
    const Identity later = ca_.issue("later", "IP:127.0.0.1", -3600, 10 * 86400);
    server_ = std::make_unique<TestServer>(
        [&](const Seen& seen) {
            return asks_for_certificate(seen) ? issued(seen, -60, 9 * 86400) : Act{.hang = true};
        },
        &later, ca_.certificate(), 0, false);
    made = enrolling();
    made.now = [] { return std::chrono::system_clock::now() + hours(48); };
    start(made);
    ASSERT_TRUE(told("was valid until"));
    EXPECT_TRUE(server_->seen().empty());
    put_token("t2");
    EXPECT_TRUE(eventually([&] { return !talked().empty(); })) << trouble();
}

TEST_F(EnrolmentTest, ADamagedIdentityIsToldAndMadeAnewWithANewToken) {
    const Serving until_the_end = serve([&](const Seen& seen) { return issued(seen); });
    put_token("t1");
    start(enrolling());
    ASSERT_TRUE(eventually([&] { return !talked().empty(); }));
    stop();
    std::ofstream(files_.identity(), std::ios::trunc) << "half";
    start(enrolling());
    ASSERT_TRUE(told("has been used: put a new one there"));
    put_token("t2");
    ASSERT_TRUE(eventually([&] { return files_.look()->certificate.has_value(); }));
    EXPECT_TRUE(polled_with(serial()));
    EXPECT_TRUE(fs::exists(place_ / "identity.pem.broken"));
}

TEST_F(EnrolmentTest, ADirectoryThatIsNoneOfOursIsToldAndNothingIsAsked) {
    const Serving until_the_end = serve([&](const Seen& seen) { return issued(seen); });
    put_token("t1");
    fs::create_directory(dir_.path() / "theirs");
    fs::create_directory_symlink(dir_.path() / "theirs", place_);
    start(enrolling());
    EXPECT_TRUE(told("not a symbolic link"));
    EXPECT_TRUE(server_->seen().empty());
    EXPECT_TRUE(fs::is_empty(dir_.path() / "theirs"));
}

TEST_F(EnrolmentTest, ABootstrapFileNamesTheAuthorityWhichIsPinned) {
    const Serving until_the_end = serve([&](const Seen& seen) { return issued(seen); });
    auto made = enrolling();
    made.tls.ca_file.clear();
    put_token("bare");
    start(made);
    // The system's authorities do not know the test's.
    ASSERT_TRUE(told("signed by an authority this host does not know"));
    EXPECT_TRUE(server_->seen().empty());
    std::ostringstream pem;
    pem << std::ifstream(ca_.file()).rdbuf();
    std::string escaped = pem.str();
    for (std::size_t at = 0; (at = escaped.find('\n', at)) != std::string::npos; at += 2)
        escaped.replace(at, 1, "\\n");
    put_token(R"({"token":"t2","ca":")" + escaped + R"(","urls":["https://elsewhere"]})");
    ASSERT_TRUE(eventually([&] { return !talked().empty(); })) << trouble();
    EXPECT_EQ(files_.look()->record.urls, std::vector<std::string>{"https://elsewhere"});
    EXPECT_TRUE(files_.look()->pinned);
    fs::remove(dir_.path() / "enrolment");
    stop();
    const std::size_t polls = talked().size();
    start(made);  // it is not needed any more
    EXPECT_TRUE(eventually([&] { return talked().size() > polls; })) << trouble();
}

}  // namespace
}  // namespace metalwright::agent::link
