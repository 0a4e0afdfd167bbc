#include "raid/mdadm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "raid/mdadm_conf.hpp"
#include "raid/mkfs.hpp"

using namespace metalwright::raid;
using testing::ElementsAre;

namespace {

const std::string uuid = "01234567:89abcdef:01234567:89abcdef";

TEST(CreateArgs, NameEverythingMdadmMightAskFor) {
    EXPECT_THAT(create_args({.name = "data",
                             .level = Level::raid10,
                             .uuid = uuid,
                             .chunk_kib = 64,
                             .members = {"A", "B", "C", "D"},
                             .spares = {"E"}},
                            std::vector<std::string>{"/dev/vdb", "/dev/vdc", "/dev/vdd", "/dev/vde",
                                                     "/dev/vdf"}),
                ElementsAre("--create", "/dev/md/data", "--run", "--metadata=1.2", "--level=10",
                            "--raid-devices=4", "--spare-devices=1", "--bitmap=internal",
                            "--chunk=64", "--homehost=any", "--name=data", "--uuid=" + uuid,
                            "/dev/vdb", "/dev/vdc", "/dev/vdd", "/dev/vde", "/dev/vdf"));
}

TEST(CreateArgs, Raid0HasNoBitmapAndRaid1NoChunk) {
    EXPECT_THAT(
        create_args({.name = "d", .level = Level::raid0, .uuid = uuid, .members = {"A", "B"}},
                    std::vector<std::string>{"/dev/vdb", "/dev/vdc"}),
        ElementsAre("--create", "/dev/md/d", "--run", "--metadata=1.2", "--level=0",
                    "--raid-devices=2", "--homehost=any", "--name=d", "--uuid=" + uuid, "/dev/vdb",
                    "/dev/vdc"));
    EXPECT_THAT(
        create_args({.name = "d", .level = Level::raid1, .uuid = uuid, .members = {"A", "B"}},
                    std::vector<std::string>{"/dev/vdb", "/dev/vdc"}),
        ElementsAre("--create", "/dev/md/d", "--run", "--metadata=1.2", "--level=1",
                    "--raid-devices=2", "--bitmap=internal", "--homehost=any", "--name=d",
                    "--uuid=" + uuid, "/dev/vdb", "/dev/vdc"));
}

TEST(AssembleArgs, DoNotStartAnArrayThatLacksAMember) {
    EXPECT_THAT(assemble_args({"data", uuid, {"A"}}, std::vector<std::string>{"/dev/vdb"}),
                ElementsAre("--assemble", "/dev/md/data", "--uuid=" + uuid, "/dev/vdb"));
}

TEST(MkfsArgs, Ext4AndXfs) {
    const MakeFilesystem ext4{
        .name = "data", .array_uuid = uuid, .type = "ext4", .label = "data", .uuid = "aaaa"};
    EXPECT_THAT(mkfs_args(ext4, "/dev/md/data"),
                ElementsAre("-q", "-U", "aaaa", "-L", "data", "-E",
                            "lazy_itable_init=1,lazy_journal_init=1,nodiscard", "/dev/md/data"));
    MakeFilesystem xfs = ext4;
    xfs.type = "xfs";
    EXPECT_THAT(mkfs_args(xfs, "/dev/md/data"),
                ElementsAre("-q", "-K", "-m", "uuid=aaaa", "-L", "data", "/dev/md/data"));
}

TEST(DetailExport, ReadsANamedArray) {
    const DetailExport read = parse_detail_export(
        "MD_LEVEL=raid5\nMD_DEVICES=3\nMD_METADATA=1.2\n"
        "MD_UUID=01234567:89abcdef:01234567:89abcdef\nMD_DEVNAME=bulk\nMD_NAME=any:bulk\n"
        "MD_DEVICE_dev_sdb_ROLE=0\nMD_DEVICE_dev_sdb_DEV=/dev/sdb\n"
        "MD_DEVICE_dev_sdc1_DEV=/dev/sdc1\nMD_DEVICE_dev_sdc1_ROLE=spare\n");
    EXPECT_EQ(read, (DetailExport{.level = "raid5",
                                  .metadata = "1.2",
                                  .uuid = uuid,
                                  .devname = "bulk",
                                  .name = "bulk",
                                  .devices = 3,
                                  .members = {{"sdb", "0"}, {"sdc1", "spare"}}}));
}

TEST(DetailExport, KeysOfEveryAgeNameTheSameDisk) {
    for (const char* key : {"MD_DEVICE_sda_", "MD_DEVICE_ev_sda_", "MD_DEVICE_dev_sda_"}) {
        const DetailExport read =
            parse_detail_export(std::string(key) + "ROLE=1\n" + key + "DEV=/dev/sda\n");
        ASSERT_EQ(read.members.size(), 1u) << key;
        EXPECT_EQ(read.members[0], (Array::Member{"sda", "1"})) << key;
    }
}

TEST(DetailExport, AnInactiveArrayHasNoLevelAndAForeignHostIsCutOff) {
    const DetailExport read =
        parse_detail_export("MD_DEVICES=1\nMD_METADATA=1.2\nMD_NAME=oldhost:data\n");
    EXPECT_EQ(read.level, "");
    EXPECT_EQ(read.name, "data");
}

TEST(DetailExport, GarbageIsNothing) {
    EXPECT_EQ(parse_detail_export(""), DetailExport{});
    EXPECT_EQ(parse_detail_export("mdadm: cannot open /dev/md5\n\n===\nMD_DEVICES=many\n"),
              DetailExport{});
}

TEST(Mdstat, TellsPercentAndWaiting) {
    const auto percents = parse_mdstat(
        "Personalities : [raid1] [raid5] \n"
        "md126 : active raid5 vdd[3] vdc[1] vdb[0]\n"
        "      200000 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/2] [UU_]\n"
        "      [==>..................]  recovery = 12.6% (12600/100000) finish=2.7min "
        "speed=576K/sec\n"
        "      \n"
        "md125 : active raid1 vdg[1] vdf[0]\n"
        "      97280 blocks super 1.2 [2/2] [UU]\n"
        "      \tresync=DELAYED\n"
        "md124 : active raid1 vdh[1] vdi[0]\n"
        "      97280 blocks super 1.2 [2/2] [UU]\n"
        "      bitmap: 0/1 pages [0KB], 65536KB chunk\n"
        "unused devices: <none>\n");
    ASSERT_EQ(percents.size(), 2u);
    EXPECT_DOUBLE_EQ(percents.at("md126").percent, 12.6);
    EXPECT_EQ(percents.at("md126").eta_s, 162);
    EXPECT_EQ(percents.at("md125"), Sync{});
    EXPECT_TRUE(parse_mdstat("").empty());
    for (const char* no_share : {"90000000.8", "-1", "nan", "inf"})
        EXPECT_LT(parse_mdstat("md1 : active raid1 a[0]\n  resync = " + std::string(no_share) + "%")
                      .at("md1")
                      .percent,
                  0)
            << no_share;
    EXPECT_TRUE(parse_mdstat("      resync =").empty());
    EXPECT_LT(parse_mdstat("md1 : active raid1 a[0]\n  resync =").at("md1").percent, 0);
}

TEST(MdadmConf, OursGoesIntoAMarkedBlockAndForeignLinesStay) {
    const std::string foreign = "HOMEHOST <system>\n# mine\nARRAY /dev/md/other UUID=9:9:9:9\n";
    const std::string once = with_array(foreign, "data", uuid);
    EXPECT_TRUE(once.starts_with(foreign));
    EXPECT_TRUE(lists_array(once, "data", uuid));
    EXPECT_NE(once.find("ARRAY /dev/md/data metadata=1.2 UUID=" + uuid + "\n"), std::string::npos);
    EXPECT_EQ(with_array(once, "data", uuid), once);
}

TEST(MdadmConf, TwoArraysOfOursShareTheBlockAndANewUuidReplacesTheOld) {
    const std::string both =
        with_array(with_array("", "data", uuid), "more", "aaaaaaaa:bbbbbbbb:cccccccc:dddddddd");
    EXPECT_TRUE(lists_array(both, "data", uuid));
    EXPECT_TRUE(lists_array(both, "more", "aaaaaaaa:bbbbbbbb:cccccccc:dddddddd"));
    const std::string renewed = with_array(both, "data", "eeeeeeee:ffffffff:00000000:11111111");
    EXPECT_FALSE(lists_array(renewed, "data", uuid));
    EXPECT_TRUE(lists_array(renewed, "more", "aaaaaaaa:bbbbbbbb:cccccccc:dddddddd"));
}

TEST(MdadmConf, ALineOfSomebodyElseCountsToo) {
    EXPECT_TRUE(lists_array("array  /dev/md/data\tmetadata=1.2 Uuid=" + uuid + "\n", "data", uuid));
    EXPECT_TRUE(lists_array("ARRAY UUID=" + uuid, "data", uuid));
    EXPECT_FALSE(lists_array("ARRAY /dev/md5 UUID=" + uuid, "data", uuid));
    EXPECT_FALSE(lists_array("# ARRAY /dev/md/data UUID=" + uuid, "data", uuid));
    EXPECT_FALSE(lists_array("", "data", uuid));
}

TEST(MdadmConf, ALostEndMarkIsPutBack) {
    std::string conf = with_array("", "data", uuid);
    conf.resize(conf.rfind('#'));
    const std::string mended = with_array(conf, "data", uuid);
    EXPECT_EQ(mended, with_array("", "data", uuid));
}

TEST(MdadmConf, AFileWithoutANewlineAtItsEndIsNotGlued) {
    EXPECT_NE(with_array("MAILADDR root", "data", uuid).find("MAILADDR root\n"), std::string::npos);
}

}  // namespace
