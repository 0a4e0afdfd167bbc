#include <gmock/gmock.h>
#include <linux/if_addr.h>

#include <chrono>
#include <iostream>

#include "lab.hpp"

namespace metalwright::netcfg {
namespace {

using testing::Each;
using testing::HasSubstr;

Wanted aliases(const std::vector<std::string>& texts) {
    Wanted wanted{.nic = {.name = "va"}, .aliases = std::vector<Alias>{}};
    wanted.limits.aliases = 100'000;
    for (const std::string& text : texts)
        wanted.aliases->push_back({.cidr = Prefix::parse(text).value(), .where = "/" + text});
    return wanted;
}

Wanted primary(const std::string& address, const std::string& gateway = "") {
    Wanted wanted{.nic = {.name = "va"},
                  .primary = Primary{.address = Prefix::parse(address).value()}};
    if (!gateway.empty()) wanted.primary->gateway = Address::parse(gateway).value();
    return wanted;
}

Address ip(const std::string& text) {
    return Address::parse(text).value();
}

TEST_F(Netns, APlainHostIsBroughtUpAndTheSecondTimeNothingIsSent) {
    shell("ip link set va down");
    Wanted wanted = primary("10.9.0.10/24", "10.9.0.1");
    wanted.primary->mtu = 1400;
    wanted.primary->routes = {
        {.to = Prefix::parse("10.8.0.0/16").value(), .via = ip("10.9.0.254"), .metric = 100}};
    wanted.aliases = aliases({"10.9.0.20", "10.9.7.0/28", "fd00:9::5", "10.9.3.1/24",
                              "fd00:9:1::/124", "fd00:9:2::/64"})
                         .aliases;
    wanted.aliases->back().routed = true;
    const std::vector<ItemResult> first = bring_to(wanted);
    for (const char* item :
         {"nic", "mtu", "primary", "route/default", "route/10.8.0.0/16 metric 100",
          "alias/10.9.0.20/32", "alias/10.9.7.0/28", "alias/fd00:9::5/128", "alias/10.9.3.1/24",
          "alias/fd00:9:1::/124", "alias/fd00:9:2::/64"})
        EXPECT_EQ(outcome(first, item), Outcome::changed) << item;
    EXPECT_TRUE(has_address("fd00:9:1::f/128"));

    const std::uint64_t sent = rtnl_->mutations();
    EXPECT_GT(sent, 0u);
    for (const ItemResult& result : bring_to(wanted))
        if (result.item != "persist") {
            EXPECT_EQ(result.outcome, Outcome::unchanged) << result.item;
        }
    EXPECT_EQ(rtnl_->mutations(), sent);
}

TEST_F(Netns, WhatIsNoLongerWantedGoesAndWhatIsForeignStays) {
    shell("ip address add 10.9.0.10/24 dev va");
    shell("ip address add 10.9.0.66/32 dev va");
    shell("ip route add local 10.9.8.0/28 dev va table local proto 66");
    bring_to(aliases({"10.9.0.20", "10.9.7.0/28", "fd00:9::5", "10.9.0.66"}));
    EXPECT_TRUE(has_address("10.9.0.20/32"));
    const std::vector<ItemResult> results = bring_to(aliases({}));
    for (const char* item : {"alias/10.9.0.20/32", "alias/10.9.7.0/28", "alias/fd00:9::5/128"})
        EXPECT_EQ(outcome(results, item), Outcome::changed);
    EXPECT_FALSE(has_address("10.9.0.20/32"));
    EXPECT_FALSE(has_address("fd00:9::5/128"));
    EXPECT_TRUE(has_address("10.9.0.10/24"));
    EXPECT_TRUE(has_address("10.9.0.66/32"));
    const Observed after = seen();
    std::vector<std::uint8_t> protocols;
    for (const KernelRoute& route : after.routes)
        if (route.table == 255 && !route.to.address.v6) protocols.push_back(route.protocol);
    EXPECT_THAT(protocols, testing::ElementsAre(66));
}

TEST_F(Netns, TheKernelsOwnWordsComeWithTheItemTheyBelongTo) {
    const int nic = va();
    const std::vector<KernelOp> ops{
        AddAddress{.ifindex = nic, .first = Prefix::parse("10.9.0.5").value()},
        AddAddress{.ifindex = 9999, .first = Prefix::parse("10.9.0.6").value()},
        AddRoute{.route = {.ifindex = nic,
                           .to = Prefix::parse("10.8.0.0/16").value(),
                           .via = ip("172.16.0.1"),
                           .protocol = our_protocol}},
        AddAddress{.ifindex = nic, .first = Prefix::parse("10.9.0.7").value()},
        AddAddress{.ifindex = nic, .first = Prefix::parse("10.9.0.5").value()},
        RemoveAddress{nic, Prefix::parse("10.9.0.99").value()}};
    const std::vector<Result<void>> results = rtnl_->apply(ops);
    ASSERT_EQ(results.size(), 6u);
    EXPECT_TRUE(results[0]);
    ASSERT_FALSE(results[1]);
    EXPECT_EQ(results[1].error().sys, ENODEV);
    EXPECT_THAT(results[1].error().message, HasSubstr("add 10.9.0.6/32: ipv4: Device not found"));
    ASSERT_FALSE(results[2]);
    EXPECT_EQ(results[2].error().code, Errc::kernel_refused);
    EXPECT_THAT(results[2].error().message, HasSubstr("Nexthop has invalid gateway"));
    EXPECT_TRUE(results[3]);
    EXPECT_TRUE(results[4]) << "already there";
    EXPECT_TRUE(results[5]) << "already gone";
    EXPECT_TRUE(has_address("10.9.0.7/32"));
}

TEST_F(Netns, ARouteThatTheKernelRefusesFailsItsItemOnly) {
    Wanted wanted = primary("10.9.0.10/24");
    wanted.primary->routes = {
        {.to = Prefix::parse("10.8.0.0/16").value(), .via = ip("172.16.0.1")}};
    const std::vector<ItemResult> results = bring_to(wanted);
    EXPECT_EQ(outcome(results, "primary"), Outcome::changed);
    EXPECT_EQ(outcome(results, "route/10.8.0.0/16"), Outcome::failed);
    for (const ItemResult& result : results)
        if (result.item == "route/10.8.0.0/16") {
            EXPECT_EQ(describe(*result.error),
                      "va: the kernel refused to add route 10.8.0.0/16 via 172.16.0.1: Nexthop has "
                      "invalid gateway (errno 101)");
        }
}

TEST_F(Netns, AThousandAddressesEachWithItsResult) {
    std::vector<std::string> texts;
    for (int i = 0; i < 1000; ++i)
        texts.push_back("10.9." + std::to_string(100 + i / 200) + '.' +
                        std::to_string(1 + i % 200));
    const Wanted wanted = aliases(texts);
    const auto start = std::chrono::steady_clock::now();
    const std::vector<ItemResult> results = bring_to(wanted);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    std::cout << "1000 addresses, planned, applied and read back: " << took.count() << " ms\n";
    std::size_t changed = 0;
    for (const ItemResult& result : results) changed += result.outcome == Outcome::changed ? 1 : 0;
    EXPECT_EQ(changed, 1000u);
    EXPECT_EQ(rtnl_->mutations(), 1000u);
    bring_to(wanted);
    EXPECT_EQ(rtnl_->mutations(), 1000u);
    bring_to(aliases({}));
    EXPECT_FALSE(has_address("10.9.100.1/32"));
    EXPECT_EQ(rtnl_->mutations(), 2000u);
}

TEST_F(Netns, AnAliasMayChangeFromAnAddressToALocalRouteAndBack) {
    // A NIC that loses its last IPv4 address loses its IPv4 routes with it.
    shell("ip address add 10.9.0.10/24 dev va");
    Wanted wanted = aliases({"10.9.0.20", "10.9.0.21"});
    const auto protocols = [&] {
        std::vector<std::uint8_t> found;
        for (const KernelRoute& route : seen().routes)
            if (route.table == 255 && !route.to.address.v6) found.push_back(route.protocol);
        return found;
    };
    for (const bool route : {false, true, false, true}) {
        for (Alias& alias : *wanted.aliases)
            alias.as = route ? Alias::As::local_route : Alias::As::address;
        const std::vector<ItemResult> results = bring_to(wanted);
        for (const char* item : {"alias/10.9.0.20/32", "alias/10.9.0.21/32"})
            EXPECT_EQ(outcome(results, item), Outcome::changed);
        EXPECT_EQ(has_address("10.9.0.20/32"), !route);
        EXPECT_EQ(protocols().size(), route ? 2u : 0u);
        for (const ItemResult& result : bring_to(wanted))
            if (result.item.starts_with("alias/")) {
                EXPECT_EQ(result.outcome, Outcome::unchanged) << result.item;
            }
        EXPECT_TRUE(Udp(false).bind(ip("10.9.0.21"), 4000));
    }
}

TEST_F(Netns, WhatIsNotLookedAtNeedNotBeRead) {
    bring_to(aliases({"10.9.0.20", "10.9.7.0/28"}));
    shell("ip route add local 10.9.8.0/28 dev va table local proto 66");
    const auto local = [&](const std::vector<std::string>& wanted) {
        std::vector<std::string> found;
        const Observed read = observe(*doors_, aliases(wanted)).value();
        for (const KernelRoute& route : read.routes)
            if (route.table == 255 && !route.to.address.v6) found.push_back(route.to.text());
        return found;
    };
    EXPECT_THAT(local({"10.9.0.20"}), testing::ElementsAre("10.9.7.0/28"));
    EXPECT_THAT(local({"10.9.7.0/28"}),
                testing::UnorderedElementsAre("10.9.7.0/28", "10.9.8.0/28"));
}

TEST_F(Netns, AFullBatchLosesNoAck) {
    std::vector<KernelOp> ops;
    const int nic = va();
    for (std::uint32_t i = 0; i < 5000; ++i)
        ops.push_back(AddRoute{.route = {.ifindex = i % 2 == 0 ? nic : 9999,
                                         .to = {ip("10.64.0.0").plus(i), 32},
                                         .table = 255,
                                         .protocol = our_protocol,
                                         .type = 2}});
    const std::vector<Result<void>> results = rtnl_->apply(ops);
    for (std::size_t i = 0; i < results.size(); ++i) {
        ASSERT_EQ(results[i].has_value(), i % 2 == 0) << i;
        if (!results[i]) {
            ASSERT_EQ(results[i].error().sys, ENODEV);
        }
    }
}

TEST_F(Netns, ARangeAnswersArpFromThePeerAndCanBeBoundTo) {
    bring_to(aliases({"10.9.7.0/28", "10.9.0.20"}));
    in_peer([] { shell("ip route add 10.9.7.0/28 dev vb"); });
    shell("ip address add 10.9.0.3/24 dev va");
    for (const char* text : {"10.9.7.0", "10.9.7.9", "10.9.7.15", "10.9.0.20"}) {
        Udp server(false);
        ASSERT_TRUE(server.bind(ip(text), 7777)) << text;
        in_peer([&] {
            Udp client(false);
            EXPECT_TRUE(client.send(ip(text), 7777));
        });
        EXPECT_TRUE(server.receive()) << text << " did not answer ARP";
    }
    bring_to(aliases({}));
    Udp late(false);
    EXPECT_FALSE(late.bind(ip("10.9.7.9"), 7778));
}

class Siblings : public Netns, public testing::WithParamInterface<bool> {};

TEST_P(Siblings, SurviveTheFirstOfTheirSubnet) {
    set_promote_secondaries(GetParam());
    bring_to(aliases({"10.9.3.1/24", "10.9.3.2/24", "10.9.3.3/24"}));
    shell("ip address add 10.9.3.4/24 dev va label va:x");
    const std::vector<ItemResult> results = bring_to(aliases({"10.9.3.3/24"}));
    EXPECT_EQ(outcome(results, "alias/10.9.3.1/24"), Outcome::changed);
    EXPECT_FALSE(has_address("10.9.3.1/24"));
    EXPECT_FALSE(has_address("10.9.3.2/24"));
    EXPECT_TRUE(has_address("10.9.3.3/24"));
    EXPECT_TRUE(has_address("10.9.3.4/24"));
    // What was there keeps everything it had, and the setting is as it was.
    for (const KernelAddress& address : seen().addresses)
        if (address.prefix == Prefix::parse("10.9.3.3/24").value()) {
            EXPECT_EQ(address.protocol, our_protocol);
        }
    EXPECT_EQ(std::system("ip address show dev va | grep -q 'va:x'"), 0);
    std::ifstream file("/proc/sys/net/ipv4/conf/va/promote_secondaries");
    EXPECT_EQ(file.get(), GetParam() ? '1' : '0');
}

TEST_P(Siblings, AFormerPrimaryInTheSameSubnetLeavesTheNewOneAndItsRoute) {
    set_promote_secondaries(GetParam());
    bring_to(primary("10.9.0.10/24", "10.9.0.1"));
    const Wanted next = primary("10.9.0.11/24", "10.9.0.1");
    const std::vector<ItemResult> results = bring_to(next);
    EXPECT_EQ(outcome(results, "primary"), Outcome::changed);
    EXPECT_EQ(outcome(results, "route/default"), Outcome::unchanged);
    EXPECT_FALSE(has_address("10.9.0.10/24"));
    EXPECT_TRUE(has_address("10.9.0.11/24"));
    const std::uint64_t sent = rtnl_->mutations();
    EXPECT_EQ(outcome(bring_to(next), "route/default"), Outcome::unchanged);
    EXPECT_EQ(rtnl_->mutations(), sent);
    Udp probe(false);
    EXPECT_EQ(probe.source_towards(ip("192.0.2.1"), 9), ip("10.9.0.11"));
}

INSTANTIATE_TEST_SUITE_P(PromoteSecondaries, Siblings, testing::Bool(),
                         [](const auto& each) { return each.param ? "on" : "off"; });

TEST_F(Netns, ANewGatewayIsExchangedWithoutAGap) {
    bring_to(primary("10.9.0.10/24", "10.9.0.1"));
    const std::uint64_t sent = rtnl_->mutations();
    EXPECT_EQ(outcome(bring_to(primary("10.9.0.10/24", "10.9.0.2")), "route/default"),
              Outcome::changed);
    EXPECT_EQ(rtnl_->mutations(), sent + 1);
    EXPECT_EQ(std::system("ip route show default | grep -q 'via 10.9.0.2 .*proto 77'"), 0);
}

TEST_F(Netns, APrimaryInAnotherSubnetTakesItsRouteAlong) {
    bring_to(primary("10.9.0.10/24", "10.9.0.1"));
    const std::vector<ItemResult> results = bring_to(primary("10.10.0.10/24", "10.10.0.1"));
    EXPECT_EQ(outcome(results, "primary"), Outcome::changed);
    EXPECT_EQ(outcome(results, "route/default"), Outcome::changed);
    EXPECT_FALSE(has_address("10.9.0.10/24"));
}

// The kernel drops routes without a word when a link goes down, and IPv6 addresses with one.
TEST_F(Netns, AFlapIsPutRight) {
    Wanted wanted = primary("10.9.0.10/24", "10.9.0.1");
    wanted.aliases = aliases({"10.9.0.20", "10.9.7.0/28", "fd00:9::5"}).aliases;
    bring_to(wanted);
    shell("ip link set va down");
    shell("ip link set va up");
    EXPECT_FALSE(has_address("fd00:9::5/128"));
    const std::vector<ItemResult> results = bring_to(wanted);
    EXPECT_EQ(outcome(results, "route/default"), Outcome::changed);
    EXPECT_EQ(outcome(results, "alias/fd00:9::5/128"), Outcome::changed);
    EXPECT_EQ(outcome(results, "alias/10.9.7.0/28"), Outcome::unchanged);
    EXPECT_EQ(outcome(results, "primary"), Outcome::unchanged);
    EXPECT_TRUE(has_address("fd00:9::5/128"));
}

TEST_F(Netns, AnIpv6AliasIsUsableAtOnceAndNeverThePreferredSource) {
    Wanted wanted = primary("fd00:9::10/64", "fd00:9::1");
    wanted.aliases = aliases({"fd00:9::5", "fd00:9::6/64"}).aliases;
    const std::vector<ItemResult> results = bring_to(wanted);
    EXPECT_EQ(outcome(results, "alias/fd00:9::5/128"), Outcome::changed);
    for (const char* text : {"fd00:9::5", "fd00:9::6", "fd00:9::10"}) {
        Udp server(true);
        EXPECT_TRUE(server.bind(ip(text), 7777)) << text << " is still tentative";
    }
    for (const char* text : {"fd00:9::1", "2001:db8::1"}) {
        Udp probe(true);
        EXPECT_EQ(probe.source_towards(ip(text), 9), ip("fd00:9::10"));
    }
    for (const KernelAddress& address : seen().addresses)
        if (address.prefix.address == ip("fd00:9::5")) {
            EXPECT_NE(address.flags & IFA_F_DEPRECATED, 0u);
            EXPECT_EQ(address.flags & IFA_F_TENTATIVE, 0u);
            EXPECT_EQ(address.protocol, our_protocol);
        }
}

TEST_F(Netns, ObservesItsLinks) {
    const Observed observed = seen();
    for (const Link& link : observed.links) {
        if (link.name == "lo") {
            EXPECT_TRUE(link.loopback);
        }
        if (link.name == "va") {
            EXPECT_EQ(link.mac, "02:00:00:00:00:0a");
            EXPECT_EQ(link.kind, "veth");
            EXPECT_TRUE(link.up && link.carrier);
            EXPECT_EQ(link.mtu, 1500u);
            EXPECT_EQ(link.permanent_mac, "") << "a veth has none";
        }
    }
    set_promote_secondaries(true);
    bool promotes = false;
    for (const Link& link : seen().links)
        promotes = promotes || (link.name == "va" && link.promote_secondaries);
    EXPECT_TRUE(promotes);
    const auto choice = bring_to(primary("10.9.0.10/24"));
    EXPECT_EQ(outcome(choice, "nic"), Outcome::unchanged);
}

}  // namespace
}  // namespace metalwright::netcfg
