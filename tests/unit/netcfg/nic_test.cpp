#include <gmock/gmock.h>

#include "netcfg/nic.hpp"
#include "scene.hpp"

namespace metalwright::netcfg {
namespace {

using testing::HasSubstr;

TEST(ChooseNic, ByMacInAnyCase) {
    const Observed seen = server();
    const auto choice = choose_nic({.mac = "52:54:00:4D:57:02"}, seen, "");
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->link->name, "eth1");
}

TEST(ChooseNic, AnAbsentOneIsToldWithThoseThereAre) {
    const Observed seen = server();
    for (const NicSelector& selector :
         {NicSelector{.name = "eth7"}, NicSelector{.mac = "52:54:00:00:00:00"},
          NicSelector{.mac = "52:54:00:4d:57:02", .name = "eth0"}}) {
        const auto choice = choose_nic(selector, seen, "");
        ASSERT_FALSE(choice);
        EXPECT_EQ(choice.error().code, Errc::not_found);
        EXPECT_THAT(choice.error().message, HasSubstr("eth0 (52:54:00:4d:57:01), eth1"));
        EXPECT_THAT(choice.error().message, Not(HasSubstr("lo ")));
    }
}

TEST(ChooseNic, AutomaticTakesTheDefaultRoutesNic) {
    Observed seen = server();
    seen.routes = {route("0.0.0.0/0", "10.0.2.2", 16, 3), route("::/0", "fe80::1", 9, 2)};
    seen.routes[0].metric = 1024;
    const auto choice = choose_nic({}, seen, "");
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->link->name, "eth1");
    EXPECT_THAT(choice->why, HasSubstr("carries the default route"));
}

TEST(ChooseNic, AutomaticPrefersTheLowerMetric) {
    Observed seen = server();
    seen.routes = {route("0.0.0.0/0", "10.0.2.2", 16, 3), route("0.0.0.0/0", "10.0.0.1", 16, 2)};
    seen.routes[0].metric = 1024;
    seen.routes[1].metric = 100;
    EXPECT_EQ(choose_nic({}, seen, "")->link->name, "eth0");
}

TEST(ChooseNic, WithoutADefaultRouteTheLowestPciAddressWins) {
    Observed seen;
    seen.links = {loopback(),
                  nic(2, "a", "52:54:00:00:00:01", "pci0000:00/0000:00:1c.0/0000:81:00.1"),
                  nic(3, "b", "52:54:00:00:00:02", "pci0000:00/0000:00:1d.0/0000:03:00.0"),
                  nic(4, "bond0", "52:54:00:00:00:03")};
    const auto choice = choose_nic({}, seen, "");
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->link->name, "b");
}

TEST(ChooseNic, TheOnlyPhysicalOneNeedsNoReason) {
    Observed seen;
    seen.links = {loopback(), nic(2, "veth0", "52:54:00:00:00:09"), eth1()};
    EXPECT_EQ(choose_nic({}, seen, "")->link->name, "eth1");
    seen.links.pop_back();
    const auto none = choose_nic({}, seen, "");
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().message, HasSubstr("name one in the spec"));
}

// A link that flaps loses its default route without a word: the choice must not wander off.
TEST(ChooseNic, AutomaticStaysWithTheNicThatCarriesWhatIsOurs) {
    Observed seen = server();
    seen.routes = {route("0.0.0.0/0", "10.0.2.2", 16, 2)};
    EXPECT_EQ(choose_nic({}, seen, "52:54:00:4d:57:02")->link->name, "eth1");
}

TEST(ChooseNic, ABondComesBeforeItsPortsAndANicBeforeItsVlan) {
    Observed seen;
    Link port = eth0();
    port.master = 9;
    Link vlan = nic(4, "eth1.5", "52:54:00:4d:57:02");
    vlan.permanent_mac.clear();
    Link bond = nic(9, "bond0", "52:54:00:4d:57:01");
    bond.permanent_mac.clear();
    seen.links = {port, vlan, eth1(), bond};
    EXPECT_EQ(choose_nic({.mac = "52:54:00:4d:57:01"}, seen, "")->link->name, "bond0");
    EXPECT_EQ(choose_nic({.mac = "52:54:00:4d:57:02"}, seen, "")->link->name, "eth1");
}

}  // namespace
}  // namespace metalwright::netcfg
