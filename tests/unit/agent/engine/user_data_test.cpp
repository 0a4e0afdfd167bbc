// What becomes of a run of user data: begun again, told, streamed, forgotten.
#include "tests/unit/agent/engine/engine_fixture.hpp"

namespace metalwright::engine {
namespace {

TEST_F(EngineTest, AnInterruptedRunIsBegunAgainWhereTheOrderSaysSoAndNotForEver) {
    json order = with_script;
    order["userData"]["onInterrupted"] = "rerun";
    accept(document(order));
    wait_until([](const json& s) { return s["userData"]["state"] == "started"; });
    for (int time = 2; time <= 4; ++time) {
        machine_.script_ends({.state = cloudinit::ScriptState::interrupted});
        start();
        wait_until([&](const json&) { return machine_.launches == time; });
    }
    machine_.script_ends({.state = cloudinit::ScriptState::interrupted});
    start();
    EXPECT_EQ(finished()["userData"]["state"], "interrupted");
    EXPECT_EQ(machine_.launches, 4) << "three times more, at most";
}

TEST_F(EngineTest, MarksOfARunThatTheStoreDoesNotKnowAreNeverCleared) {
    json order = with_script;
    order["userData"]["onInterrupted"] = "rerun";
    machine_.markers = true;  // an older copy of the store was put back
    machine_.script_ends({.state = cloudinit::ScriptState::interrupted});
    EXPECT_EQ(finished(document(order))["userData"]["state"], "unknown");
    EXPECT_EQ(machine_.launches, 0);
}

TEST_F(EngineTest, AScriptRunsAfterAFailureWhereTheOrderSaysSo) {
    machine_.breaks["alias/10.0.1.52/32"] = {Errc::kernel_refused, "no"};
    EXPECT_EQ(finished(document(with_script))["userData"]["state"], "pending");
    EXPECT_EQ(machine_.launches, 0);
    json order = with_script;
    order["instance"]["id"] = "i-1";
    order["userData"]["afterFailure"] = "run";
    machine_.script_ends({.state = cloudinit::ScriptState::exited, .exit_code = 0});
    // The run that waits is as it was ordered; only another instance's is as ordered now.
    finished(
        R"({"apiVersion":"metalwright/v1","host":{"id":"host-1"},"release":{"instanceId":"i-1"}})");
    order["instance"]["id"] = "i-2";
    EXPECT_EQ(finished(document(order))["userData"]["state"], "exited");
    EXPECT_EQ(machine_.launches, 1);
}

TEST_F(EngineTest, UserDataThatThisHostCannotRunIsRefusedWhenItIsOrdered) {
    machine_.unrunnable = Error{Errc::not_found, "its interpreter, /usr/bin/ruby, is not here"};
    const auto refused = engine_->submit({"admin", document(with_script), {}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().front().code, Errc::invalid_spec);
    EXPECT_EQ(refused.error().front().where, "/userData/base64");
}

TEST_F(EngineTest, TheReportHoldsTheEndOfTheOutputAndHowOftenItWasTried) {
    machine_.script_says("it worked\n");
    machine_.script_ends({.state = cloudinit::ScriptState::exited, .exit_code = 0, .attempts = 2});
    finished(document(with_script));
    json told;
    const auto unsent = store_->unsent(100);
    for (const store::Report& report : *unsent)
        if (json body = json::parse(report.body); body["kind"] == "userData")
            told = body["userData"];
    EXPECT_EQ(told["output"], "it worked\n");
    EXPECT_EQ(told["attempts"], 2);
    const json log = json::parse(engine_->script_log(-7).value());
    EXPECT_EQ(log["text"], "worked\n");
    EXPECT_EQ(log["ended"], true);
}

TEST_F(EngineTest, OutputIsStreamedWholeInBoundedPiecesWhereTheOrderSaysSo) {
    json order = with_script;
    order["userData"]["stream"] = true;
    accept(document(order));
    wait_until([](const json& s) { return s["userData"]["state"] == "started"; });
    std::string output;
    for (int i = 0; i < 3000; ++i) output += "line " + std::to_string(i) + "\n";
    machine_.script_says(output);
    machine_.script_ends({.state = cloudinit::ScriptState::exited, .exit_code = 0});
    finished();
    std::string streamed;
    const auto unsent = store_->unsent(1000);
    for (const store::Report& report : *unsent) {
        const json body = json::parse(report.body);
        if (body["kind"] != "userDataOutput") continue;
        EXPECT_EQ(body["from"], streamed.size());
        streamed += body["text"].get<std::string>();
        EXPECT_LE(body["text"].get<std::string>().size(), 4096u);
    }
    EXPECT_EQ(streamed, output);
}

TEST_F(EngineTest, AMarkThatCannotBeWrittenLeavesUserDataWaiting) {
    finished(document());
    const auto mark = directory_ / "host-in-use";
    std::filesystem::remove(mark);
    std::filesystem::create_directories(mark / "in-the-way");
    const json kept = finished(document(with_script));
    EXPECT_EQ(kept["userData"]["state"], "pending");
    EXPECT_EQ(machine_.launches, 0);
    std::filesystem::remove_all(mark);
    machine_.next_script = {.state = cloudinit::ScriptState::exited, .exit_code = 0};
    EXPECT_EQ(finished(document(with_script))["userData"]["state"], "exited");
    EXPECT_EQ(machine_.launches, 1);
}

TEST_F(EngineTest, WhatIsSecretInAnOrderIsForgottenWithTheRun) {
    json order = with_script;
    order["userData"]["secrets"]["TOKEN"] = "s3cr3t-t0ken";
    accept(document(order));
    wait_until([](const json& s) { return s["userData"]["state"] == "started"; });
    EXPECT_NE((*store_->script("i-1"))->run_order.find("s3cr3t-t0ken"), std::string::npos);
    machine_.script_ends({.state = cloudinit::ScriptState::exited, .exit_code = 0});
    finished();
    EXPECT_EQ((*store_->script("i-1"))->run_order, "");
}

}  // namespace
}  // namespace metalwright::engine
