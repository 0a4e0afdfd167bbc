#include "tests/unit/agent/engine/engine_fixture.hpp"

namespace metalwright::engine {
namespace {

/// An order of bandwidth, and of nothing else of the network.
const json alone{{"network", {{"primary", nullptr}, {"aliases", nullptr}, {"bandwidthMbps", 100}}}};
constexpr const char* release =
    R"({"apiVersion":"metalwright/v1","host":{"id":"host-1"},"release":{"instanceId":"i-1"}})";

using BandwidthTest = EngineTest;

TEST_F(BandwidthTest, AloneItIsAnOrderForTheNetwork) {
    const json status = finished(document(alone));
    EXPECT_EQ(outcome(status, "bandwidth"), "changed");
    EXPECT_EQ(outcome(status, "primary"), "absent");
    EXPECT_EQ(machine_.last_network.shaping, (netcfg::Shaping{100, 0}));
}

TEST_F(BandwidthTest, AloneItIsPlannedToo) {
    const auto planned = engine_->plan({"admin", document(alone), {}});
    ASSERT_TRUE(planned);
    const json plan = json::parse(*planned);
    EXPECT_TRUE(std::ranges::any_of(plan["items"],
                                    [](const json& item) { return item["item"] == "bandwidth"; }));
    EXPECT_TRUE(machine_.log.empty());
}

TEST_F(BandwidthTest, AloneItIsPutBack) {
    finished(document(alone));
    machine_.made.erase("bandwidth");
    ASSERT_EQ(engine_->put_back({}).items.size(), 1u);
    EXPECT_TRUE(machine_.made.contains("bandwidth"));
}

TEST_F(BandwidthTest, AloneItWaitsForAHoldOfTheNetwork) {
    finished(document(alone));
    ASSERT_TRUE(engine_->set_hold(json{{"scope", "network"}, {"seconds", 60}}.dump()));
    machine_.made.erase("bandwidth");
    EXPECT_TRUE(engine_->put_back({}).items.empty());
    EXPECT_FALSE(machine_.made.contains("bandwidth"));
    json faster = alone;
    faster["network"]["bandwidthMbps"] = 200;
    const std::int64_t id = accept(document(faster));
    ASSERT_TRUE(engine_->set_hold(json{{"scope", "network"}, {"seconds", 0}}.dump()));
    wait_until([id](const json& s) { return s["operation"] == id && s["state"] != "applying"; });
    EXPECT_EQ(machine_.last_network.shaping, (netcfg::Shaping{200, 0}));
}

TEST_F(BandwidthTest, AbsentIsUnmanagedAndZeroIsAWish) {
    finished(document());
    EXPECT_EQ(machine_.last_network.shaping, std::nullopt);
    finished(document({{"network", {{"bandwidthMbps", 0}, {"extraUplinkMbps", 5}}}}));
    EXPECT_EQ(machine_.last_network.shaping, netcfg::Shaping());
}

TEST_F(BandwidthTest, TheHostSaysWhichNicAndWhetherWhatComesInIsShaped) {
    options_.wan = {.name = "wan7"};
    options_.shape_ingress = true;
    start();
    finished(document({{"network", {{"bandwidthMbps", 100}, {"extraUplinkMbps", 50}}}}));
    EXPECT_EQ(machine_.last_network.shaping, (netcfg::Shaping{150, 100}));
    EXPECT_EQ(machine_.last_network.wan, netcfg::NicSelector{.name = "wan7"});
}

TEST_F(BandwidthTest, AReleaseTakesItBack) {
    finished(document(alone));
    finished(release);
    EXPECT_EQ(machine_.last_network.shaping, netcfg::Shaping());
}

}  // namespace
}  // namespace metalwright::engine
