#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/unit/agent/engine/engine_fixture.hpp"

namespace metalwright::engine {
namespace {

namespace fs = std::filesystem;

const std::string new_store =
    "the store was made anew, and another one was at work on this host "
    "before";

class LockTest : public EngineTest {
 protected:
    void stop() {
        engine_.reset();
        store_.reset();
    }
    void lose_the_store() {
        stop();
        for (const char* name : {"state.db", "state.db-wal", "state.db-shm"})
            fs::remove(directory_ / name);
    }
    /// As a backup would: the daemon is down, all of it lies in the one file.
    void back_up(const char* name = "backup") {
        stop();
        fs::copy_file(directory_ / "state.db", directory_ / name);
        start();
    }
    void restore(const char* name = "backup") {
        lose_the_store();
        fs::copy_file(directory_ / name, directory_ / "state.db");
    }
    json status() { return json::parse(engine_->status()); }
    json arm() {
        const auto answer = engine_->arm();
        EXPECT_TRUE(answer) << (answer ? "" : describe(answer.error()));
        return answer ? json::parse(*answer) : json();
    }
    static std::string why(const json& status, const std::string& item) {
        for (const json& one : status["items"])
            if (one["item"] == item) return one["error"]["message"];
        return "absent";
    }
    std::size_t reports_of(const std::string& kind) {
        const auto all = reports();
        return static_cast<std::size_t>(
            std::ranges::count_if(all, [&](const json& report) { return report["kind"] == kind; }));
    }
    std::string mark() {
        std::ifstream file(directory_ / "host-in-use");
        return {std::istreambuf_iterator<char>(file), {}};
    }
};

const json two_arrays = json::parse(R"({"storage": {"arrays": [
    {"name": "data", "level": "raid1", "members": {"count": 2}},
    {"name": "more", "level": "raid1", "members": {"count": 2}}]}})");

TEST_F(LockTest, AFreshHostIsNotLockedAndStaysSoThroughRestarts) {
    EXPECT_TRUE(status()["locked"].is_null());
    EXPECT_EQ(mark(), "") << "an image may be made of it";
    start();
    EXPECT_EQ(outcome(finished(document()), "raid/data"), "changed");
    EXPECT_NE(mark(), "");
    start();
    EXPECT_TRUE(finished()["locked"].is_null());
    EXPECT_EQ(outcome(finished(document(two_arrays)), "raid/more"), "changed");
    EXPECT_EQ(reports_of("locked"), 0u);
}

TEST_F(LockTest, AStoreMadeAnewDestroysNothingAndKeepsAddresses) {
    finished(document());
    lose_the_store();
    machine_.made.clear();
    machine_.log.clear();
    start();
    EXPECT_EQ(status()["locked"]["reason"], new_store);
    EXPECT_EQ(status()["locked"]["since"], "2026-11-18T11:06:40.123Z");
    EXPECT_EQ(reports_of("locked"), 1u);

    const json locked = finished(document());
    EXPECT_EQ(locked["state"], "failed");
    EXPECT_EQ(outcome(locked, "raid/data"), "failed");
    EXPECT_EQ(why(locked, "raid/data"),
              "not done: raid/data is absent: locked since 2026-11-18T11:06:40.123Z, because " +
                  new_store + "; look at the disks, then `metalwright arm` and apply again");
    EXPECT_EQ(outcome(locked, "alias/10.0.1.52/32"), "changed");
    EXPECT_EQ(outcome(locked, "hostname"), "changed");
    EXPECT_FALSE(machine_.made.contains("raid/data"));
    EXPECT_TRUE(store_->identities()->empty()) << "named, and not to be made";
}

TEST_F(LockTest, ArmingUnlocksOnceAndForAll) {
    finished(document());
    lose_the_store();
    machine_.made.clear();
    start();
    finished(document());
    const json armed = arm();
    EXPECT_EQ(armed["wasLocked"], true);
    EXPECT_EQ(armed["reason"], new_store);
    EXPECT_EQ(armed["unlocks"].size(), 2u);
    EXPECT_TRUE(status()["locked"].is_null());
    EXPECT_FALSE(machine_.made.contains("raid/data")) << "arming alone does nothing to a disk";

    const json again = arm();
    EXPECT_EQ(again["wasLocked"], false);
    EXPECT_TRUE(again["unlocks"].empty());
    EXPECT_EQ(reports_of("armed"), 1u);

    start();
    EXPECT_TRUE(finished()["locked"].is_null()) << "armed, and locked again at the next start";
    EXPECT_EQ(outcome(finished(document()), "raid/data"), "changed");
    start();
    EXPECT_TRUE(finished()["locked"].is_null());
}

TEST_F(LockTest, TheLockOutlastsRestartsAndIsReportedOnce) {
    finished(document());
    lose_the_store();
    machine_.made.clear();
    start();
    start();
    fs::remove(directory_ / "host-in-use");
    start();
    EXPECT_EQ(status()["locked"]["reason"], new_store);
    EXPECT_EQ(outcome(finished(document()), "raid/data"), "failed");
    EXPECT_EQ(reports_of("locked"), 1u);
}

TEST_F(LockTest, AnOlderCopyOfTheSameStoreIsLocked) {
    finished(document());
    back_up();
    finished(document(two_arrays));
    restore();
    machine_.made.erase("raid/more");
    start();
    finished();
    EXPECT_EQ(status()["locked"]["reason"],
              "the store is an older copy: it does not know what was last done to the disks");
    EXPECT_EQ(outcome(finished(document(two_arrays)), "raid/more"), "failed");
    EXPECT_EQ(arm()["wasLocked"], true);
    EXPECT_EQ(outcome(finished(document(two_arrays)), "raid/more"), "changed");

    restore();
    start();
    EXPECT_FALSE(finished()["locked"].is_null()) << "the same copy again, after arming";
}

TEST_F(LockTest, ACopyFromBeforeAnArrayWasCompleteIsLocked) {
    machine_.lies.insert("raid/data");  // begun, and not there yet
    finished(document());
    back_up();
    finished();
    machine_.lies.clear();
    machine_.made.insert("raid/data");  // the kernel is through with it
    finished(document());
    restore();
    start();
    EXPECT_FALSE(finished()["locked"].is_null()) << "it would make the array a second time";
}

TEST_F(LockTest, ACopyThatMissesNothingOfTheDisksIsNotLocked) {
    finished(document());
    back_up();
    finished();
    const std::string before = mark();
    finished(document({{"network", {{"aliases", json::array()}}}}));
    EXPECT_EQ(mark(), before) << "an order that touches no disk pays for none";
    restore();
    start();
    EXPECT_TRUE(finished()["locked"].is_null());
}

TEST_F(LockTest, WhatAnOlderCopyLeftUnfinishedIsNotFinished) {
    ASSERT_TRUE(engine_->stop(5s));
    accept(document());
    back_up();
    finished();
    restore();
    machine_.made.clear();
    machine_.log.clear();
    start();
    const json taken_up = finished();
    EXPECT_EQ(outcome(taken_up, "raid/data"), "failed");
    EXPECT_EQ(machine_.log,
              (std::vector<std::string>{"primary", "alias/10.0.1.52/32", "hostname"}));
}

TEST_F(LockTest, AStoreFromElsewhereIsLockedWithOurMarkAndWithout) {
    finished(document());
    back_up("here");
    finished();
    lose_the_store();
    fs::rename(directory_ / "host-in-use", directory_ / "our-mark");
    start();  // another host's store
    finished(document());
    back_up("elsewhere");
    finished();

    fs::rename(directory_ / "our-mark", directory_ / "host-in-use");
    restore("elsewhere");
    start();
    EXPECT_EQ(finished()["locked"]["reason"],
              "another store than this one was at work on this host last");

    restore("here");
    fs::remove(directory_ / "host-in-use");
    start();
    EXPECT_EQ(finished()["locked"]["reason"],
              "the store has been at work, and what it left outside itself is gone: it was copied "
              "here, or host-in-use was removed");
    arm();
    restore("here");
    start();
    EXPECT_FALSE(finished()["locked"].is_null()) << "the copy is from before it was armed";
}

TEST_F(LockTest, ANewStoreOnAHostThatHasRunUserDataIsLocked) {
    lose_the_store();
    machine_.markers = true;
    start();
    EXPECT_EQ(status()["locked"]["reason"],
              "the store was made anew, and user data has run on this host before");
}

TEST_F(LockTest, UserDataIsNotStartedWhileLockedAndIsTold) {
    finished(document());
    lose_the_store();
    start();
    machine_.script = {.state = cloudinit::ScriptState::exited, .exit_code = 0};
    const json locked = finished(document(with_script));
    EXPECT_EQ(machine_.launches, 0);
    EXPECT_EQ(locked["userData"]["state"], "pending");
    EXPECT_EQ(outcome(locked, "raid/data"), "unchanged");
    EXPECT_EQ(outcome(locked, "userData"), "failed");
    EXPECT_NE(why(locked, "userData").find("`metalwright arm`"), std::string::npos);
    arm();
    EXPECT_EQ(finished(document(with_script))["state"], "running");
    EXPECT_EQ(machine_.launches, 1);
}

TEST_F(LockTest, UserDataThatHasRunDoesNotRunAfterArmingEither) {
    machine_.script = {.state = cloudinit::ScriptState::exited, .exit_code = 0};
    finished(document(with_script));
    lose_the_store();
    start();
    EXPECT_EQ(finished(document(with_script))["userData"]["state"], "unknown");
    arm();
    EXPECT_EQ(finished(document(with_script))["userData"]["state"], "unknown");
    EXPECT_EQ(machine_.launches, 1);
}

TEST_F(LockTest, ACopyFromBeforeUserDataRanIsLocked) {
    finished(document());
    back_up();
    finished();
    machine_.script = {.state = cloudinit::ScriptState::exited, .exit_code = 0};
    finished(document(with_script));
    restore();
    start();
    EXPECT_FALSE(finished()["locked"].is_null());
}

TEST_F(LockTest, APlanTellsWhatTheLockForbids) {
    finished(document());
    lose_the_store();
    machine_.made.clear();
    start();
    const auto text = engine_->plan({"admin", document(with_script), {}});
    ASSERT_TRUE(text);
    const json plan = json::parse(*text);
    EXPECT_EQ(outcome(plan, "raid/data"), "failed");
    EXPECT_EQ(outcome(plan, "userData"), "failed");
    EXPECT_EQ(outcome(plan, "hostname"), "planned");
}

TEST_F(LockTest, WhereTheMarkCannotBeReadTheHostIsLockedUntilItCanBeWritten) {
    finished(document());
    stop();
    fs::remove(directory_ / "host-in-use");
    fs::create_directories(directory_ / "host-in-use" / "x");
    start();
    EXPECT_EQ(finished()["locked"]["reason"].get<std::string>().find(
                  "what the store left outside itself cannot be read ("),
              0u);
    EXPECT_FALSE(engine_->arm());
    EXPECT_FALSE(status()["locked"].is_null());
    EXPECT_EQ(reports_of("armed"), 0u);
    fs::remove_all(directory_ / "host-in-use");
    arm();
    start();
    EXPECT_TRUE(finished()["locked"].is_null());
}

TEST_F(LockTest, NoStepIsBegunThatTheMarkDoesNotKnowOf) {
    finished(document());
    fs::remove(directory_ / "host-in-use");
    fs::create_directories(directory_ / "host-in-use" / "x");
    json more = two_arrays;
    more["network"]["aliases"] = json::array({{{"id", "s"}, {"cidr", "10.0.1.53/32"}}});
    const json status = finished(document(more));
    EXPECT_EQ(outcome(status, "raid/more"), "failed");
    EXPECT_FALSE(machine_.made.contains("raid/more"));
    EXPECT_EQ(outcome(status, "alias/10.0.1.53/32"), "changed");
}

}  // namespace
}  // namespace metalwright::engine
