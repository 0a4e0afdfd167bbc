#include "agent/cli/step_feed.hpp"
#include "tests/unit/agent/cli/cli_fixture.hpp"

namespace metalwright::agent::cli {
namespace {

using Manner = ScriptedDaemon::Answer::Manner;
using testing::Test;

constexpr auto accepted =
    R"({"operation":7,"generation":3,"instance":"i-1","repeated":false,"finished":false})";
constexpr auto first_events = R"({"events":[
  {"seq":1,"kind":"intent","item":"raid/data","why":"create RAID 1 'data' over D0, D1"},
  {"seq":2,"kind":"progress","item":"raid/data","percent":4.0,"note":"resync"},
  {"seq":3,"kind":"progress","item":"raid/data","percent":31.5,"note":"resync"}],
  "next":3,"finished":false})";
constexpr auto last_events = R"({"events":[
  {"seq":4,"kind":"outcome","item":"raid/data","outcome":"changed","error":null,"tookMs":61234},
  {"seq":5,"kind":"outcome","item":"address/eth0/10.0.0.5/24","outcome":"failed","tookMs":3,
   "error":{"code":"kernel_refused","message":"Nexthop has invalid gateway","where":"eth0"}},
  {"seq":6,"kind":"userData","item":"userData","state":"pending"},
  {"seq":7,"kind":"userData","item":"userData","state":"started"},
  {"seq":8,"kind":"userData","item":"userData","state":"exited","exitCode":0},
  {"seq":9,"kind":"state","state":"done"}],
  "next":6,"finished":true})";
constexpr auto no_events = R"({"events":[],"next":6,"finished":true})";
constexpr auto operation_done = R"({"id":7,"source":"admin","kind":"apply","state":"done",
  "generation":3,"instance":"i-1","acceptedAt":"2026-11-21T21:00:00.000Z",
  "finishedAt":"2026-11-21T21:01:02.500Z",
  "items":[{"item":"raid/data","outcome":"changed","error":null,"tookMs":61234},
           {"item":"hostname","outcome":"unchanged","error":null,"tookMs":0}],
  "userData":{"state":"exited","exitCode":0}})";
constexpr auto operation_degraded = R"({"id":7,"state":"degraded",
  "items":[{"item":"raid/data","outcome":"changed","error":null,"tookMs":61234},
           {"item":"address/eth0/10.0.0.5/24","outcome":"failed","tookMs":3,
            "error":{"code":"kernel_refused","message":"Nexthop has invalid gateway",
                     "where":"eth0"}}],
  "userData":null})";

TEST_F(Cli, ApplyHandsOverTheBytesOfTheDocumentAndNamesTheOperation) {
    daemon.will_answer(accepted, 202);
    input = "{ \"apiVersion\" :  \"metalwright/v1\" }\n";
    EXPECT_EQ(run_with({"apply", "-"}), 0);
    EXPECT_EQ(out.str(),
              "operation 7 (generation 3, instance i-1) accepted\n"
              "watch it with: metalwright operations 7 --follow\n");
    EXPECT_EQ(err.str(), "");
    EXPECT_EQ(daemon.asked(), std::vector<std::string>{"POST /v1/apply"});
    EXPECT_EQ(daemon.bodies(), std::vector<std::string>{input});
}

TEST_F(Cli, ApplyOfARepeatedDocumentSaysSo) {
    daemon.will_answer(R"({"operation":5,"generation":2,"repeated":true,"finished":true})");
    EXPECT_EQ(run_with({"apply", file("order.json", "{}")}), 0);
    EXPECT_EQ(out.str(), "operation 5 (generation 2) had this document already\n");
}

TEST_F(Cli, ApplyAndWaitTellsEachStepAndThenTheReport) {
    daemon.will_answer(accepted, 202);
    daemon.will_answer(first_events);
    daemon.will_answer(last_events);
    daemon.will_answer(no_events);
    daemon.will_answer(operation_done);
    EXPECT_EQ(run_with({"apply", file("order.json", "{}"), "--wait"}), 0);
    EXPECT_EQ(
        out.str(),
        "operation 7 (generation 3, instance i-1) accepted\n"
        "  ...                31 %  raid/data             resync\n"
        "  changed       1 min 1 s  raid/data             create RAID 1 'data' over D0, D1\n"
        "  failed             3 ms  address/eth0/10.0.0.5/24  eth0: Nexthop has invalid gateway\n"
        "  started                  user data                 the script runs\n"
        "  exited             0 ms  user data                 exited with 0\n"
        "\n"
        "ITEM       OUTCOME             TOOK\n"
        "raid/data  changed        1 min 1 s\n"
        "hostname   unchanged           0 ms\n"
        "user data  exited with 0\n"
        "\n"
        "operation 7 done: 1 of 2 items changed, after 1 min 3 s\n");
    EXPECT_EQ(daemon.asked(), (std::vector<std::string>{
                                  "POST /v1/apply", "GET /v1/operations/7/events?after=0&wait=25",
                                  "GET /v1/operations/7/events?after=3&wait=25",
                                  "GET /v1/operations/7/events?after=6", "GET /v1/operations/7"}));
    EXPECT_EQ(pauses, 0);
}

TEST_F(Cli, ApplyAndWaitEndsWithOneWhenAnItemFailed) {
    daemon.will_answer(accepted, 202);
    daemon.will_answer(no_events);
    daemon.will_answer(operation_degraded);
    EXPECT_EQ(run_with({"apply", file("order.json", "{}"), "--wait"}), 1);
    EXPECT_THAT(
        out.str(),
        testing::HasSubstr(
            "ITEM                      OUTCOME       TOOK  NOTE\n"
            "raid/data                 changed  1 min 1 s\n"
            "address/eth0/10.0.0.5/24  failed        3 ms  eth0: Nexthop has invalid gateway\n"
            "\n"
            "operation 7 degraded: 1 of 2 items failed\n"));
}

TEST_F(Cli, ApplyAndWaitPrintsOnlyTheOperationAsJson) {
    daemon.will_answer(accepted, 202);
    daemon.will_answer(first_events);
    daemon.will_answer(last_events);
    daemon.will_answer(no_events);
    daemon.will_answer(R"({"id":7,"state":"failed","zebra":1,"items":[]})");
    EXPECT_EQ(run_with({"-o", "json", "apply", file("order.json", "{}"), "--wait"}), 1);
    EXPECT_EQ(out.str(),
              "{\n  \"id\": 7,\n  \"state\": \"failed\",\n  \"zebra\": 1,\n  \"items\": []\n}\n");
    EXPECT_EQ(err.str(), "");
}

TEST_F(Cli, ADocumentThatIsWrongEndsWithTwoAndTellsEveryError) {
    const std::string answer = R"({"errors":[
      {"code":"invalid_spec","message":"expected a string, got a number","where":"/hostname"},
      {"code":"invalid_spec","message":"no such level","where":"/storage/arrays/0/level"}]})";
    daemon.will_answer(answer, 400);
    const std::string order = file("order.json", "{}");
    EXPECT_EQ(run_with({"apply", order, "--wait"}), 2);
    EXPECT_EQ(out.str(), "");
    EXPECT_EQ(err.str(), order +
                             ": 2 errors\n"
                             "  /hostname                expected a string, got a number\n"
                             "  /storage/arrays/0/level  no such level\n");

    daemon.will_answer(answer, 400);
    EXPECT_EQ(run_with({"apply", order, "-o", "json"}), 2);
    EXPECT_EQ(out.str(), R"({
  "errors": [
    {
      "code": "invalid_spec",
      "message": "expected a string, got a number",
      "where": "/hostname"
    },
    {
      "code": "invalid_spec",
      "message": "no such level",
      "where": "/storage/arrays/0/level"
    }
  ]
}
)");
}

TEST_F(Cli, AConflictIsTheDocumentsFaultTooBusyAndForbiddenAreNot) {
    const auto refusal = [](const std::string& code) {
        return R"({"errors":[{"code":")" + code + R"(","message":"no","where":""}]})";
    };
    const std::string order = file("order.json", "{}");
    daemon.will_answer(refusal("conflict"), 409);
    EXPECT_EQ(run_with({"apply", order}), 2);
    daemon.will_answer(refusal("busy"), 503);
    EXPECT_EQ(run_with({"apply", order}), 1);
    daemon.will_answer(refusal("io"), 500);
    EXPECT_EQ(run_with({"apply", order}), 1);
    daemon.will_answer(refusal("unavailable"), 503);
    EXPECT_EQ(run_with({"apply", order}), 3);
    err.str("");
    daemon.will_answer(refusal("refused"), 403);
    EXPECT_EQ(run_with({"apply", order}), 1);
    EXPECT_EQ(err.str(), "metalwright: no\n");
}

TEST_F(Cli, ADocumentThatCannotBeReadNeverReachesTheDaemon) {
    EXPECT_EQ(run_with({"apply", "/nonexistent/order.json"}), 2);
    EXPECT_EQ(err.str(),
              "metalwright: /nonexistent/order.json: cannot be read: No such file or directory\n");
    err.str("");
    const std::string large = file("large.json", std::string((1 << 20) + 1, ' '));
    EXPECT_EQ(run_with({"plan", large}), 2);
    EXPECT_EQ(err.str(),
              "metalwright: " + large + ": holds more than 1 MiB, the most a document may have\n");
    EXPECT_TRUE(daemon.asked().empty());
}

TEST_F(Cli, WaitingSurvivesARestartOfTheDaemon) {
    daemon.will_answer(accepted, 202);
    daemon.will({.body = first_events, .manner = Manner::leave});
    daemon.will_answer(R"({"errors":[{"code":"unavailable","message":"starting"}]})", 503);
    daemon.will({.manner = Manner::cut_within});
    daemon.will_answer(last_events);
    daemon.will_answer(no_events);
    daemon.will_answer(operation_done);
    on_pause = [this] {
        if (pauses == 3) daemon.start();
    };
    EXPECT_EQ(run_with({"apply", file("order.json", "{}"), "--wait"}), 0);
    EXPECT_THAT(out.str(), testing::HasSubstr("waiting for metalwrightd to come back (cannot reach "
                                              "metalwrightd: no such socket"));
    EXPECT_THAT(out.str(), testing::HasSubstr("metalwrightd is back\n  changed "));
    EXPECT_THAT(out.str(), testing::HasSubstr("operation 7 done"));
    EXPECT_TRUE(daemon.all_said());
}

TEST_F(Cli, ADaemonThatStaysAwayEndsTheWaitWithThreeOrWithTheTimeout) {
    daemon.will({.status = 202, .body = accepted, .manner = Manner::leave});
    EXPECT_EQ(run_with({"apply", file("order.json", "{}"), "--wait"}), 3);
    EXPECT_GE(time.time_since_epoch(), std::chrono::seconds(60));
    EXPECT_LT(time.time_since_epoch(), std::chrono::seconds(61));
    EXPECT_THAT(err.str(), testing::HasSubstr("systemctl status metalwright"));

    err.str("");
    time = {};
    daemon.start();
    daemon.will({.status = 202, .body = accepted, .manner = Manner::leave});
    EXPECT_EQ(run_with({"apply", file("order.json", "{}"), "--timeout", "90s"}), 4);
    EXPECT_EQ(time.time_since_epoch(), std::chrono::seconds(90));
    EXPECT_THAT(err.str(), testing::HasSubstr("metalwright: operation 7: not finished after 1 min "
                                              "30 s, the time given with --timeout; it goes on: "
                                              "`metalwright operations 7 --follow` watches it\n"));
    EXPECT_THAT(err.str(), testing::HasSubstr("cannot reach metalwrightd"));
}

TEST_F(Cli, ATimeoutEndsAWaitForADaemonThatHoldsItsAnswerBack) {
    daemon.will_answer(accepted, 202);
    daemon.will({.manner = Manner::silent});
    EXPECT_EQ(run_with({"-o", "json", "apply", file("order.json", "{}"), "--timeout", "20ms"}), 4);
    EXPECT_EQ(out.str(),
              "{\n  \"operation\": 7,\n  \"generation\": 3,\n  \"instance\": \"i-1\",\n"
              "  \"repeated\": false,\n  \"finished\": false\n}\n");
    EXPECT_THAT(err.str(), testing::HasSubstr("operation 7: not finished after 20 ms"));
    EXPECT_EQ(err.str().find("cannot reach"), std::string::npos);
    EXPECT_EQ(daemon.asked().at(1), "GET /v1/operations/7/events?after=0&wait=1");
}

TEST_F(Cli, ADaemonThatDoesNotHoldItsAnswersBackIsNotAskedWithoutPause) {
    daemon.will_answer(accepted, 202);
    for (int i = 0; i < 4; ++i) daemon.will_answer(R"({"events":[],"next":0,"finished":false})");
    daemon.will_answer(no_events);
    daemon.will_answer(operation_done);
    EXPECT_EQ(run_with({"apply", file("order.json", "{}"), "--wait"}), 0);
    EXPECT_EQ(pauses, 4);
}

TEST_F(Cli, OnATerminalTheStepInHandIsOneLineThatIsDrawnOver) {
    terminal = true;
    no_color = true;
    daemon.will_answer(accepted, 202);
    daemon.will_answer(first_events);
    daemon.will_answer(last_events);
    daemon.will_answer(no_events);
    daemon.will_answer(operation_done);
    EXPECT_EQ(run_with({"apply", file("order.json", "{}"), "--wait"}), 0);
    const std::string clear = "\r\x1b[K";
    EXPECT_THAT(out.str(),
                testing::HasSubstr("accepted\n| raid/data  create RAID 1 'data' over D0, D1" +
                                   clear + "| raid/data  resync  [--------------------] 4 %" +
                                   clear + "| raid/data  resync  [######--------------] 31 %" +
                                   clear + "  changed       1 min 1 s  raid/data"));
    EXPECT_THAT(out.str(), testing::Not(testing::HasSubstr("...")));
}

TEST(CliStepFeed, TheLineInHandFitsTheTerminalAndCountsTheSeconds) {
    std::ostringstream out;
    std::chrono::steady_clock::time_point time{};
    StepFeed feed({.out = out, .live = true, .width = 40, .now = [&] { return time; }});
    const auto line = [&] {
        const std::string all = out.str();
        out.str("");
        return all.substr(all.rfind('\r') == std::string::npos ? 0 : all.rfind('\r'));
    };
    feed.event({{"kind", "intent"}, {"item", "a"}, {"why", "first"}});
    feed.event({{"kind", "intent"}, {"item", "b"}, {"why", std::string(60, 'x')}});
    time += std::chrono::seconds(59);
    feed.tick();
    EXPECT_EQ(line(), "\r\x1b[K/ b  xxxxx...  59 s  (1 more under way)");
    feed.event({{"kind", "outcome"}, {"item", "b"}, {"outcome", "changed"}, {"tookMs", 5}});
    time += std::chrono::seconds(1);
    feed.tick();
    EXPECT_EQ(line(), "\r\x1b[K- a  first  1 min 0 s");
    feed.end();
    EXPECT_EQ(line(), "\r\x1b[K");
}

TEST_F(Cli, ColoursAreForTerminalsThatWereNotToldOtherwise) {
    const std::string order = file("order.json", "{}");
    const auto apply_with = [&](std::vector<std::string> more) {
        out.str("");
        daemon.will_answer(accepted, 202);
        daemon.will_answer(no_events);
        daemon.will_answer(operation_degraded);
        more.insert(more.end(), {"apply", order, "--wait"});
        EXPECT_EQ(run_with(more), 1);
        return out.str();
    };
    EXPECT_THAT(apply_with({}), testing::Not(testing::HasSubstr("\x1b[")));
    terminal = true;
    EXPECT_THAT(apply_with({}), testing::HasSubstr("\x1b[1;31mfailed\x1b[0m"));
    EXPECT_THAT(apply_with({"--no-color"}), testing::Not(testing::HasSubstr("\x1b[1;31m")));
    no_color = true;
    EXPECT_THAT(apply_with({}), testing::Not(testing::HasSubstr("\x1b[1;31m")));
}

}  // namespace
}  // namespace metalwright::agent::cli
