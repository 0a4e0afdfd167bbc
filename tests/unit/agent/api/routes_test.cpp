#include "agent/api/routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <map>

#include "tests/fakes/fake_desk.hpp"
#include "tests/unit/agent/api/running_server.hpp"

namespace metalwright::agent::api {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

constexpr unsigned daemon_uid = 990;
const std::string document = R"({"apiVersion":"metalwright/v1"})";

class Routes : public testing::Test {
 protected:
    Routes() {
        handler_ = routes(desk_, threads_.io, threads_.pool, daemon_uid, [] { return 77u; });
    }
    ~Routes() override {
        threads_.on_io([&] { handler_ = nullptr; });
        threads_.end();
    }

    std::future<Response> begin(Request request) {
        auto answer = std::make_shared<std::promise<Response>>();
        request.caller = caller_;
        if (request.uid == Request().uid) request.uid = daemon_uid;
        boost::asio::post(threads_.io, [this, answer, request = std::move(request)] {
            handler_(request,
                     [answer](Response response) { answer->set_value(std::move(response)); });
        });
        return answer->get_future();
    }
    Response get(std::string target) {
        return begin({.method = "GET", .target = std::move(target), .uid = 1000, .groups = {5, 77}})
            .get();
    }
    Response post(std::string target, std::string body, unsigned uid = 0) {
        return begin({.method = "POST",
                      .target = std::move(target),
                      .body = std::move(body),
                      .uid = uid})
            .get();
    }
    /// Once the io thread and the pool have nothing left to do for what was begun.
    void settle() {
        for (int i = 0; i < 3; ++i) {
            std::promise<void> idle;
            threads_.on_io([] {});
            boost::asio::post(threads_.pool, [&] { idle.set_value(); });
            idle.get_future().wait();
        }
        threads_.on_io([] {});
    }
    static bool open(const std::future<Response>& answer) {
        return answer.wait_for(std::chrono::seconds(0)) == std::future_status::timeout;
    }

    std::shared_ptr<int> caller_ = std::make_shared<int>(0);
    FakeDesk desk_;
    Threads threads_;
    Handler handler_;
};

TEST_F(Routes, Health) {
    EXPECT_EQ(get("/v1/health"), (Response{200, R"({"status":"ok"})"}));
}

TEST_F(Routes, ApplyAnswers202ThenTheSameAgainWith200) {
    EXPECT_EQ(post("/v1/apply", document),
              (Response{202, R"({"operation":1,"generation":1,"instance":"i-1",)"
                             R"("repeated":false,"finished":false})"}));
    desk_.finish(1);
    EXPECT_EQ(post("/v1/apply", document),
              (Response{200, R"({"operation":1,"generation":1,"instance":"i-1",)"
                             R"("repeated":true,"finished":true})"}));
    ASSERT_EQ(desk_.submissions().size(), 2u);
    EXPECT_EQ(desk_.submissions()[0].source, "admin");
    EXPECT_EQ(desk_.submissions()[0].document, document);
    EXPECT_FALSE(desk_.submissions()[0].generation);
}

TEST_F(Routes, ADocumentIsReplacedOnlyByWhoeverHasSeenIt) {
    const auto put = [&](std::string body, const std::string& header, const std::string& value) {
        Request request{.method = "PUT", .target = "/v1/spec", .body = std::move(body), .uid = 0};
        if (!header.empty()) request.headers = {{"Host", "x"}, {header, value}};
        return begin(std::move(request)).get();
    };
    const auto read = [&](const std::string& etag) {
        return begin({.method = "GET",
                      .target = "/v1/spec",
                      .headers = {{"If-None-Match", etag}},
                      .uid = 0})
            .get();
    };
    EXPECT_EQ(read("").status, 404u);
    EXPECT_EQ(put("{}", "If-Match", "\"1\"").status, 412u) << "there is none";
    const Response first = put("{}", "If-None-Match", "*");
    EXPECT_EQ(first.status, 202u);
    EXPECT_THAT(first.headers, Contains(Pair("ETag", "\"1\"")));
    EXPECT_EQ(put("[1]", "If-None-Match", "*").status, 412u);
    EXPECT_EQ(put("[1]", "If-Match", "\"7\", W/\"x\"").status, 412u);
    EXPECT_EQ(put("[1]", "If-Match", "W/\"1\"").status, 412u) << "a weak one is not enough";
    EXPECT_EQ(put("[1]", "if-match", "\"7\", \"1\"").status, 202u);
    EXPECT_EQ(put("[2]", "If-Match", "*").status, 202u);
    EXPECT_EQ(put("[3]", "", "").status, 202u);
    EXPECT_EQ(put("[4]", "If-None-Match", "\"4\"").status, 400u);
    const Response there = read("\"3\"");
    EXPECT_EQ(there.body, "[3]");
    EXPECT_THAT(there.headers, Contains(Pair("ETag", "\"4\"")));
    EXPECT_EQ(read("\"4\"").status, 304u);
    EXPECT_EQ(get("/v1/spec").status, 403u) << "it may hold a tenant's secrets";
}

TEST_F(Routes, AnOperationIsCancelledByRoot) {
    ASSERT_EQ(post("/v1/apply", document).status, 202u);
    EXPECT_EQ(post("/v1/operations/1/cancel", "", 1000).status, 403u);
    const Response ending = post("/v1/operations/1/cancel", "");
    EXPECT_EQ(ending.status, 202u);
    EXPECT_THAT(ending.body, HasSubstr("cancelling"));
    EXPECT_EQ(post("/v1/operations/1/cancel", "").status, 409u);
    EXPECT_EQ(post("/v1/operations/2/cancel", "").status, 404u);
}

TEST_F(Routes, WhatMonitoringAsks) {
    EXPECT_EQ(get("/healthz").status, 200u);
    EXPECT_EQ(get("/readyz").status, 200u);
    desk_.refuse({{Errc::unavailable, "the outbox is full"}});
    EXPECT_EQ(get("/healthz").status, 200u);
    EXPECT_EQ(get("/readyz").status, 503u);
    const Response metrics = get("/metrics");
    EXPECT_EQ(metrics.type, "text/plain; version=0.0.4");
    EXPECT_THAT(metrics.body, HasSubstr("metalwright_state{state=\"idle\"} 1\n"));
    EXPECT_EQ(get("/v1/leases"), (Response{200, R"({"leases":[]})"}));
}

TEST_F(Routes, EveryErrorOfADocumentIsTold) {
    desk_.refuse(
        {{Errc::invalid_spec, "missing", "/host/id"}, {Errc::invalid_spec, "not 0..63", "/x"}});
    for (const char* path : {"/v1/apply", "/v1/plan"}) {
        const Response refused = post(path, document);
        EXPECT_EQ(refused.status, 400u);
        EXPECT_THAT(refused.body, HasSubstr(R"("detail":"missing")"));
        EXPECT_THAT(refused.body,
                    HasSubstr(R"("message":"not 0..63","where":"/x","pointer":"#/x"}]})"));
    }
}

TEST_F(Routes, OnlyRootAndTheDaemonItselfMayChangeAnything) {
    const Response stranger = post("/v1/apply", document, 1000);
    EXPECT_EQ(stranger.status, 403u);
    EXPECT_THAT(stranger.body, HasSubstr("only root may change this host: use sudo"));
    EXPECT_EQ(post("/v1/plan", document, 1000).status, 403u);
    desk_.lock("the store was made anew");
    EXPECT_EQ(post("/v1/arm", "", 1000).status, 403u);
    EXPECT_EQ(post("/v1/arm", ""), (Response{200, R"({"wasLocked":true})"})) << "a stranger armed";
    EXPECT_EQ(post("/v1/arm", ""), (Response{200, R"({"wasLocked":false})"}));
    EXPECT_TRUE(desk_.submissions().empty());
    EXPECT_EQ(post("/v1/apply", document, daemon_uid).status, 202u);
}

TEST_F(Routes, NobodyElseThanItsGroupReads) {
    for (const char* path : {"/v1/status", "/v1/nothing", "/v1/regions/r/aliasIps"}) {
        const Request stranger{.method = "GET", .target = path, .uid = 1000, .groups = {5, 1000}};
        EXPECT_GE(begin(stranger).get().status, 401u) << path;
        EXPECT_LE(begin(stranger).get().status, 403u) << path;
    }
    EXPECT_TRUE(desk_.calls().empty());
}

TEST_F(Routes, AVendorsCallIsHandedInOnceAndAnsweredWhenItHasEnded) {
    Request request{.method = "PUT",
                    .target = "/v1/regions/r%2Dx/aliasIps?a=b%20c",
                    .body = "{}",
                    .headers = {{"X-ZC-Action", "x"}},
                    .uid = 0};
    auto answer = begin(request);
    settle();
    desk_.add_host_event("something else");
    settle();
    EXPECT_TRUE(open(answer));
    desk_.end_calls({.status = 200, .body = "done", .request_id = "id-1"});
    const Response told = answer.get();
    EXPECT_EQ(told.body, "done");
    EXPECT_THAT(told.headers, testing::Contains(testing::Pair("x-bce-request-id", "id-1")));
    ASSERT_EQ(desk_.calls().size(), 1u);
    const VendorRequest asked = desk_.calls().front();
    EXPECT_THAT(asked.path, testing::ElementsAre("v1", "regions", "r-x", "aliasIps"));
    EXPECT_EQ(asked.query.at("a"), "b c");
    EXPECT_EQ(asked.action, "x");
}

TEST_F(Routes, OnlyRootCallsWhatChangesSomethingAndASignatureStandsForIt) {
    Request request{.method = "PUT",
                    .target = "/v2/instance/batchAddIp",
                    .body = "{}",
                    .uid = 1000,
                    .groups = {77}};
    EXPECT_EQ(begin(request).get().status, 403u);
    EXPECT_TRUE(desk_.calls().empty());
    request.remote = true;  // whose signature has been verified
    request.groups.clear();
    auto answer = begin(request);
    settle();
    desk_.end_calls({.status = 200, .body = "done"});
    EXPECT_EQ(answer.get().body, "done");
    request.method = "POST";
    const Response wrong = begin(request).get();
    EXPECT_EQ(wrong.status, 405u);
    EXPECT_EQ(wrong.allow, "PUT");
    EXPECT_THAT(wrong.body, testing::HasSubstr("requestId"));
}

TEST_F(Routes, UnknownPathsAndMethods) {
    for (const char* path : {"/", "/v1", "/v1/", "/v1/health/", "/v2/health", "/v1/operations/1/x",
                             "/v1/operations//events", "//v1/health"}) {
        EXPECT_EQ(get(path).status, 404u) << path;
        EXPECT_THAT(get(path).body,
                    HasSubstr("nothing under this path: see the API's description"));
    }
    const Response wrong = post("/v1/status", "");
    EXPECT_EQ(wrong.status, 405u);
    EXPECT_EQ(wrong.allow, "GET, HEAD");
    EXPECT_THAT(wrong.body, HasSubstr("this path does not take POST: it takes GET, HEAD"));
    EXPECT_EQ(get("/v1/apply").allow, "POST");
    EXPECT_EQ(get("/v1/apply").status, 405u);
    EXPECT_EQ(get("/v1/%zz").status, 400u);
    EXPECT_EQ(get("http://x/v1/health").status, 400u);
    EXPECT_EQ(get("/v1/hea%6Cth").status, 200u);
}

TEST_F(Routes, OperationsAndTheirLimit) {
    EXPECT_EQ(get("/v1/operations").body, R"({"limit":20})");
    EXPECT_EQ(get("/v1/operations?limit=3").body, R"({"limit":3})");
    for (const char* bad : {"-1", "1001", "x", "1x", "", "99999999999999999999"}) {
        const Response response = get(std::string("/v1/operations?limit=") + bad);
        EXPECT_EQ(response.status, 400u) << bad;
        EXPECT_NE(response.body.find(R"("where":"limit")"), std::string::npos);
    }
}

TEST_F(Routes, OneOperation) {
    post("/v1/apply", document);
    EXPECT_EQ(get("/v1/operations/1"), (Response{200, R"({"id":1})"}));
    EXPECT_EQ(get("/v1/operations/2").status, 404u);
    EXPECT_EQ(get("/v1/operations/x").status, 404u);
    EXPECT_EQ(get("/v1/operations/7/events").status, 404u);
    EXPECT_EQ(get("/v1/inventory"), (Response{200, R"({"disks":[],"arrays":[],"nics":[]})"}));
}

TEST_F(Routes, EventsAreAnsweredAtOnceWithoutWait) {
    post("/v1/apply", document);
    EXPECT_EQ(get("/v1/operations/1/events").body, R"({"events":[],"finished":false,"next":0})");
    desk_.add_event(1, "raid/data created");
    EXPECT_EQ(get("/v1/operations/1/events?after=0&wait=300").body,
              R"({"events":[{"seq":1,"what":"raid/data created"}],"finished":false,"next":1})");
}

TEST_F(Routes, ALongPollWakesWithTheEvent) {
    post("/v1/apply", document);
    auto answer = begin({.method = "GET", .target = "/v1/operations/1/events?after=0&wait=300"});
    auto other = begin({.method = "GET", .target = "/v1/operations/1/events?after=1&wait=300"});
    settle();
    ASSERT_TRUE(open(answer));
    desk_.add_event(1, "one");
    EXPECT_EQ(answer.get().body,
              R"({"events":[{"seq":1,"what":"one"}],"finished":false,"next":1})");
    settle();
    ASSERT_TRUE(open(other));
    desk_.finish(1);
    EXPECT_EQ(other.get().body, R"({"events":[],"finished":true,"next":1})");
}

TEST_F(Routes, WhatHappensBetweenOperationsCanBeWaitedFor) {
    EXPECT_EQ(get("/v1/events").body, R"({"events":[],"finished":false,"next":0})");
    auto answer = begin({.method = "GET", .target = "/v1/events?after=0&wait=300"});
    settle();
    ASSERT_TRUE(open(answer));
    desk_.add_host_event("alias/10.0.0.5/32 put back");
    const std::string one =
        R"({"events":[{"seq":1,"what":"alias/10.0.0.5/32 put back"}],"finished":false,"next":1})";
    EXPECT_EQ(answer.get().body, one);
    EXPECT_EQ(get("/v1/events?after=9007199254740991").body,
              R"({"events":[],"finished":false,"next":1})");
    EXPECT_EQ(get("/v1/events?after=x").status, 400u);
}

TEST_F(Routes, AHoldIsAnsweredWithWhatIsHeld) {
    EXPECT_EQ(post("/v1/hold", R"({"scope":"network","seconds":60})"),
              (Response{200, R"({"hold":{"network":60}})"}));
    EXPECT_EQ(post("/v1/hold", "soon").status, 400u);
    EXPECT_EQ(post("/v1/hold", R"({"seconds":60})", 1000).status, 403u) << "a stranger held it";
    EXPECT_EQ(get("/v1/hold").allow, "POST");
}

TEST_F(Routes, AddressesAreReadByAllAndChangedByRoot) {
    EXPECT_EQ(get("/v1/addresses"), (Response{200, R"({"addresses":[]})"}));
    const std::string add = R"({"add":[{"cidr":"10.0.0.5"}]})";
    EXPECT_EQ(post("/v1/addresses", add), (Response{202, R"({"operation":7})"}));
    EXPECT_EQ(post("/v1/addresses", R"({"remove":[]})"), (Response{200, R"({"operation":null})"}))
        << "nothing was begun";
    EXPECT_EQ(post("/v1/addresses", add, 1000).status, 403u);
    EXPECT_EQ(post("/v1/addresses", "[]").status, 400u);
    desk_.refuse({{Errc::conflict, "10.0.0.5/32 is wanted by link already", "/add/0/cidr"}});
    EXPECT_EQ(post("/v1/addresses", add).status, 409u);
    EXPECT_EQ(get("/v1/addresses").status, 409u);
}

TEST_F(Routes, ALongPollEndsWithItsTime) {
    post("/v1/apply", document);
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(get("/v1/operations/1/events?wait=1").body,
              R"({"events":[],"finished":false,"next":0})");
    EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(900));
}

TEST_F(Routes, WaitHasABound) {
    const Response wrong = get("/v1/status?wait=301");
    EXPECT_EQ(wrong.status, 400u);
    EXPECT_THAT(wrong.body,
                HasSubstr(R"("message":"must be a whole number from 0 to 300","where":"wait"}]})"));
}

TEST_F(Routes, StatusWaitsForAnOperation) {
    EXPECT_EQ(get("/v1/status").body, R"({"state":"idle"})");
    EXPECT_EQ(get("/v1/status?operation=1&wait=300").status, 404u);
    post("/v1/apply", document);
    EXPECT_EQ(get("/v1/status").body, R"({"state":"applying"})");
    auto named = begin({.method = "GET", .target = "/v1/status?operation=1&wait=300"});
    auto any = begin({.method = "GET", .target = "/v1/status?wait=300"});
    settle();
    ASSERT_TRUE(open(named));
    ASSERT_TRUE(open(any));
    desk_.finish(1);
    EXPECT_EQ(named.get().body, R"({"state":"idle"})");
    EXPECT_EQ(any.get().body, R"({"state":"idle"})");
}

TEST_F(Routes, StatusAtHandIsToldWhileThePoolIsAtWork) {
    desk_.have_at_hand(R"({"state":"running"})");
    std::promise<void> go_on;
    const std::shared_future<void> busy = go_on.get_future().share();
    for (std::size_t thread = 0; thread < Threads::pool_size; ++thread)
        boost::asio::post(threads_.pool, [busy] { busy.wait(); });
    EXPECT_EQ(get("/v1/status").body, R"({"state":"running"})");
    auto waits = begin({.method = "GET", .target = "/v1/status?wait=300"});
    desk_.have_at_hand(std::nullopt);
    auto asks = begin({.method = "GET", .target = "/v1/status"});
    threads_.on_io([] {});
    EXPECT_TRUE(open(waits));
    EXPECT_TRUE(open(asks));
    go_on.set_value();
    EXPECT_EQ(waits.get().body, R"({"state":"idle"})");
    EXPECT_EQ(asks.get().body, R"({"state":"idle"})");
}

TEST_F(Routes, NobodyIsAskedForACallerWhoLeft) {
    post("/v1/apply", document);
    auto answer = begin({.method = "GET", .target = "/v1/status?operation=1&wait=300"});
    settle();
    caller_.reset();
    desk_.add_event(1, "wakes it, and finds nobody");
    settle();
    // Forgotten: its Respond is destroyed uncalled.
    EXPECT_THROW(answer.get(), std::future_error);
}

TEST_F(Routes, AReplacementIsAcceptedAsAnOperation) {
    const Response accepted = post("/v1/raid/replace", R"({"disk":"S1"})");
    EXPECT_EQ(accepted.status, 202u);
    EXPECT_EQ(accepted.body, R"({"operation":8})");
    EXPECT_EQ(post("/v1/raid/replace", "{}").status, 400u);
}

TEST_F(Routes, ADiskIsLocatedAtOnce) {
    const Response lit = post("/v1/raid/locate", R"({"disk":"S1"})");
    EXPECT_EQ(lit.status, 200u);
    EXPECT_EQ(lit.body, R"({"disk":"S1","on":true,"place":"storcli64 /c0/e252/s1"})");
    EXPECT_EQ(post("/v1/raid/locate", "").status, 400u);
}

TEST_F(Routes, WhatUserDataHasPutOutIsRootsToRead) {
    EXPECT_EQ(get("/v1/user-data/log").status, 403u) << "somebody whom the socket lets in";
    const auto as_root = [&](std::string target) {
        return begin({.method = "GET", .target = std::move(target), .uid = 0}).get();
    };
    EXPECT_THAT(as_root("/v1/user-data/log").body, testing::HasSubstr(R"("text":"hel")"));
    EXPECT_THAT(as_root("/v1/user-data/log?from=3").body, testing::HasSubstr(R"("text":"lo\n")"));
    EXPECT_THAT(as_root("/v1/user-data/log?last=2&wait=5").body, testing::HasSubstr(R"("from":4)"));
    EXPECT_EQ(as_root("/v1/user-data/log?last=65537").status, 400u);
}

TEST_F(Routes, EveryPathOfTheOpenApiDescriptionIsThere) {
    std::ifstream description(METALWRIGHT_SOURCE_DIR "/schema/admin.openapi.yaml");
    std::map<std::string, std::string> paths;  // to the Allow it should have
    std::string path;
    for (std::string line; std::getline(description, line);) {
        if (line.starts_with("components:")) path.clear();
        if (line.starts_with("  /")) path = line.substr(2, line.size() - 3);
        std::string& allow = paths[path];
        if (line == "    get:") allow = "GET, HEAD";
        for (const auto& [key, method] : {std::pair("    put:", "PUT"), {"    post:", "POST"}})
            if (line == key) allow += (allow.empty() ? "" : ", ") + std::string(method);
    }
    paths.erase("");
    EXPECT_EQ(paths.size(), 21u);
    for (const auto& [named, allow] : paths) {
        std::string one = named;
        if (const auto id = one.find("{id}"); id != one.npos) one.replace(id, 4, "1");
        const Response response = begin({.method = "BREW", .target = one, .uid = 0}).get();
        EXPECT_EQ(response.status, 405u) << one;
        EXPECT_EQ(response.allow, allow) << one;
    }
}

TEST_F(Routes, TheSubscriptionEndsWithTheHandler) {
    EXPECT_EQ(desk_.subscribers(), 1u);
    threads_.on_io([&] { handler_ = nullptr; });
    EXPECT_EQ(desk_.subscribers(), 0u);
}

}  // namespace
}  // namespace metalwright::agent::api
