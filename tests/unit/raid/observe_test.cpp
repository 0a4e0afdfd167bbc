#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "raid/block_tree.hpp"
#include "raid/room.hpp"
#include "tests/fakes/fake_eraser.hpp"
#include "tests/fakes/fake_exec.hpp"
#include "tests/fakes/fake_files.hpp"
#include "tests/fakes/fake_signatures.hpp"

using namespace metalwright;
using namespace metalwright::raid;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

namespace {

/// A /sys, /proc and /run written by hand.
class Observe : public testing::Test {
 protected:
    Observe() { mountinfo(""); }

    void block(const std::string& name, const std::string& number, const std::string& sectors) {
        files.with("/sys/block/" + name + "/dev", number + "\n")
            .with("/sys/block/" + name + "/size", sectors + "\n");
        signatures.with("/dev/" + name);
    }
    void partition(const std::string& disk, const std::string& name, const std::string& number) {
        files.with("/sys/block/" + disk + '/' + name + "/partition", "1\n")
            .with("/sys/block/" + disk + '/' + name + "/dev", number + "\n");
        signatures.with("/dev/" + name);
    }
    void attribute(const std::string& path, const std::string& value) {
        files.with("/sys/block/" + path, value);
    }
    void mountinfo(const std::string& text) { files.with("/proc/1/mountinfo", text); }
    void udev(const std::string& number, const std::string& text) {
        files.with("/run/udev/data/b" + number, text);
    }
    Doors doors() {
        return {.exec = exec,
                .files = files,
                .signatures = signatures,
                .eraser = eraser,
                .find_program = [](std::string_view name) -> Result<std::string> {
                    return "/sbin/" + std::string(name);
                }};
    }
    Observed observed() {
        Doors now = doors();
        return observe(now).value();
    }

    fakes::FakeExec exec;
    fakes::FakeFiles files;
    fakes::FakeSignatures signatures;
    fakes::FakeEraser eraser;
};

TEST_F(Observe, OneDiskIsReadWithoutTheOthers) {
    block("vdb", "254:16", "2097152");
    attribute("vdb/serial", "DATA0");
    block("vdc", "254:32", "2097152");
    attribute("vdc/serial", "DATA1");
    Doors now = doors();
    const std::vector<std::string> only{"DATA1"};
    const std::vector<Disk> disks = observe_disks(now, only).value();
    ASSERT_EQ(disks.size(), 1u);
    EXPECT_EQ(disks[0].name, "vdc");
    EXPECT_TRUE(disks[0].blank());
    EXPECT_THAT(signatures.probed, ElementsAre("/dev/vdc"));
}

TEST_F(Observe, TheDisksOfTheSystemNeedNotBeReadAndAreNotBlankThen) {
    block("vda", "254:0", "2097152");
    block("vdb", "254:16", "2097152");
    mountinfo("30 1 254:0 / / rw - ext4 /dev/vda rw\n");
    Doors now = doors();
    const Observed see = observe(now, {.system_content = false}).value();
    EXPECT_THAT(signatures.probed, ElementsAre("/dev/vdb"));
    ASSERT_EQ(see.disks.size(), 2u);
    EXPECT_FALSE(see.disks[0].blank());
    EXPECT_EQ(see.disks[0].probe_error, "nobody looked at it");
    EXPECT_TRUE(see.disks[1].blank());
}

TEST_F(Observe, AVirtioDisk) {
    block("vdb", "254:16", "2097152");
    attribute("vdb/serial", "DATA0");
    attribute("vdb/queue/rotational", "1\n");
    udev("254:16", "S:disk/by-id/virtio-DATA0\nS:disk/by-path/pci-0000:00:05.0\nE:DEVTYPE=disk\n");
    files.with_link("/sys/block/vdb",
                    "../devices/pci0000:00/0000:00:02.0/0000:01:00.0/virtio2/block/vdb");
    const Observed see = observed();
    ASSERT_EQ(see.disks.size(), 1u);
    EXPECT_EQ(see.disks[0], (Disk{.name = "vdb",
                                  .path = "/dev/vdb",
                                  .by_id = "/dev/disk/by-id/virtio-DATA0",
                                  .serial = "DATA0",
                                  .transport = "virtio",
                                  .pci = "0000:01:00.0",
                                  .bytes = std::uint64_t{1} << 30,
                                  .rotational = true}));
    EXPECT_TRUE(see.disks[0].blank());
    EXPECT_THAT(exec.lines(), IsEmpty());
}

TEST_F(Observe, ASataDiskTellsItsSerialThroughItsVpdPageAndItsWwnThroughUdev) {
    block("sda", "8:0", "100");
    attribute("sda/device/vpd_pg80", std::string("\0\x80\0\x14", 4) + "       WD-WX1234567 ");
    attribute("sda/device/model", "WDC WD40EFRX    \n");
    udev("8:0",
         "S:disk/by-id/wwn-0x50014ee2\nS:disk/by-id/ata-WDC_WD40EFRX_WD-WX1234567\n"
         "E:ID_BUS=ata\nE:ID_WWN=0x50014ee2\nE:ID_SERIAL_SHORT=other\n");
    const Disk disk = observed().disks.at(0);
    EXPECT_EQ(disk.serial, "WD-WX1234567");
    EXPECT_EQ(disk.wwn, "0x50014ee2");
    EXPECT_EQ(disk.model, "WDC WD40EFRX");
    EXPECT_EQ(disk.transport, "sata");
    EXPECT_EQ(disk.by_id, "/dev/disk/by-id/ata-WDC_WD40EFRX_WD-WX1234567");
    EXPECT_FALSE(disk.rotational);
}

TEST_F(Observe, ASasDiskOfWhichOnlyUdevKnowsTheSerial) {
    block("sdb", "8:16", "100");
    attribute("sdb/device/wwid", "naa.5000c500a1b2c3d4\n");
    udev("8:16", "E:ID_BUS=scsi\nE:ID_SERIAL_SHORT=5000c500a1b2c3d4\nE:ID_SCSI_SERIAL=ZC1ABCDE\n");
    const Disk disk = observed().disks.at(0);
    EXPECT_EQ(disk.serial, "ZC1ABCDE");
    EXPECT_EQ(disk.wwn, "naa.5000c500a1b2c3d4");
    EXPECT_EQ(disk.transport, "sas");
}

TEST_F(Observe, AnNvmeDisk) {
    block("nvme0n1", "259:0", "100");
    attribute("nvme0n1/device/serial", "S4EVNX0N123456      \n");
    attribute("nvme0n1/wwid", "eui.0025385b91b0e4f1\n");
    block("nvme0c0n1", "259:1", "100");
    attribute("nvme0c0n1/hidden", "1\n");
    const Observed see = observed();
    ASSERT_EQ(see.disks.size(), 1u);
    EXPECT_EQ(see.disks[0].serial, "S4EVNX0N123456");
    EXPECT_EQ(see.disks[0].wwn, "eui.0025385b91b0e4f1");
    EXPECT_EQ(see.disks[0].transport, "nvme");
}

TEST_F(Observe, WhatIsNoDiskIsLeftOut) {
    for (const char* name :
         {"loop0", "ram0", "zram0", "sr0", "fd0", "dm-0", "mmcblk0boot0", "bcache0", "drbd0"})
        block(name, "1:1", "100");
    block("nbd0", "43:0", "0");
    block("sdz", "8:400", "0");
    attribute("sdz/removable", "1\n");
    EXPECT_THAT(observed().disks, IsEmpty());
    block("nbd1", "43:16", "100");
    EXPECT_EQ(observed().disks.size(), 1u);
}

TEST_F(Observe, ADiskWithoutAMediumIsSeenAndNotBlank) {
    block("sda", "8:0", "0");
    EXPECT_FALSE(observed().disks.at(0).blank());
}

TEST_F(Observe, SignaturesOfPartitionsBelongToTheDisk) {
    block("sda", "8:0", "100");
    partition("sda", "sda1", "8:1");
    signatures.with("/dev/sda", {{"gpt", 512, "", "u"}})
        .with("/dev/sda1", {{"ext4", 1080, "a", "b"}});
    const Disk disk = observed().disks.at(0);
    EXPECT_THAT(disk.partitions, ElementsAre("sda1"));
    EXPECT_THAT(disk.signatures, ElementsAre(Signature{"gpt", 512, "", "u"},
                                             Signature{"ext4", 1080, "a", "b", "sda1"}));
}

TEST_F(Observe, APartitionOfAGptStandsByItselfUnderItsPartuuid) {
    block("sda", "8:0", "100");
    for (const char* name : {"sda1", "sda2", "sda3"})
        partition("sda", name, std::string("8:") + name[3]);
    attribute("sda/sda1/size", "40\n");
    udev("8:1", "E:ID_PART_ENTRY_SCHEME=gpt\nE:ID_PART_ENTRY_UUID=2E1C-AB\n");
    udev("8:2", "E:ID_PART_ENTRY_SCHEME=dos\nE:ID_PART_ENTRY_UUID=1234-02\n");
    udev("8:3", "E:ID_PART_ENTRY_SCHEME=gpt\nE:ID_PART_ENTRY_UUID=2e1c-03\n");
    signatures.with("/dev/sda", {{"gpt", 512, "", "u"}})
        .with("/dev/sda3", {{"ext4", 1080, "a", "b"}});
    files.with("/sys/block/sda/sda3/holders/md5", "");
    const std::vector<Disk> disks = observed().disks;
    ASSERT_EQ(disks.size(), 3u);
    EXPECT_FALSE(disks[0].blank());
    EXPECT_EQ(disks[1].identity(), "PARTUUID=2e1c-ab");
    EXPECT_EQ(disks[1].path, "/dev/sda1");
    EXPECT_EQ(disks[1].bytes, 40u * 512);
    EXPECT_EQ(disks[1].whole, "sda");
    EXPECT_TRUE(disks[1].blank());
    EXPECT_THAT(disks[2].signatures, ElementsAre(Signature{"ext4", 1080, "a", "b"}));
    EXPECT_THAT(disks[2].holders, ElementsAre("md5"));
    EXPECT_FALSE(disks[2].blank());
}

TEST_F(Observe, APartitionIsHeldByWhoeverHoldsItsDisk) {
    block("sda", "8:0", "100");
    partition("sda", "sda1", "8:1");
    attribute("sda/sda1/size", "40\n");
    udev("8:1", "E:ID_PART_ENTRY_SCHEME=gpt\nE:ID_PART_ENTRY_UUID=2e1c-01\n");
    files.with("/sys/block/sda/holders/dm-0", "");
    EXPECT_THAT(observed().disks.at(1).holders, ElementsAre("dm-0"));
}

TEST_F(Observe, HoldersMountsAndSwapOfAPartitionAreTheDisks) {
    block("sda", "8:0", "100");
    partition("sda", "sda1", "8:1");
    partition("sda", "sda2", "8:2");
    partition("sda", "sda3", "8:3");
    attribute("sda/sda1/holders/md5", "");
    mountinfo("36 1 8:2 / /srv\\040fast rw,noatime shared:7 - ext4 /dev/sda2 rw\n");
    files.with("/proc/swaps",
               "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/sda3 partition 1 0 -2\n"
               "/swapfile file 1 0 -3\n");
    const Disk disk = observed().disks.at(0);
    EXPECT_THAT(disk.holders, ElementsAre("md5"));
    EXPECT_THAT(disk.mounts, ElementsAre("/srv fast", "swap"));
}

TEST_F(Observe, WhatCannotBeReadIsNotBlank) {
    block("sda", "8:0", "100");
    signatures.unreadable("/dev/sda", {.code = Errc::io, .message = "I/O error"});
    const Disk disk = observed().disks.at(0);
    EXPECT_EQ(disk.probe_error, "/dev/sda: I/O error");
    EXPECT_FALSE(disk.blank());
}

TEST_F(Observe, OurOwnNamespaceIsAskedOnlyWhenPid1MayNotBe) {
    block("sda", "8:0", "100");
    ASSERT_TRUE(files.remove("/proc/1/mountinfo"));
    files.with("/proc/self/mountinfo", "36 1 8:0 / /srv rw - ext4 /dev/sda rw\n");
    EXPECT_THAT(observed().disks.at(0).mounts, ElementsAre("/srv"));
    ASSERT_TRUE(files.remove("/proc/self/mountinfo"));
    Doors now = doors();
    EXPECT_FALSE(observe(now));  // without mounts nothing can be called free
}

TEST_F(Observe, TheSystemIsFollowedThroughLvmAndMdToItsDisks) {
    for (const auto& [name, number] : {std::pair("sda", "8:0"), std::pair("sdb", "8:16")}) {
        block(name, number, "100");
        partition(name, std::string(name) + '1', number[2] == '0' ? "8:1" : "8:17");
    }
    block("sdc", "8:32", "100");
    block("md0", "9:0", "100");
    attribute("md0/md/array_state", "clean\n");
    attribute("md0/md/level", "raid1\n");
    attribute("md0/slaves/sda1", "");
    attribute("md0/slaves/sdb1", "");
    block("dm-0", "253:0", "100");
    attribute("dm-0/slaves/md0", "");
    exec.on("mdadm", fakes::said("MD_NAME=any:root\n"));
    mountinfo(
        "20 1 0:22 / /proc rw - proc proc rw\n"
        "22 1 253:0 / / rw,relatime shared:1 - ext4 /dev/mapper/vg-root rw\n");
    const Observed see = observed();
    EXPECT_EQ(
        see.system,
        (SystemVolume{.source = "/dev/mapper/vg-root", .array = "md0", .disks = {"sda", "sdb"}}));
    EXPECT_THAT(see.active_mounts, ElementsAre("/", "/proc"));
}

TEST_F(Observe, AnEspOnAnotherDiskBelongsToTheSystem) {
    block("sda", "8:0", "100");
    block("sdb", "8:16", "100");
    block("sdc", "8:32", "100");
    mountinfo(
        "22 1 8:0 / / rw - xfs /dev/sda rw\n23 1 8:16 / /boot/efi rw - vfat /dev/sdb rw\n"
        "24 1 8:32 / /srv rw - ext4 /dev/sdc rw\n");
    EXPECT_THAT(observed().system.disks, ElementsAre("sda", "sdb"));
}

TEST_F(Observe, ABtrfsRootIsFoundByItsSource) {
    block("sda", "8:0", "100");
    mountinfo("22 1 0:25 /@root / rw - btrfs /dev/sda rw,subvol=/@root\n");
    EXPECT_THAT(observed().system.disks, ElementsAre("sda"));
    EXPECT_THAT(observed().disks.at(0).mounts, ElementsAre("/"));
}

TEST_F(Observe, UnderAnOverlayEveryMountedDiskBelongsToTheSystem) {
    block("vda", "254:0", "100");
    block("vdb", "254:16", "100");
    mountinfo("22 1 254:0 / /ro ro - ext4 /dev/vda ro\n23 1 0:30 / / rw - overlay overlay rw\n");
    const Observed see = observed();
    EXPECT_EQ(see.system.source, "overlay");
    EXPECT_THAT(see.system.disks, ElementsAre("vda"));
}

class ObserveArray : public Observe {
 protected:
    ObserveArray() {
        for (const auto& [name, number] :
             {std::pair("vdb", "254:16"), std::pair("vdc", "254:32"), std::pair("vdd", "254:48")})
            block(name, number, "100");
        attribute("vdb/serial", "DATA0");
        attribute("vdc/serial", "DATA1");
        block("md127", "9:127", "200");
        md("array_state", "clean");
        md("level", "raid5");
        md("raid_disks", "3");
        md("chunk_size", "524288");
        md("layout", "2");
        md("consistency_policy", "bitmap");
        md("component_size", "50");
        md("degraded", "1");
        md("sync_action", "recover");
        md("metadata_version", "1.2");
        member("vdb", "in_sync", "0");
        member("vdc", "in_sync", "1");
        member("vdd", "spare", "2");
        exec.on("mdadm", fakes::said("MD_LEVEL=raid5\nMD_DEVICES=3\nMD_METADATA=1.2\n"
                                     "MD_UUID=1:2:3:4\nMD_DEVNAME=data\nMD_NAME=any:data\n"
                                     "MD_DEVICE_dev_vdd_ROLE=spare\n"
                                     "MD_DEVICE_dev_vdd_DEV=/dev/vdd\n"));
    }
    void md(const std::string& name, const std::string& value) {
        attribute("md127/md/" + name, value + '\n');
    }
    void member(const std::string& disk, const std::string& state, const std::string& slot) {
        md("dev-" + disk + "/state", state);
        md("dev-" + disk + "/slot", slot);
    }
};

TEST_F(ObserveArray, ThatIsBeingBuilt) {
    files.with("/dev/md/data", "")
        .with("/proc/mdstat",
              "md127 : active raid5 vdd[3] vdc[1] vdb[0]\n"
              "      200 blocks [3/2] [UU_]\n"
              "      [=>...]  recovery =  7.5% (1/2) finish=1min speed=1K/sec\n");
    signatures.with("/dev/md127", {{"ext4", 1080, "data", "aa-bb"}});
    mountinfo("30 1 9:127 / /srv rw - ext4 /dev/md127 rw\n");
    const Observed see = observed();
    ASSERT_EQ(see.arrays.size(), 1u);
    EXPECT_EQ(see.arrays[0], (Array{.name = "data",
                                    .kernel_name = "md127",
                                    .path = "/dev/md/data",
                                    .uuid = "1:2:3:4",
                                    .level = "raid5",
                                    .metadata = "1.2",
                                    .raid_devices = 3,
                                    .chunk_kib = 512,
                                    .layout = "left-symmetric",
                                    .consistency = "bitmap",
                                    .component_bytes = 51200,
                                    .degraded = 1,
                                    .array_state = "clean",
                                    .sync_action = "recover",
                                    .sync_percent = 7.5,
                                    .sync_eta_s = 60,
                                    .members = {{"DATA0", "0"}, {"DATA1", "1"}, {"[vdd]", "2"}},
                                    .signatures = {{"ext4", 1080, "data", "aa-bb"}},
                                    .mounts = {"/srv"},
                                    .bytes = 102400}));
    EXPECT_THAT(exec.lines(), ElementsAre("mdadm --detail --export /dev/md127"));
    EXPECT_EQ(see.disks.size(), 3u);
}

TEST_F(ObserveArray, ThatUdevHasAskedMdadmAboutIsNotAskedAboutAgain) {
    const std::string kept =
        "E:MD_LEVEL=raid5\nE:MD_METADATA=1.2\nE:MD_DEVNAME=data\nE:MD_NAME=any:data\n"
        "E:MD_DEVICE_dev_vdx_ROLE=0\nE:MD_DEVICE_dev_vdx_DEV=/dev/vdx\nE:MD_UUID=";
    md("uuid", "01234567-89ab-cdef-0123-456789abcdef");
    files.with("/dev/md/data", "")
        .with("/run/udev/data/b9:127", kept + "01234567:89abcdef:01234567:89abcdef\n");
    const Array array = observed().arrays.at(0);
    EXPECT_EQ(array.name, "data");
    EXPECT_EQ(array.path, "/dev/md/data");
    EXPECT_EQ(array.uuid, "01234567:89abcdef:01234567:89abcdef");
    EXPECT_THAT(array.members, ElementsAre(Array::Member{"DATA0", "0"}, Array::Member{"DATA1", "1"},
                                           Array::Member{"[vdd]", "2"}));
    EXPECT_THAT(exec.lines(), IsEmpty());

    files.with("/run/udev/data/b9:127", kept + "11111111:89abcdef:01234567:89abcdef\n");
    EXPECT_EQ(observed().arrays.at(0).uuid, "1:2:3:4") << "udev's entry is of another array";
    md("metadata_version", "0.90");
    EXPECT_EQ(observed().arrays.at(0).uuid, "1:2:3:4");
    EXPECT_THAT(exec.lines(), SizeIs(2));
}

TEST_F(ObserveArray, OfInterestIsReadAlone) {
    md("uuid", "01234567-89ab-cdef-0123-456789abcdef");
    Doors now = doors();
    const auto map = block_map(now);
    ASSERT_TRUE(map);
    const auto there = arrays_in(*map, {}, now, "01234567:89abcdef:01234567:89abcdef");
    ASSERT_TRUE(there);
    EXPECT_THAT(*there, SizeIs(1));
    const std::vector<std::string> asked = exec.lines();
    const auto other = arrays_in(*map, {}, now, "ffffffff:89abcdef:01234567:89abcdef");
    ASSERT_TRUE(other);
    EXPECT_THAT(*other, IsEmpty());
    EXPECT_EQ(exec.lines(), asked) << "nothing is asked about one that is of no interest";
}

TEST_F(ObserveArray, ThatHasNotRunIsKnownByMdadmsAnswerNotByTheKernelsZeros) {
    md("uuid", "00000000-0000-0000-0000-000000000000");
    md("array_state", "inactive");
    Doors now = doors();
    const auto map = block_map(now);
    ASSERT_TRUE(map);
    const auto there = arrays_in(*map, {}, now, "1:2:3:4");
    ASSERT_TRUE(there);
    ASSERT_THAT(*there, SizeIs(1));
    EXPECT_EQ(there->front().uuid, "1:2:3:4");
}

TEST_F(ObserveArray, FaultyAndSpareMembersAreToldApart) {
    member("vdc", "faulty", "none");
    member("vdd", "spare", "none");
    EXPECT_THAT(observed().arrays.at(0).members,
                ElementsAre(Array::Member{"DATA0", "0"}, Array::Member{"[vdd]", "spare"},
                            Array::Member{"DATA1", "faulty"}));
}

TEST_F(ObserveArray, ThatDoesNotRunHasNoLevel) {
    md("array_state", "inactive");
    md("level", "");
    attribute("md127/size", "0\n");
    exec.on("mdadm", fakes::said("MD_DEVICES=1\nMD_UUID=1:2:3:4\nMD_NAME=any:data\n"));
    const Array array = observed().arrays.at(0);
    EXPECT_EQ(array.level, "");
    EXPECT_EQ(array.name, "data");
    EXPECT_EQ(array.path, "/dev/md127");
    EXPECT_THAT(array.signatures, IsEmpty());
}

TEST_F(ObserveArray, ANameWithoutAnArrayIsNone) {
    md("array_state", "clear");
    EXPECT_THAT(observed().arrays, IsEmpty());
    EXPECT_THAT(exec.lines(), IsEmpty());
}

TEST_F(ObserveArray, IsSeenWithoutMdadmsAnswerToo) {
    exec.on("mdadm",
            fakes::said("", 1, "mdadm: md device /dev/md127 does not appear to be active"));
    md("uuid", "01234567-89ab-cdef-0123-456789abcdef");
    const Array array = observed().arrays.at(0);
    EXPECT_EQ(array.uuid, "01234567:89abcdef:01234567:89abcdef");
    EXPECT_EQ(array.name, "md127");
    EXPECT_EQ(array.level, "raid5");
}

TEST_F(ObserveArray, WithoutMdadmOnTheHostIsAnError) {
    Doors now = doors();
    now.find_program = [](std::string_view) -> Result<std::string> {
        return fail(Errc::not_found, "install mdadm");
    };
    const auto see = observe(now);
    ASSERT_FALSE(see);
    EXPECT_EQ(see.error().code, Errc::not_found);
}

TEST_F(ObserveArray, ThatCannotBeReadIsNotBlank) {
    signatures.unreadable("/dev/md127", {.code = Errc::io, .message = "I/O error"});
    EXPECT_EQ(observed().arrays.at(0).probe_error, "I/O error");
}

TEST_F(Observe, UnitsOfOursCountOnceTheyAreEnabled) {
    const std::string ours = "# Written by metalwright; changes here are overwritten.\n[Mount]\n";
    files.with("/etc/systemd/system/srv.mount", ours)
        .with("/etc/systemd/system/data.mount", ours)
        .with("/etc/systemd/system/theirs.mount", "[Mount]\n")
        .with("/etc/systemd/system/x.service", "")
        .with_link("/etc/systemd/system/local-fs.target.wants/srv.mount", "../srv.mount")
        .with_link("/etc/systemd/system/local-fs.target.wants/theirs.mount", "../theirs.mount");
    const Observed see = observed();
    EXPECT_THAT(see.mount_units, ElementsAre("srv.mount"));
    EXPECT_EQ(see.mount_unit_texts.size(), 3u);
}

TEST_F(Observe, MdadmConfIsReadAsItIs) {
    files.with("/etc/mdadm/mdadm.conf", "MAILADDR root\n");
    EXPECT_EQ(observed().mdadm_conf, "MAILADDR root\n");
}

TEST(Mountinfo, GarbageIsNothing) {
    EXPECT_THAT(parse_mountinfo(""), IsEmpty());
    EXPECT_THAT(parse_mountinfo("\n1 2 3\n1 2 3 4 5 -\n1 2 3 4 5 - ext4\n"), IsEmpty());
    const auto odd = parse_mountinfo("1 2 8:1 / /a\\04\\ rw - ext4 /dev/sda1");
    ASSERT_EQ(odd.size(), 1u);
    EXPECT_EQ(odd[0].point, "/a\\04\\");
    EXPECT_EQ(odd[0].source, "/dev/sda1");
}

}  // namespace
