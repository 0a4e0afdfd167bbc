#include "tests/unit/agent/engine/engine_fixture.hpp"

namespace metalwright::engine {
namespace {

TEST_F(EngineTest, ABlankHostIsIdle) {
    const json status = json::parse(engine_->status());
    EXPECT_EQ(status["state"], "idle");
    EXPECT_EQ(status["host"], "host-1");
    EXPECT_EQ(status["userData"]["state"], "none");
    EXPECT_TRUE(status["locked"].is_null());
}

TEST_F(EngineTest, AnOrderIsAppliedAndEveryItemReported) {
    const json status = finished(document());
    EXPECT_EQ(status["state"], "running");
    for (const char* item : {"raid/data", "primary", "alias/10.0.1.52/32", "hostname"})
        EXPECT_EQ(outcome(status, item), "changed") << item;
    const auto all = reports();
    ASSERT_GE(all.size(), 2u);
    EXPECT_EQ(all.front()["kind"], "accepted");
    EXPECT_EQ(all.back()["kind"], "finished");
    EXPECT_EQ(all.back()["state"], "running");
    for (std::size_t i = 1; i < all.size(); ++i) EXPECT_GT(all[i]["seq"], all[i - 1]["seq"]);
}

TEST_F(EngineTest, TheSameOrderAgainChangesNothing) {
    finished(document());
    const std::size_t applied = machine_.log.size();
    const json again = finished(document());
    EXPECT_EQ(machine_.log.size(), applied);
    EXPECT_EQ(outcome(again, "raid/data"), "unchanged");
    EXPECT_EQ(again["state"], "running");
}

TEST_F(EngineTest, ATokenAnswersTheFirstResultAlsoAfterARestart) {
    const std::string text = document({{"operation", {{"token", "t-1"}}}});
    const std::int64_t first = accept(text);
    finished();
    start();
    finished();
    const auto again = engine_->submit({"admin", text, {}});
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->repeated);
    EXPECT_TRUE(again->finished);
    EXPECT_EQ(again->operation, first);
}

TEST_F(EngineTest, WhatIsDoneOncePerInstanceIsTheTenantsAfterwards) {
    finished(document());
    machine_.made.erase("hostname");  // the tenant renamed the host
    finished(document());
    EXPECT_FALSE(machine_.made.contains("hostname"));
}

TEST_F(EngineTest, AnArrayIsNamedBeforeItIsMade) {
    finished(document());
    const auto identities = *store_->identities();
    ASSERT_EQ(identities.size(), 1u);
    EXPECT_TRUE(identities[0].complete);
    EXPECT_EQ(machine_.last_storage.arrays->front().uuid, identities[0].md_uuid);
    finished(document());
    EXPECT_EQ(machine_.last_storage.arrays->front().memory, raid::Memory::complete);
}

TEST_F(EngineTest, AFailedArrayIsNotCompleteAndTheScriptWaits) {
    machine_.breaks["raid/data"] = {Errc::command_failed, "mdadm: no space", "DATA0", 1};
    const json status = finished(document(with_script));
    EXPECT_EQ(status["state"], "failed");
    EXPECT_EQ(outcome(status, "raid/data"), "failed");
    EXPECT_EQ(outcome(status, "alias/10.0.1.52/32"), "changed") << "a neighbour was hidden";
    EXPECT_EQ(status["userData"]["state"], "pending");
    EXPECT_EQ(machine_.launches, 0);
    EXPECT_FALSE(store_->identities()->front().complete);

    machine_.breaks.clear();
    machine_.script = {.state = cloudinit::ScriptState::exited, .exit_code = 0};
    const json again = finished(document(with_script));
    EXPECT_EQ(again["state"], "running");
    EXPECT_EQ(machine_.launches, 1);
}

TEST_F(EngineTest, ChangedIsSaidOnlyWhenTheReadBackShowsIt) {
    machine_.lies.insert("alias/10.0.1.52/32");
    const json status = finished(document());
    EXPECT_EQ(outcome(status, "alias/10.0.1.52/32"), "failed");
    EXPECT_EQ(status["state"], "degraded");
}

TEST_F(EngineTest, TheStatusSaysHowTheLinksAreDoing) {
    finished(document());
    (void)engine_->status();
    engine_->link_changed(
        {.name = "link",
         .last_contact = std::chrono::sys_time<std::chrono::milliseconds>(
             std::chrono::milliseconds(1'700'000'000'123)),
         .generation = 4,
         .certificate = agent::LinkCertificate{
             "0A", std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000))}});
    EXPECT_EQ(engine_->status_at_hand(), std::nullopt);
    EXPECT_EQ(json::parse(engine_->status())["links"], json::parse(R"([{"name":"link","lastContact":
      "2023-11-14T22:13:20.123Z","documents":null,"reports":null,"refused":[],"generation":4,
      "certificate":{"serial":"0A","until":"2027-01-15T08:00:00Z","revoked":false},
      "renewal":null}])"));
    // The process that had it is gone, and with it what it knew.
    engine_->link_changed({.name = "link", .document_error = Error{Errc::unavailable, "away"}});
    const json link = json::parse(engine_->status())["links"][0];
    EXPECT_EQ(link["documents"]["message"], "away");
    EXPECT_EQ(link["lastContact"], "2023-11-14T22:13:20.123Z");
}

TEST_F(EngineTest, AStatusIsAtHandUntilSomethingHasChanged) {
    finished(document());
    const std::string told = engine_->status();
    EXPECT_EQ(engine_->status_at_hand(), told);
    ASSERT_TRUE(store_->event(0, "note", "{}", 0));
    EXPECT_EQ(engine_->status_at_hand(), std::nullopt);
    ASSERT_TRUE(engine_->set_hold(R"({"scope":"network","seconds":60})"));
    const std::string held = engine_->status();
    EXPECT_EQ(engine_->status_at_hand(), std::nullopt) << "a hold ends by itself";
    EXPECT_NE(held, told);
}

TEST_F(EngineTest, TheScriptsExitCodeIsTheLastWordOfTheOrder) {
    const std::int64_t id = accept(document(with_script));
    wait_until([](const json& s) { return s["userData"]["state"] == "started"; });
    EXPECT_EQ(json::parse(engine_->status())["state"], "applying");
    machine_.script_ends({.state = cloudinit::ScriptState::exited, .exit_code = 3});
    const json status = finished();
    EXPECT_EQ(status["operation"], id);
    EXPECT_EQ(status["state"], "failed");
    EXPECT_EQ(status["userData"]["state"], "exited");
    EXPECT_EQ(status["userData"]["exitCode"], 3);
    EXPECT_EQ(outcome(status, "raid/data"), "changed");
}

TEST_F(EngineTest, AnotherOrderIsServedWhileAScriptRuns) {
    accept(document(with_script));
    wait_until([](const json& s) { return s["userData"]["state"] == "started"; });
    json more = with_script;
    more["network"]["aliases"] = json::array({{{"id", "s"}, {"cidr", "10.0.1.53/32"}}});
    accept(document(more));
    wait_until([&](const json&) { return machine_.made.contains("alias/10.0.1.53/32"); });
    machine_.script_ends({.state = cloudinit::ScriptState::exited, .exit_code = 0});
    EXPECT_EQ(finished()["state"], "running");
    EXPECT_EQ(machine_.launches, 1);
    EXPECT_TRUE(store_->unfinished()->empty());
}

TEST_F(EngineTest, AScriptThatRanBeforeARestartNeverRunsAgain) {
    accept(document(with_script));
    wait_until([](const json& s) { return s["userData"]["state"] == "started"; });
    start();  // the agent died, the script did not
    machine_.script_ends({.state = cloudinit::ScriptState::exited, .exit_code = 0});
    const json status = finished();
    EXPECT_EQ(status["state"], "running");
    EXPECT_EQ(machine_.launches, 1);
    start();
    finished();
    EXPECT_EQ(machine_.launches, 1);
}

TEST_F(EngineTest, AStartWithoutAnyEvidenceIsInterruptedAndNotRepeated) {
    accept(document(with_script));
    wait_until([](const json& s) { return s["userData"]["state"] == "started"; });
    machine_.script_ends({.state = cloudinit::ScriptState::pending});  // never reached the disk
    start();
    const json status = finished();
    EXPECT_EQ(status["userData"]["state"], "interrupted");
    EXPECT_EQ(status["state"], "failed");
    finished(document(with_script));
    EXPECT_EQ(machine_.launches, 1);
    json rerun = with_script;
    rerun["userData"]["onInterrupted"] = "rerun";
    machine_.markers = false;
    machine_.script_ends({.state = cloudinit::ScriptState::exited, .exit_code = 0});
    EXPECT_EQ(finished(document(rerun))["state"], "running");
    EXPECT_EQ(machine_.launches, 2);
}

TEST_F(EngineTest, ARebuiltStoreNeverRunsAScriptAgain) {
    machine_.markers = true;
    const json status = finished(document(with_script));
    EXPECT_EQ(machine_.launches, 0);
    EXPECT_EQ(status["userData"]["state"], "unknown");
    EXPECT_EQ(status["state"], "failed");
}

TEST_F(EngineTest, AStartPutsBackAddressesButNeverWritesToADisk) {
    finished(document());
    machine_.made.erase("alias/10.0.1.52/32");
    machine_.made.erase("raid/data");
    machine_.log.clear();
    start();
    const json status = finished();
    EXPECT_EQ(machine_.log, (std::vector<std::string>{"alias/10.0.1.52/32"}));
    EXPECT_EQ(outcome(status, "raid/data"), "failed");
    EXPECT_EQ(status["state"], "degraded");
}

TEST_F(EngineTest, AnotherInstanceIsRefusedUntilThisOneIsReleased) {
    finished(document());
    const std::string other = document({{"instance", {{"id", "i-2"}}}});
    const auto refused = engine_->submit({"admin", other, {}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().front().code, Errc::conflict);
    const json released = finished(
        R"({"apiVersion":"metalwright/v1","host":{"id":"host-1"},"release":{"instanceId":"i-1"}})");
    EXPECT_EQ(released["state"], "idle");
    EXPECT_EQ(finished(other)["state"], "running");
}

TEST_F(EngineTest, AReleaseOfAHostThatHasNothingOfOursOnAnyNicNeedsNone) {
    machine_.no_nic = true;
    finished(R"({"apiVersion":"metalwright/v1","host":{"id":"host-1"},"instance":{"id":"i-1"}})");
    const json released = finished(
        R"({"apiVersion":"metalwright/v1","host":{"id":"host-1"},"release":{"instanceId":"i-1"}})");
    EXPECT_EQ(released["state"], "idle") << released.dump(2);
}

TEST_F(EngineTest, AReleaseLeavesTheArraysUnlessItAsksForThem) {
    const std::string release =
        R"({"apiVersion":"metalwright/v1","host":{"id":"host-1"},"release":{"instanceId":"i-1")";
    finished(document());
    machine_.log.clear();
    finished(release + "}}");
    EXPECT_TRUE(machine_.made.contains("raid/data"));
    EXPECT_EQ(store_->identities()->size(), 1u);
    EXPECT_TRUE(machine_.last_storage.removed.empty());
}

TEST_F(EngineTest, AReleaseThatAsksForItRemovesOurArraysAndForgetsThem) {
    finished(document());
    const std::string uuid = store_->identities()->front().md_uuid;
    const std::string release = R"({"apiVersion":"metalwright/v1","host":{"id":"host-1"},)"
                                R"("release":{"instanceId":"i-1","arrays":"remove"}})";
    const json plan = json::parse(engine_->plan({"admin", release, {}}).value());
    EXPECT_TRUE(plan["items"][0]["steps"][0]["destroysData"]) << plan.dump(2);
    const json released = finished(release);
    EXPECT_EQ(released["state"], "idle") << released.dump(2);
    EXPECT_EQ(outcome(released, "raid/data"), "changed");
    ASSERT_EQ(machine_.last_storage.removed.size(), 1u);
    EXPECT_EQ(machine_.last_storage.removed[0].uuid, uuid);
    EXPECT_FALSE(machine_.last_storage.arrays);
    EXPECT_FALSE(machine_.made.contains("raid/data"));
    EXPECT_TRUE(store_->identities()->empty());
    // The next instance's array of that name is a new one.
    EXPECT_EQ(finished(document({{"instance", {{"id", "i-2"}}}}))["state"], "running");
    EXPECT_NE(store_->identities()->front().md_uuid, uuid);
}

TEST_F(EngineTest, AVolumeIsRememberedByItsDrivesThenByItsIdAndGoesWithARelease) {
    const json volume{{"name", "hard"},
                      {"level", "raid1"},
                      {"drives", {{"count", 2}}},
                      {"filesystem", {{"mountPoint", "/srv/hard"}}}};
    const std::string order =
        document({{"storage", {{"arrays", json::array()}, {"volumes", json::array({volume})}}}});
    raid::Controller controller{.id = "storcli64/c0"};
    controller.volumes = {{.id = 1, .name = "hard", .wwn = "6000aa"}};
    machine_.controllers.list = {controller};
    EXPECT_EQ(finished(order)["state"], "running");
    const store::Identity known = store_->identities()->front();
    EXPECT_EQ(known.name, "volume/hard");
    EXPECT_EQ(known.md_uuid, "6000aa");
    EXPECT_EQ(known.members, "S0\nS1");
    EXPECT_TRUE(known.complete);
    EXPECT_EQ(known.fs_uuid.size(), 36u);

    const std::string release = R"({"apiVersion":"metalwright/v1","host":{"id":"host-1"},)"
                                R"("release":{"instanceId":"i-1","arrays":"remove"}})";
    EXPECT_EQ(finished(release)["state"], "idle");
    EXPECT_EQ(
        machine_.last_storage.removed_volumes,
        (std::vector<raid::storcli::OwnVolume>{{"hard", "6000aa", known.fs_uuid, {"S0", "S1"}}}));
    EXPECT_TRUE(store_->identities()->empty());
}

TEST_F(EngineTest, AVolumeThatOnceExistedIsNeverTakenForNew) {
    const json volume{{"name", "hard"}, {"level", "raid1"}, {"drives", {{"count", 2}}}};
    const std::string order = document({{"storage", {{"volumes", json::array({volume})}}}});
    finished(order);
    finished(order);
    const raid::storcli::WantedVolume& wanted = machine_.last_storage.volumes->front();
    EXPECT_EQ(wanted.memory, raid::Memory::complete);
    EXPECT_EQ(wanted.known_drives, (std::vector<std::string>{"S0", "S1"}));
}

TEST_F(EngineTest, AReleaseThatCouldNotRemoveAnArrayRemembersItAndMayBeAskedAgain) {
    finished(document());
    machine_.refuses["raid/data"] = {Errc::refused, "it is in use", "data"};
    const std::string release = R"({"apiVersion":"metalwright/v1","host":{"id":"host-1"},)"
                                R"("release":{"instanceId":"i-1","arrays":"remove"}})";
    EXPECT_EQ(finished(release)["state"], "degraded");  // as ever on a host that has been running
    EXPECT_EQ(store_->identities()->size(), 1u);
    machine_.refuses.clear();
    EXPECT_EQ(finished(release)["state"], "idle");
    EXPECT_TRUE(store_->identities()->empty());
}

TEST_F(EngineTest, AReplacementIsOneOperationsAndWhatTakesThePlaceIsRemembered) {
    EXPECT_EQ(engine_->replace_disk(R"({"disk":"DATA1"})").error().front().code, Errc::conflict);
    finished(document());
    machine_.replaces = {{"data", {{"DATA1", "DATA7"}}}};
    const json begun = json::parse(engine_->replace_disk(R"({"disk":"DATA1"})").value());
    wait_until([&](const json& s) {
        return s["operation"] == begun["operation"] && s["state"] != "applying";
    });
    EXPECT_EQ(machine_.last_storage.replace, std::vector{raid::Replacement{"DATA1"}});
    EXPECT_EQ(store_->identities()->front().members, "DATA0\nDATA7\nDATA1/DATA7");
    // Neither another order nor a start asks for it again; both know who stands for whom.
    machine_.replaces.clear();
    start();
    finished();
    EXPECT_TRUE(machine_.last_storage.replace.empty());
    const raid::WantedArray& array = machine_.last_storage.arrays->front();
    EXPECT_EQ(array.known_members, (std::vector<std::string>{"DATA0", "DATA7"}));
    EXPECT_EQ(array.replaced, (std::map<std::string, std::string>{{"DATA1", "DATA7"}}));
    // And back: the old disk is itself again.
    machine_.replaces = {{"data", {{"DATA7", "DATA1"}}}};
    const json back =
        json::parse(engine_->replace_disk(R"({"disk":"DATA7","with":"DATA1"})").value());
    wait_until([&](const json& s) {
        return s["operation"] == back["operation"] && s["state"] != "applying";
    });
    EXPECT_EQ(store_->identities()->front().members, "DATA0\nDATA1\nDATA7/DATA1");
}

TEST_F(EngineTest, AReplacedDriveOfAVolumeIsRemembered) {
    const json volume{{"name", "hard"}, {"level", "raid1"}, {"drives", {{"count", 2}}}};
    machine_.controllers.list = {{.volumes = {{.id = 1, .name = "hard", .wwn = "6000aa"}}}};
    finished(
        document({{"storage", {{"arrays", json::array()}, {"volumes", json::array({volume})}}}}));
    machine_.replaces = {{"volume/hard", {{"S1", "S7"}, {"252:1", "S7"}}}};
    const json begun = json::parse(engine_->replace_disk(R"({"disk":"S1"})").value());
    wait_until([&](const json& s) {
        return s["operation"] == begun["operation"] && s["state"] != "applying";
    });
    const store::Identity known = store_->identities()->front();
    EXPECT_EQ(known.members, "S0\nS7\n252:1/S7\nS1/S7");
    EXPECT_EQ(known.md_uuid, "6000aa");
    EXPECT_TRUE(known.complete);
    machine_.replaces.clear();
    start();
    finished();
    const raid::storcli::WantedVolume& wanted = machine_.last_storage.volumes->front();
    EXPECT_EQ(wanted.known_drives, (std::vector<std::string>{"S0", "S7"}));
    EXPECT_EQ(wanted.replaced.size(), 2u);
}

TEST_F(EngineTest, GlobalSparesOfOursGoWithARelease) {
    finished(document(
        {{"storage",
          {{"arrays", json::array()}, {"globalSpares", json::array({{{"controller", "C1"}}})}}}}));
    const store::Identity known = store_->identities()->front();
    EXPECT_EQ(known.name, "spares/C1");
    EXPECT_EQ(known.members, "S8");
    EXPECT_EQ(finished(R"({"apiVersion":"metalwright/v1","host":{"id":"host-1"},)"
                       R"("release":{"instanceId":"i-1","arrays":"remove"}})")["state"],
              "idle");
    EXPECT_EQ(machine_.last_storage.removed_spares,
              (std::vector<raid::storcli::OwnSpares>{{"C1", {"S8"}}}));
    EXPECT_TRUE(store_->identities()->empty());
}

TEST_F(EngineTest, ADiskIsLocated) {
    EXPECT_EQ(engine_->locate_disk(R"({"disk":"S1"})").value(),
              R"({"disk":"S1","on":true,"place":"storcli64 /c0/e252/s1"})");
    EXPECT_TRUE(engine_->locate_disk(R"({"disk":"S1","on":false})"));
    EXPECT_EQ(machine_.located,
              (std::vector<std::pair<std::string, bool>>{{"S1", true}, {"S1", false}}));
    EXPECT_EQ(engine_->locate_disk(R"({"disk":"ABSENT"})").error().front().code, Errc::not_found);
    for (const char* request : {"", "{}", R"({"disk":""})", R"({"disk":"S1","on":"yes"})"})
        EXPECT_EQ(engine_->locate_disk(request).error().front().code, Errc::invalid_spec)
            << request;
}

TEST_F(EngineTest, AReplacementThatIsNoneIsAnsweredAtOnce) {
    finished(document());
    for (const char* request :
         {"", "{}", R"({"disk":""})", R"({"disk":"/dev/sdb"})", R"({"disk":"S1","with":7})"}) {
        const auto refused = engine_->replace_disk(request);
        ASSERT_FALSE(refused) << request;
        EXPECT_EQ(refused.error().front().code, Errc::invalid_spec) << request;
    }
    EXPECT_TRUE(machine_.last_storage.replace.empty());
}

TEST_F(EngineTest, ARefusedDocumentFromALinkIsReportedAndChangesNothing) {
    const auto refused = engine_->submit({"link", R"({"apiVersion":"metalwright/v1"})", 5});
    ASSERT_FALSE(refused);
    const auto all = reports();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0]["kind"], "refused");
    EXPECT_EQ(all[0]["generation"], 5);
    EXPECT_FALSE(all[0]["errors"].empty());
    EXPECT_EQ(json::parse(engine_->status())["state"], "idle");
    EXPECT_TRUE(machine_.log.empty());
}

TEST_F(EngineTest, APlanTellsTheStepsAndChangesNothing) {
    const auto text = engine_->plan({"admin", document(with_script), {}});
    ASSERT_TRUE(text);
    const json plan = json::parse(*text);
    EXPECT_EQ(plan["items"].size(), 5u);
    EXPECT_EQ(plan["items"][0]["item"], "raid/data");
    EXPECT_EQ(plan["items"][0]["outcome"], "planned");
    EXPECT_EQ(plan["items"][0]["steps"][0]["destroysData"], true);
    EXPECT_TRUE(machine_.log.empty());
    EXPECT_TRUE(store_->operations(10)->empty());
    EXPECT_TRUE(store_->identities()->empty());
}

TEST_F(EngineTest, NoSecretReachesReportEventOrStore) {
    const std::string password = "Zx8#wQ2!vB5k";
    const std::int64_t id = accept(document({{"password", password}}));
    finished();
    std::string told = engine_->status() + *engine_->operation(id) + *engine_->events(id, 0);
    for (const json& report : reports()) told += report.dump();
    const auto sources = store_->sources();
    for (const store::Source& source : *sources) told += source.document;
    EXPECT_EQ(told.find(password), std::string::npos);
    EXPECT_NE(store_->sources()->front().document.find("$y$"), std::string::npos);
    EXPECT_EQ((*engine_->operation(id)).find("$y$"), std::string::npos);
}

TEST_F(EngineTest, EventsAreTheStoryOfAnOperation) {
    const std::int64_t id = accept(document());
    finished();
    const json story = json::parse(*engine_->events(id, 0));
    EXPECT_TRUE(story["finished"]);
    bool intent = false, outcome = false;
    for (const json& event : story["events"]) {
        intent |= event["kind"] == "intent" && event["item"] == "raid/data";
        outcome |= event["kind"] == "outcome" && event["item"] == "raid/data" &&
                   event["outcome"] == "changed";
    }
    EXPECT_TRUE(intent && outcome) << story.dump(2);
    EXPECT_TRUE(json::parse(*engine_->events(id, story["next"]))["events"].empty());
    EXPECT_EQ(engine_->events(999, 0).error().code, Errc::not_found);
}

TEST_F(EngineTest, AStopIsHeardByAWorkerThatIsJustLyingDown) {
    for (int i = 0; i < 5000; ++i) {
        Engine engine(Options{.host_id = "host-1"}, *store_, machine_, [] { return 0; });
        engine.start();
        // The moment between the worker's look and its wait, wherever it is on this machine.
        const auto moment = std::chrono::steady_clock::now() + std::chrono::microseconds(i % 200);
        while (std::chrono::steady_clock::now() < moment) std::this_thread::yield();
        ASSERT_TRUE(engine.stop(5s)) << "lost at start " << i;
    }
}

TEST_F(EngineTest, StoppingParksWhatIsInHandAndTheNextStartFinishesIt) {
    ASSERT_TRUE(engine_->stop(5s));
    const std::int64_t id = accept(document());
    EXPECT_EQ(json::parse(engine_->status())["state"], "applying");
    start();
    const json status = finished();
    EXPECT_EQ(status["operation"], id);
    EXPECT_EQ(status["state"], "running");
}

TEST_F(EngineTest, AGroupThatACrashCutOffIsTakenBackInReverseBeforeAnythingIsPlanned) {
    const char* intent = R"({"steps":[
        {"item":"primary","why":"add","group":"primary","undo":["remove a"]},
        {"item":"route/default","why":"exchange","group":"primary","undo":["remove b","add c"]},
        {"item":"alias/10.0.1.52/32","why":"by itself"}],"boot":"boot-1"})";
    // As a daemon that was killed leaves it: accepted, intended, no outcome.
    const auto leave = [&](const char* document_generation) {
        engine_.reset();
        store::Candidate candidate{.source = "admin", .kind = "apply", .instance = "i-1"};
        candidate.digest = document_generation;
        candidate.generation = 1;
        const auto id = store_->accept(candidate, 1);
        ASSERT_TRUE(id);
        ASSERT_TRUE(store_->intend(*id, intent, 1));
    };
    leave("d1");
    start();
    finished();
    EXPECT_EQ(machine_.taken_back, (std::vector<std::string>{"remove b", "add c", "remove a"}));

    machine_.taken_back.clear();
    leave("d2");
    machine_.boot = "boot-2";  // the power was gone: what the group did went with it
    start();
    finished();
    EXPECT_TRUE(machine_.taken_back.empty());
}

}  // namespace
}  // namespace metalwright::engine
