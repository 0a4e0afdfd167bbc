// What is done to disks that are given up, and to arrays of ours that a release asks for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/raid/machine.hpp"
#include "tests/unit/raid/scene.hpp"

using namespace metalwright;
using namespace metalwright::raid;
using namespace metalwright::raid::scene;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

namespace {

class WipeTest : public testing::Test {
 protected:
    WipeTest() {
        machine.add_disk("DATA0", "vdb");
        machine.add_disk("DATA1", "vdc");
    }
    /// Somebody's mirror over both disks, with an ext4 on it.
    void foreign_array() {
        for (const char* name : {"vdb", "vdc"})
            machine.write_on(name, {{"linux_raid_member", 4096, "host:old",
                                     "99999999-8888-7777-6666-555544443333"}});
        machine.arrays().push_back(
            {"md126", "old", "99999999:88887777:66665555:44443333", "raid1", {"vdb", "vdc"}, {}});
        for (const char* name : {"md126", "md/old"})
            machine.write_on(name, {{"ext4", 1080, "theirs", "1-2"}});
    }
    static Wanted mirror(bool consent = true) {
        Wanted wanted = only(begun(data(Level::raid1, 2), {"DATA0", "DATA1"}));
        if (consent)
            wanted.consent = {{"DATA0", {"linux_raid_member"}}, {"DATA1", {"linux_raid_member"}}};
        return wanted;
    }
    static Wanted removal() {
        WantedArray ours;
        ours.name = "data";
        ours.uuid = md_uuid;
        ours.filesystem = WantedFilesystem{.uuid = fs_uuid};
        Wanted wanted;
        wanted.removed = {ours};
        return wanted;
    }
    std::vector<std::string> changes() const {
        std::vector<std::string> all;
        for (const std::string& line : machine.exec.lines())
            if (!line.starts_with("mdadm --detail") && !line.starts_with("udevadm"))
                all.push_back(line);
        return all;
    }
    static std::string failure(const std::vector<Result<void>>& results) {
        for (const Result<void>& result : results)
            if (!result) return result.error().message;
        return "";
    }

    Machine machine;
};

TEST_F(WipeTest, AnArrayIsWipedAndStoppedBeforeItsMembersAre) {
    foreign_array();
    EXPECT_EQ(failure(machine.bring_to(mirror())), "");
    const auto did = changes();
    ASSERT_THAT(did, SizeIs(testing::Ge(7u)));
    EXPECT_EQ(did[0], "wipefs --all /dev/md126");
    EXPECT_EQ(did[1], "mdadm --stop /dev/md126");
    EXPECT_EQ(did[2], "mdadm --zero-superblock /dev/vdb");
    EXPECT_EQ(did[3], "wipefs --all /dev/vdb");
    EXPECT_EQ(did[4], "mdadm --zero-superblock /dev/vdc");
    EXPECT_THAT(did[6], HasSubstr("--create"));
    EXPECT_THAT(machine.plan_of(mirror()).steps, IsEmpty());
}

TEST_F(WipeTest, AVolumeOnAnArrayGoesBeforeTheArray) {
    foreign_array();
    machine.volumes["dm-0"] = {"vg-data", {"md126"}};
    machine.write_on("dm-0", {{"xfs", 0, "", "5-6"}});
    EXPECT_EQ(failure(machine.bring_to(mirror())), "");
    const auto did = changes();
    EXPECT_EQ(did[0], "wipefs --all /dev/dm-0");
    EXPECT_EQ(did[1], "dmsetup remove --retry vg-data");
    EXPECT_EQ(did[2], "wipefs --all /dev/md126");
    EXPECT_EQ(did[3], "mdadm --stop /dev/md126");
}

TEST_F(WipeTest, WithoutConsentTheStackIsUntouched) {
    foreign_array();
    EXPECT_THAT(machine.bring_to(mirror(false)), IsEmpty());
    EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(WipeTest, AnArrayThatHasBeenMountedSinceThePlanIsRefused) {
    foreign_array();
    Doors doors = machine.doors();
    const Observed seen = observe(doors).value();
    const Plan<Op> todo = plan(mirror(), seen);
    machine.mount("/srv", "md126");
    Doors now = machine.doors();
    NoJournal journal;
    const auto results = apply({todo.steps.data(), 2}, seen, now, journal);
    EXPECT_EQ(results[0].error().code, Errc::refused);
    EXPECT_THAT(results[0].error().message, HasSubstr("in use: /srv"));
    EXPECT_FALSE(results[1]);
    EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(WipeTest, AStopThatIsBusyForAWhileIsTriedAgain) {
    foreign_array();
    machine.busy = 3;
    EXPECT_EQ(failure(machine.bring_to(mirror())), "");
    ASSERT_THAT(machine.pauses, SizeIs(3));
    EXPECT_LT(machine.pauses[0], machine.pauses[2]);
}

TEST_F(WipeTest, AStopThatStaysBusyNamesTheArrayAndMdadmsLastWords) {
    foreign_array();
    machine.busy = 1000;
    const auto results = machine.bring_to(mirror());
    EXPECT_EQ(results[0].error().code, Errc::busy);
    EXPECT_THAT(results[0].error().message,
                HasSubstr("md126 'old' cannot be stopped: mdadm failed: mdadm: Cannot get "
                          "exclusive access to /dev/md126"));
    EXPECT_THAT(machine.pauses, SizeIs(testing::Le(6u)));
    EXPECT_THAT(changes(), Not(Contains(HasSubstr("--create"))));
    EXPECT_THAT(changes(), Not(Contains(HasSubstr("--zero-superblock"))));
}

TEST_F(WipeTest, WhatNoToolTakesAwayGoesWithTheEnds) {
    machine.write_on("vdc", {{"zfs_member", 131072, "", ""}});
    machine.exec.on("wipefs", fakes::said());
    machine.eraser.zeroed = [this](const std::string& device) { machine.signatures.with(device); };
    Wanted wanted = mirror();
    wanted.consent = {{"DATA1", {"zfs_member"}}};
    EXPECT_EQ(failure(machine.bring_to(wanted)), "");
    EXPECT_THAT(changes(), Contains(HasSubstr("--create")));
}

TEST_F(WipeTest, ADiskThatTheKernelSaysIsHeldIsNotWrittenTo) {
    machine.eraser.held("/dev/vdc");
    const auto results = machine.bring_to(mirror());
    EXPECT_EQ(results[0].error().code, Errc::busy);
    EXPECT_EQ(results[0].error().where, "DATA1");
    EXPECT_THAT(results[0].error().message,
                HasSubstr("DATA1 (/dev/vdc) is not written to: cannot have it alone"));
    EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(WipeTest, AToolThatHangsIsToldWithTheArray) {
    machine.exec.on("mdadm", [](const sys::Command& c) -> Result<sys::Output> {
        if (c.args[0] == "--create")
            return fail(Errc::timed_out, "mdadm did not end within 120 s", "mdadm");
        return fakes::said();
    });
    const auto results = machine.bring_to(mirror());
    EXPECT_EQ(results[0].error().code, Errc::timed_out);
    EXPECT_EQ(results[0].error().where, "data");
    EXPECT_THAT(results[0].error().message,
                HasSubstr("array 'data' over DATA0 and DATA1: mdadm did not end"));
}

// ---- a release that asks for the arrays ---------------------------------------------------------

class RemovalTest : public WipeTest {
 protected:
    RemovalTest() {
        ours = only(begun(with_filesystem(data(Level::raid1, 2), "/srv"), {"DATA0", "DATA1"}));
        EXPECT_EQ(failure(machine.bring_to(ours)), "");
        machine.exec.forget();
    }
    Wanted ours;
};

TEST_F(RemovalTest, TakesMountArrayAndSuperblocksAwayInThisOrder) {
    EXPECT_EQ(failure(machine.bring_to(removal())), "");
    EXPECT_THAT(
        changes(),
        ElementsAre("systemctl disable --now srv.mount", "systemctl daemon-reload",
                    "wipefs --all /dev/md/data", "mdadm --stop /dev/md127",
                    "mdadm --zero-superblock /dev/vdb", "mdadm --zero-superblock /dev/vdc"));
    EXPECT_THAT(machine.files.content("/etc/mdadm/mdadm.conf"), Not(HasSubstr(md_uuid)));
    EXPECT_EQ(machine.files.content("/etc/systemd/system/srv.mount"), "");
    Doors doors = machine.doors();
    const Observed after = observe(doors).value();
    for (const Disk& disk : after.disks)
        EXPECT_TRUE(disk.blank() || disk.serial == "ROOT") << disk.serial;
}

TEST_F(RemovalTest, TwiceEqualsOnce) {
    EXPECT_EQ(failure(machine.bring_to(removal())), "");
    const Plan<Op> again = machine.plan_of(removal());
    EXPECT_THAT(again.steps, IsEmpty());
    EXPECT_EQ(settled(again, "raid/data")->outcome, Outcome::unchanged);
    EXPECT_EQ(settled(again, "raid/data")->note, "nothing of it is left");
}

TEST_F(RemovalTest, CutOffAtAnyStepIsFinishedNextTime) {
    const std::size_t steps = machine.plan_of(removal()).steps.size();
    for (std::size_t done = 0; done < steps; ++done) {
        SCOPED_TRACE(done);
        Doors doors = machine.doors();
        const Observed seen = observe(doors).value();
        const Plan<Op> todo = plan(removal(), seen);
        NoJournal journal;
        if (done == 0 || todo.steps.empty()) continue;
        ASSERT_TRUE(apply({todo.steps.data(), 1}, seen, doors, journal)[0]);
    }
    EXPECT_EQ(failure(machine.bring_to(removal())), "");
    EXPECT_THAT(machine.plan_of(removal()).steps, IsEmpty());
}

TEST_F(RemovalTest, AnotherArrayOfThatNameIsNotOurs) {
    Wanted strange = removal();
    strange.removed[0].uuid = "99999999:88887777:66665555:44443333";
    strange.removed[0].filesystem.reset();
    EXPECT_THAT(machine.plan_of(strange).steps, IsEmpty());
}

TEST_F(RemovalTest, AMountThatIsNotOursStopsIt) {
    machine.mount("/tenant", "md127");
    const Plan<Op> refused = machine.plan_of(removal());
    EXPECT_THAT(refused.steps, IsEmpty());
    EXPECT_THAT(message(refused, "raid/data"),
                HasSubstr("it is in use (/tenant), and metalwright did not mount it there"));
}

TEST_F(RemovalTest, ATenantsVolumeOnItGoesFirst) {
    EXPECT_EQ(failure(machine.bring_to(removal())), "");
    ASSERT_EQ(failure(machine.bring_to(only(begun(data(Level::raid1, 2), {"DATA0", "DATA1"})))),
              "");
    machine.volumes["dm-0"] = {"tenant-vol", {"md127"}};
    machine.write_on("dm-0", {});
    machine.exec.forget();
    EXPECT_EQ(failure(machine.bring_to(removal())), "");
    EXPECT_EQ(changes()[0], "dmsetup remove --retry tenant-vol");
    EXPECT_EQ(changes()[1], "mdadm --stop /dev/md127");
}

}  // namespace
