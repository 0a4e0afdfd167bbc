#include "agent/link/http_client.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/agent/link/test_server.hpp"
#include "tests/unit/agent/link/threads.hpp"

namespace metalwright::agent::link {
namespace {

using std::chrono::milliseconds;
using testing::Test;

/// The client on an io thread; tests call it as if it were synchronous.
class HttpClientTest : public Test {
 protected:
    void open(ClientOptions options = {}) {
        threads_.on_io([&] { client_ = std::make_unique<HttpClient>(threads_.io, options); });
    }
    ~HttpClientTest() override {
        threads_.on_io([&] { client_.reset(); });
    }

    std::future<Result<Reply>> begin(Call call) {
        if (!client_) open();
        auto answer = std::make_shared<std::promise<Result<Reply>>>();
        threads_.on_io([&] {
            client_->send(std::move(call),
                          [answer](Result<Reply> reply) { answer->set_value(std::move(reply)); });
        });
        return answer->get_future();
    }
    Result<Reply> get(const std::string& base, milliseconds timeout = milliseconds(10'000)) {
        Call call{.method = "GET", .base = parse_base_url(base).value(), .path = "/x?y=1"};
        call.timeout = timeout;
        return begin(std::move(call)).get();
    }

    TempDir dir_;
    TestCa ca_{dir_.path()};
    Threads threads_;
    std::unique_ptr<HttpClient> client_;
};

void expect_error(const Result<Reply>& reply, Errc code, const std::string& part) {
    ASSERT_FALSE(reply) << "answered " << reply->status;
    EXPECT_EQ(reply.error().code, code) << describe(reply.error());
    EXPECT_NE(reply.error().message.find(part), std::string::npos) << describe(reply.error());
}

TEST_F(HttpClientTest, SendsAndReceives) {
    TestServer server([](const Seen&) {
        return answer(200, "{}", "ETag: \"7\"\r\nRetry-After: 3\r\nDate: now\r\n");
    });
    Call call{.method = "POST",
              .base = parse_base_url(server.url() + "/prefix/").value(),
              .path = "/x",
              .headers = {{"If-None-Match", "\"6\""}},
              .body = "[1]"};
    const auto reply = begin(call).get();
    ASSERT_TRUE(reply) << describe(reply.error());
    EXPECT_EQ(*reply, (Reply{200, "{}", "\"7\"", "3", "now"}));
    const Seen seen = server.seen().at(0);
    EXPECT_EQ(seen.method, "POST");
    EXPECT_EQ(seen.target, "/prefix/x");
    EXPECT_EQ(seen.body, "[1]");
    EXPECT_EQ(seen.header("host"), "127.0.0.1:" + server.port());
    EXPECT_EQ(seen.header("content-type"), "application/json");
    EXPECT_EQ(seen.header("if-none-match"), "\"6\"");
}

TEST_F(HttpClientTest, UsesTheConnectionAgain) {
    TestServer server([](const Seen&) { return answer(200, "a"); });
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(get(server.url()));
    EXPECT_EQ(server.seen().at(2).connection, 1);
}

TEST_F(HttpClientTest, OpensAnotherWhenTheServerClosedItMeanwhile) {
    TestServer server([](const Seen&) {
        Act act = answer(200, "a");
        act.close = true;  // without saying so
        return act;
    });
    for (int i = 0; i < 3; ++i) {
        const auto reply = get(server.url());
        ASSERT_TRUE(reply) << describe(reply.error());
    }
    EXPECT_EQ(server.seen().size(), 3u);
}

TEST_F(HttpClientTest, ReadsEveryFormOfBody) {
    int turn = 0;
    TestServer server([&](const Seen&) {
        switch (turn++) {
            case 0:
                return Act{
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"};
            case 1: return answer(304);
            case 2: return Act{"HTTP/1.1 204 No\r\n\r\n"};
            default: return Act{.bytes = "HTTP/1.1 200 OK\r\n\r\nto the end", .close = true};
        }
    });
    EXPECT_EQ(get(server.url())->body, "abcde");
    EXPECT_EQ(get(server.url())->status, 304u);
    EXPECT_EQ(get(server.url())->status, 204u);
    EXPECT_EQ(get(server.url())->body, "to the end");
}

TEST_F(HttpClientTest, ACutAnswerIsAnError) {
    int turn = 0;
    TestServer server([&](const Seen&) {
        return turn++ == 0
                   ? Act{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", .close = true}
                   : Act{.bytes = "", .close = true};
    });
    expect_error(get(server.url()), Errc::unavailable, "cut in the middle of the answer");
    expect_error(get(server.url()), Errc::unavailable, "cut before the answer");
}

TEST_F(HttpClientTest, WhatIsNotHttpIsAnError) {
    TestServer server([](const Seen&) { return Act{"SSH-2.0-OpenSSH_9.2\r\n\r\n"}; });
    expect_error(get(server.url()), Errc::unavailable, "not HTTP");
}

TEST_F(HttpClientTest, AnEndlessAnswerHasABound) {
    TestServer server([](const Seen&) {
        return Act{"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" +
                   std::string(2 << 20, 'x')};
    });
    expect_error(get(server.url()), Errc::unavailable, "larger than 1048576 bytes");
    TestServer chunks([](const Seen&) {
        return Act{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n" +
                   std::string(2 << 20, 'x') + "\r\n"};
    });
    expect_error(get(chunks.url()), Errc::unavailable, "larger than 1048576 bytes");
}

TEST_F(HttpClientTest, AHangTimesOut) {
    TestServer server([](const Seen&) { return Act{.bytes = "HTTP/1.1 200", .hang = true}; });
    expect_error(get(server.url(), milliseconds(50)), Errc::timed_out, "within 50 ms");
}

TEST_F(HttpClientTest, NobodyListens) {
    std::string url;
    {
        url = TestServer([](const Seen&) { return answer(200); }).url();
    }
    const auto reply = get(url);
    expect_error(reply, Errc::unavailable, "refused");
    EXPECT_EQ(reply.error().where, url);
}

TEST_F(HttpClientTest, ANameThatDoesNotExist) {
    const auto reply = get("https://no-such-host.invalid");
    ASSERT_FALSE(reply);
    EXPECT_NE(reply.error().message.find("resolv.conf"), std::string::npos)
        << describe(reply.error());
}

TEST_F(HttpClientTest, LocalhostIsResolved) {
    TestServer server([](const Seen&) { return answer(200, "a"); });
    const auto reply = get("http://localhost:" + server.port());
    ASSERT_TRUE(reply) << describe(reply.error());
    EXPECT_EQ(server.seen().at(0).header("host"), "localhost:" + server.port());
}

TEST_F(HttpClientTest, CloseEndsTheCallInHand) {
    TestServer server([](const Seen&) { return Act{.hang = true}; });
    auto reply =
        begin({.method = "GET", .base = parse_base_url(server.url()).value(), .path = "/"});
    ASSERT_TRUE(server.wait_for(1));
    threads_.on_io([&] { client_->close(); });
    expect_error(reply.get(), Errc::unavailable, "closed");
}

TEST_F(HttpClientTest, CloseBeforeItEvenBegan) {
    TestServer server([](const Seen&) { return answer(200); });
    open();
    std::promise<Result<Reply>> answered;
    threads_.on_io([&] {
        client_->send({.method = "GET", .base = parse_base_url(server.url()).value(), .path = "/"},
                      [&](Result<Reply> reply) { answered.set_value(std::move(reply)); });
        client_->close();
    });
    expect_error(answered.get_future().get(), Errc::unavailable, "closed");
}

// TLS

TEST_F(HttpClientTest, TlsWithTheRightAuthority) {
    const Identity identity = ca_.issue("server", "IP:127.0.0.1");
    TestServer server([](const Seen&) { return answer(200, "a"); }, &identity);
    open({.tls = {.ca_file = ca_.file()}});
    for (int i = 0; i < 2; ++i) {
        const auto reply = get(server.url());
        ASSERT_TRUE(reply) << describe(reply.error());
    }
    EXPECT_EQ(server.seen().at(1).connection, 1);
}

TEST_F(HttpClientTest, TlsByName) {
    const Identity identity = ca_.issue("server", "DNS:localhost");
    TestServer server([](const Seen&) { return answer(200, "a"); }, &identity);
    open({.tls = {.ca_file = ca_.file()}});
    const auto reply = get("https://localhost:" + server.port());
    ASSERT_TRUE(reply) << describe(reply.error());
}

TEST_F(HttpClientTest, TlsWithAnUnknownAuthority) {
    const Identity identity = ca_.issue("server", "IP:127.0.0.1");
    TestServer server([](const Seen&) { return answer(200, "a"); }, &identity);
    const TestCa other(dir_.path(), "other-ca");
    open({.tls = {.ca_file = other.file()}});
    expect_error(get(server.url()), Errc::unavailable,
                 "(CN = server) is signed by an authority this host does not know (CN = ca): put "
                 "that authority's certificate into " +
                     other.file().string());
    EXPECT_TRUE(server.seen().empty()) << "a request left before the server was known";
}

TEST_F(HttpClientTest, TlsWithTheSystemsAuthoritiesKnowsNoTestCa) {
    const Identity identity = ca_.issue("server", "IP:127.0.0.1");
    TestServer server([](const Seen&) { return answer(200, "a"); }, &identity);
    expect_error(get(server.url()), Errc::unavailable, "name it as the link's CA file");
}

TEST_F(HttpClientTest, TlsWithAnotherName) {
    const Identity identity = ca_.issue("server", "DNS:cp.example,IP:192.0.2.1");
    TestServer server([](const Seen&) { return answer(200, "a"); }, &identity);
    open({.tls = {.ca_file = ca_.file()}});
    const std::string names = "is for DNS:cp.example, IP Address:192.0.2.1, not for ";
    expect_error(get(server.url()), Errc::unavailable, names + "127.0.0.1");
    expect_error(get("https://localhost:" + server.port()), Errc::unavailable, names + "localhost");
    EXPECT_TRUE(server.seen().empty());
}

TEST_F(HttpClientTest, AWrongClockAtFirstBootSaysSo) {
    const Identity identity = ca_.issue("server", "IP:127.0.0.1");
    TestServer server([](const Seen&) { return answer(200, "a"); }, &identity);
    const auto first_boot = [] {
        return std::chrono::system_clock::time_point(std::chrono::seconds(20));
    };
    open({.tls = {.ca_file = ca_.file()}, .now = first_boot});
    const auto reply = get(server.url());
    expect_error(
        reply, Errc::unavailable,
        "the host's clock says 1970-01-01T00:00:20Z, the server's certificate is valid from ");
    EXPECT_NE(reply.error().message.find(": set the time (the clock was never set"),
              std::string::npos)
        << reply.error().message;
}

TEST_F(HttpClientTest, ACertificateOfTomorrowOrYesterday) {
    const Identity tomorrow = ca_.issue("tomorrow", "IP:127.0.0.1", 86400, 2L * 86400);
    TestServer early([](const Seen&) { return answer(200, "a"); }, &tomorrow);
    open({.tls = {.ca_file = ca_.file()}});
    expect_error(get(early.url()), Errc::unavailable, ": set the time, or wait until");
    const Identity yesterday = ca_.issue("yesterday", "IP:127.0.0.1", -2L * 86400, -86400);
    TestServer late([](const Seen&) { return answer(200, "a"); }, &yesterday);
    expect_error(get(late.url()), Errc::unavailable, "the server's certificate was valid until ");
}

TEST_F(HttpClientTest, AClientCertificateIsShown) {
    const Identity identity = ca_.issue("server", "IP:127.0.0.1");
    const Identity host = ca_.issue("host-7", "DNS:host-7");
    TestServer server([](const Seen&) { return answer(200, "a"); }, &identity, ca_.certificate());
    open({.tls = {.ca_file = ca_.file(), .cert_file = host.cert_file, .key_file = host.key_file}});
    const auto reply = get(server.url());
    ASSERT_TRUE(reply) << describe(reply.error());
}

TEST_F(HttpClientTest, AMissingClientCertificateSaysSoInBothTlsVersions) {
    const Identity identity = ca_.issue("server", "IP:127.0.0.1");
    open({.tls = {.ca_file = ca_.file()}});
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        TestServer server([](const Seen&) { return answer(200, "a"); }, &identity,
                          ca_.certificate(), version);
        expect_error(get(server.url()), Errc::unavailable, "name the link's certificate and key");
    }
}

TEST_F(HttpClientTest, AClientCertificateOfAnotherAuthority) {
    const Identity identity = ca_.issue("server", "IP:127.0.0.1");
    const TestCa other(dir_.path(), "other-ca");
    const Identity host = other.issue("host-7", "DNS:host-7");
    TestServer server([](const Seen&) { return answer(200, "a"); }, &identity, ca_.certificate());
    open({.tls = {.ca_file = ca_.file(), .cert_file = host.cert_file, .key_file = host.key_file}});
    expect_error(get(server.url()), Errc::unavailable,
                 "does not accept this host's client certificate");
}

class RevocationListTest : public HttpClientTest {
 protected:
    /// The client has this list (PEM), beside the authority or in its file.
    Result<Reply> ask_with(const std::string& list, bool in_ca_file = false) {
        const auto file = dir_.path() / (in_ca_file ? "both.pem" : "list.pem");
        std::ofstream out(file, std::ios::trunc);
        if (in_ca_file) out << std::ifstream(ca_.file()).rdbuf();
        out << list;
        out.close();
        open({.tls = {.ca_file = in_ca_file ? file : ca_.file(),
                      .crl_file = in_ca_file ? "" : file}});
        return get(server_.url());
    }
    const Identity identity_ = ca_.issue("server", "IP:127.0.0.1");
    const Identity other_ = ca_.issue("other", "IP:127.0.0.1");
    TestServer server_{[](const Seen&) { return answer(200, "a"); }, &identity_};
};

TEST_F(RevocationListTest, AServerThatIsNotInItIsTalkedTo) {
    for (const bool in_ca_file : {false, true}) {
        const auto reply = ask_with(ca_.revocations({other_.certificate}), in_ca_file);
        EXPECT_TRUE(reply) << describe(reply.error());
    }
}

TEST_F(RevocationListTest, ARevokedServerIsToldNothing) {
    for (const bool in_ca_file : {false, true}) {
        expect_error(ask_with(ca_.revocations({identity_.certificate}), in_ca_file),
                     Errc::unavailable, "has been revoked by its authority");
    }
    EXPECT_TRUE(server_.seen().empty());
}

TEST_F(RevocationListTest, ItIsReadAnewForEachConnection) {
    ASSERT_TRUE(ask_with(ca_.revocations({})));
    std::ofstream(dir_.path() / "list.pem", std::ios::trunc)
        << ca_.revocations({identity_.certificate});
    threads_.on_io(
        [&] { client_->renew({.ca_file = ca_.file(), .crl_file = dir_.path() / "list.pem"}); });
    EXPECT_FALSE(get(server_.url()));
}

TEST_F(RevocationListTest, OneThatHasExpiredSaysSo) {
    expect_error(ask_with(ca_.revocations({}, -7200, -3600)), Errc::unavailable,
                 "the revocation list (CRL) has expired: put the authority's present one into");
    expect_error(ask_with(ca_.revocations({}, 3600, 7200)), Errc::unavailable,
                 "is not valid yet: set the time");
}

TEST_F(RevocationListTest, OneOfAnotherAuthorityIsNone) {
    const TestCa other(dir_.path(), "other-ca");
    expect_error(ask_with(other.revocations({})), Errc::unavailable,
                 "there is no revocation list (CRL) of the authority");
}

TEST_F(RevocationListTest, AFileWithoutOneIsAnError) {
    expect_error(ask_with("nothing\n"), Errc::invalid_spec, "holds no revocation list in PEM");
    open({.tls = {.ca_file = ca_.file(), .crl_file = dir_.path() / "none.pem"}});
    EXPECT_EQ(get(server_.url()).error().code, Errc::not_found);
}

TEST_F(HttpClientTest, OldTlsIsRefused) {
    const Identity identity = ca_.issue("server", "IP:127.0.0.1");
    TestServer server([](const Seen&) { return answer(200, "a"); }, &identity, nullptr,
                      TLS1_1_VERSION);
    open({.tls = {.ca_file = ca_.file()}});
    EXPECT_FALSE(get(server.url()));
    EXPECT_TRUE(server.seen().empty());
}

TEST_F(HttpClientTest, TlsToAPlainServer) {
    TestServer server([](const Seen&) { return answer(200, "a"); });
    // The plain server reads the handshake as a request that never ends.
    open({.connect_timeout = milliseconds(100)});
    expect_error(get("https://127.0.0.1:" + server.port()), Errc::timed_out, "TLS handshake");
}

TEST_F(HttpClientTest, BadFilesAreNamed) {
    const Identity host = ca_.issue("host-7", "DNS:host-7");
    const Identity another = ca_.issue("another", "DNS:another");
    const auto where = [&](TlsFiles files) {
        open({.tls = std::move(files)});
        TestServer server([](const Seen&) { return answer(200, "a"); });
        return get("https://127.0.0.1:" + server.port()).error().where;
    };
    EXPECT_EQ(where({.ca_file = "/nonexistent.pem"}), "/nonexistent.pem");
    EXPECT_EQ(where({.ca_file = host.key_file}), host.key_file.string());
    EXPECT_EQ(where({.ca_file = ca_.file(), .cert_file = "/nonexistent.pem"}), "/nonexistent.pem");
    EXPECT_EQ(
        where({.ca_file = ca_.file(), .cert_file = host.cert_file, .key_file = another.key_file}),
        another.key_file.string());
    std::filesystem::permissions(host.key_file, static_cast<std::filesystem::perms>(0644));
    open({.tls = {.ca_file = ca_.file(), .cert_file = host.cert_file, .key_file = host.key_file}});
    TestServer server([](const Seen&) { return answer(200, "a"); });
    expect_error(get("https://127.0.0.1:" + server.port()), Errc::refused, "chmod 0600");
}

// Proxy

TEST_F(HttpClientTest, AProxyRefuses) {
    TestServer proxy([](const Seen&) { return answer(403, "no"); });
    open({.tls = {.ca_file = ca_.file()}, .proxy = parse_proxy_url(proxy.url()).value()});
    expect_error(get("https://cp.example:8443"), Errc::unavailable,
                 "the proxy refuses to connect to cp.example:8443 (403)");
    EXPECT_EQ(proxy.seen().at(0).method, "CONNECT");
    EXPECT_EQ(proxy.seen().at(0).target, "cp.example:8443");
    EXPECT_EQ(proxy.seen().at(0).header("host"), "cp.example:8443");
}

TEST_F(HttpClientTest, ThroughTheProxyAllIsTls) {
    // The server plays both: it answers CONNECT in the clear and hangs; what follows is TLS.
    TestServer proxy(
        [](const Seen&) { return Act{.bytes = "HTTP/1.1 200 Connection established\r\n\r\n"}; });
    open({.tls = {.ca_file = ca_.file()},
          .proxy = parse_proxy_url(proxy.url()).value(),
          .connect_timeout = milliseconds(100)});
    expect_error(get("https://cp.example:8443"), Errc::timed_out, "TLS handshake");
}

TEST_F(HttpClientTest, LoopbackNeedsNoProxy) {
    TestServer server([](const Seen&) { return answer(200, "a"); });
    TestServer proxy([](const Seen&) { return answer(403, "no"); });
    open({.proxy = parse_proxy_url(proxy.url()).value()});
    EXPECT_TRUE(get(server.url()));
}

}  // namespace
}  // namespace metalwright::agent::link
