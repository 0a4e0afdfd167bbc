#include "agent/spec/address_edit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/spec/document.hpp"
#include "corpus.hpp"

namespace metalwright::spec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

netcfg::Alias alias(std::string_view cidr, std::string id = {}, bool routed = false) {
    return {.id = std::move(id), .cidr = netcfg::Prefix::parse(cidr).value(), .routed = routed};
}

Sourced source(std::string name, std::vector<netcfg::Alias> aliases) {
    Sourced one{std::move(name), 3};
    one.spec.host_id = "host-a";
    one.spec.instance_id = "i-1";
    one.spec.network.emplace().aliases = std::move(aliases);
    return one;
}

std::expected<EditedAddresses, Errors> edited(std::string_view request,
                                              const std::vector<Sourced>& in_force) {
    const auto edit = read_address_edit(request);
    EXPECT_TRUE(edit) << corpus::lines(edit.error());
    return edit_addresses(*edit, in_force, "i-1");
}

std::string refused(std::string_view request, const std::vector<Sourced>& in_force) {
    const auto answer = edited(request, in_force);
    return answer ? "accepted" : corpus::lines(answer.error());
}

TEST(AddressEdit, EveryErrorOfARequestHasItsPlace) {
    const auto wrong = [](std::string_view request) {
        const auto edit = read_address_edit(request);
        return edit ? "accepted" : corpus::lines(edit.error());
    };
    EXPECT_THAT(wrong("[]"), HasSubstr("object"));
    EXPECT_THAT(wrong("{}"), HasSubstr("names no address"));
    EXPECT_THAT(wrong(R"({"add":[{"cidr":"10.0.0.300"}]})"), HasSubstr("/add/0/cidr"));
    EXPECT_THAT(wrong(R"({"add":[{}]})"), HasSubstr("/add/0/cidr"));
    EXPECT_THAT(wrong(R"({"add":["10.0.0.3"]})"), HasSubstr("/add/0"));
    EXPECT_THAT(wrong(R"({"add":[{"cidr":"10.0.0.3"},{"cidr":"10.0.0.3/32"}]})"),
                HasSubstr("/add/1/cidr"));
    EXPECT_THAT(wrong(R"({"remove":["10.0.0.3","10.0.0.3/32"]})"), HasSubstr("/remove/1"));
    EXPECT_THAT(wrong(R"({"remove":["10.0.0.3"],"add":[{"cidr":"10.0.0.3/32"}]})"),
                HasSubstr("/remove/0"));
    EXPECT_THAT(wrong(R"({"adds":[]})"), HasSubstr("did you mean \"add\"?"));
    EXPECT_EQ(wrong(R"({"add":[{"cidr":"10.0.0.3","id":"a","routed":true}],"dryRun":true})"),
              "accepted");
}

TEST(AddressEdit, TheDocumentIsAWholeOneWithoutGeneration) {
    auto mine = source("ip", {alias("10.0.0.3/32", "a")});
    mine.spec.generation = 7;
    const auto answer =
        edited(R"({"add":[{"cidr":"fd00::/64","routed":true}]})", {source("link", {}), mine});
    ASSERT_TRUE(answer);
    const auto read = read_document(native_text(answer->document), nullptr, {.host_id = "host-a"});
    ASSERT_TRUE(read) << corpus::lines(read.error());
    EXPECT_FALSE(read->generation);
    EXPECT_EQ(read->instance_id, "i-1");
    EXPECT_EQ(read->network->aliases->size(), 2u);
    EXPECT_EQ(read->network->aliases->at(0).id, "a");
    EXPECT_TRUE(read->network->aliases->at(1).routed);
    EXPECT_FALSE(read->network->primary);
}

TEST(AddressEdit, TheFirstAddressMakesTheDocument) {
    const auto answer = edited(R"({"add":[{"cidr":"10.0.0.3"}]})", {source("link", {})});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->document.host_id, "host-a");
    EXPECT_THAT(answer->added, ElementsAre("10.0.0.3/32"));
}

TEST(AddressEdit, ABareAddressStandsForItWithAnyLength) {
    const std::vector<Sourced> in_force{source("ip", {alias("10.0.0.3/24"), alias("10.1.0.0/28")})};
    const auto answer = edited(R"({"remove":["10.0.0.3"]})", in_force);
    ASSERT_TRUE(answer);
    EXPECT_THAT(answer->removed, ElementsAre("10.0.0.3/24"));
    EXPECT_EQ(answer->document.network->aliases->size(), 1u);
    EXPECT_THAT(refused(R"({"remove":["10.0.0.3/28"]})", in_force),
                HasSubstr("it is there as 10.0.0.3/24"));
    EXPECT_THAT(refused(R"({"remove":["10.1.0.0"]})", in_force), HasSubstr("wanted by nobody"));
    EXPECT_THAT(refused(R"({"add":[{"cidr":"10.0.0.3"}]})", in_force),
                HasSubstr("with another length"));
}

TEST(AddressEdit, WhatIsThereUnderAnotherIdIsNoRepeat) {
    const std::vector<Sourced> in_force{source("ip", {alias("fd00::/64", "a")})};
    EXPECT_THAT(refused(R"({"add":[{"cidr":"fd00::/64","id":"b"}]})", in_force),
                HasSubstr("another id"));
    EXPECT_THAT(refused(R"({"add":[{"cidr":"fd00::/64","routed":true}]})", in_force),
                HasSubstr("another id or way"));
    EXPECT_THAT(refused(R"({"add":[{"cidr":"10.0.0.3","as":"route"}]})",
                        {source("ip", {alias("10.0.0.3/32")})}),
                HasSubstr("another id or way"));
    const auto same = edited(R"({"add":[{"cidr":"fd00::/64"}]})", in_force);
    ASSERT_TRUE(same);
    EXPECT_FALSE(same->changes());
    EXPECT_THAT(same->unchanged, ElementsAre("fd00::/64"));
}

TEST(AddressEdit, WhatBothWantIsGivenUpByIpAlone) {
    const std::vector<Sourced> in_force{source("link", {alias("10.0.0.3/32", "a")}),
                                        source("ip", {alias("10.0.0.3/32")})};
    const auto answer = edited(R"({"remove":["10.0.0.3"]})", in_force);
    ASSERT_TRUE(answer);
    EXPECT_THAT(*answer->document.network->aliases, IsEmpty());
    for (const auto& order : {in_force, std::vector(in_force.rbegin(), in_force.rend())}) {
        const auto all = merge(order);
        ASSERT_TRUE(all) << "an id that one of them does not say is no contradiction";
        EXPECT_EQ(all->network->aliases->front().id, "a");
    }
}

TEST(AddressEdit, AnAddressIsOfAKind) {
    const auto answer = edited(
        R"({"add":[{"cidr":"10.0.0.3","kind":"secondary"},
                   {"cidr":"203.0.113.9","kind":"elastic","id":"eip-1","adopt":true}]})",
        {source("link", {})});
    ASSERT_TRUE(answer);
    const netcfg::Wanted& network = *answer->document.network;
    EXPECT_TRUE(network.managed.secondary && network.managed.elastic);
    EXPECT_EQ(network.aliases->at(0).kind, netcfg::Kind::secondary);
    EXPECT_EQ(network.aliases->at(1).kind, netcfg::Kind::elastic);
    EXPECT_TRUE(network.aliases->at(1).adopt);
    const auto read = read_document(native_text(answer->document), nullptr, {.host_id = "host-a"});
    ASSERT_TRUE(read) << corpus::lines(read.error());
    EXPECT_EQ(read->network->managed, network.managed);

    Sourced mine{"ip", 3};
    mine.spec = answer->document;
    EXPECT_THAT(refused(R"({"add":[{"cidr":"10.0.0.3"}]})", {mine}),
                HasSubstr("10.0.0.3/32 is there, of the kind secondary"));
    // Once the last of its kind is gone the kind is still managed: else it would stay on the host.
    const auto emptied = edited(R"({"remove":["10.0.0.3"]})", {mine});
    ASSERT_TRUE(emptied);
    EXPECT_TRUE(emptied->document.network->managed.secondary);

    const auto wrong = [](std::string_view request) {
        const auto edit = read_address_edit(request);
        return edit ? "accepted" : corpus::lines(edit.error());
    };
    EXPECT_THAT(wrong(R"({"add":[{"cidr":"10.0.0.0/28","kind":"secondary"}]})"),
                HasSubstr("10.0.0.0/28 is a range"));
    EXPECT_THAT(wrong(R"({"add":[{"cidr":"fd00::5","kind":"elastic"}]})"),
                HasSubstr("elastic addresses are IPv4"));
    EXPECT_THAT(wrong(R"({"add":[{"cidr":"10.0.0.5","kind":"eip"}]})"),
                HasSubstr("alias, secondary, elastic"));
    EXPECT_THAT(wrong(R"({"add":[{"cidr":"10.0.0.5","kind":"secondary","as":"route"}]})"),
                HasSubstr("is for aliases only"));
}

TEST(AddressEdit, AddressesByNumberAreCountedAndGivenBackOneByOne) {
    Sourced mine = source("ip", {alias("10.0.0.3/32")});
    mine.spec.secondary_count = {.ipv4 = 2};
    mine.spec.leases = {netcfg::Prefix::parse("10.0.5.1").value(),
                        netcfg::Prefix::parse("10.0.5.2").value()};
    for (const netcfg::Prefix& lease : mine.spec.leases)
        mine.spec.network->aliases->push_back({.cidr = lease, .kind = netcfg::Kind::secondary});

    const auto more = edited(R"({"count":{"ipv4":1,"ipv6":2}})", {mine});
    ASSERT_TRUE(more);
    EXPECT_TRUE(more->changes());
    EXPECT_EQ(more->document.secondary_count, (SecondaryCount{.ipv4 = 3, .ipv6 = 2}));
    EXPECT_EQ(more->document.leases, mine.spec.leases);
    EXPECT_EQ(more->document.network->aliases->size(), 1u);  // the leases are no list of their own

    const auto fewer = edited(R"({"remove":["10.0.5.1"]})", {mine});
    ASSERT_TRUE(fewer);
    EXPECT_THAT(fewer->removed, ElementsAre("10.0.5.1/32"));
    EXPECT_EQ(fewer->document.secondary_count->ipv4, 1u);
    EXPECT_EQ(fewer->document.leases.size(), 1u);

    const auto known = edited(R"({"add":[{"cidr":"10.0.5.2","kind":"secondary"}]})", {mine});
    ASSERT_TRUE(known);
    EXPECT_THAT(known->unchanged, ElementsAre("10.0.5.2/32"));
}

}  // namespace
}  // namespace metalwright::spec
