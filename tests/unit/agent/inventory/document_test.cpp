#include "agent/inventory/document.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace metalwright::inventory {
namespace {

using Json = nlohmann::json;

raid::Controllers one_controller() {
    raid::Controller one{.id = "storcli64/c0",
                         .tool = "/t/storcli64",
                         .model = "M",
                         .mode = raid::ControllerMode::raid,
                         .levels = {"raid1"},
                         .flags = {"preserved-cache"}};
    one.drives = {{.selector = "/c0/e8/s1",
                   .enclosure = 8,
                   .slot = 1,
                   .state = raid::DriveState::member,
                   .raw_state = "Onln",
                   .bytes = 1000,
                   .media = raid::DriveMedia::nvme,
                   .volumes = {239}},
                  {.state = raid::DriveState::missing, .raw_state = "Msng"}};
    one.volumes = {
        {.id = 239,
         .level = "raid1",
         .state = raid::VolumeState::partially_degraded,
         .raw_state = "Pdgd",
         .drives = {"/c0/e8/s1"},
         .wwn = "600062b212da5d40",
         .task = raid::Task{raid::TaskKind::consistency_check, "Consistency Check", 36}}};
    one.errors = {{Errc::command_failed, "bad", "storcli64/c0", 46}};
    return {.list = {one}, .errors = {{Errc::timed_out, "late", "/t/storcli2"}}};
}

TEST(Inventory, AControllerAsTheApiDescribesIt) {
    const Json json = Json::parse(document({}, one_controller(), {}));
    EXPECT_EQ(json["controllers"][0], Json::parse(R"({"id":"storcli64/c0","tool":"/t/storcli64",
        "model":"M","serial":"","pci":"","firmware":"","mode":"raid","levels":["raid1"],
        "flags":["preserved-cache"],
        "drives":[{"selector":"/c0/e8/s1","enclosure":8,"slot":1,"state":"member","rawState":"Onln",
          "sizeBytes":1000,"model":"","serial":"","wwn":"","media":"nvme","volumes":[239],
          "rebuildPercent":null,"rebuildTimeLeft":""},
         {"selector":"","enclosure":null,"slot":null,"state":"missing","rawState":"Msng",
          "sizeBytes":0,"model":"","serial":"","wwn":"","media":"unknown","volumes":[],
          "rebuildPercent":null,"rebuildTimeLeft":""}],
        "volumes":[{"id":239,"level":"raid1","state":"partially-degraded","rawState":"Pdgd","name":"",
          "sizeBytes":0,"stripKiB":0,"cache":"","drives":["/c0/e8/s1"],"wwn":"600062b212da5d40",
          "task":{"action":"consistency-check","name":"Consistency Check","percent":36,"timeLeft":""}}],
        "errors":[{"code":"command_failed","message":"bad","where":"storcli64/c0","toolCode":46}]})"));
    EXPECT_EQ(json["controllerErrors"],
              Json::parse(R"([{"code":"timed_out","message":"late","where":"/t/storcli2"}])"));
}

TEST(Inventory, ADiskNamesTheControllerThatItIsBehind) {
    raid::Observed storage;
    storage.disks = {{.name = "sda", .wwn = "naa.600062B212DA5D40"}, {.name = "sdb"}};
    const Json json = Json::parse(document(storage, one_controller(), {}));
    EXPECT_EQ(json["disks"][0]["controller"], "storcli64/c0");
    EXPECT_EQ(json["disks"][1]["controller"], nullptr);
}

TEST(Inventory, AnEmptyHostIsEmptyLists) {
    EXPECT_EQ(document({}, {}, {}),
              R"({"disks":[],"arrays":[],"controllers":[],"controllerErrors":[],"nics":[]})");
}

TEST(Inventory, BytesThatAreNoTextDoNotBreakIt) {
    raid::Observed storage;
    storage.disks = {{.name = "sda", .model = "A\xff"}};
    EXPECT_EQ(Json::parse(document(storage, {}, {}))["disks"][0]["model"], "A\uFFFD");
}

}  // namespace
}  // namespace metalwright::inventory
