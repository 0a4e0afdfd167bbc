#include <nlohmann/json.hpp>

#include "tests/unit/agent/cli/cli_fixture.hpp"

namespace metalwright::agent::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto both_held =
    R"({"hold":{"network":"2026-11-26T14:00:00.000Z","storage":"2026-11-26T14:00:00.000Z"}})";
constexpr auto network_held = R"({"hold":{"network":"2026-11-26T14:00:00.000Z","storage":null}})";

TEST_F(Cli, AHoldIsOfEverythingForAnHourUnlessItIsSaid) {
    daemon.will_answer(both_held);
    EXPECT_EQ(run_with({"hold"}), 0);
    EXPECT_EQ(
        out.str(),
        "Held: network until 2026-11-26 14:00:00 UTC, storage until 2026-11-26 14:00:00 UTC.\n"
        "Until then nothing that somebody takes away is put back, and operations that would "
        "touch the network or the disks wait. It ends by itself, or with `metalwright hold "
        "--end`.\n");
    out.str("");
    daemon.will_answer(network_held);
    EXPECT_EQ(run_with({"hold", "network", "--for", "1h30m"}), 0);
    EXPECT_THAT(out.str(), HasSubstr("Held: network until 2026-11-26 14:00:00 UTC.\n"));
    EXPECT_THAT(out.str(), HasSubstr("would touch the network wait"));
    daemon.will_answer(R"({"hold":{"network":null,"storage":"2026-11-26T14:00:00.000Z"}})");
    out.str("");
    EXPECT_EQ(run_with({"hold", "storage", "--for", "1500ms"}), 0);
    EXPECT_THAT(out.str(), HasSubstr("Until then operations that would touch the disks wait."));
    EXPECT_EQ(daemon.asked(), std::vector<std::string>(3, "POST /v1/hold"));
    EXPECT_THAT(daemon.bodies(), ElementsAre(R"({"scope":"all","seconds":3600})",
                                             R"({"scope":"network","seconds":5400})",
                                             R"({"scope":"storage","seconds":2})"));
}

TEST_F(Cli, TheEndOfAHoldSaysWhatIsHeldStill) {
    daemon.will_answer(R"({"hold":null})");
    EXPECT_EQ(run_with({"hold", "--end"}), 0);
    EXPECT_EQ(out.str(), "Nothing is held: the host is kept as it was ordered.\n");
    out.str("");
    daemon.will_answer(network_held);
    EXPECT_EQ(run_with({"hold", "storage", "--end"}), 0);
    EXPECT_EQ(
        out.str(),
        "The hold of storage has ended. Still held: network until 2026-11-26 14:00:00 UTC.\n");
    out.str("");
    daemon.will_answer(network_held);
    EXPECT_EQ(run_with({"hold", "-o", "json"}), 0);
    EXPECT_THAT(out.str(), HasSubstr("\"storage\": null"));
    EXPECT_EQ(daemon.bodies().at(1), R"({"scope":"storage","seconds":0})");
}

TEST_F(Cli, StatusSaysWhatIsHeldAndHowMuchWasPutBack) {
    daemon.will_answer(R"({"host":"h-1","state":"running","hold":{"network":
      "2026-11-26T14:00:00.000Z","storage":null},"restored":3,"items":[]})");
    EXPECT_EQ(run_with({"status"}), 0);
    EXPECT_EQ(out.str(),
              "host      h-1\n"
              "state     running\n"
              "held      network until 2026-11-26 14:00:00 UTC; `metalwright hold --end` ends it\n"
              "put back  3 items since metalwrightd was started\n");
    out.str("");
    daemon.will_answer(R"({"host":"h-1","state":"running","hold":null,"restored":0,"items":[]})");
    EXPECT_EQ(run_with({"status"}), 0);
    EXPECT_EQ(out.str(), "host   h-1\nstate  running\n");
}

TEST_F(Cli, AnAddressOfAKindAndAddressesByNumberAreAskedFor) {
    constexpr auto answer = R"({"added":["10.0.5.1/32"],"removed":[],"unchanged":[],"operation":4,
      "generation":2,"instance":"i-1","repeated":false,"finished":false})";
    for (int i = 0; i < 3; ++i) daemon.will_answer(answer);
    EXPECT_EQ(
        run_with({"ip", "add", "203.0.113.9", "--kind", "elastic", "--id", "eip-7", "--adopt"}), 0);
    EXPECT_EQ(run_with({"ip", "add", "--count", "2"}), 0);
    EXPECT_EQ(run_with({"ip", "add", "--count", "1", "--ipv6"}), 0);
    EXPECT_THAT(out.str(), HasSubstr("operation 4 adds 10.0.5.1/32"));
    EXPECT_THAT(
        daemon.bodies(),
        ElementsAre(
            R"({"add":[{"cidr":"203.0.113.9","id":"eip-7","kind":"elastic","adopt":true}],"dryRun":false})",
            R"({"count":{"ipv4":2},"add":[],"dryRun":false})",
            R"({"count":{"ipv6":1},"add":[],"dryRun":false})"));
    // What would not be heeded is refused before anybody is asked.
    EXPECT_EQ(run_with({"ip", "add", "--count", "2", "--kind", "elastic"}), 64);
    EXPECT_EQ(run_with({"ip", "add", "--count", "2", "10.0.1.7"}), 64);
    EXPECT_EQ(run_with({"ip", "add", "10.0.1.7", "--ipv6"}), 64);
    EXPECT_EQ(daemon.bodies().size(), 3u);
}

TEST_F(Cli, AddressesAreListedWithTheirState) {
    daemon.will_answer(R"({"addresses":[
      {"item":"primary","address":"10.0.1.10/24","kind":"primary","id":"","source":"link",
       "state":"present","note":""},
      {"item":"alias/10.0.1.52/32","address":"10.0.1.52/32","kind":"alias","id":"subnet-a",
       "source":"link","state":"missing","note":"add alias 10.0.1.52/32 on lan0"},
      {"item":"alias/10.0.1.1/32","address":"10.0.1.1/32","kind":"alias","id":"","source":"ip",
       "state":"failed","note":"10.0.1.1 is the gateway's address; we would answer for it"}]})");
    EXPECT_EQ(run_with({"ip", "list"}), 0);
    EXPECT_EQ(
        out.str(),
        "ADDRESS       KIND     STATE    SOURCE  ID        NOTE\n"
        "10.0.1.10/24  primary  present  link\n"
        "10.0.1.52/32  alias    missing  link    subnet-a  add alias 10.0.1.52/32 on lan0\n"
        "10.0.1.1/32   alias    failed   ip                10.0.1.1 is the gateway's address; "
        "we would answer for it\n");
    out.str("");
    daemon.will_answer(R"({"addresses":[]})");
    EXPECT_EQ(run_with({"ip", "list"}), 0);
    EXPECT_THAT(out.str(), HasSubstr("No address is wanted of this host"));
    out.str("");
    daemon.will_answer(R"({"addresses":[]})");
    EXPECT_EQ(run_with({"ip", "list", "-o", "json"}), 0);
    EXPECT_EQ(out.str(), "{\n  \"addresses\": []\n}\n");
    EXPECT_EQ(daemon.asked(), std::vector<std::string>(3, "GET /v1/addresses"));
}

TEST_F(Cli, AnAddedAddressIsAnOperation) {
    daemon.will_answer(R"({"added":["10.0.1.7/32"],"removed":[],"unchanged":["10.0.1.8/32"],
      "operation":9,"generation":2})",
                       202);
    EXPECT_EQ(run_with({"ip", "add", "10.0.1.7", "10.0.1.8", "--id", "a", "--routed"}), 0);
    EXPECT_EQ(out.str(),
              "unchanged: 10.0.1.8/32 is wanted already\n"
              "operation 9 adds 10.0.1.7/32\n"
              "watch it with: metalwright operations 9 --follow\n");
    EXPECT_THAT(daemon.bodies(),
                ElementsAre(R"({"add":[{"cidr":"10.0.1.7","id":"a","routed":true},)"
                            R"({"cidr":"10.0.1.8","id":"a","routed":true}],"dryRun":false})"));
    out.str("");
    daemon.will_answer(R"({"added":[],"removed":[],"unchanged":["10.0.1.7/32"],"operation":null})");
    EXPECT_EQ(run_with({"ip", "add", "10.0.1.7", "--wait"}), 0);
    EXPECT_EQ(out.str(), "unchanged: 10.0.1.7/32 is wanted already\n");
    EXPECT_TRUE(daemon.all_said());
}

TEST_F(Cli, ARemovedAddressIsWatchedToItsEnd) {
    const char* failed = R"({"id":9,"state":"degraded","items":[
      {"item":"alias/10.0.1.7/32","outcome":"failed","error":{"message":"no such device"}}]})";
    const auto script = [&] {
        daemon.will_answer(R"({"added":[],"removed":["10.0.1.7/32"],"unchanged":[],"operation":9})",
                           202);
        daemon.will_answer(R"({"events":[{"seq":4,"kind":"outcome","item":"alias/10.0.1.7/32",
          "outcome":"failed","error":{"message":"no such device"}}],"next":4,"finished":true})");
        daemon.will_answer(R"({"events":[],"next":4,"finished":true})");
        daemon.will_answer(failed);
    };
    script();
    EXPECT_EQ(run_with({"ip", "del", "10.0.1.7", "--wait"}), 1);
    EXPECT_THAT(out.str(), HasSubstr("operation 9 removes 10.0.1.7/32\n"));
    EXPECT_THAT(out.str(), HasSubstr("no such device"));
    EXPECT_THAT(out.str(), HasSubstr("operation 9 degraded: 1 of 1 item failed"));
    EXPECT_EQ(daemon.bodies().front(), R"({"remove":["10.0.1.7"],"dryRun":false})");
    out.str("");
    script();
    EXPECT_EQ(run_with({"ip", "del", "10.0.1.7", "--wait", "-o", "json"}), 1);
    EXPECT_TRUE(nlohmann::json::accept(out.str())) << out.str();
    EXPECT_THAT(out.str(), HasSubstr("\"state\": \"degraded\""));
}

TEST_F(Cli, AnErrorAboutAnAddressNamesIt) {
    daemon.will_answer(R"({"errors":[
      {"code":"conflict","message":"10.0.1.52/32 is wanted by link already","where":"/add/1/cidr"}]})",
                       409);
    EXPECT_EQ(run_with({"ip", "add", "10.0.1.7", "10.0.1.52"}), 2);
    EXPECT_EQ(err.str(), "metalwright: 10.0.1.52: 10.0.1.52/32 is wanted by link already\n");
    err.str("");
    daemon.will_answer(
        R"({"errors":[{"code":"not_found","message":"nobody wants it","where":"/remove/0"}]})",
        404);
    EXPECT_EQ(run_with({"ip", "del", "10.0.1.9", "-o", "json"}), 1);
    EXPECT_EQ(err.str(), "metalwright: 10.0.1.9: nobody wants it\n");
    EXPECT_THAT(out.str(), HasSubstr("\"where\": \"10.0.1.9\""));
}

TEST_F(Cli, APlanOfAddressesShowsWhatChanges) {
    daemon.will_answer(R"({"added":["10.0.1.7/32"],"removed":[],"unchanged":[],"host":"h-1",
      "instance":"i-1","items":[
        {"item":"primary","outcome":"unchanged","steps":[]},
        {"item":"alias/10.0.1.52/32","outcome":"unchanged","steps":[]},
        {"item":"alias/10.0.1.7/32","outcome":"planned","steps":[
          {"why":"add alias 10.0.1.7/32 on lan0","destroysData":false}]}]})");
    EXPECT_EQ(run_with({"ip", "plan", "add", "10.0.1.7", "--id", "a"}), 0);
    EXPECT_EQ(out.str(),
              "Plan for host h-1, instance i-1\n"
              "\n"
              "ITEM               PLAN    STEP\n"
              "alias/10.0.1.7/32  change  add alias 10.0.1.7/32 on lan0\n"
              "\n"
              "1 step for 1 item. Nothing has been changed\n"
              "2 items are as wanted and not shown.\n"
              "To do it: metalwright ip add 10.0.1.7 --id a --wait\n");
    EXPECT_EQ(daemon.bodies().front(), R"({"add":[{"cidr":"10.0.1.7","id":"a"}],"dryRun":true})");
    daemon.will_answer(R"({"host":"h-1","items":[{"item":"alias/10.0.1.1/32","outcome":"failed",
      "error":{"message":"it is the gateway's"},"steps":[]}]})");
    EXPECT_EQ(run_with({"ip", "plan", "del", "10.0.1.9"}), 1);
    EXPECT_EQ(daemon.bodies().back(), R"({"remove":["10.0.1.9"],"dryRun":true})");
}

constexpr auto two_events = R"({"events":[
  {"seq":41,"at":"2026-11-26T12:00:00.000Z","kind":"drift","item":"alias/10.0.1.52/32",
   "outcome":"changed","error":null,"tookMs":0},
  {"seq":42,"at":"2026-11-26T12:00:01.000Z","kind":"contested","item":"primary"},
  {"seq":43,"at":"2026-11-26T12:00:02.000Z","kind":"drift","item":"primary","outcome":"failed",
   "error":{"message":"no such device","where":"lan0"}}],"next":43,"finished":false})";

TEST_F(Cli, WatchTellsWhatIsPutBackFromNowOnUntilItsTime) {
    daemon.will_answer(R"({"events":[],"next":40,"finished":false})");
    daemon.will_answer(two_events);
    for (int i = 0; i < 4; ++i) daemon.will_answer(R"({"events":[],"next":43,"finished":false})");
    EXPECT_EQ(run_with({"ip", "watch", "--timeout", "1s"}), 0);
    EXPECT_EQ(
        out.str(),
        "2026-11-26 12:00:00 UTC  put back      alias/10.0.1.52/32\n"
        "2026-11-26 12:00:01 UTC  contested     primary                   somebody keeps taking "
        "it away; it is put back at longer intervals\n"
        "2026-11-26 12:00:02 UTC  not put back  primary                   lan0: no such "
        "device\n");
    EXPECT_EQ(err.str(), "");
    const auto asked = daemon.asked();
    EXPECT_EQ(asked.at(0), "GET /v1/events?after=9007199254740991");
    EXPECT_EQ(asked.at(1), "GET /v1/events?after=40&wait=1");
    EXPECT_EQ(asked.at(2), "GET /v1/events?after=43&wait=1");
}

TEST_F(Cli, WatchAsJsonIsOneObjectALine) {
    daemon.will_answer(R"({"events":[],"next":40,"finished":false})");
    daemon.will_answer(two_events);
    for (int i = 0; i < 4; ++i) daemon.will_answer(R"({"events":[],"next":43,"finished":false})");
    EXPECT_EQ(run_with({"ip", "watch", "--timeout", "1s", "-o", "json"}), 0);
    std::istringstream lines(out.str());
    std::vector<std::int64_t> seqs;
    for (std::string line; std::getline(lines, line);)
        seqs.push_back(nlohmann::json::parse(line)["seq"]);
    EXPECT_THAT(seqs, ElementsAre(41, 42, 43));
}

TEST_F(Cli, WatchSaysWhenNobodyIsThere) {
    daemon.will_answer(R"({"events":[],"next":40,"finished":false})");
    daemon.will({.body = R"({"events":[],"next":40,"finished":false})",
                 .manner = ScriptedDaemon::Answer::Manner::leave});
    EXPECT_EQ(run_with({"ip", "watch", "--timeout", "2s"}), 4);
    EXPECT_THAT(err.str(), HasSubstr("cannot reach metalwrightd"));
    err.str("");
    EXPECT_EQ(run_with({"ip", "watch"}), 3);
}

}  // namespace
}  // namespace metalwright::agent::cli
