#include "netcfg/room.hpp"

#include <gmock/gmock.h>

#include "scene.hpp"
#include "tests/fakes/fake_exec.hpp"
#include "tests/fakes/fake_files.hpp"
#include "tests/fakes/fake_rtnl.hpp"

namespace metalwright::netcfg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Room : public testing::Test {
 protected:
    Room() {
        kernel.kernel() = server();
        for (Link& link : kernel.kernel().links) link.bus_path.clear();
        files.with_link("/sys/class/net/lo", "../../devices/virtual/net/lo")
            .with_link("/sys/class/net/eth0",
                       "../../devices/pci0000:00/0000:00:03.0/virtio0/net/eth0");
    }

    Observed seen() {
        Result<Observed> observed = observe(doors);
        EXPECT_TRUE(observed) << describe(observed.error());
        return observed.value_or(Observed{});
    }

    std::vector<Result<void>> run(const Plan<Op>& made) {
        NoJournal journal;
        return apply(made.steps, seen(), doors, journal);
    }

    fakes::FakeRtnl kernel;
    fakes::FakeExec exec;
    fakes::FakeFiles files;
    Doors doors{kernel, exec, files};
};

TEST_F(Room, ObservesWhereANicIsPluggedIn) {
    const Observed observed = seen();
    EXPECT_EQ(observed.links[0].bus_path, "");
    EXPECT_EQ(observed.links[1].bus_path, "pci0000:00/0000:00:03.0/virtio0");
    EXPECT_EQ(observed.links[2].bus_path, "");
    EXPECT_EQ(kernel.mutations(), 0u);
    EXPECT_THAT(exec.lines(), IsEmpty());
}

TEST_F(Room, FindsWhoSetsNicsUpAtBoot) {
    EXPECT_EQ(seen().persisted.persister, Persister::none);
    files.with("/usr/sbin/ifup", "");
    EXPECT_EQ(seen().persisted.persister, Persister::ifupdown);
    files.with_link("/etc/systemd/system/multi-user.target.wants/systemd-networkd.service", "x");
    EXPECT_EQ(seen().persisted.persister, Persister::networkd);
    EXPECT_FALSE(seen().persisted.networkd_running);
    files.with("/run/systemd/netif/state", "");
    EXPECT_TRUE(seen().persisted.networkd_running);
    doors.persister = Persister::ifupdown;
    EXPECT_EQ(seen().persisted.persister, Persister::ifupdown);
}

TEST_F(Room, ReadsTheFilesThatMatterAndNoOthers) {
    files.with("/etc/systemd/network/05-metalwright-eth0.network", "a")
        .with("/etc/systemd/network/10-lan.network", "b")
        .with("/etc/network/interfaces", "c")
        .with("/etc/network/interfaces.d/50-cloud", "d")
        .with("/etc/resolv.conf", "e");
    doors.persister = Persister::networkd;
    EXPECT_THAT(seen().persisted.files,
                ElementsAre(TextFile{"/etc/resolv.conf", "e"},
                            TextFile{"/etc/systemd/network/05-metalwright-eth0.network", "a"}));
    doors.persister = Persister::ifupdown;
    EXPECT_EQ(seen().persisted.files.size(), 4u);
}

TEST_F(Room, TellsTheKindsOfResolvConf) {
    EXPECT_EQ(seen().persisted.resolv_conf, ResolvConf::absent);
    files.with("/etc/resolv.conf", "");
    EXPECT_EQ(seen().persisted.resolv_conf, ResolvConf::file);
    files.with_link("/etc/resolv.conf", "/run/resolvconf/resolv.conf");
    EXPECT_EQ(seen().persisted.resolv_conf, ResolvConf::foreign);
    files.with_link("/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
    EXPECT_EQ(seen().persisted.resolv_conf, ResolvConf::resolved);
}

TEST_F(Room, AFileThatCannotBeReadIsToldNotGuessed) {
    files.with("/etc/resolv.conf", "").break_at("/etc/resolv.conf", {Errc::io, "I/O error"});
    files.with_link("/etc/other", "");
    const Result<Observed> observed = observe(doors);
    ASSERT_FALSE(observed);
    EXPECT_EQ(observed.error().code, Errc::io);
}

TEST_F(Room, AnswersOnePerStepAndNamesTheNic) {
    kernel.refuse("add 10.0.0.6/32", EPERM, "not today");
    const Plan<Op> made = plan(aliases({"10.0.0.5", "10.0.0.6", "10.0.0.7"}), seen(), {});
    const std::vector<Result<void>> results = run(made);
    ASSERT_EQ(results.size(), 3u);
    EXPECT_TRUE(results[0]);
    EXPECT_TRUE(results[2]);
    ASSERT_FALSE(results[1]);
    EXPECT_EQ(describe(results[1].error()),
              "eth0: the kernel refused to add 10.0.0.6/32: not today (errno 1)");
}

TEST_F(Room, WritesFilesAndTellsARunningNetworkd) {
    files.with("/run/systemd/netif/state", "");
    exec.on("systemctl", fakes::said()).on("networkctl", fakes::said());
    const Wanted wanted = primary("10.0.0.10/24", "10.0.0.1");
    for (const Result<void>& result : run(plan(wanted, seen(), {}))) EXPECT_TRUE(result);
    EXPECT_THAT(files.content("/etc/systemd/network/05-metalwright-eth0.network"),
                HasSubstr("Address=10.0.0.10/24"));
    EXPECT_THAT(exec.lines(), ElementsAre("systemctl is-active --quiet systemd-networkd.service",
                                          "networkctl reload"));
    EXPECT_THAT(plan(wanted, seen(), {}).steps, IsEmpty());
}

TEST_F(Room, AStoppedNetworkdIsNotStarted) {
    files.with("/run/systemd/netif/state", "");
    exec.on("systemctl", fakes::said("", 3));
    for (const Result<void>& result : run(plan(primary("10.0.0.10/24"), seen(), {})))
        EXPECT_TRUE(result);
    EXPECT_THAT(exec.lines(), ElementsAre("systemctl is-active --quiet systemd-networkd.service"));
}

TEST_F(Room, AReloadThatFailsFailsItsStepWithTheToolsWords) {
    files.with("/run/systemd/netif/state", "");
    exec.on("systemctl", fakes::said())
        .on("networkctl", fakes::said("", 1, "Failed to reload network settings: Access denied\n"));
    const std::vector<Result<void>> results = run(plan(primary("10.0.0.10/24"), seen(), {}));
    ASSERT_FALSE(results.back());
    EXPECT_EQ(results.back().error().code, Errc::command_failed);
    EXPECT_THAT(results.back().error().message, HasSubstr("Access denied"));
}

TEST_F(Room, AFileThatCannotBeWrittenFailsItsStepOnly) {
    doors.persister = Persister::networkd;
    files.break_at("/etc/systemd/network/05-metalwright-eth0.network", {Errc::io, "disk full"});
    const Observed observed = kernel.kernel();
    Observed with_disk = observed;
    with_disk.persisted.persister = Persister::networkd;
    NoJournal journal;
    const Plan<Op> made = plan(primary("10.0.0.10/24"), with_disk, {});
    const auto results = apply(made.steps, with_disk, doors, journal);
    ASSERT_EQ(results.size(), 2u);
    EXPECT_TRUE(results[0]);
    EXPECT_EQ(results[1].error().message, "disk full");
}

}  // namespace
}  // namespace metalwright::netcfg
