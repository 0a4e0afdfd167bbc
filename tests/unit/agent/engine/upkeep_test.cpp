#include "agent/engine/backoff.hpp"
#include "tests/unit/agent/engine/engine_fixture.hpp"

namespace metalwright::engine {
namespace {

constexpr const char* alias = "alias/10.0.1.52/32";

/// What happens between operations: put back, contested, held.
class UpkeepTest : public EngineTest {
 protected:
    std::vector<json> events(const std::string& kind) {
        std::vector<json> some;
        const json page = json::parse(*engine_->events(0, 0));
        EXPECT_FALSE(page["finished"]);
        for (const json& event : page["events"])
            if (event["kind"] == kind) some.push_back(event);
        return some;
    }
    void hold(const char* scope, int seconds) {
        const auto held = engine_->set_hold(json{{"scope", scope}, {"seconds", seconds}}.dump());
        ASSERT_TRUE(held) << describe(held.error());
    }
    bool has_begun(std::int64_t operation) {
        const auto story = store_->events(operation, 0, 100);
        return std::ranges::any_of(*story,
                                   [](const store::Event& e) { return e.kind == "intent"; });
    }
    /// Whether the worker begins with it within a bound that is long for it.
    bool begins_within(std::int64_t operation, std::chrono::milliseconds bound) {
        std::unique_lock lock(mutex_);
        return wake_.wait_for(lock, bound, [&] {
            lock.unlock();
            const bool begun = has_begun(operation);
            lock.lock();
            return begun;
        });
    }
};

TEST_F(UpkeepTest, WhatIsTakenAwayComesBackAndIsToldOnce) {
    finished(document());
    machine_.made.erase(alias);
    machine_.log.clear();
    const Upkeep upkeep = engine_->put_back({});
    ASSERT_EQ(upkeep.items.size(), 1u);
    EXPECT_EQ(upkeep.items[0].outcome, Outcome::changed);
    EXPECT_TRUE(machine_.made.contains(alias));
    EXPECT_FALSE(upkeep.ours.empty());

    EXPECT_TRUE(engine_->put_back({}).items.empty());
    EXPECT_EQ(machine_.log, std::vector<std::string>{alias});
    const auto told = events("drift");
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0]["item"], alias);
    EXPECT_EQ(told[0]["outcome"], "changed");
    const auto drift = reports("drift");
    ASSERT_EQ(drift.size(), 1u);
    EXPECT_EQ(drift[0]["restored"], 1);
    EXPECT_EQ(drift[0]["instance"], "i-1");
    EXPECT_EQ(drift[0]["items"][0]["item"], alias);
    EXPECT_EQ(json::parse(engine_->status())["restored"], 1);
}

TEST_F(UpkeepTest, WhatCannotBePutBackIsToldWithItsReasonAndNotCounted) {
    finished(document());
    machine_.made.erase(alias);
    machine_.breaks[alias] = {Errc::kernel_refused, "no such device", "lan0", 19};
    ASSERT_EQ(engine_->put_back({}).items.size(), 1u);
    EXPECT_EQ(events("drift")[0]["error"]["message"], "no such device");
    EXPECT_EQ(reports("drift")[0]["restored"], 0);
    EXPECT_EQ(json::parse(engine_->status())["restored"], 0);
}

TEST_F(UpkeepTest, WhatTheLastOperationCouldNotDoIsNotTriedAgain) {
    machine_.breaks[alias] = {Errc::kernel_refused, "no such device", "lan0", 19};
    finished(document());
    machine_.log.clear();
    EXPECT_TRUE(engine_->put_back({}).items.empty());
    EXPECT_TRUE(machine_.log.empty()) << "it was tried again";
    machine_.made.erase("primary");
    EXPECT_EQ(engine_->put_back({}).items.size(), 1u);
    EXPECT_EQ(machine_.log, std::vector<std::string>{"primary"});
    EXPECT_EQ(events("drift").size(), 1u);
}

TEST_F(UpkeepTest, WhatIsTakenAwayWhileAnOperationWorksIsPutBack) {
    machine_.lies.insert(alias);  // done, and gone before it is read back
    finished(document());
    machine_.lies.clear();
    const Upkeep upkeep = engine_->put_back({});
    ASSERT_EQ(upkeep.items.size(), 1u);
    EXPECT_EQ(upkeep.items[0].outcome, Outcome::changed);
    EXPECT_TRUE(machine_.made.contains(alias));
}

TEST_F(UpkeepTest, WhatTheCallerVetoesWaits) {
    finished(document());
    machine_.made.clear();
    machine_.log.clear();
    engine_->put_back([](const StepNote& step) -> std::optional<Error> {
        if (step.item == alias) return Error{Errc::busy, "later"};
        return std::nullopt;
    });
    EXPECT_EQ(machine_.log, std::vector<std::string>{"primary"});
    engine_->put_back({});
    EXPECT_TRUE(machine_.made.contains(alias));
}

TEST_F(UpkeepTest, WithoutAnInstanceNothingIsDone) {
    EXPECT_TRUE(engine_->put_back({}).items.empty());
    finished(document());
    finished(
        R"({"apiVersion":"metalwright/v1","host":{"id":"host-1"},"release":{"instanceId":"i-1"}})");
    machine_.log.clear();
    machine_.made.clear();
    EXPECT_TRUE(engine_->put_back({}).items.empty());
    EXPECT_TRUE(machine_.log.empty());
}

TEST_F(UpkeepTest, AFightIsToldOnceHoweverLongItLasts) {
    finished(document());
    Backoff backoff;
    Backoff::TimePoint now{};
    for (int i = 0; i < 10; ++i) {  // as the Keeper does it
        machine_.made.erase(alias);
        if (!backoff.allows(alias, now)) now = *backoff.next();
        for (const ItemResult& item : engine_->put_back({}).items)
            if (backoff.put_back(item.item, now)) engine_->tell_fights({item.item});
    }
    EXPECT_EQ(events("drift").size(), 10u);
    const auto told = events("contested");
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0]["item"], alias);
    const auto contested = reports("contested");
    ASSERT_EQ(contested.size(), 1u);
    EXPECT_EQ(contested[0]["item"], alias);
}

// Each of ten thousand was a transaction or two of its own, and nothing was put back for a minute.
TEST_F(UpkeepTest, ManyFightsAtOnceAreToldTogether) {
    finished(document());
    engine_->tell_fights({});
    EXPECT_TRUE(events("contested").empty());
    engine_->tell_fights({alias, "primary"});
    const auto told = events("contested");
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0]["item"], alias);
    EXPECT_EQ(told[1]["item"], "primary");
    EXPECT_EQ(told[0]["seq"], told[1]["seq"]) << "more than one event";
    const auto contested = reports("contested");
    ASSERT_EQ(contested.size(), 2u);
    EXPECT_EQ(contested[1]["item"], "primary");
}

TEST_F(UpkeepTest, WhileTheNetworkIsHeldNothingIsPutBack) {
    finished(document());
    hold("network", 60);
    machine_.made.erase(alias);
    Upkeep upkeep = engine_->put_back({});
    EXPECT_TRUE(upkeep.items.empty());
    EXPECT_FALSE(machine_.made.contains(alias));
    EXPECT_EQ(upkeep.held_for, 60s) << "nobody would look when it ends";
    EXPECT_FALSE(upkeep.ours.empty());

    now_ += 59'999;
    EXPECT_TRUE(engine_->put_back({}).items.empty());
    now_ += 1;
    upkeep = engine_->put_back({});
    EXPECT_EQ(upkeep.items.size(), 1u);
    EXPECT_FALSE(upkeep.held_for);
    EXPECT_TRUE(json::parse(engine_->status())["hold"].is_null());
}

TEST_F(UpkeepTest, AHoldOfTheStorageLetsTheNetworkBePutBack) {
    finished(document());
    hold("storage", 60);
    machine_.made.erase(alias);
    EXPECT_EQ(engine_->put_back({}).items.size(), 1u);
}

TEST_F(UpkeepTest, WhatAnOrderIsStillToDoIsNotPutBackAndWhatWasThereIs) {
    finished(document());
    hold("storage", 60);  // the next order waits
    const std::string later = "alias/10.0.1.99/32";
    json order = json::parse(document());
    order["network"]["aliases"].push_back({{"id", "s"}, {"cidr", "10.0.1.99/32"}});
    accept(order.dump(), 7);
    EXPECT_TRUE(engine_->put_back({}).items.empty());
    EXPECT_FALSE(machine_.made.contains(later));
    machine_.made.erase(alias);
    const Upkeep upkeep = engine_->put_back({});
    ASSERT_EQ(upkeep.items.size(), 1u);
    EXPECT_EQ(upkeep.items.front().item, alias);
    EXPECT_FALSE(machine_.made.contains(later));
}

TEST_F(UpkeepTest, AHoldIsToldAndEndsOnCommand) {
    hold("all", 60);
    json status = json::parse(engine_->status());
    EXPECT_EQ(status["hold"]["network"], "2026-11-18T11:07:40.123Z") << status["hold"];
    EXPECT_EQ(status["hold"]["storage"], status["hold"]["network"]);
    hold("storage", 0);
    status = json::parse(engine_->status());
    EXPECT_FALSE(status["hold"]["network"].is_null());
    EXPECT_TRUE(status["hold"]["storage"].is_null());
    hold("all", 0);
    EXPECT_TRUE(json::parse(engine_->status())["hold"].is_null());
    const auto told = reports("hold");
    ASSERT_EQ(told.size(), 3u);
    EXPECT_FALSE(told[0]["hold"]["storage"].is_null());
    EXPECT_TRUE(told[2]["hold"].is_null());
}

TEST_F(UpkeepTest, AnOperationWaitsForTheEndOfTheHold) {
    hold("network", 60);
    const std::int64_t id = accept(document());
    EXPECT_FALSE(begins_within(id, 600ms)) << "it did not wait";
    EXPECT_EQ(json::parse(engine_->status())["state"], "applying");
    now_ += 60'000;  // it ends by itself: nobody tells
    EXPECT_EQ(finished()["state"], "running");
    EXPECT_TRUE(machine_.made.contains(alias));
}

TEST_F(UpkeepTest, AnOperationThatTouchesNothingHeldDoesNotWait) {
    hold("storage", 60);
    EXPECT_EQ(finished(document({{"storage", nullptr}}))["state"], "running");
    const std::int64_t id = accept(document());
    hold("storage", 0);
    EXPECT_EQ(wait_until([id](const json& s) {
                  return s["operation"] == id && s["state"] != "applying";
              })["state"],
              "running");
}

TEST_F(UpkeepTest, ARestartKeepsTheHold) {
    finished(document());
    hold("network", 60);
    machine_.made.erase(alias);
    start();
    EXPECT_FALSE(json::parse(engine_->status())["hold"].is_null());
    EXPECT_TRUE(engine_->put_back({}).items.empty());
    EXPECT_FALSE(machine_.made.contains(alias));
    now_ += 60'000;
    EXPECT_EQ(finished()["state"], "running") << "the look at start waited for the end";
    EXPECT_TRUE(machine_.made.contains(alias));
}

TEST_F(UpkeepTest, TheNewestEventCanBeAskedFor) {
    EXPECT_EQ(json::parse(*engine_->events(0, 1'000'000))["next"], 0);
    finished(document());
    engine_->tell_fights({alias});
    const json newest = json::parse(*engine_->events(0, 9'007'199'254'740'991));
    EXPECT_TRUE(newest["events"].empty());
    EXPECT_EQ(newest["next"], events("contested")[0]["seq"]);
}

TEST(Hold, WhatIsNoHoldIsRefusedWithItsPlace) {
    const auto where = [](std::string_view request) {
        const auto changed = changed_hold({}, request, 0);
        return changed ? "accepted" : changed.error().where;
    };
    EXPECT_EQ(where("soon"), "");
    EXPECT_EQ(where(R"({"scope":"disks","seconds":1})"), "/scope");
    EXPECT_EQ(where(R"({"scope":"all"})"), "/seconds");
    EXPECT_EQ(where(R"({"seconds":-1})"), "/seconds");
    EXPECT_EQ(where(R"({"seconds":2592001})"), "/seconds");
    EXPECT_EQ(where(R"({"seconds":1.5})"), "/seconds");
    EXPECT_EQ(where(R"({"seconds":2592000})"), "accepted");
    EXPECT_EQ(changed_hold({5, 7}, R"({"scope":"network","seconds":2})", 1000), (Hold{3000, 7}));
}

TEST(Hold, WhatTheStoreKeepsComesBack) {
    EXPECT_EQ(hold_from_store(to_store({5, 7})), (Hold{5, 7}));
    EXPECT_EQ(hold_from_store(""), Hold());
    EXPECT_EQ(hold_from_store("[]"), Hold());
}

}  // namespace
}  // namespace metalwright::engine
