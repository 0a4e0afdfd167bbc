// What the native API asks of the engine beside documents and status: an operation's early end, the
// document in force, what was handed out.

#include <gmock/gmock.h>

#include "tests/unit/agent/engine/engine_fixture.hpp"

namespace metalwright::engine {
namespace {

using testing::HasSubstr;

const json two_arrays = json::parse(R"({"storage": {"arrays": [
    {"name": "data", "level": "raid1", "members": {"count": 2}},
    {"name": "more", "level": "raid1", "members": {"count": 2}}]}})");

class NativeTest : public EngineTest {
 protected:
    json operation(std::int64_t id) { return json::parse(*engine_->operation(id)); }
    static std::string outcome_of(const json& operation, const std::string& item) {
        for (const json& one : operation["items"])
            if (one["item"] == item) return one["outcome"];
        return "absent";
    }
};

TEST_F(NativeTest, AnOperationEndsAtItsNextStepAndCanBeCarriedOn) {
    std::string said;
    machine_.in_hand = [&](const std::string& item) {
        if (item != "raid/data") return;
        const auto ending = engine_->cancel(1);
        said = ending ? std::string(json::parse(*ending)["state"]) : describe(ending.error());
    };
    json more = two_arrays;
    more.merge_patch(with_script);
    const json ended = finished(document(more));
    EXPECT_EQ(said, "cancelling");
    EXPECT_EQ(ended["state"], "failed") << ended.dump(2);
    EXPECT_EQ(outcome(ended, "raid/data"), "changed") << "what was in hand is done";
    EXPECT_EQ(outcome(ended, "raid/more"), "failed");
    EXPECT_THAT(ended.dump(), HasSubstr("operation 1 was cancelled: apply the document again"));
    EXPECT_EQ(machine_.launches, 0);
    EXPECT_EQ(engine_->cancel(1).error().code, Errc::conflict);
    EXPECT_EQ(engine_->cancel(99).error().code, Errc::not_found);

    machine_.in_hand = [](const std::string&) {};
    machine_.script = {.state = cloudinit::ScriptState::exited, .exit_code = 0};
    more["operation"]["token"] = "again";
    const json again = finished(document(more));
    EXPECT_EQ(again["state"], "running") << again.dump(2);
    EXPECT_EQ(machine_.launches, 1);
}

TEST_F(NativeTest, OneThatHasNotBegunNeverDoesAlsoAfterAPowerCut) {
    ASSERT_TRUE(engine_->stop(5s));
    const std::int64_t id = accept(document());
    ASSERT_TRUE(engine_->cancel(id));
    EXPECT_EQ(operation(id)["state"], "cancelling");
    start();
    const json ended = finished();
    EXPECT_EQ(ended["state"], "failed");
    EXPECT_EQ(outcome(ended, "operation"), "failed");
    EXPECT_TRUE(machine_.log.empty());
}

TEST_F(NativeTest, AHoldKeepsNobodyFromCancelling) {
    ASSERT_TRUE(engine_->set_hold(R"({"scope":"all","seconds":3600})"));
    const std::int64_t id = accept(document());
    ASSERT_TRUE(engine_->cancel(id));
    EXPECT_EQ(finished()["operation"], id);
    EXPECT_TRUE(machine_.log.empty());
}

TEST_F(NativeTest, UserDataThatHasBegunIsNotCancelled) {
    machine_.script = {.state = cloudinit::ScriptState::started};
    const std::int64_t id = accept(document(with_script));
    wait_until([](const json& status) { return status["userData"]["state"] == "started"; });
    const auto refused = engine_->cancel(id);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("a release of the instance ends the script"));
    machine_.script_ends({.state = cloudinit::ScriptState::exited, .exit_code = 0});
    EXPECT_EQ(finished()["state"], "running");
}

TEST_F(NativeTest, TheDocumentInForceIsToldAsItCanBeSentAgain) {
    EXPECT_EQ(engine_->in_force("admin").error().code, Errc::not_found);
    finished(document({{"operation", {{"token", "t-1"}}}}));
    const auto told = engine_->in_force("admin");
    ASSERT_TRUE(told);
    EXPECT_EQ(told->generation, 1u);
    const json native = json::parse(told->document);
    EXPECT_EQ(native["hostname"], "node-a");
    EXPECT_FALSE(native.contains("operation")) << "a token is of one request";
    // Sent again it is the same order.
    EXPECT_TRUE(engine_->submit({"admin", told->document})) << told->document;
    EXPECT_EQ(json::parse(engine_->in_force("admin")->document), native);
}

TEST_F(NativeTest, ADocumentThatSomebodyElseHasReplacedIsNotReplaced) {
    const auto submit = [&](agent::Replaces what, const std::string& name) {
        return engine_->submit({.source = "admin",
                                .document = document({{"hostname", name}}),
                                .replaces = std::move(what)});
    };
    const auto early = submit({.generations = {1}}, "a");
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().front().where, agent::not_replaced);
    ASSERT_TRUE(submit({.nothing = true}, "a"));
    EXPECT_FALSE(submit({.nothing = true}, "b"));
    EXPECT_FALSE(submit({.generations = {7}}, "b"));
    const auto second = submit({.generations = {7, 1}}, "b");
    ASSERT_TRUE(second);
    EXPECT_EQ(second->generation, 2u);
    ASSERT_TRUE(submit({.anything = true}, "c"));
    finished();
}

TEST_F(NativeTest, WhatWasHandedOutIsTold) {
    options_.pools = {*netcfg::Prefix::parse("10.0.5.0/29")};
    start();
    EXPECT_EQ(*engine_->leases(), R"({"leases":[]})");
    finished(document({{"network", {{"secondaryCount", {{"ipv4", 1}}}}}}));
    EXPECT_EQ(*engine_->leases(),
              R"({"leases":[{"address":"10.0.5.1","kind":"secondary","source":"admin","id":null,)"
              R"("state":"in-force"}]})");
}

TEST_F(NativeTest, ReadyIsWhoTakesDocuments) {
    EXPECT_TRUE(engine_->ready());
    ASSERT_TRUE(engine_->stop(5s));
    EXPECT_EQ(engine_->ready().error().code, Errc::unavailable);
}

}  // namespace
}  // namespace metalwright::engine
