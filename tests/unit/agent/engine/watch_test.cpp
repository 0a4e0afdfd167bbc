#include <gtest/gtest.h>

#include "tests/unit/agent/engine/engine_fixture.hpp"

namespace metalwright::engine {
namespace {

/// What becomes of arrays between operations.
class WatchTest : public EngineTest {
 protected:
    static raid::Array mirror() {
        raid::Array array{.name = "data",
                          .kernel_name = "md127",
                          .path = "/dev/md/data",
                          .uuid = "1:2:3:4",
                          .level = "raid1",
                          .raid_devices = 2,
                          .array_state = "clean",
                          .sync_action = "idle"};
        array.members = {{"DATA0", "0"}, {"DATA1", "1"}};
        return array;
    }
    static raid::Array degraded() {
        raid::Array array = mirror();
        array.members[1].role = "faulty";
        array.degraded = 1;
        return array;
    }
    static raid::Array recovering(double percent) {
        raid::Array array = mirror();
        array.sync_action = "recover";
        array.degraded = 1;
        array.sync_percent = percent;
        array.sync_eta_s = 60;
        return array;
    }
    void glance(const std::vector<raid::Array>& arrays) {
        machine_.show(arrays);
        engine_->watch_arrays();
    }
    std::vector<json> events(const std::string& kind) {
        std::vector<json> some;
        const json page = json::parse(engine_->events(0, 0).value());
        for (const json& event : page["events"])
            if (event["kind"] == kind) some.push_back(event);
        return some;
    }
};

TEST_F(WatchTest, AnArrayThatDegradesIsAnEventAReportAndStandsInTheStatus) {
    glance({mirror()});
    EXPECT_TRUE(reports("array").empty());
    EXPECT_EQ(json::parse(engine_->status())["arrays"][0]["health"], "optimal");
    glance({degraded()});
    ASSERT_EQ(events("array").size(), 1u);
    ASSERT_EQ(reports("array").size(), 1u);
    const json report = reports("array")[0];
    EXPECT_EQ(report["item"], "raid/data");
    EXPECT_EQ(report["was"], "optimal");
    EXPECT_EQ(report["is"], "degraded");
    EXPECT_EQ(report["failed"], json::parse(R"(["DATA1"])"));
    EXPECT_EQ(report["host"], "host-1");
    EXPECT_TRUE(report.contains("at"));
    const json array = json::parse(engine_->status())["arrays"][0];
    EXPECT_EQ(array["health"], "degraded");
    EXPECT_EQ(array["note"], "degraded: 1 of 2 members are there, DATA1 is faulty");
    glance({degraded()});
    EXPECT_EQ(reports("array").size(), 1u);
}

TEST_F(WatchTest, ARebuildIsToldInStepsWithItsEta) {
    glance({degraded()});
    for (const double percent : {0.0, 1.0, 4.9, 5.1, 7.0, 99.0}) glance({recovering(percent)});
    const auto told = events("progress");
    ASSERT_EQ(told.size(), 3u);
    EXPECT_EQ(told[1]["percent"], 5.1);
    EXPECT_EQ(told[1]["etaSeconds"], 60);
    EXPECT_EQ(told[1]["item"], "raid/data");
    EXPECT_EQ(json::parse(engine_->status())["arrays"][0]["sync"]["percent"], 99.0);
    glance({mirror()});
    EXPECT_EQ(reports("array").back()["is"], "optimal");
    EXPECT_TRUE(json::parse(engine_->status())["arrays"][0]["sync"].is_null());
}

raid::Controllers hardware(raid::DriveState state, int percent = -1) {
    raid::Controller one{.id = "storcli64/c0", .model = "M", .serial = "C1"};
    one.drives = {
        {.selector = "/c0/e252/s0", .slot = 0, .state = raid::DriveState::member, .serial = "S0"},
        {.selector = "/c0/e252/s1", .slot = 1, .state = state, .serial = "S1", .percent = percent}};
    const bool whole = state == raid::DriveState::member;
    one.volumes = {{.id = 239,
                    .level = "raid1",
                    .state = whole ? raid::VolumeState::optimal : raid::VolumeState::degraded,
                    .name = "data",
                    .drives = {"/c0/e252/s0", "/c0/e252/s1"},
                    .wwn = "6000aa"}};
    return {.list = {one}};
}

TEST_F(WatchTest, ADriveOfAControllerThatFailsIsAnEventAReportAndStandsInTheStatus) {
    machine_.controllers = hardware(raid::DriveState::member);
    engine_->watch_controllers();
    EXPECT_TRUE(reports("controller").empty());
    machine_.controllers = hardware(raid::DriveState::bad);
    engine_->watch_controllers();
    engine_->watch_controllers();
    ASSERT_EQ(events("controller").size(), 2u);
    ASSERT_EQ(reports("controller").size(), 2u);
    const json report = reports("controller")[0];
    EXPECT_EQ(report["item"], "volume/data");
    EXPECT_EQ(report["controller"], "storcli64/c0");
    EXPECT_EQ(report["was"], "optimal");
    EXPECT_EQ(report["is"], "degraded");
    EXPECT_EQ(report["note"], "degraded: S1 (/c0/e252/s1) is bad");
    EXPECT_EQ(reports("controller")[1]["item"], "drive/S1");
    const json controller = json::parse(engine_->status())["controllers"][0];
    EXPECT_EQ(controller["health"], "optimal");
    EXPECT_EQ(controller["volumes"][0]["state"], "degraded");
    ASSERT_EQ(controller["drives"].size(), 1u);
    EXPECT_EQ(controller["drives"][0]["serial"], "S1");
}

TEST_F(WatchTest, ARebuildOfAControllerIsToldInSteps) {
    for (const int percent : {0, 1, 4, 6, 7, 99}) {
        machine_.controllers = hardware(raid::DriveState::rebuilding, percent);
        engine_->watch_controllers();
    }
    const auto told = events("progress");
    ASSERT_EQ(told.size(), 3u);
    EXPECT_EQ(told[1]["percent"], 6);
    EXPECT_EQ(told[1]["item"], "volume/data");
    EXPECT_EQ(told[1]["note"], "rebuilding 6 %, usable meanwhile");
}

TEST_F(WatchTest, AnInitializationIsToldInStepsUntilItIsDoneAndStandsInTheStatus) {
    for (const int percent : {0, 3, 6, 7, 99, -2}) {
        machine_.controllers = hardware(raid::DriveState::member);
        if (percent >= 0)
            machine_.controllers.list[0].volumes[0].task =
                raid::Task{raid::TaskKind::initialization, "INIT", percent, "3 Minutes"};
        engine_->watch_controllers();
        const json volume = json::parse(engine_->status())["controllers"][0]["volumes"][0];
        if (percent < 0) {
            EXPECT_TRUE(volume["task"].is_null());
        } else {
            EXPECT_EQ(volume["task"], (json{{"action", "initialization"},
                                            {"percent", percent},
                                            {"timeLeft", "3 Minutes"}}));
        }
    }
    std::vector<json> percents;
    for (const json& event : events("progress")) {
        EXPECT_EQ(event["item"], "volume/data");
        EXPECT_EQ(event["action"], "initialization");
        percents.push_back(event["percent"]);
    }
    EXPECT_EQ(percents, (std::vector<json>{0, 6, 99, 100}));
    EXPECT_EQ(events("progress")[1]["note"],
              "initialization 6 %, 3 Minutes left, not usable until it is done");
}

}  // namespace
}  // namespace metalwright::engine
