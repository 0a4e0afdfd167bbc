#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/raid/storcli_text.hpp"

namespace metalwright::raid::storcli {
namespace {

using testing::ElementsAre;

const std::string sections =
    R"json({"Basics":{"Controller":0,"Model":"MegaRAID X  ","Serial Number":"SN1 "},
  "Version":{"Firmware Package Build":"52.24.0","Driver Name":"megaraid_sas"},
  "Status":{"Controller Status":"Optimal","Any Offline VD Cache Preserved":"No",
            "Current Personality":"RAID-Mode "},
  "Capabilities":{"RAID Level Supported":"RAID0, RAID1(2 or more drives)"},)json";

const Controller& only(const Controllers& all) {
    EXPECT_EQ(all.list.size(), 1u);
    static const Controller none;
    return all.list.empty() ? none : all.list.front();
}

TEST(StorcliSeen, AControllerFromShowAll) {
    const Controllers all =
        told({answer(part(0, sections + R"("VD LIST":[],"PD LIST":[)" + pd("252:1", "UGood") + "," +
                                 pd("252:0", "Onln", "0") + "]}"))});
    const Controller& one = only(all);
    EXPECT_EQ(one.id, "storcli64/c0");
    EXPECT_EQ(one.tool, "/t/storcli64");
    EXPECT_EQ(one.model, "MegaRAID X");
    EXPECT_EQ(one.serial, "SN1");
    EXPECT_EQ(one.firmware, "52.24.0");
    EXPECT_EQ(one.mode, ControllerMode::raid);
    EXPECT_THAT(one.levels, ElementsAre("raid0", "raid1"));
    EXPECT_TRUE(one.flags.empty());
    ASSERT_EQ(one.drives.size(), 2u);
    EXPECT_EQ(one.drives[0].selector, "/c0/e252/s0");
    EXPECT_EQ(one.drives[0].state, DriveState::member);
    EXPECT_EQ(one.drives[1].state, DriveState::free);
    EXPECT_EQ(one.drives[1].raw_state, "UGood");
    EXPECT_EQ(one.drives[1].model, "MODEL-1");
    EXPECT_EQ(one.drives[1].bytes, 931ULL << 30);
}

TEST(StorcliSeen, VolumesAndTheirDrivesInAnyOrderOfKeys) {
    const Controllers all = told({answer(part(
        0, R"({"VD239 Properties":{"Strip Size":"256 KB","Number of Blocks":1953125000,
                 "Span Depth":2,"SCSI NAA Id":"600062B212DA5D40","OS Drive Name":"/dev/sdb"},
               "PDs for VD 239":[)" +
               pd("252:3", "Onln", "4") + "," + pd("252:4", "Rbld", "4") +
               R"(],"/c0/v239":[{"DG/VD":"4/239","TYPE":"RAID10","State":"Dgrd","Cache":"NRWTD",
                 "Size":"931.323 GB","Name":"data"}]})"))});
    const Controller& one = only(all);
    ASSERT_EQ(one.volumes.size(), 1u);
    const VirtualDrive& volume = one.volumes.front();
    EXPECT_EQ(volume.id, 239u);
    EXPECT_EQ(volume.level, "raid10");
    EXPECT_EQ(volume.state, VolumeState::degraded);
    EXPECT_EQ(volume.name, "data");
    EXPECT_EQ(volume.bytes, 1953125000ULL * 512);
    EXPECT_EQ(volume.strip_kib, 256u);
    EXPECT_EQ(volume.spans, 2u);
    EXPECT_EQ(volume.cache, "NRWTD");
    EXPECT_EQ(volume.wwn, "600062b212da5d40");
    EXPECT_THAT(volume.drives, ElementsAre("/c0/e252/s3", "/c0/e252/s4"));
    EXPECT_THAT(one.drives[1].volumes, ElementsAre(239u));
    EXPECT_EQ(one.drives[1].state, DriveState::rebuilding);
}

TEST(StorcliSeen, DrivesOfAVolumeAreThoseOfItsGroupWhereNothingElseIsTold) {
    const Controllers all = told({answer(part(
        0, R"({"VD LIST":[{"DG/VD":"1/0","TYPE":"RAID1","State":"Optl","Size":"1 GB","Name":""},
                          {"DG/VD":"1/1","TYPE":"RAID1","State":"Optl","Size":"2 GB","Name":""}],
               "PD LIST":[)" +
               pd("252:3", "Onln", "1") + "," + pd("252:4", "UGood") + "]}"))});
    const Controller& one = only(all);
    EXPECT_THAT(one.volumes[1].drives, ElementsAre("/c0/e252/s3"));
    EXPECT_THAT(one.drives[0].volumes, ElementsAre(0u, 1u));
    EXPECT_TRUE(one.drives[1].volumes.empty());
}

TEST(StorcliSeen, TheNestingOfStorcli2) {
    const Controllers all = told({
        answer(part(0, R"({"Drives List":[{"Drive Information":{"EID:Slt":"306:2","PID":293,
            "State":"UConf","Status":"Good","DG":"-","Size":"9.094 TiB","Intf":"SATA","Med":"SSD",
            "Model":"M2 "},"Drive Detailed Information":{"Serial Number":"S9 ","WWN":"5000C500EF7D",
            "Logical Sector Size":"512B","Coerced size":"9.094 TiB [0x48c300000 Sectors]"}}]})")),
        answer(part(0, R"({"Virtual Drives":[{"VD Info":{"DG/VD":"0/1","TYPE":"RAID6",
            "State":"Optl","CurrentCache":"NR,WB","Size":"9.094 TiB","Name":""},
            "PDs":[{"EID:Slt":"306:0","State":"Conf","Status":"Online","DG":0,"Size":"9.094 TiB",
                    "Med":"HDD"}],
            "VD Properties":{"Strip Size":"64 KiB","Block Size":4096,"Number of Blocks":2441478144}}]})")),
    });
    const Controller& one = only(all);
    ASSERT_EQ(one.drives.size(), 2u);
    EXPECT_EQ(one.drives[0].state, DriveState::member);
    EXPECT_EQ(one.drives[0].raw_state, "Conf Online");
    EXPECT_EQ(one.drives[1].serial, "S9");
    EXPECT_EQ(one.drives[1].wwn, "5000c500ef7d");
    EXPECT_EQ(one.drives[1].bytes, 0x48c300000ULL * 512);
    EXPECT_EQ(one.drives[1].media, DriveMedia::ssd);
    ASSERT_EQ(one.volumes.size(), 1u);
    EXPECT_EQ(one.volumes[0].bytes, 2441478144ULL * 4096);
    EXPECT_EQ(one.volumes[0].cache, "NR,WB");
    EXPECT_EQ(one.volumes[0].strip_kib, 64u);
}

TEST(StorcliSeen, DetailsOfTheOlderTools) {
    const Controllers all = told({answer(part(
        0,
        R"({"Drive /c0/s24 - Detailed Information":{"Drive /c0/s24 State":{"Media Error Count":0},
               "Drive /c0/s24 Device attributes":{"SN":"        ZAD2","WWN":"5000C500A517",
                 "Logical Sector Size":"4 KB","Raw size":"1.7 TB [0x1b000000 Sectors]",
                 "Coerced size":"1.636 TB [0x1a32dd36 Sectors]"}},
               "Drive /c0/s24":[)" +
            pd(" :24", "UGood") + "]}"))});
    const Controller& one = only(all);
    ASSERT_EQ(one.drives.size(), 1u);
    EXPECT_EQ(one.drives[0].selector, "/c0/s24");
    EXPECT_EQ(one.drives[0].enclosure, std::nullopt);
    EXPECT_EQ(one.drives[0].slot, 24u);
    EXPECT_EQ(one.drives[0].serial, "ZAD2");
    EXPECT_EQ(one.drives[0].bytes, 0x1a32dd36ULL * 4096);
}

TEST(StorcliSeen, OneFailingControllerHidesNoNeighbour) {
    const Controllers all = told({answer(
        part(0, sections + R"("PD LIST":[]})") + "," +
        part(
            1, "", "Failure",
            R"(,"Detailed Status":[{"Ctrl":1,"Status":"Failed","ErrCd":61,"ErrMsg":"hardware"}])") +
        "," + part(2, sections + R"("PD LIST":[)" + pd("8:0", "UGood") + "]}"))});
    ASSERT_EQ(all.list.size(), 3u);
    EXPECT_TRUE(all.list[0].errors.empty());
    ASSERT_EQ(all.list[1].errors.size(), 1u);
    EXPECT_EQ(all.list[1].errors[0].where, "storcli64/c1");
    EXPECT_EQ(all.list[1].errors[0].message, "/call show all: Ctrl 1 hardware (code 61)");
    EXPECT_EQ(all.list[1].errors[0].sys, 61);
    EXPECT_EQ(all.list[2].drives.size(), 1u);
}

TEST(StorcliSeen, WhatAFailureHoldsIsReadAllTheSame) {
    const Controllers all = told({answer(part(
        0,
        R"({"Drive Information":[)" + pd("4:3", "Failed", "0", "-") + "," + pd("4:4", "UGood") +
            "]}",
        "Failure",
        R"(,"Detailed Status":[{"Drive":"/c0/e4/s3","Status":"Failure","ErrCd":46,"ErrMsg":"-"}])"))});
    const Controller& one = only(all);
    ASSERT_EQ(one.drives.size(), 2u);
    EXPECT_EQ(one.drives[0].state, DriveState::bad);
    EXPECT_EQ(one.drives[0].model, "");
    EXPECT_EQ(one.drives[1].state, DriveState::free);
    ASSERT_EQ(one.errors.size(), 1u);
    EXPECT_EQ(one.errors[0].message, "/call show all: /c0/e4/s3 (code 46)");
}

TEST(StorcliSeen, AnIncompleteForeignConfigurationIsAFlagNotAnError) {
    const std::string row = R"(,"Detailed Status":[{"Ctrl":0,"Status":"Failed","ErrCd":59,)"
                            R"("ErrMsg":"Incomplete foreign configuration"}])";
    const Controllers all = told({answer(part(
        0, sections + R"("PD LIST":[)" + pd("4:4", "UGood", R"("F")") + "]}", "Failure", row))});
    const Controller& one = only(all);
    EXPECT_TRUE(one.errors.empty());
    EXPECT_THAT(one.flags, ElementsAre("foreign-config", "foreign-incomplete"));
    EXPECT_EQ(one.drives[0].state, DriveState::foreign);
    EXPECT_EQ(one.model, "MegaRAID X");
}

TEST(StorcliSeen, FlagsOfTheStatus) {
    const Controllers all =
        told({answer(part(0, R"({"Basics":{},"Status":{"Controller Status":"Needs Attention",
               "Any Offline VD Cache Preserved":"Yes","Controller has booted into safe mode":"Yes"}})"))});
    EXPECT_THAT(only(all).flags, ElementsAre("needs-attention", "preserved-cache", "safe-mode"));
    const Controllers second = told(
        {answer(part(0, R"({"Status":{"Controller Status":"Optimal","Preserved Cache Present":"Yes",
               "System Reboot Required":"Yes"}})"))});
    EXPECT_THAT(only(second).flags, ElementsAre("preserved-cache", "reboot-required"));
}

TEST(StorcliSeen, AMemberThatNoSlotHasIsMissing) {
    const Controllers all = told({answer(part(
        0, R"({"VD LIST":[{"DG/VD":"0/7","TYPE":"RAID1","State":"Dgrd","Size":"1 GB","Name":""}],
               "TOPOLOGY":[{"DG":0,"Arr":"-","Row":"-","EID:Slot":"-","Type":"RAID1","State":"Dgrd"},
                 {"DG":0,"Arr":0,"Row":0,"EID:Slot":"8:0","Type":"DRIVE","State":"Onln"},
                 {"DG":0,"Arr":0,"Row":1,"EID:Slot":"-","Type":"DRIVE","State":"Msng","Size":"931 GB"}],
               "PD LIST":[)" +
               pd("8:0", "Onln", "0") + "]}"))});
    const Controller& one = only(all);
    ASSERT_EQ(one.drives.size(), 2u);
    EXPECT_EQ(one.drives[1].state, DriveState::missing);
    EXPECT_EQ(one.drives[1].slot, std::nullopt);
    EXPECT_THAT(one.drives[1].volumes, ElementsAre(7u));
    EXPECT_THAT(one.volumes[0].drives, ElementsAre("/c0/e8/s0"));
}

TEST(StorcliSeen, AnHbasDrivesAreTheKernels) {
    const Controllers all = told({answer(
        part(0, R"({"Product Name":"HBA 9400","Driver Name":"mpt3sas","Serial Number":"H1",
               "FW Package Build":"20.00","PD LIST":[)" +
                    pd(" :2", "UGood") + "," + pd(" :0", "-") + "," + pd("2:1", "JBOD") + "]}"))});
    const Controller& one = only(all);
    EXPECT_EQ(one.mode, ControllerMode::hba);
    EXPECT_EQ(one.firmware, "20.00");
    ASSERT_EQ(one.drives.size(), 3u);
    for (const Drive& drive : one.drives) EXPECT_EQ(drive.state, DriveState::jbod);
}

TEST(StorcliSeen, EmptyListsAreNoErrors) {
    const Controllers all = told({
        answer(part(0, sections + R"("PD LIST":[]})")),
        answer(part(0, "", "Failure",
                    R"(,"Detailed Status":[{"Drive":"/call/sall","Status":"Failure","ErrCd":255,)"
                    R"("ErrMsg":"Drives not found"}])")),
        R"({"Controllers":[{"Command Status":{"Controller":0,"Status":"Success",
            "Description":"No VDs have been configured"}}]})",
        R"({"Controllers":[{"Command Status":{"Controller":1,"Status":"Failure",
            "Description":"Un-supported command"}}]})",
    });
    EXPECT_TRUE(only(all).errors.empty());
    EXPECT_TRUE(all.errors.empty());
}

TEST(StorcliSeen, TextWhereJsonWasAskedForIsSaid) {
    const Controllers all =
        told({"CLI Version = 007\nController = 0\nStatus = Success\n"
              "Description = None\n\nProduct Name = M\n"});
    ASSERT_EQ(all.errors.size(), 1u);
    EXPECT_EQ(all.errors[0].where, "/t/storcli64");
    EXPECT_EQ(all.errors[0].message,
              "/call show all was answered with text where JSON was asked for");
}

TEST(StorcliSeen, BrokenRowsAreLeftOut) {
    const Controllers all = told({answer(
        part(0, R"({"PD LIST":[{"EID:Slt":[]},{"EID:Slt":"x:y"},{"EID:Slt":null},7,"text",[[]],)" +
                    pd("8:0", "UGood") +
                    R"(],"VD LIST":[{"DG/VD":"x"},{"DG/VD":"0/x"},{"DG/VD":{}}],
               "PDs for VD x":[7],"VDx Properties":{},"TOPOLOGY":7,
               "Drive /c0 - Detailed Information":7})"))});
    EXPECT_EQ(only(all).drives.size(), 1u);
    EXPECT_TRUE(only(all).volumes.empty());
}

TEST(StorcliSeen, NoAnswerIsTooLongToBeSearched) {
    std::string rows;
    for (int slot = 0; slot < 20'000; ++slot)
        rows += (slot == 0 ? "" : ",") + std::string(R"({"EID:Slt":"1:)") + std::to_string(slot) +
                R"(","State":"UGood","DG":"-"})";
    EXPECT_EQ(only(told({answer(part(0, R"({"PD LIST":[)" + rows + "]}"))})).drives.size(), 1024u);
}

}  // namespace
}  // namespace metalwright::raid::storcli
