// Vendors' calls on their way through the engine: durable, once, and together.
#include <gmock/gmock.h>

#include <thread>

#include "tests/unit/agent/engine/engine_fixture.hpp"

namespace metalwright::engine {
namespace {

using agent::VendorReply;
using agent::VendorRequest;

class CallsTest : public EngineTest {
 protected:
    void SetUp() override {
        EngineTest::SetUp();
        ASSERT_EQ(finished(document())["state"], "running");
    }

    static VendorRequest request(std::vector<std::string> path, const json& body,
                                 std::map<std::string, std::string> query = {}) {
        return {.method = "PUT",
                .path = std::move(path),
                .query = std::move(query),
                .body = body.dump()};
    }
    static VendorRequest add_ip(const std::string& token, const json& more) {
        json body{{"instanceId", "i-1"}};
        body.update(more);
        return request({"v2", "instance", "batchAddIp"}, body, {{"clientToken", token}});
    }
    static VendorRequest alias(const std::string& token, const std::vector<std::string>& cidrs) {
        json list = json::array();
        for (const std::string& cidr : cidrs) list.push_back({{"id", "s"}, {"cidr", cidr}});
        json body{{"aliasIpSpec", {{"instanceId", "i-1"}, {"aliasIps", list}}}};
        if (!token.empty()) body["clientToken"] = token;
        return request({"v1", "regions", "r", "aliasIps"}, body);
    }
    VendorReply ended(const std::shared_ptr<agent::Desk::VendorCall>& call) {
        std::optional<VendorReply> reply;
        wait_until([&](const json&) { return (reply = call->reply(false)).has_value(); });
        return *reply;
    }
    VendorReply call(const VendorRequest& request) { return ended(engine_->call(request)); }
    /// What is wanted of the network, as the last operation has it.
    netcfg::Wanted wants() {
        finished();
        return machine_.last_network;
    }
    static json result(const VendorReply& reply) { return json::parse(reply.body); }
};

TEST_F(CallsTest, ATokenIsDoneOnceAlsoAfterARestart) {
    const VendorRequest first = add_ip("t", {{"privateIps", {"10.0.1.60"}}});
    EXPECT_EQ(result(call(first))["privateIps"], json({"10.0.1.60"}));
    EXPECT_TRUE(machine_.made.contains("secondary/10.0.1.60/32"));
    const std::size_t applied = machine_.log.size();
    const auto operations = store_->operations(100)->size();
    EXPECT_EQ(result(call(first))["privateIps"], json({"10.0.1.60"}));
    start();
    finished();
    const auto after = store_->operations(100)->size();
    EXPECT_EQ(result(call(first))["privateIps"], json({"10.0.1.60"}));
    EXPECT_EQ(store_->operations(100)->size(), after);
    EXPECT_EQ(machine_.log.size(), applied);
    EXPECT_GE(after, operations);

    const VendorReply other = call(add_ip("t", {{"privateIps", {"10.0.1.61"}}}));
    EXPECT_EQ(other.status, 403u);
    EXPECT_EQ(result(other)["code"], "IdempotentParameterMismatch");
    EXPECT_EQ(call(alias("t", {"10.0.1.70/32"})).status, 200u) << "another vendor's token";
}

TEST_F(CallsTest, ATokenOfBaiduIsForgottenADayAfterItCameLast) {
    const VendorRequest first = add_ip("t", {{"privateIps", {"10.0.1.60"}}});
    EXPECT_EQ(call(first).status, 200u);
    constexpr std::int64_t hour = 3'600'000;
    now_ += 23 * hour;
    EXPECT_EQ(call(first).status, 200u);
    now_ += 23 * hour;  // 46 after the first
    EXPECT_EQ(call(first).status, 200u);
    now_ += 24 * hour;
    EXPECT_EQ(result(call(first))["code"], "PrivateIpInUseException") << "it was a new request";
}

TEST_F(CallsTest, ManyAtOnceAreOneOperationAndEachIsToldItsOwn) {
    std::vector<std::shared_ptr<agent::Desk::VendorCall>> calls(40);
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 40; ++i)
            threads.emplace_back([&, i] {
                calls[static_cast<std::size_t>(i)] =
                    engine_->call(alias("", {"10.0.1." + std::to_string(60 + i % 39) + "/32"}));
            });
    }
    std::size_t given = 0, refused = 0;
    for (const auto& one : calls) {
        const json told = result(ended(one))["result"];
        given += told["successList"].size();
        refused += told["errorList"].size();
    }
    EXPECT_EQ(given, 39u);
    EXPECT_EQ(refused, 1u) << "two wanted the same";
    EXPECT_LT(store_->operations(1000)->size(), 41u);
}

TEST_F(CallsTest, OneThatCannotBeSetIsNotWantedAnyLonger) {
    machine_.breaks["alias/10.0.1.61/32"] = {Errc::kernel_refused, "no room for it"};
    const json told = result(call(alias("t", {"10.0.1.60/32", "10.0.1.61/32"})))["result"];
    EXPECT_EQ(told["successList"][0]["cidr"], "10.0.1.60/32");
    EXPECT_EQ(told["errorList"][0]["message"], "no room for it");
    machine_.breaks.clear();
    wait_until([&](const json&) { return store_->open_calls()->empty(); });
    const netcfg::Wanted wanted = wants();
    for (const netcfg::Alias& alias : *wanted.aliases) EXPECT_NE(alias.cidr.text(), "10.0.1.61/32");
    EXPECT_EQ(result(call(alias("t", {"10.0.1.60/32"})))["result"], told) << "the first result";
}

TEST_F(CallsTest, AllOrNothingLeavesNothing) {
    machine_.breaks["secondary/10.0.1.61/32"] = {Errc::kernel_refused, "no room for it"};
    const VendorReply reply = call(add_ip("t", {{"privateIps", {"10.0.1.60", "10.0.1.61"}}}));
    EXPECT_EQ(reply.status, 500u);
    EXPECT_THAT(result(reply)["message"].get<std::string>(), testing::HasSubstr("no room for it"));
    const netcfg::Wanted wanted = wants();
    for (const netcfg::Alias& alias : *wanted.aliases)
        EXPECT_NE(alias.kind, netcfg::Kind::secondary) << alias.cidr.text();
}

TEST_F(CallsTest, OneThatThePlanRefusesIsToldAndNotWanted) {
    machine_.refuses["alias/10.0.1.61/32"] = {Errc::unsupported, "not on this NIC"};
    const json refused = result(call(alias("u", {"10.0.1.61/32"})))["result"];
    EXPECT_EQ(refused["errorList"][0]["message"], "not on this NIC");
}

TEST_F(CallsTest, WhatIsToBeTakenBackIsTakenBackAfterACrash) {
    machine_.breaks["secondary/10.0.1.61/32"] = {Errc::kernel_refused, "no room for it"};
    call(add_ip("t", {{"privateIps", {"10.0.1.61"}}}));
    // As if the crash had come between the end of its operation and this.
    auto known = *store_->call("baidu", "t");
    ASSERT_TRUE(known && known->undo.empty());
    EXPECT_EQ(call(add_ip("u", {{"privateIps", {"10.0.1.62"}}})).status, 200u);
    auto other = *store_->call("baidu", "u");
    other->undo = R"(["secondary/10.0.1.62/32"])";
    ASSERT_TRUE(store_->note({.calls = {*other}}));
    start();
    wait_until([&](const json&) { return store_->open_calls()->empty(); });
    finished();
    const netcfg::Wanted wanted = wants();
    for (const netcfg::Alias& alias : *wanted.aliases) EXPECT_NE(alias.cidr.text(), "10.0.1.62/32");
}

TEST_F(CallsTest, WithoutAnInstanceThereIsNothingToAddTo) {
    finished(
        R"({"apiVersion":"metalwright/v1","host":{"id":"host-1"},"release":{"instanceId":"i-1"}})");
    EXPECT_EQ(call(alias("", {"10.0.1.60/32"})).status, 404u);
    EXPECT_EQ(call(add_ip("t", {{"privateIps", {"10.0.1.60"}}})).status, 404u);
    EXPECT_FALSE(*store_->call("baidu", "t")) << "what was refused is no first result";
}

TEST_F(CallsTest, RefusalsOfWhoKnowsNoSuchOperationAreFramed) {
    const VendorReply reply =
        call({.method = "POST", .path = {"api", "v2", "bmc"}, .action = "Reboot"});
    EXPECT_EQ(reply.status, 404u);
    EXPECT_EQ(result(reply)["requestId"], reply.request_id);
}

}  // namespace
}  // namespace metalwright::engine
