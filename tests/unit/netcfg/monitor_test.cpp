#include <gmock/gmock.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sys/socket.h>

#include "bytes.hpp"
#include "netcfg/monitor_decode.hpp"
#include "scene.hpp"

namespace metalwright::netcfg {
namespace {

using namespace std::string_view_literals;
using testing::ElementsAre;
using testing::IsEmpty;

Datagram& put_link(Datagram& datagram, unsigned flags, std::string_view name = "eth0\0"sv,
                   std::string_view mac = "RT\x00MW\x01"sv, std::string_view carrier = "\x01"sv) {
    return datagram.message(RTM_NEWLINK, 0, 0, ifinfomsg{.ifi_index = 2, .ifi_flags = flags})
        .attribute(IFLA_IFNAME, name)
        .attribute(IFLA_ADDRESS, mac)
        .attribute(IFLA_CARRIER, carrier);
}

Datagram& put_address(Datagram& datagram, std::uint16_t type, std::uint32_t seq = 0) {
    return datagram.message(type, 0, seq, ifaddrmsg{AF_INET, 24, 0x80, 0, 2})
        .attribute(IFA_LOCAL, "\x0a\0\0\x05"sv)
        .attribute(IFA_PROTO, "M");
}

Datagram& put_route(Datagram& datagram, std::uint16_t type, std::uint8_t protocol) {
    return datagram
        .message(type, 0, 0,
                 rtmsg{.rtm_family = AF_INET,
                       .rtm_dst_len = 28,
                       .rtm_table = RT_TABLE_LOCAL,
                       .rtm_protocol = protocol,
                       .rtm_type = RTN_LOCAL})
        .attribute(RTA_DST, "\x0a\0\x02\0"sv)
        .attribute(RTA_OIF, "\x02\0\0\0"sv);
}

Datagram& put_rule(Datagram& datagram, std::uint16_t type) {
    return datagram
        .message(type, 0, 0,
                 fib_rule_hdr{.family = AF_INET,
                              .src_len = 32,
                              .table = RT_TABLE_UNSPEC,
                              .action = FR_ACT_TO_TBL})
        .attribute(FRA_SRC, "\x0a\0\0\x05"sv)
        .attribute(FRA_PRIORITY, "\x10\x27\0\0"sv)
        .attribute(FRA_TABLE, "\x4d\x04\0\0"sv)
        .attribute(FRA_PROTOCOL, "M");
}

/// What one datagram tells to one who knows eth0 as up with its carrier.
class Heard : public testing::Test {
 protected:
    std::vector<Change> changes(const Datagram& one, bool whole = true) {
        std::vector<Change> found;
        EXPECT_EQ(decode_changes(one.bytes(), known_, found), whole);
        return found;
    }

    static LinkChange eth0_is(LinkEvent event, std::string former = "") {
        return {event, 2, "eth0", "52:54:00:4d:57:01", std::move(former)};
    }

    KnownLinks known_{{2, eth0()}};
    Datagram datagram_;
};

TEST_F(Heard, AddressesWithTheirMarkWhateverTheSequenceNumber) {
    put_address(datagram_, RTM_NEWADDR, 4711);
    put_address(datagram_, RTM_DELADDR);
    const KernelAddress address = ours("10.0.0.5/24");
    EXPECT_THAT(changes(datagram_),
                ElementsAre(AddressChange{true, address}, AddressChange{false, address}));
}

TEST_F(Heard, RoutesButNotTheKernelsOwnInTableLocal) {
    put_route(datagram_, RTM_NEWROUTE, our_protocol);
    put_route(datagram_, RTM_NEWROUTE, RTPROT_KERNEL);
    put_route(datagram_, RTM_DELROUTE, 66);
    EXPECT_THAT(changes(datagram_),
                ElementsAre(RouteChange{true, local_route("10.0.2.0/28")},
                            RouteChange{false, local_route("10.0.2.0/28", 66)}));
}

TEST_F(Heard, Rules) {
    put_rule(datagram_, RTM_NEWRULE);
    put_rule(datagram_, RTM_DELRULE);
    datagram_.message(RTM_DELRULE, 0, 0, fib_rule_hdr{.family = AF_INET6, .table = RT_TABLE_MAIN});
    RuleChange rule{
        .priority = 10000, .table = 1101, .protocol = our_protocol, .from = cidr("10.0.0.5")};
    RuleChange removed = rule;
    removed.added = false;
    EXPECT_THAT(changes(datagram_),
                ElementsAre(rule, removed, RuleChange{.added = false, .v6 = true, .table = 254}));
}

TEST_F(Heard, AStateThatIsRepeatedIsNoEdge) {
    put_link(datagram_, IFF_UP);
    put_link(datagram_, IFF_UP | IFF_PROMISC);
    EXPECT_THAT(changes(datagram_), IsEmpty());
}

TEST_F(Heard, EdgesOfALink) {
    put_link(datagram_, 0, "eth0\0"sv, "RT\x00MW\x01"sv, "\0"sv);
    put_link(datagram_, IFF_UP, "eth0\0"sv, "RT\x00MW\x01"sv, "\0"sv);
    put_link(datagram_, IFF_UP);
    EXPECT_THAT(changes(datagram_),
                ElementsAre(eth0_is(LinkEvent::down), eth0_is(LinkEvent::no_carrier),
                            eth0_is(LinkEvent::up), eth0_is(LinkEvent::carrier)));
}

TEST_F(Heard, AnotherNameAndAnotherMac) {
    put_link(datagram_, IFF_UP, "wan0\0"sv);
    put_link(datagram_, IFF_UP, "wan0\0"sv, "RT\x00MW\x09"sv);
    EXPECT_THAT(changes(datagram_),
                ElementsAre(LinkChange{LinkEvent::renamed, 2, "wan0", "52:54:00:4d:57:01", "eth0"},
                            LinkChange{LinkEvent::mac_changed, 2, "wan0", "52:54:00:4d:57:09",
                                       "52:54:00:4d:57:01"}));
}

TEST_F(Heard, ALinkThatGoesAndComes) {
    datagram_.message(RTM_DELLINK, 0, 0, ifinfomsg{.ifi_index = 2});
    put_link(datagram_, IFF_UP);
    EXPECT_THAT(changes(datagram_),
                ElementsAre(eth0_is(LinkEvent::removed), eth0_is(LinkEvent::added),
                            eth0_is(LinkEvent::up), eth0_is(LinkEvent::carrier)));
}

TEST_F(Heard, APortThatLeavesItsBridgeIsStillThere) {
    datagram_.message(RTM_DELLINK, 0, 0, ifinfomsg{.ifi_family = AF_BRIDGE, .ifi_index = 2});
    datagram_.message(RTM_NEWLINK, 0, 0, ifinfomsg{.ifi_family = AF_BRIDGE, .ifi_index = 2})
        .attribute(IFLA_IFNAME, "eth0\0"sv);
    EXPECT_THAT(changes(datagram_), IsEmpty());
    EXPECT_TRUE(known_.contains(2));
}

TEST_F(Heard, AFragmentOfALinkProvesNothing) {
    datagram_.message(RTM_NEWLINK, 0, 0, ifinfomsg{.ifi_index = 2});
    EXPECT_THAT(changes(datagram_), IsEmpty());
}

TEST_F(Heard, UnknownTypesArePassedOver) {
    datagram_.message(9999, 0, 0, ifinfomsg{.ifi_index = 2});
    datagram_.message(NLMSG_ERROR, 0, 0, nlmsgerr{.error = -1, .msg = {}});
    datagram_.message(NLMSG_DONE, 0, 0, 0);
    put_address(datagram_, RTM_NEWADDR).attribute(999, "later kernels");
    EXPECT_THAT(changes(datagram_), ElementsAre(AddressChange{true, ours("10.0.0.5/24")}));
}

TEST_F(Heard, WhatTheKernelSaysIsLostIsNotWhole) {
    datagram_.message(NLMSG_OVERRUN, 0, 0, 0);
    EXPECT_THAT(changes(datagram_, false), IsEmpty());
}

TEST_F(Heard, ADumpAfterAnOverflowTellsTheEdgesThatWereMissed) {
    Link up_and_renamed = eth0();
    up_and_renamed.name = "wan0";
    up_and_renamed.carrier = false;
    known_.emplace(3, eth1());
    std::vector<Change> found;
    note_links(std::vector<Link>{up_and_renamed, nic(4, "eth2", "52:54:00:4d:57:03")}, known_,
               found);
    EXPECT_THAT(found,
                ElementsAre(LinkChange{LinkEvent::removed, 3, "eth1", "52:54:00:4d:57:02"},
                            LinkChange{LinkEvent::renamed, 2, "wan0", "52:54:00:4d:57:01", "eth0"},
                            LinkChange{LinkEvent::no_carrier, 2, "wan0", "52:54:00:4d:57:01"},
                            LinkChange{LinkEvent::added, 4, "eth2", "52:54:00:4d:57:03"},
                            LinkChange{LinkEvent::up, 4, "eth2", "52:54:00:4d:57:03"},
                            LinkChange{LinkEvent::carrier, 4, "eth2", "52:54:00:4d:57:03"}));
    EXPECT_FALSE(known_.contains(3));
}

TEST_F(Heard, CutShortAtEveryByteWhatStoodBeforeIsTold) {
    put_address(datagram_, RTM_NEWADDR);
    const std::size_t first = datagram_.bytes().size();
    put_rule(datagram_, RTM_NEWRULE);
    const std::size_t second = datagram_.bytes().size();
    put_link(datagram_, 0);
    const std::size_t third = datagram_.bytes().size();
    for (std::size_t size = 0; size <= third; ++size) {
        // A copy of its own, so that the address sanitizer sees a read past the end.
        const std::vector<std::byte> part(
            datagram_.bytes().begin(),
            datagram_.bytes().begin() + static_cast<std::ptrdiff_t>(size));
        KnownLinks links{{2, eth0()}};
        std::vector<Change> found;
        EXPECT_EQ(decode_changes(part, links, found),
                  size == 0 || size == first || size == second || size == third)
            << size;
        EXPECT_EQ(found.size(), (size >= first ? 1u : 0u) + (size >= second ? 1u : 0u) +
                                    (size >= third ? 1u : 0u))
            << size;
    }
}

TEST_F(Heard, EveryByteSpoiledInTurnIsReadWithinBounds) {
    put_address(datagram_, RTM_NEWADDR);
    put_rule(datagram_, RTM_NEWRULE);
    put_route(datagram_, RTM_DELROUTE, our_protocol);
    put_link(datagram_, 0);
    for (std::size_t at = 0; at < datagram_.bytes().size(); ++at)
        for (const int value : {0, 1, 3, 4, 0x7f, 0xff}) {
            std::vector<std::byte> spoiled(datagram_.bytes().begin(), datagram_.bytes().end());
            spoiled[at] = static_cast<std::byte>(value);
            KnownLinks links{{2, eth0()}};
            std::vector<Change> found;
            (void)decode_changes(spoiled, links, found);
            EXPECT_LE(found.size(), 8u);
        }
}

}  // namespace
}  // namespace metalwright::netcfg
