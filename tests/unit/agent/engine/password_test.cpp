// Passwords: given, drawn, set anew; and what is done once done once more.
#include "tests/unit/agent/engine/engine_fixture.hpp"
#include "tests/unit/agent/rsa_public_key.hpp"

namespace metalwright::engine {
namespace {

using tests::rsa_public_key;

json with_drawn() {
    return {{"generatePassword", {{"publicKey", rsa_public_key}}}};
}

std::string reset(const json& password, int generation, const std::string& instance = "i-1") {
    json document =
        json::parse(R"({"apiVersion":"metalwright/v1","host":{"id":"host-1"},"resetPassword":{}})");
    document["generation"] = generation;
    document["resetPassword"] = password;
    document["resetPassword"]["instanceId"] = instance;
    return document.dump();
}

TEST_F(EngineTest, APlanWithAPlainPasswordSaysThatItWouldBeSet) {
    const auto planned = engine_->plan({"admin", document({{"password", "a long phrase"}}), {}});
    ASSERT_TRUE(planned);
    EXPECT_EQ(outcome(json::parse(*planned), "password"), "planned") << *planned;
    EXPECT_EQ(planned->find("a long phrase"), std::string::npos);
}

TEST_F(EngineTest, ADrawnPasswordIsToldOnceAndEncrypted) {
    const auto accepted = engine_->submit({"admin", document(with_drawn()), {}});
    ASSERT_TRUE(accepted) << describe(accepted.error().front());
    finished();
    const json told = reports("accepted").at(0)["password"];
    EXPECT_EQ(told["algorithm"], "RSA-OAEP-256");
    EXPECT_EQ(told["encrypted"], accepted->sealed_password);
    EXPECT_EQ(told["encrypted"].get<std::string>().size(), 344u);
    ASSERT_EQ(machine_.password_hashes.size(), 1u);
    EXPECT_TRUE(machine_.password_hashes[0].starts_with("$y$"));

    // The same order again is a verification; another order of the same instance draws none either.
    EXPECT_EQ(engine_->submit({"admin", document(with_drawn()), {}})->sealed_password, "");
    finished();
    json other = with_drawn();
    other["hostname"] = "node-b";
    EXPECT_EQ(engine_->submit({"admin", document(other), {}})->sealed_password, "");
    finished();
    EXPECT_EQ(machine_.password_hashes.size(), 1u);
    std::vector<json> accepted_reports = reports("accepted");
    EXPECT_EQ(accepted_reports.size(), 3u);
    std::erase_if(accepted_reports, [](const json& r) { return !r.contains("password"); });
    EXPECT_EQ(accepted_reports.size(), 1u);
}

TEST_F(EngineTest, AnOutboxAtItsBoundKeepsADrawnPassword) {
    const std::string filler(100'000, 'x');
    for (int i = 0; i < 11; ++i)
        ASSERT_TRUE(store_->report(json{{"kind", "filler"}, {"x", filler}}.dump(), 1));
    ASSERT_FALSE(store_->outbox_full());
    accept(document());
    finished();
    EXPECT_TRUE(reports("accepted").empty()) << "what the final report repeats is left out";
    accept(reset({{"generatePassword", {{"publicKey", rsa_public_key}}}}, 2));
    finished();
    ASSERT_EQ(reports("accepted").size(), 1u);
    EXPECT_TRUE(reports("accepted")[0].contains("password"));
}

TEST_F(EngineTest, AResetSetsThePasswordAnewAndLeavesTheOrderInForce) {
    const std::string order = document({{"passwordHash", "$6$salt$firsthashofit"}});
    accept(order, 1);
    finished();
    const std::string deed = reset({{"passwordHash", "$6$salt$otherhashofit"}}, 2);
    const std::int64_t id = accept(deed);
    const json status = finished();
    EXPECT_EQ(status["operation"], id);
    EXPECT_EQ(status["state"], "running");
    EXPECT_EQ(outcome(status, "password"), "changed");
    EXPECT_EQ(outcome(status, "raid/data"), "unchanged");
    EXPECT_EQ(machine_.password_hashes.back(), "$6$salt$otherhashofit");
    EXPECT_EQ((*store_->operation(id))->consent, "") << "the hash goes with the operation";

    EXPECT_TRUE(engine_->submit({"admin", deed, {}})->repeated);
    const std::size_t set = machine_.password_hashes.size();
    accept(order, 3);  // the order again: what was done once stays done
    finished();
    start();
    finished();
    EXPECT_EQ(machine_.password_hashes.size(), set);

    const auto stranger =
        engine_->submit({"admin", reset({{"password", "a long phrase"}}, 4, "i-9"), {}});
    ASSERT_FALSE(stranger);
    EXPECT_EQ(stranger.error().front().where, "/resetPassword/instanceId");
}

TEST_F(EngineTest, AResetTellsADrawnPasswordAndPlansIt) {
    accept(document());
    finished();
    const std::string deed = reset({{"generatePassword", {{"publicKey", rsa_public_key}}}}, 2);
    const auto planned = engine_->plan({"admin", deed, {}});
    ASSERT_TRUE(planned);
    EXPECT_EQ(json::parse(*planned)["items"][0]["item"], "password");
    const auto accepted = engine_->submit({"admin", deed, {}});
    ASSERT_TRUE(accepted);
    EXPECT_EQ(accepted->sealed_password.size(), 344u);
    EXPECT_EQ(outcome(finished(), "password"), "changed");
}

TEST_F(EngineTest, AResetThatWasCutOffIsDoneAtTheNextStart) {
    accept(document());
    finished();
    EXPECT_TRUE(engine_->stop(10s));
    accept(reset({{"passwordHash", "$6$salt$otherhashofit"}}, 2));
    start();
    EXPECT_EQ(outcome(finished(), "password"), "changed");
    EXPECT_EQ(machine_.password_hashes.back(), "$6$salt$otherhashofit");
}

json reinstall(const std::string& token) {
    json order = with_script;
    order["operation"] = {{"token", token}, {"reinstall", true}};
    order["passwordHash"] = "$6$salt$firsthashofit";
    return order;
}

TEST_F(EngineTest, AReinstallDoesOnceMoreWhatIsDoneOnce) {
    json first = reinstall("t-1");
    first["operation"].erase("reinstall");
    machine_.next_script = {.state = cloudinit::ScriptState::exited, .exit_code = 0};
    EXPECT_EQ(finished(document(first))["userData"]["state"], "exited");
    EXPECT_EQ(machine_.launches, 1);
    machine_.next_script = {.state = cloudinit::ScriptState::exited, .exit_code = 3};
    const json again = finished(document(reinstall("t-2")));
    EXPECT_EQ(again["userData"]["exitCode"], 3);
    EXPECT_EQ(again["state"], "failed") << "it has not been running since";
    EXPECT_EQ(machine_.launches, 2);
    EXPECT_EQ(machine_.password_hashes.size(), 2u);
    EXPECT_TRUE(engine_->submit({"admin", document(reinstall("t-2")), {}})->repeated);
    start();
    finished();
    EXPECT_EQ(machine_.launches, 2) << "never a re-apply";
}

TEST_F(EngineTest, AReinstallWaitsUntilNothingIsUnderWay) {
    accept(document(with_script));
    wait_until([](const json& s) { return s["userData"]["state"] == "started"; });
    const auto refused = engine_->submit({"admin", document(reinstall("t-2")), {}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().front().where, "/operation/reinstall");
}

TEST_F(EngineTest, AReleaseEndsUserDataThatStillRuns) {
    json order = with_script;
    order["userData"]["onInterrupted"] = "rerun";
    order["passwordHash"] = "$6$salt$firsthashofit";
    accept(document(order));
    wait_until([](const json& s) { return s["userData"]["state"] == "started"; });
    const json status = finished(
        R"({"apiVersion":"metalwright/v1","host":{"id":"host-1"},"release":{"instanceId":"i-1"}})");
    EXPECT_EQ(status["state"], "idle");
    EXPECT_EQ(machine_.stopped_scripts, 1);
    EXPECT_EQ(outcome(status, "password"), "changed") << "it has ended before its work was done";
    std::vector<std::string> ended;
    for (const json& report : reports("finished")) ended.push_back(report["operationKind"]);
    EXPECT_EQ(ended, (std::vector<std::string>{"apply", "release"}));
    EXPECT_EQ(reports("userData").back()["userData"]["state"], "interrupted");
    EXPECT_EQ((*store_->script("i-1"))->bytes, "");
    EXPECT_EQ(machine_.launches, 1) << "it was begun again for a tenant who has left";
}

}  // namespace
}  // namespace metalwright::engine
