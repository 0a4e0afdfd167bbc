#include "agent/spec/leases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/spec/store_form.hpp"
#include "corpus.hpp"

namespace metalwright::spec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

netcfg::Prefix cidr(std::string_view text) {
    return netcfg::Prefix::parse(text).value();
}

HostSpec counting(std::uint32_t ipv4, std::uint32_t ipv6 = 0) {
    HostSpec spec{.host_id = "host-a", .instance_id = "i-1"};
    spec.secondary_count = {.ipv4 = ipv4, .ipv6 = ipv6};
    return spec;
}

std::vector<std::string> texts(const std::vector<netcfg::Prefix>& list) {
    std::vector<std::string> all;
    for (const netcfg::Prefix& one : list) all.push_back(one.text());
    return all;
}

std::vector<std::string> given(HostSpec spec, const std::vector<netcfg::Prefix>& before = {},
                               const std::vector<Sourced>& others = {},
                               const std::vector<netcfg::Prefix>& pools = {cidr("10.0.5.0/29"),
                                                                           cidr("fd00:5::/126")}) {
    const auto done = hand_out(spec, before, others, pools);
    EXPECT_TRUE(done) << corpus::lines(done.error());
    return texts(spec.leases);
}

TEST(Leases, TheLowestFreeAddressesButNeverTheNetworksOwnOrItsBroadcast) {
    EXPECT_THAT(given(counting(2, 1)), ElementsAre("10.0.5.1/32", "10.0.5.2/32", "fd00:5::1/128"));
    EXPECT_THAT(given(counting(6)), testing::Contains("10.0.5.6/32"));
    HostSpec seven = counting(7);
    EXPECT_FALSE(hand_out(seven, {}, {}, std::vector{cidr("10.0.5.0/29")}));
    // Two addresses have no broadcast between them. Source: RFC 3021.
    EXPECT_THAT(given(counting(2), {}, {}, {cidr("10.0.6.0/31")}),
                ElementsAre("10.0.6.0/32", "10.0.6.1/32"));
}

TEST(Leases, WhatIsSomebodysIsNeverGiven) {
    HostSpec mine = counting(2);
    mine.network.emplace().primary = netcfg::Primary{.address = cidr("10.0.5.1/29")};
    mine.network->primary->gateway = cidr("10.0.5.2").address;
    Sourced link{"link", 1};
    link.spec.network.emplace().aliases = {{.cidr = cidr("10.0.5.3/32")}};
    link.spec.leases = {cidr("10.0.5.4/32")};
    EXPECT_THAT(given(mine, {}, {link}), ElementsAre("10.0.5.5/32", "10.0.5.6/32"));
    link.spec.network->aliases = std::vector<netcfg::Alias>{{.cidr = cidr("10.0.5.0/30")}};
    EXPECT_THAT(given(mine, {}, {link}), ElementsAre("10.0.5.5/32", "10.0.5.6/32"));
}

TEST(Leases, ThoseThatItHasStayAndTheLastGoFirst) {
    const std::vector<netcfg::Prefix> before{cidr("10.0.5.5/32"), cidr("10.0.5.2/32")};
    EXPECT_THAT(given(counting(3), before),
                ElementsAre("10.0.5.5/32", "10.0.5.2/32", "10.0.5.1/32"));
    EXPECT_THAT(given(counting(1), before), ElementsAre("10.0.5.5/32"));
    EXPECT_THAT(given(counting(0), before), ElementsAre());
    // One whose pool is delegated no more stays too: it is in use.
    EXPECT_THAT(given(counting(2), before, {}, {}), ElementsAre("10.0.5.5/32", "10.0.5.2/32"));
}

TEST(Leases, TooFewAreToldForEachFamily) {
    HostSpec spec = counting(3, 9);
    const auto done = hand_out(spec, {}, {}, std::vector{cidr("10.0.5.0/30")});
    ASSERT_FALSE(done);
    ASSERT_EQ(done.error().size(), 2u);
    EXPECT_EQ(done.error()[0].where, "/network/secondaryCount/ipv4");
    EXPECT_THAT(done.error()[0].message,
                HasSubstr("3 more IPv4 addresses are asked for, and the pools that are delegated "
                          "to this host have 2 free"));
    EXPECT_THAT(done.error()[1].message, HasSubstr("9 more IPv6 addresses are asked for"));
    EXPECT_THAT(done.error()[1].message, HasSubstr("have none free"));
}

TEST(Leases, TheDocumentsOwnPoolsComeFirst) {
    HostSpec spec = counting(1);
    spec.network.emplace().pools = {cidr("10.7.0.0/24")};
    EXPECT_THAT(given(spec), ElementsAre("10.7.0.1/32"));
}

TEST(Leases, TheyComeBackFromTheStoreAndAreSecondaryAddresses) {
    HostSpec spec = counting(1, 1);
    ASSERT_TRUE(hand_out(spec, {}, {}, std::vector{cidr("10.0.5.0/29"), cidr("fd00:5::/126")}));
    auto read = from_store(to_store(spec));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, spec);
    want_leases(*read);
    ASSERT_TRUE(read->network && read->network->aliases);
    EXPECT_TRUE(read->network->managed.secondary);
    EXPECT_FALSE(read->network->managed.alias);
    ASSERT_EQ(read->network->aliases->size(), 2u);
    EXPECT_EQ(read->network->aliases->front().kind, netcfg::Kind::secondary);
    EXPECT_EQ(read->network->aliases->front().cidr.text(), "10.0.5.1/32");
}

}  // namespace
}  // namespace metalwright::spec
