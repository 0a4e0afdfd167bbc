#include <gmock/gmock.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/netconf.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "bytes.hpp"
#include "netcfg/policy.hpp"
#include "netcfg/rtnl_decode.hpp"
#include "netcfg/rtnl_encode.hpp"
#include "policy_driver.hpp"

// Rules and settings of NICs, byte for byte.
namespace metalwright::netcfg {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string encoded(const KernelOp& op) {
    std::vector<std::byte> bytes;
    EXPECT_EQ(encode(op, 7, bytes), 1u);
    return hex(bytes);
}

KernelRule elsewhere(bool v6) {
    return {.v6 = v6,
            .priority = 7699,
            .table = 254,
            .protocol = our_protocol,
            .suppress_length = 0,
            .suppress_group = 7700};
}

TEST(EncodeRule, NoneIsAddedTwice) {
    EXPECT_EQ(encoded(AddRule{rule(7701, "10.0.1.0/24")}),
              "3c000000 20000506 07000000 00000000 "   // RTM_NEWRULE, EXCL CREATE ACK
              "02001800 00000001 00000000 "            // AF_INET, from a /24, to a table
              "08000200 0a000100 08000600 151e0000 "   // FRA_SRC, FRA_PRIORITY 7701
              "08000f00 151e0000 05001500 4d000000");  // FRA_TABLE 7701, FRA_PROTOCOL 77
}

TEST(EncodeRule, TheOneBeforeTheSourcesNamesNoSource) {
    EXPECT_EQ(encoded(AddRule{elsewhere(true)}),
              "44000000 20000506 07000000 00000000 "
              "0a000000 fe000001 00000000 "
              "08000600 131e0000 08000f00 fe000000 05001500 4d000000 "
              "08000e00 00000000 08000d00 141e0000");  // prefix length 0, group 7700
}

TEST(EncodeRule, ItIsRemovedByItsProtocolToo) {
    EXPECT_EQ(encoded(RemoveRule{rule(7701, "fd00::/64")}),
              "48000000 21000500 07000000 00000000 "
              "0a004000 00000001 00000000 "
              "14000200 fd000000 00000000 00000000 00000000 08000600 151e0000 "
              "08000f00 151e0000 05001500 4d000000");
}

TEST(EncodeSetting, IsOneOfTheNicsOwn) {
    const auto ipv4 = [](const std::string& number_and_value) {
        return "34000000 13000500 07000000 00000000 00000000 03000000 00000000 00000000 "
               "14001a80 10000280 0c000180 0800" +
               number_and_value;
    };
    EXPECT_EQ(encoded(SetNicSetting{3, NicSetting::arp_filter, 1}), ipv4("0d00 01000000"));
    EXPECT_EQ(encoded(SetNicSetting{3, NicSetting::arp_announce, 2}), ipv4("1200 02000000"));
    EXPECT_EQ(encoded(SetNicSetting{3, NicSetting::rp_filter, 2}), ipv4("0800 02000000"));
    EXPECT_EQ(encoded(SetNicSetting{3, NicSetting::group, 7700}),
              "28000000 13000500 07000000 00000000 00000000 03000000 00000000 00000000 "
              "08001b00 141e0000");
}

TEST(EncodeDump, RulesOfAllFamiliesAreOneQuestion) {
    std::vector<std::byte> bytes;
    encode(Dump{.what = Dump::What::rules}, 7, bytes);
    EXPECT_EQ(hex(bytes), "1c000000 22000103 07000000 00000000 00000000 00000000 00000000");
    bytes.clear();
    encode(Dump{.what = Dump::What::settings_of_all}, 7, bytes);
    EXPECT_EQ(hex(bytes), "1c000000 52000500 07000000 00000000 02000000 08000100 ffffffff");
}

// ---- decode -----------------------------------------------------------------------------------

std::string number(std::uint32_t value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

constexpr fib_rule_hdr from_24{.family = AF_INET, .src_len = 24, .action = FR_ACT_TO_TBL};

/// As the kernel tells of rule 7701; what a test adds comes behind it.
Datagram told(const fib_rule_hdr& header = from_24, std::uint32_t priority = 7701,
              char protocol = our_protocol) {
    Datagram datagram;
    datagram.message(RTM_NEWRULE, NLM_F_MULTI, 3, header)
        .attribute(FRA_TABLE, number(7701))
        .attribute(FRA_SUPPRESS_PREFIXLEN, number(0xffffffff))
        .attribute(FRA_PROTOCOL, std::string(1, protocol))
        .attribute(FRA_PRIORITY, number(priority))
        .attribute(FRA_SRC, std::string_view("\x0a\0\1\0", 4));
    return datagram;
}

std::vector<KernelRule> read(const Datagram& datagram) {
    Observed objects;
    EXPECT_TRUE(decode(datagram.bytes(), 3, objects));
    return objects.rules;
}

TEST(DecodeRule, IsWhatWasAdded) {
    EXPECT_THAT(read(told()), ElementsAre(rule(7701, "10.0.1.0/24")));
    Datagram six;
    six.message(RTM_NEWRULE, NLM_F_MULTI, 3,
                fib_rule_hdr{.family = AF_INET6, .table = 254, .action = FR_ACT_TO_TBL})
        .attribute(FRA_TABLE, number(254))
        .attribute(FRA_SUPPRESS_PREFIXLEN, number(0))
        .attribute(FRA_SUPPRESS_IFGROUP, number(7700))
        .attribute(FRA_PROTOCOL, "M")
        .attribute(FRA_PRIORITY, number(7699));
    EXPECT_THAT(read(six), ElementsAre(elsewhere(true)));
}

TEST(DecodeRule, OnlyWithOurMarkOrOurPriority) {
    EXPECT_THAT(read(told(from_24, 100, 3)), IsEmpty());
    EXPECT_THAT(read(told(from_24, 7800, 3)), IsEmpty());
    EXPECT_THAT(read(told(from_24, 7701, 3)), ElementsAre(rule(7701, "10.0.1.0/24", 3)));
    EXPECT_EQ(read(told(from_24, 100)).size(), 1u);
    fib_rule_hdr bridge = from_24;
    bridge.family = 128;  // RTNL_FAMILY_IPMR
    EXPECT_THAT(read(told(bridge)), IsEmpty());
}

TEST(DecodeRule, WhatSaysMoreIsNotPlain) {
    const auto plain = [](const Datagram& datagram) {
        const std::vector<KernelRule> rules = read(datagram);
        return rules.size() == 1 && rules.front().plain;
    };
    EXPECT_TRUE(plain(told()));
    for (const std::uint16_t attribute : std::vector<std::uint16_t>{
             FRA_DST, FRA_IIFNAME, FRA_OIFNAME, FRA_FWMARK, FRA_UID_RANGE, FRA_DPORT_RANGE, 99}) {
        Datagram more = told();
        more.attribute(attribute, number(1));
        EXPECT_FALSE(plain(more)) << attribute;
    }
    for (const auto& spoil : std::vector<void (*)(fib_rule_hdr&)>{
             [](fib_rule_hdr& header) { header.action = FR_ACT_BLACKHOLE; },
             [](fib_rule_hdr& header) { header.flags = FIB_RULE_INVERT; },
             [](fib_rule_hdr& header) { header.tos = 4; },
             [](fib_rule_hdr& header) { header.dst_len = 8; },
             [](fib_rule_hdr& header) { header.src_len = 0; }}) {
        fib_rule_hdr header = from_24;
        spoil(header);
        EXPECT_FALSE(plain(told(header)));
    }
    Datagram short_source;
    short_source.message(RTM_NEWRULE, NLM_F_MULTI, 3, from_24)
        .attribute(FRA_PRIORITY, number(7701))
        .attribute(FRA_SRC, "ab");
    EXPECT_FALSE(plain(short_source));
    Datagram no_source;
    no_source.message(RTM_NEWRULE, NLM_F_MULTI, 3, from_24).attribute(FRA_PRIORITY, number(7701));
    EXPECT_FALSE(plain(no_source));
}

TEST(DecodeRule, ImpossibleLengthsAreNoRules) {
    fib_rule_hdr header = from_24;
    header.src_len = 33;
    EXPECT_THAT(read(told(header)), IsEmpty());
    Datagram datagram;
    datagram.message(RTM_NEWRULE, NLM_F_MULTI, 3, std::uint32_t{AF_INET});
    EXPECT_THAT(read(datagram), IsEmpty());
}

TEST(DecodeRule, EveryByteSpoiledIsReadWithinBounds) {
    const Datagram whole = told();
    for (std::size_t size = 0; size < whole.bytes().size(); ++size) {
        std::vector<std::byte> part(whole.bytes().begin(),
                                    whole.bytes().begin() + static_cast<std::ptrdiff_t>(size));
        Observed objects;
        EXPECT_EQ(decode(part, 3, objects).has_value(), size < 16) << size;
        EXPECT_THAT(objects.rules, IsEmpty());
    }
    for (std::size_t at = 0; at < whole.bytes().size(); ++at)
        for (const int value : {0, 1, 3, 4, 0x7f, 0xff}) {
            std::vector<std::byte> spoiled(whole.bytes().begin(), whole.bytes().end());
            spoiled[at] = static_cast<std::byte>(value);
            Observed objects;
            (void)decode(spoiled, 3, objects);
        }
}

// The body is a netconfmsg with its padding.
TEST(DecodeNetconf, IsThatOfAllAndOfNoNic) {
    const auto read_from = [](std::uint32_t whose) {
        Datagram datagram;
        datagram.message(RTM_NEWNETCONF, 0, 3, std::uint32_t{AF_INET})
            .attribute(NETCONFA_IFINDEX, number(whose))
            .attribute(NETCONFA_FORWARDING, number(7))
            .attribute(NETCONFA_RP_FILTER, number(1));
        Observed objects;
        EXPECT_TRUE(decode(datagram.bytes(), 3, objects));
        return objects.rp_filter_of_all;
    };
    EXPECT_EQ(read_from(0xffffffff), 1);
    EXPECT_EQ(read_from(2), 0);
    Datagram cut;
    cut.message(RTM_NEWNETCONF, 0, 3, std::uint32_t{AF_INET}).attribute(NETCONFA_IFINDEX, "ab");
    Observed objects;
    EXPECT_TRUE(decode(cut.bytes(), 3, objects));
    EXPECT_EQ(objects.rp_filter_of_all, 0);
}

TEST(DecodeLink, ItsSettingsAndItsGroup) {
    std::string settings(32UL * 4, '\0');
    settings[7UL * 4] = 1;   // rp_filter
    settings[12UL * 4] = 3;  // arp_filter
    settings[17UL * 4] = 2;  // arp_announce
    const auto nested = [](std::uint16_t type, const std::string& content) {
        const auto length = static_cast<std::uint16_t>(4 + content.size());
        return std::string(reinterpret_cast<const char*>(&length), 2) +
               std::string(reinterpret_cast<const char*>(&type), 2) + content;
    };
    for (const std::size_t known : {32u, 12u, 0u}) {
        Datagram datagram;
        datagram.message(RTM_NEWLINK, NLM_F_MULTI, 3, ifinfomsg{.ifi_index = 2})
            .attribute(IFLA_GROUP, number(7700))
            .attribute(IFLA_AF_SPEC,
                       nested(AF_INET, nested(IFLA_INET_CONF, settings.substr(0, known * 4))));
        Observed objects;
        ASSERT_TRUE(decode(datagram.bytes(), 3, objects));
        ASSERT_EQ(objects.links.size(), 1u);
        const Link& link = objects.links.front();
        EXPECT_EQ(link.group, 7700);
        EXPECT_EQ(link.rp_filter, known > 8 ? 1 : 0);
        EXPECT_EQ(link.arp_filter, known > 12 ? 3 : 0);
        EXPECT_EQ(link.arp_announce, known > 17 ? 2 : 0);
    }
}

}  // namespace
}  // namespace metalwright::netcfg
