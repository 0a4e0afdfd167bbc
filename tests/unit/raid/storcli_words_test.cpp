#include <gtest/gtest.h>

#include "raid/storcli/words.hpp"

namespace metalwright::raid::storcli {
namespace {

TEST(StorcliWords, ADriveIsFreeOnlyWhereAllColumnsAgree) {
    EXPECT_EQ(drive_state("UGood", "", "-"), DriveState::free);
    EXPECT_EQ(drive_state("UConf", "Good", "-"), DriveState::free);
    EXPECT_EQ(drive_state("UGood", "", "F"), DriveState::foreign);
    EXPECT_EQ(drive_state("UConf", "Good", "F"), DriveState::foreign);
    EXPECT_EQ(drive_state("UGood", "", "11"), DriveState::unknown);
    for (const char* state : {"UGUnsp", "UGShld", "Sntze", "UConfShld", "UGoodX", "", "-"})
        EXPECT_EQ(drive_state(state, "", "-"), DriveState::unknown) << state;
    EXPECT_EQ(drive_state("UConf", "", "-"), DriveState::unknown);
    EXPECT_EQ(drive_state("UConf", "Failed", "-"), DriveState::bad);
}

TEST(StorcliWords, StatesOfTheOlderTools) {
    EXPECT_EQ(drive_state("Onln", "", "0"), DriveState::member);
    EXPECT_EQ(drive_state("Offln", "", "0"), DriveState::offline);
    EXPECT_EQ(drive_state("UBad", "", "-"), DriveState::bad);
    EXPECT_EQ(drive_state("UBUnsp", "", "-"), DriveState::bad);
    EXPECT_EQ(drive_state("Failed", "", "0"), DriveState::bad);
    EXPECT_EQ(drive_state("GHS", "", "-"), DriveState::hot_spare);
    EXPECT_EQ(drive_state("DHS", "", "0"), DriveState::hot_spare);
    EXPECT_EQ(drive_state("JBOD", "", "-"), DriveState::jbod);
    EXPECT_EQ(drive_state("Rbld", "", "0"), DriveState::rebuilding);
    EXPECT_EQ(drive_state("Cpybck", "", "0"), DriveState::rebuilding);
    EXPECT_EQ(drive_state("Missing", "", "0"), DriveState::missing);
    EXPECT_EQ(drive_state("Msng", "", "0"), DriveState::missing);
    EXPECT_EQ(drive_state("CFShld", "", "0"), DriveState::member);
}

TEST(StorcliWords, StatusWinsOverState) {
    EXPECT_EQ(drive_state("Conf", "Online", "0"), DriveState::member);
    EXPECT_EQ(drive_state("Conf", "Offline", "0"), DriveState::offline);
    EXPECT_EQ(drive_state("Conf", "Missing", "0"), DriveState::missing);
    EXPECT_EQ(drive_state("Conf", "Rebuild", "0"), DriveState::rebuilding);
    EXPECT_EQ(drive_state("JBOD", "Failed", "-"), DriveState::bad);
    EXPECT_EQ(drive_state("GHS", "Good", "-"), DriveState::hot_spare);
    EXPECT_EQ(drive_state("Unusbl", "Good", "-"), DriveState::bad);
}

TEST(StorcliWords, StatesOfVolumesAndModes) {
    EXPECT_EQ(volume_state("Optl"), VolumeState::optimal);
    EXPECT_EQ(volume_state("Pdgd"), VolumeState::partially_degraded);
    EXPECT_EQ(volume_state("Dgrd"), VolumeState::degraded);
    EXPECT_EQ(volume_state("OfLn"), VolumeState::offline);
    EXPECT_EQ(volume_state("Rec"), VolumeState::recovery);
    EXPECT_EQ(volume_state("Cac0"), VolumeState::unknown);
    EXPECT_EQ(mode_of("RAID-Mode "), ControllerMode::raid);
    EXPECT_EQ(mode_of("HBA-Mode"), ControllerMode::hba);
    EXPECT_EQ(mode_of("JBOD"), ControllerMode::jbod);
    EXPECT_EQ(mode_of(""), ControllerMode::unknown);
    EXPECT_EQ(media_of("SSD", "NVMe"), DriveMedia::nvme);
    EXPECT_EQ(media_of("SSD", "SATA"), DriveMedia::ssd);
}

TEST(StorcliWords, Levels) {
    EXPECT_EQ(levels_in("RAID0, RAID1(2 or more drives), RAID5, RAID00, RAID10(2 or more drives "
                        "per span), RAID50"),
              (std::vector<std::string>{"raid0", "raid1", "raid5", "raid00", "raid10", "raid50"}));
    EXPECT_TRUE(levels_in("None").empty());
}

TEST(StorcliWords, SizesAreBinaryWhateverTheyAreCalled) {
    EXPECT_EQ(bytes_in("931.000 GB"), 931ULL << 30);
    EXPECT_EQ(bytes_in("1.000 TiB"), 1ULL << 40);
    EXPECT_EQ(bytes_in("0 KB"), 0u);
    EXPECT_EQ(bytes_in("512B"), 512u);
    for (const char* none : {"", "-", "N/A", "GB", "-1 GB", "nan TB", "1e300 TB", "999999999 EB"})
        EXPECT_EQ(bytes_in(none), 0u) << none;
    EXPECT_EQ(kib_in("256 KB"), 256u);
    EXPECT_EQ(kib_in("1.000 MB"), 1024u);
    EXPECT_EQ(kib_in("64 KiB"), 64u);
}

TEST(StorcliWords, SectorsAreExactAndOfEitherSize) {
    EXPECT_EQ(bytes_of_sectors("16.370 TB [0x82f700000 Sectors]", "512B"), 0x82f700000 * 512);
    EXPECT_EQ(bytes_of_sectors("1.636 TB [0x1a32dd36 Sectors]", "4 KB"), 0x1a32dd36ULL * 4096);
    // Not told, so the rounded words decide.
    EXPECT_EQ(bytes_of_sectors("1.636 TB [0x1a32dd36 Sectors]", ""), 0x1a32dd36ULL * 4096);
    EXPECT_EQ(bytes_of_sectors("16.370 TB [0x82f700000 Sectors]", ""), 0x82f700000 * 512);
    EXPECT_EQ(bytes_of_sectors("3.492 TB", "512B"), bytes_in("3.492 TB"));
    EXPECT_EQ(bytes_of_sectors("1 TB [0xffffffffffffffff Sectors]", "4 KB"), bytes_in("1 TB"));
    EXPECT_EQ(bytes_of_blocks(2441478144, 4096, "9.094 TiB"), 2441478144 * 4096);
    EXPECT_EQ(bytes_of_blocks(0, 0, "9.094 TiB"), bytes_in("9.094 TiB"));
}

TEST(StorcliWords, Places) {
    EXPECT_EQ(place_in("252:1"), (Place{252, 1}));
    EXPECT_EQ(place_in(" :24"), (Place{std::nullopt, 24}));
    EXPECT_EQ(place_in("-:24"), (Place{std::nullopt, 24}));
    for (const char* none : {"-", "", "252", "x:1", "1:x", "1:", "252:99999999999"})
        EXPECT_EQ(place_in(none), std::nullopt) << none;
    EXPECT_EQ(place_in_selector("Drive /c0/e252/s1 - Detailed Information"), (Place{252, 1}));
    EXPECT_EQ(place_in_selector("/c0/s24"), (Place{std::nullopt, 24}));
    EXPECT_EQ(place_in_selector("/c0/v1"), std::nullopt);
    EXPECT_EQ(place_in_selector("/c0/e/s"), std::nullopt);
    EXPECT_EQ(selector_of(1, {252, 3}), "/c1/e252/s3");
    EXPECT_EQ(selector_of(1, {std::nullopt, 3}), "/c1/s3");
    EXPECT_EQ(selector_of(1, {252, std::nullopt}), "");
}

}  // namespace
}  // namespace metalwright::raid::storcli
