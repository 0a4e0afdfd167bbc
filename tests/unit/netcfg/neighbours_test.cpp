#include "netcfg/persist/neighbours.hpp"

#include <gmock/gmock.h>

#include "netcfg/room.hpp"
#include "scene.hpp"
#include "tests/fakes/fake_exec.hpp"
#include "tests/fakes/fake_files.hpp"
#include "tests/fakes/fake_rtnl.hpp"

namespace metalwright::netcfg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* networkd_conf = "/etc/systemd/networkd.conf.d/50-metalwright.conf";
constexpr const char* nm_conf = "/etc/NetworkManager/conf.d/50-metalwright.conf";
constexpr const char* drop_in = "/etc/systemd/network/10-lan.network.d/50-metalwright.conf";
constexpr const char* lan = "[Match]\nName=eth0\n[Network]\nAddress=10.0.0.10/24\n";

/// A host on which somebody else's 10-lan.network sets up eth0 and we add aliases.
class Neighbours : public testing::Test {
 protected:
    Neighbours() {
        kernel.kernel() = server();
        doors.persister = Persister::networkd;
        files.with("/run/systemd/netif/state", "")
            .with("/run/systemd/netif/links/2",
                  "NETWORK_FILE=/run/systemd/network/10-lan.network\n")
            .with("/run/systemd/netif/links/3", "ADMIN_STATE=unmanaged\n")
            .with("/run/systemd/network/10-lan.network", lan);
        exec.on("systemctl", fakes::said())
            .on("networkctl", fakes::said())
            .on("nmcli", fakes::said());
    }

    Plan<Op> planned() {
        Result<Observed> observed = observe(doors, wanted);
        EXPECT_TRUE(observed) << describe(observed.error());
        return plan(wanted, observed.value_or(Observed{}), {});
    }
    /// Plans and applies once; the lines of the item.
    std::vector<std::string> run() {
        const Observed observed = observe(doors, wanted).value();
        const Plan<Op> made = plan(wanted, observed, {});
        NoJournal journal;
        for (const Result<void>& result : apply(made.steps, observed, doors, journal))
            EXPECT_TRUE(result) << describe(result.error());
        return lines(made);
    }
    static std::vector<std::string> lines(const Plan<Op>& made) {
        std::vector<std::string> some;
        for (std::string& line : steps_of(made))
            if (line.starts_with("neighbours")) some.push_back(std::move(line));
        return some;
    }

    Wanted wanted = aliases({"10.0.0.5"});
    fakes::FakeRtnl kernel;
    fakes::FakeExec exec;
    fakes::FakeFiles files;
    Doors doors{kernel, exec, files};
};

TEST_F(Neighbours, WithoutTheConfigurationNothingIsWrittenOrSaid) {
    EXPECT_FALSE(has_item(planned(), "neighbours"));
    run();
    EXPECT_THAT(files.written(), IsEmpty());
}

TEST_F(Neighbours, NetworkdIsToldInFilesBesideItsOwnAndReadsThemAgain) {
    wanted.neighbours.networkd = true;
    EXPECT_THAT(run(),
                ElementsAre(std::string("neighbours: write ") + networkd_conf + " write " + drop_in,
                            "neighbours: reload"));
    EXPECT_THAT(
        files.content(networkd_conf),
        HasSubstr("[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n"));
    EXPECT_THAT(files.content(drop_in), HasSubstr("[Network]\nKeepConfiguration=yes\n"));
    EXPECT_EQ(files.content("/run/systemd/network/10-lan.network"), lan);
    EXPECT_THAT(exec.lines(), ElementsAre("systemctl is-active --quiet systemd-networkd.service",
                                          "networkctl reload"));
    EXPECT_EQ(settled(planned(), "neighbours").outcome, Outcome::unchanged);
}

TEST_F(Neighbours, OfAFileThatTakesLeasesOnlyWhatIsStaticIsKept) {
    wanted.neighbours.networkd = true;
    files.with("/etc/systemd/network/10-lan.network.d/dhcp.conf", "[Network]\n DHCP = ipv4\n");
    run();
    EXPECT_THAT(files.content(drop_in), HasSubstr("KeepConfiguration=static\n"));
    for (const char* text : {"DHCP=yes", "DHCP=no\nDHCP=both", "[Network]\nDHCP=ipv6\n"})
        EXPECT_TRUE(persist::takes_leases(text)) << text;
    for (const char* text :
         {"", lan, "DHCP=no", "DHCP=yes\nDHCP=false", "#DHCP=yes", "DHCPServer=yes"})
        EXPECT_FALSE(persist::takes_leases(text)) << text;
}

TEST_F(Neighbours, OurOwnNetworkFileNeedsNoDropIn) {
    wanted = primary("10.0.0.10/24", "10.0.0.1");
    wanted.neighbours.networkd = true;
    // networkd still has the other's file and will take ours, which sorts before it.
    EXPECT_THAT(run(), ElementsAre(std::string("neighbours: write ") + networkd_conf));
    EXPECT_EQ(settled(planned(), "neighbours").outcome, Outcome::unchanged);
    files.with("/run/systemd/netif/links/2",
               "NETWORK_FILE=/etc/systemd/network/05-metalwright-eth0.network\n");
    EXPECT_EQ(settled(planned(), "neighbours").outcome, Outcome::unchanged);
}

TEST_F(Neighbours, AFileThatSortsBeforeOursNeedsADropInAllTheSame) {
    wanted = primary("10.0.0.10/24", "10.0.0.1");
    wanted.neighbours.networkd = true;
    files.with("/run/systemd/netif/links/2",
               "NETWORK_FILE=/usr/lib/systemd/network/00-a.network\n");
    run();
    EXPECT_THAT(files.content("/etc/systemd/network/00-a.network.d/50-metalwright.conf"),
                HasSubstr("KeepConfiguration"));
}

TEST_F(Neighbours, TheDropInFollowsTheFileThatManagesTheNic) {
    wanted.neighbours.networkd = true;
    run();
    files.with("/run/systemd/netif/links/2", "NETWORK_FILE=/etc/systemd/network/20-new.network\n");
    EXPECT_THAT(run(),
                ElementsAre("neighbours: write "
                            "/etc/systemd/network/20-new.network.d/50-metalwright.conf remove " +
                                std::string(drop_in),
                            "neighbours: reload"));
}

TEST_F(Neighbours, NetworkManagerKeepsANicOfItsOwnThroughAPulledCable) {
    wanted.neighbours.network_manager = true;
    files.with("/run/NetworkManager/devices/2", "");
    EXPECT_THAT(run(),
                ElementsAre(std::string("neighbours: write ") + nm_conf, "neighbours: reload"));
    EXPECT_THAT(files.content(nm_conf),
                HasSubstr("[device-metalwright]\nmatch-device=mac:52:54:00:4d:57:01\n"
                          "ignore-carrier=yes\n"));
    EXPECT_THAT(exec.lines(), ElementsAre("systemctl is-active --quiet NetworkManager.service",
                                          "nmcli general reload conf"));
}

TEST_F(Neighbours, ANicWithoutAPermanentMacIsNamed) {
    std::vector<Link> nics{{.index = 4, .name = "bond0"}};
    EXPECT_THAT(persist::network_manager_conf(nics, false),
                HasSubstr("match-device=interface-name:=bond0\n"));
    nics.push_back(eth0());
    EXPECT_THAT(persist::network_manager_conf(nics, true),
                HasSubstr("unmanaged-devices+=interface-name:=bond0;mac:52:54:00:4d:57:01\n"));
}

TEST_F(Neighbours, ANicThatWeSetUpAtBootIsUnmanagedFromNetworkManagersNextStartOn) {
    wanted = primary("10.0.0.10/24", "10.0.0.1");
    wanted.neighbours.network_manager = true;
    files.with("/run/NetworkManager/devices/2", "");
    // Told while it runs, it would take the primary address away.
    EXPECT_THAT(run(), ElementsAre(std::string("neighbours: write ") + nm_conf));
    EXPECT_THAT(files.content(nm_conf),
                HasSubstr("[keyfile]\nunmanaged-devices+=mac:52:54:00:4d:57:01\n"));
    wanted.neighbours.network_manager = false;
    EXPECT_THAT(run(), ElementsAre(std::string("neighbours: remove ") + nm_conf));
}

TEST_F(Neighbours, WithoutANeighbourThatRunsNothingIsReloaded) {
    wanted.neighbours = {.networkd = true, .network_manager = true};
    (void)files.remove("/run/systemd/netif/state");
    EXPECT_THAT(run(), ElementsAre(std::string("neighbours: write ") + networkd_conf + " write " +
                                   drop_in + " write " + nm_conf));
    EXPECT_THAT(exec.lines(), IsEmpty());
}

TEST_F(Neighbours, WhatTheConfigurationNoLongerAsksForIsTakenAwayAndNothingElse) {
    const char* others = "/etc/systemd/network/10-lan.network.d/mine.conf";
    wanted.neighbours = {.networkd = true, .network_manager = true};
    files.with(others, "[Network]\n").with("/run/NetworkManager/devices/2", "");
    run();
    wanted.neighbours = {};
    EXPECT_THAT(run(), ElementsAre("neighbours: remove " + std::string(nm_conf) + " remove " +
                                       drop_in + " remove " + networkd_conf,
                                   "neighbours: reload"));
    EXPECT_EQ(exec.lines().back(), "nmcli general reload conf")
        << "networkd would drop others' routes";
    for (const char* path : {networkd_conf, nm_conf, drop_in}) EXPECT_FALSE(files.exists(path));
    EXPECT_TRUE(files.exists(others));
    EXPECT_FALSE(has_item(planned(), "neighbours"));
}

TEST_F(Neighbours, WhatIsChangedInOurFilesIsPutRight) {
    wanted.neighbours.networkd = true;
    run();
    files.with(drop_in, "[Network]\nKeepConfiguration=no\n");
    EXPECT_THAT(run(),
                ElementsAre("neighbours: write " + std::string(drop_in), "neighbours: reload"));
}

TEST_F(Neighbours, AGuardedChangeOfThePrimaryComesBeforeIt) {
    Observed seen = server();
    seen.routes = {route("0.0.0.0/0", "10.0.9.1", 3)};
    wanted = primary("10.0.0.10/24", "10.0.0.1");
    wanted.neighbours.networkd = true;
    const Plan<Op> made = plan(wanted, seen, {});
    const auto step = std::ranges::find(made.steps, "neighbours", &Step<Op>::item);
    ASSERT_NE(step, made.steps.end());
    EXPECT_EQ(step->needs, "primary");
}

// ---- aliases wait for the owner of their NIC

TEST(Wait, AliasesOnANicThatHasJustLostItsOwnAddressWait) {
    Wanted wanted = aliases({"10.0.0.5", "0.0.0.0"});
    wanted.deserted = {2};
    const Plan<Op> made = plan(wanted, server(), {});
    EXPECT_THAT(kernel_steps(made), IsEmpty());
    EXPECT_EQ(settled(made, "alias/10.0.0.5/32").outcome, Outcome::skipped);
    EXPECT_EQ(settled(made, "alias/10.0.0.5/32").error->code, Errc::busy);
}

TEST(Wait, NotWhenItsOwnerIsBackNorOnAnotherNicNorWithAPrimaryOfOurs) {
    const std::vector<std::string> added{"alias/10.0.0.5/32: add 10.0.0.5/32"};
    Wanted wanted = aliases({"10.0.0.5"});
    wanted.deserted = {3};
    EXPECT_EQ(kernel_steps(plan(wanted, server(), {})), added);

    wanted.deserted = {2};
    Observed seen = server();
    seen.addresses = {foreign("10.0.0.10/24")};
    EXPECT_EQ(kernel_steps(plan(wanted, seen, {})), added);

    Wanted with_primary = primary("10.0.0.10/24");
    with_primary.aliases = wanted.aliases;
    with_primary.deserted = {2};
    EXPECT_EQ(kernel_steps(plan(with_primary, server(), {})).size(), 2u);
}

TEST(Wait, WithoutACableWhateverAddressIsThere) {
    // NetworkManager takes one after the other away, its own maybe last.
    Wanted wanted = aliases({"10.0.0.5"});
    wanted.deserted = {2};
    Observed seen = server();
    seen.addresses = {foreign("10.0.0.10/24")};
    seen.links[1].carrier = false;
    EXPECT_THAT(kernel_steps(plan(wanted, seen, {})), IsEmpty());
    wanted.deserted.clear();
    EXPECT_EQ(kernel_steps(plan(wanted, seen, {})).size(), 1u) << "an order is carried out at once";
}

TEST(Wait, NeitherAnAddressOfOursNorALinkLocalOneIsTheOwners) {
    Wanted wanted = aliases({"10.0.0.5", "10.0.0.6"});
    wanted.deserted = {2};
    Observed seen = server();
    seen.addresses = {ours("10.0.0.6/32"), foreign("fe80::1/64"), foreign("10.0.0.9/24", 3)};
    EXPECT_THAT(kernel_steps(plan(wanted, seen, {})), IsEmpty());
}

}  // namespace
}  // namespace metalwright::netcfg
