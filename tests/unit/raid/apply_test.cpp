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

namespace {

class Apply : public testing::Test {
 protected:
    Apply() {
        machine.add_disk("DATA0", "vdb");
        machine.add_disk("DATA1", "vdc");
    }
    static Wanted mirror() {
        return only(begun(with_filesystem(data(Level::raid1, 2), "/srv"), {"DATA0", "DATA1"}));
    }
    /// The programs that were run and that may have changed something.
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

TEST_F(Apply, MakesArrayFileSystemAndMountWithTheseVeryCommands) {
    EXPECT_EQ(failure(machine.bring_to(mirror())), "");
    EXPECT_THAT(
        changes(),
        ElementsAre("mdadm --create /dev/md/data --run --metadata=1.2 --level=1 --raid-devices=2 "
                    "--bitmap=internal --homehost=any --name=data --uuid=" +
                        md_uuid + " /dev/vdb /dev/vdc",
                    "mkfs.ext4 -q -U " + fs_uuid +
                        " -L data -E lazy_itable_init=1,lazy_journal_init=1,nodiscard "
                        "/dev/md/data",
                    "systemctl enable --now srv.mount"));
    EXPECT_THAT(machine.exec.lines(), Not(Contains(testing::StartsWith("udevadm"))))
        << "udev had made the links already";
    EXPECT_THAT(machine.files.content("/etc/mdadm/mdadm.conf"),
                HasSubstr("ARRAY /dev/md/data metadata=1.2 UUID=" + md_uuid));
    EXPECT_TRUE(machine.files.content("/etc/mdadm/mdadm.conf").starts_with("HOMEHOST <system>\n"));
}

TEST_F(Apply, ALateUdevIsWaitedFor) {
    Doors doors = machine.doors();
    doors.roots.dev = "/not/yet";
    const Observed seen = observe(doors).value();
    NoJournal journal;
    const Plan<Op> todo = plan(only(begun(data(Level::raid1, 2), {"DATA0", "DATA1"})), seen);
    EXPECT_EQ(failure(apply(todo.steps, seen, doors, journal)), "");
    EXPECT_THAT(machine.exec.lines(),
                Contains("udevadm settle --timeout=30 --exit-if-exists=/dev/md/data"));
}

TEST_F(Apply, AnUdevThatHasLookedTooEarlyIsToldToLookAgain) {
    machine.udev_sees = false;
    EXPECT_EQ(failure(machine.bring_to(mirror())), "");
    EXPECT_THAT(machine.exec.lines(),
                Contains("udevadm trigger --action=change --settle /dev/md/data"));
    EXPECT_THAT(changes(), Contains("systemctl enable --now srv.mount"));
}

TEST_F(Apply, AMountWaitsForAFileSystemOfAnEarlierRunThatUdevHasNotSeen) {
    machine.before = [](const sys::Command& c) {
        if (c.program == "udevadm") throw std::runtime_error("power cut");
    };
    machine.udev_sees = false;
    EXPECT_THROW(machine.bring_to(mirror()), std::runtime_error);
    machine.before = [](const sys::Command&) {};
    EXPECT_EQ(failure(machine.bring_to(mirror())), "");
    EXPECT_THAT(machine.exec.lines(),
                Contains("udevadm trigger --action=change --settle --subsystem-match=block"));
}

TEST_F(Apply, TwiceEqualsOnce) {
    ASSERT_EQ(failure(machine.bring_to(mirror())), "");
    machine.exec.forget();
    const auto written = machine.files.written();
    const Plan<Op> again = machine.plan_of(mirror());
    EXPECT_THAT(again.steps, IsEmpty());
    for (const char* item : {"raid/data", "filesystem/data", "mount/data"})
        EXPECT_EQ(settled(again, item)->outcome, Outcome::unchanged) << item;
    EXPECT_THAT(machine.bring_to(mirror()), IsEmpty());
    EXPECT_THAT(changes(), IsEmpty());
    EXPECT_EQ(machine.files.written(), written);
}

TEST_F(Apply, WhatTheLastTenantsArrayLeftBehindIsWipedWithTheCreation) {
    machine.leave_behind({{"ext4", 1080, "theirs", "99999999-9999-9999-9999-999999999999"}});
    EXPECT_EQ(failure(machine.bring_to(mirror())), "");
    EXPECT_THAT(changes(), Contains("wipefs --all /dev/md/data"));
    EXPECT_THAT(machine.plan_of(mirror()).steps, IsEmpty());
}

TEST_F(Apply, ACrashBeforeThatWipeIsMadeGood) {
    machine.leave_behind({{"xfs", 0, "theirs", "99999999-9999-9999-9999-999999999999"}});
    machine.before = [](const sys::Command& c) {
        if (c.program == "wipefs") throw std::runtime_error("power cut");
    };
    EXPECT_THROW(machine.bring_to(mirror()), std::runtime_error);
    machine.before = [](const sys::Command&) {};
    EXPECT_EQ(failure(machine.bring_to(mirror())), "");
    EXPECT_THAT(machine.plan_of(mirror()).steps, IsEmpty());
}

TEST_F(Apply, ADiskThatWasWrittenToSinceThePlanIsRefused) {
    Doors doors = machine.doors();
    const Observed seen = observe(doors).value();
    const Plan<Op> todo = plan(mirror(), seen);
    machine.write_on("vdc", {{"LVM2_member", 536, "", ""}});
    NoJournal journal;
    const auto results = apply(todo.steps, seen, doors, journal);
    ASSERT_FALSE(results[0]);
    EXPECT_EQ(results[0].error().code, Errc::refused);
    EXPECT_EQ(results[0].error().where, "DATA1");
    EXPECT_THAT(results[0].error().message, HasSubstr("DATA1 (/dev/vdc) holds LVM2_member"));
    for (const std::string& line : changes()) {
        EXPECT_THAT(line, Not(HasSubstr("mdadm"))) << line;
        EXPECT_THAT(line, Not(HasSubstr("mkfs"))) << line;
    }
}

TEST_F(Apply, ADiskIsFoundByItsSerialWhateverItIsCalledNow) {
    Doors doors = machine.doors();
    const Observed seen = observe(doors).value();
    const Plan<Op> todo = plan(mirror(), seen);
    machine.pull_disk("vdb");
    machine.pull_disk("vdc");
    machine.add_disk("DATA1", "vdb");
    machine.add_disk("DATA0", "vdc");
    Doors now = machine.doors();
    NoJournal journal;
    ASSERT_TRUE(apply({todo.steps.data(), 1}, seen, now, journal)[0]);
    EXPECT_THAT(changes()[0], testing::EndsWith("/dev/vdc /dev/vdb"));
}

TEST_F(Apply, ADiskThatHasGoneIsNotFound) {
    Doors doors = machine.doors();
    const Observed seen = observe(doors).value();
    const Plan<Op> todo = plan(mirror(), seen);
    machine.pull_disk("vdc");
    Doors now = machine.doors();
    NoJournal journal;
    EXPECT_EQ(apply({todo.steps.data(), 1}, seen, now, journal)[0].error().code, Errc::not_found);
    EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(Apply, AFailedCreationTellsMdadmsLastLineAndNoFileSystemIsMade) {
    machine.exec.on("mdadm", [](const sys::Command& c) -> Result<sys::Output> {
        if (c.args[0] == "--create")
            return fakes::said("", 1, "mdadm: cannot open /dev/vdb: Device or resource busy\n");
        return fakes::said();
    });
    const auto results = machine.bring_to(mirror());
    ASSERT_GE(results.size(), 3u);
    EXPECT_EQ(results[0].error().code, Errc::command_failed);
    EXPECT_EQ(results[0].error().sys, 1);
    EXPECT_THAT(results[0].error().message, HasSubstr("Device or resource busy"));
    EXPECT_EQ(results[2].error().code, Errc::not_found);
    EXPECT_THAT(results[2].error().message, HasSubstr("see raid/data"));
    EXPECT_THAT(changes(), Not(Contains(HasSubstr("mkfs"))));
    EXPECT_THAT(results.back().error().message, HasSubstr("see filesystem/data"));
    EXPECT_THAT(changes(), Not(Contains(HasSubstr("systemctl"))));
}

TEST_F(Apply, CutOffInTheMiddleOfTheCreationIsFinishedNextTime) {
    machine.write_on("vdb", {{"linux_raid_member", 4096, "any:data", md_uuid_of_blkid}});
    EXPECT_EQ(failure(machine.bring_to(mirror())), "");
    EXPECT_EQ(changes()[0], "mdadm --zero-superblock /dev/vdb");
    EXPECT_THAT(changes()[1], HasSubstr("--create"));
    EXPECT_THAT(machine.plan_of(mirror()).steps, IsEmpty());
}

TEST_F(Apply, PutTogetherByUdevAndNotRunningIsFinishedNextTime) {
    machine.write_on("vdb", {{"linux_raid_member", 4096, "any:data", md_uuid_of_blkid}});
    machine.arrays().push_back({"md127", "data", md_uuid, "raid1", {"vdb"}, {}, false});
    EXPECT_EQ(failure(machine.bring_to(mirror())), "");
    EXPECT_EQ(changes()[0], "mdadm --stop /dev/md127");
    EXPECT_EQ(changes()[1], "mdadm --zero-superblock /dev/vdb");
    EXPECT_THAT(machine.plan_of(mirror()).steps, IsEmpty());
}

TEST_F(Apply, StoppedOneIsAssembledAndItsFileSystemKept) {
    ASSERT_EQ(failure(machine.bring_to(mirror())), "");
    Wanted finished = mirror();
    finished.arrays->front().memory = Memory::complete;
    machine.arrays().clear();
    machine.leave_behind({{"ext4", 1080, "data", fs_uuid}});  // as it lies on the members
    machine.exec.forget();
    EXPECT_EQ(failure(machine.bring_to(finished)), "");
    EXPECT_THAT(changes()[0],
                "mdadm --assemble /dev/md/data --uuid=" + md_uuid + " /dev/vdb /dev/vdc");
    EXPECT_THAT(changes(), Not(Contains(HasSubstr("mkfs"))));
    EXPECT_THAT(machine.plan_of(finished).steps, IsEmpty());
}

TEST_F(Apply, AssembledHalfMadeOneKeepsAFileSystemOfOurs) {
    for (const char* disk : {"vdb", "vdc"})
        machine.write_on(disk, {{"linux_raid_member", 4096, "any:data", md_uuid_of_blkid}});
    machine.leave_behind({{"ext4", 1080, "data", fs_uuid}});
    EXPECT_EQ(failure(machine.bring_to(mirror())), "");
    EXPECT_THAT(changes(), Not(Contains(HasSubstr("mkfs"))));
    EXPECT_THAT(machine.plan_of(mirror()).steps, IsEmpty());
}

TEST_F(Apply, AssembledHalfMadeOneWithSomethingElseOnItIsRefused) {
    for (const char* disk : {"vdb", "vdc"})
        machine.write_on(disk, {{"linux_raid_member", 4096, "any:data", md_uuid_of_blkid}});
    machine.leave_behind({{"btrfs", 65600, "", "99999999-9999-9999-9999-999999999999"}});
    EXPECT_THAT(failure(machine.bring_to(mirror())), HasSubstr("it holds btrfs"));
    EXPECT_THAT(changes(), Not(Contains(HasSubstr("mkfs"))));
}

TEST_F(Apply, ConsentWipesSuperblocksBeforeSignatures) {
    machine.write_on("vdc", {{"linux_raid_member", 4096, "old", "1-2-3-4"}});
    Wanted wanted = mirror();
    wanted.consent = {{"DATA1", {"linux_raid_member"}}};
    EXPECT_EQ(failure(machine.bring_to(wanted)), "");
    EXPECT_EQ(changes()[0], "mdadm --zero-superblock /dev/vdc");
    EXPECT_EQ(changes()[1], "wipefs --all /dev/vdc");
    EXPECT_THAT(changes()[2], HasSubstr("--create"));
}

TEST_F(Apply, ConsentIsNoneWhenSomethingElseIsThereByThen) {
    machine.write_on("vdc", {{"ext4", 1080, "", ""}});
    Wanted wanted = mirror();
    wanted.consent = {{"DATA1", {"ext4"}}};
    Doors doors = machine.doors();
    const Observed seen = observe(doors).value();
    const Plan<Op> todo = plan(wanted, seen);
    machine.write_on("vdc", {{"ext4", 1080, "", ""}, {"crypto_LUKS", 0, "", ""}});
    NoJournal journal;
    EXPECT_EQ(apply(todo.steps, seen, doors, journal)[0].error().code, Errc::refused);
    EXPECT_THAT(changes(), Not(Contains(HasSubstr("wipefs"))));
}

TEST_F(Apply, ADiskThatIsNotBlankAfterWipingIsAnError) {
    machine.write_on("vdc", {{"ext4", 1080, "", ""}});
    machine.exec.on("wipefs", fakes::said());  // says so, and does nothing
    Wanted wanted = mirror();
    wanted.consent = {{"DATA1", {"ext4"}}};
    EXPECT_THAT(failure(machine.bring_to(wanted)), HasSubstr("after wiping it still holds ext4"));
    EXPECT_THAT(changes(), Not(Contains(HasSubstr("--create"))));
}

TEST_F(Apply, WithoutSystemdTheMountSaysSo) {
    Doors doors = machine.doors();
    ASSERT_TRUE(machine.files.remove("/run/systemd/system/x"));
    NoJournal journal;
    const Step<Op> step{"mount/data", "mount", StartMount{"srv.mount", "/srv", "data", fs_uuid}};
    const auto results = apply({&step, 1}, {}, doors, journal);
    EXPECT_EQ(results[0].error().code, Errc::unsupported);
    EXPECT_EQ(results[0].error().where, "/srv");
}

TEST_F(Apply, ADryPlanCannotBeApplied) {
    Doors doors = machine.doors();
    NoJournal journal;
    const Step<Op> create{"raid/data", "", CreateArray{.name = "data", .members = {"DATA0"}}};
    const Step<Op> mkfs{"filesystem/data", "", MakeFilesystem{.name = "data"}};
    EXPECT_EQ(apply({&create, 1}, {}, doors, journal)[0].error().code, Errc::internal);
    EXPECT_EQ(apply({&mkfs, 1}, {}, doors, journal)[0].error().code, Errc::internal);
    EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(Apply, AMissingProgramNamesWhatToInstall) {
    Doors doors = machine.doors();
    doors.find_program = [](std::string_view name) -> Result<std::string> {
        return fail(Errc::not_found, std::string(name) + " is not on this host");
    };
    const Observed seen = observe(doors).value();  // no array: mdadm is not needed to look
    NoJournal journal;
    const auto results = apply(plan(mirror(), seen).steps, seen, doors, journal);
    EXPECT_THAT(results[0].error().message, HasSubstr("mdadm is not on this host"));
}

}  // namespace
