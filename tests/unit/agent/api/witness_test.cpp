#include "agent/api/witness.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "agent/api/routes.hpp"
#include "agent/api/signed_door.hpp"
#include "agent/audit/reading.hpp"
#include "tests/fakes/fake_desk.hpp"
#include "tests/unit/agent/api/running_server.hpp"

namespace metalwright::agent::api {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr unsigned daemon_uid = 990;
constexpr const char* batch_add = "/v1/instance/batchAddIp";

/// The routes with a trail in a folder of its own.
class WrittenDown : public testing::Test {
 protected:
    WrittenDown() {
        handler_ =
            routes(desk_, threads_.io, threads_.pool, daemon_uid, [] { return 77u; }, &trail_);
    }
    ~WrittenDown() override {
        threads_.on_io([&] { handler_ = nullptr; });
        threads_.end();
    }

    Response ask(Request request) { return ask(handler_, std::move(request)); }
    Response ask(const Handler& handler, Request request) {
        return begin(handler, std::move(request)).get();
    }
    std::future<Response> begin(const Handler& handler, Request request) {
        auto answer = std::make_shared<std::promise<Response>>();
        request.caller = caller_;
        boost::asio::post(threads_.io, [&handler, answer, request = std::move(request)] {
            handler(request,
                    [answer](Response response) { answer->set_value(std::move(response)); });
        });
        return answer->get_future();
    }
    /// A vendor's call that has ended.
    Response call(Request request) {
        const std::size_t before = desk_.calls().size();
        auto answer = begin(handler_, std::move(request));
        while (desk_.calls().size() == before)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        desk_.end_calls({200, "{}", "id"});
        return answer.get();
    }
    static Request by(unsigned uid, std::string method, std::string target, std::string body = {}) {
        return {.method = std::move(method),
                .target = std::move(target),
                .body = std::move(body),
                .uid = uid,
                .gid = 5,
                .pid = 4242,
                .groups = {5, 77}};
    }
    std::vector<nlohmann::json> lines() const {
        std::vector<nlohmann::json> lines;
        const auto texts = audit::newest(directory_.path(), 1000, "").value();
        for (const std::string& line : texts) lines.push_back(nlohmann::json::parse(line));
        return lines;
    }
    std::string text() const {
        std::ostringstream all;
        all << std::ifstream(directory_.path() / audit::file_name).rdbuf();
        return all.str();
    }

    TempDir directory_;
    audit::Trail trail_{{.directory = directory_.path(), .clock = [] { return 0; }}};
    std::shared_ptr<int> caller_ = std::make_shared<int>(0);
    FakeDesk desk_;
    Threads threads_;
    Handler handler_;
};

TEST_F(WrittenDown, WhoChangesTheHostStandsThereBeforeTheAnswerComes) {
    ASSERT_EQ(ask(by(0, "POST", "/v1/apply", "{}")).status, 202u);
    const auto all = lines();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0]["who"].dump(), R"({"door":"admin","gid":5,"pid":4242,"uid":0})");
    EXPECT_EQ(all[0]["did"], "POST /v1/apply");
    EXPECT_EQ(all[0]["status"], 202);
    EXPECT_EQ(all[0]["operation"], 1);
    EXPECT_EQ(all[0]["generation"], 1);
    EXPECT_EQ(all[0]["instance"], "i-1");
}

TEST_F(WrittenDown, EveryRefusalStandsThereWithItsReason) {
    EXPECT_EQ(ask(by(1000, "POST", "/v1/apply", "{}")).status, 403u);
    EXPECT_EQ(ask(by(1000, "PUT", "/v1/status")).status, 403u);
    EXPECT_EQ(ask(by(0, "PUT", "/v1/status")).status, 405u);
    EXPECT_EQ(ask(by(0, "POST", "/v1/nothing")).status, 404u);
    EXPECT_EQ(ask(by(0, "POST", "/%zz")).status, 400u);
    EXPECT_EQ(ask(by(0, "POST", "/v1/raid/locate")).status, 400u);
    desk_.refuse({{Errc::conflict, "another instance is in force"}});
    EXPECT_EQ(ask(by(0, "PUT", "/v1/spec", "{}")).status, 409u);
    std::vector<std::string> told;
    for (const auto& line : lines())
        told.push_back(std::to_string(line["status"].get<int>()) + ' ' + line.value("code", ""));
    EXPECT_THAT(
        told, testing::ElementsAre("403 refused", "403 refused", "405 unsupported", "404 not_found",
                                   "400 invalid_spec", "400 invalid_spec", "409 conflict"));
    EXPECT_EQ(lines()[0]["who"]["uid"], 1000);
}

TEST_F(WrittenDown, WhatIsNobodysIsRefusedAndStandsThereEvenIfItOnlyLooks) {
    for (const char* target : {"/v1/status", "/v1/apply", "/v1/instance/batchAddIp", "/x"}) {
        for (const char* method : {"GET", "POST"}) {
            Request torn = by(0, method, target);
            torn.unsound = "the request came from several processes";
            const Response answer = ask(std::move(torn));
            EXPECT_EQ(answer.status, 403u) << target;
            EXPECT_THAT(answer.body, HasSubstr("several processes"));
        }
    }
    EXPECT_TRUE(desk_.calls().empty());
    EXPECT_EQ(lines().size(), 8u);
}

TEST_F(WrittenDown, WhoOnlyLooksDoesNotStandThere) {
    for (const char* path : {"/v1/status", "/v1/operations", "/v1/inventory", "/healthz", "/x"}) {
        ask(by(0, "GET", path));
        ask(by(1000, "GET", path));
    }
    EXPECT_TRUE(lines().empty());
}

TEST_F(WrittenDown, WhoReadsSecretsStandsThere) {
    EXPECT_EQ(ask(by(0, "GET", "/v1/user-data/log?from=3")).status, 200u);
    EXPECT_EQ(ask(by(1000, "GET", "/v1/spec")).status, 403u);
    Request head = by(0, "GET", "/v1/spec");
    head.head = true;
    ask(std::move(head));
    const auto all = lines();
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0]["did"], "GET /v1/user-data/log");
    EXPECT_EQ(all[1]["status"], 403);
    EXPECT_EQ(all[2]["did"], "HEAD /v1/spec");
}

TEST_F(WrittenDown, NoSecretStandsThere) {
    Request request = by(0, "POST", "/v1/apply?token=s3cret-query",
                         R"({"password":"s3cret-password","userData":"s3cret-script"})");
    request.headers = {{"Authorization", "Bearer s3cret-token"}};
    ask(request);
    desk_.refuse({{Errc::invalid_spec, "s3cret-message"}});
    ask(request);
    request.target = std::string(batch_add) + "?clientToken=s3cret-client";
    request.method = "PUT";
    EXPECT_EQ(call(request).status, 200u);
    EXPECT_EQ(lines().size(), 3u);
    EXPECT_THAT(text(), Not(HasSubstr("s3cret")));
}

TEST_F(WrittenDown, AVendorsCallStandsThereWithTheKeyThatSignedIt) {
    Request request = by(0, "PUT", batch_add, "{}");
    request.remote = true;
    request.vendor = "baidu";
    request.key = "AK-of-this-host";
    request.address = "192.0.2.1";
    EXPECT_EQ(call(std::move(request)).status, 200u);
    const auto all = lines();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0]["who"].dump(),
              R"({"address":"192.0.2.1","door":"tcp","key":"AK-of-this-host","vendor":"baidu"})");
}

TEST_F(WrittenDown, AnUnsignedCallOverTcpStandsThereAsRefused) {
    Handler door = signed_door(
        handler_, threads_.io, threads_.pool,
        {.keys_file = directory_.path() / "none", .clock = [] { return 0; }, .trail = &trail_});
    Request request = by(0, "POST", "/v1/apply", "{}");
    request.remote = true;
    request.address = "192.0.2.1";
    EXPECT_EQ(ask(door, request).status, 404u);
    const auto all = lines();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0]["who"].dump(), R"({"address":"192.0.2.1","door":"tcp"})");
    EXPECT_EQ(all[0]["code"], "not_found");
    threads_.on_io([&] { door = nullptr; });
}

TEST_F(WrittenDown, AFloodOfStrangersLeavesRoomForRoot) {
    for (int i = 0; i < 100; ++i) ask(by(1000, "POST", "/v1/apply"));
    ask(by(0, "POST", "/v1/apply", "{}"));
    EXPECT_EQ(lines().size(), 61u);
    EXPECT_EQ(lines().back()["leftOut"], 40);
}

TEST_F(WrittenDown, AFullDiskKeepsNobodyFromAnAnswer) {
    audit::Trail full({.directory = "/nowhere", .clock = [] { return 0; }});
    Handler handler =
        routes(desk_, threads_.io, threads_.pool, daemon_uid, [] { return 77u; }, &full);
    EXPECT_EQ(ask(handler, by(0, "POST", "/v1/apply", "{}")).status, 202u);
    threads_.on_io([&] { handler = nullptr; });
}

TEST_F(WrittenDown, WhoHangsUpBeforeTheAnswerStandsThereToo) {
    const Witness witness(&trail_, threads_.pool);
    {
        const Respond dropped =
            witness.before([](const Response&) {}, by(0, "POST", "/v1/arm"), false);
    }
    ASSERT_EQ(lines().size(), 1u);
    EXPECT_FALSE(lines()[0].contains("status"));
}

}  // namespace
}  // namespace metalwright::agent::api
