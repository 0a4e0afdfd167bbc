#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/spec/document.hpp"
#include "corpus.hpp"
#include "raid/wishes.hpp"

namespace metalwright::spec {
namespace {

using corpus::changed;
using corpus::full;
using corpus::lines;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::expected<HostSpec, Errors> read(const json& document) {
    return read_document(document.dump(), nullptr, {.host_id = "host-a"});
}

netcfg::Prefix prefix(std::string_view text) {
    return netcfg::Prefix::parse(text).value();
}
netcfg::Address address(std::string_view text) {
    return netcfg::Address::parse(text).value();
}

TEST(Native, EveryFieldArrives) {
    const auto spec = read(full());
    ASSERT_TRUE(spec) << lines(spec.error());
    EXPECT_EQ(spec->host_id, "host-a");
    EXPECT_EQ(spec->instance_id, "i-1");
    EXPECT_EQ(spec->instance_name, "shop front");
    EXPECT_EQ(spec->description, "ünïcode, too");
    EXPECT_EQ(spec->generation, 3U);
    EXPECT_EQ(spec->token, "t-1");
    EXPECT_THAT(spec->wipe_consent, ElementsAre(raid::WipeConsent{"S1", {"ext4", "gpt"}}));
    EXPECT_TRUE(spec->storage->consent.empty());
    EXPECT_THAT(spec->replace, ElementsAre(raid::Replacement{"S8"}, raid::Replacement{"S6", "S7"}));

    ASSERT_TRUE(spec->storage);
    EXPECT_EQ(spec->storage->system, raid::Level::raid1);
    EXPECT_FALSE(spec->storage->system_plain);
    ASSERT_EQ(spec->storage->arrays->size(), 2U);
    const raid::WantedArray data{.name = "data",
                                 .level = raid::Level::raid5,
                                 .members = {.count = 3,
                                             .media = raid::Media::ssd,
                                             .min_bytes = 1000,
                                             .max_bytes = 2000,
                                             .rotational = false,
                                             .controller = "0000:3b:00.0",
                                             .order = raid::Order::largest_first,
                                             .same_model = true},
                                 .spares = 1,
                                 .chunk_kib = 256,
                                 .filesystem = raid::WantedFilesystem{
                                     .type = "xfs", .label = "data", .mount_point = "/srv/data"}};
    EXPECT_EQ(spec->storage->arrays->at(0), data);
    const raid::WantedArray fast{.name = "fast",
                                 .level = raid::Level::raid10,
                                 .members = {.ids = {"S1", "S2", "S3", "S4"}},
                                 .layout = "f2",
                                 .consistency = raid::Consistency::resync,
                                 .metadata = "1.1",
                                 .member_bytes = std::uint64_t{1} << 30,
                                 .filesystem = raid::WantedFilesystem{.mount_point = "/srv/fast"}};
    EXPECT_EQ(spec->storage->arrays->at(1), fast);

    ASSERT_TRUE(spec->network);
    EXPECT_EQ(spec->network->nic, netcfg::NicSelector{.mac = "52:54:00:4d:57:01"});
    const netcfg::Primary primary{
        .address = prefix("10.0.1.10/24"),
        .gateway = address("10.0.1.1"),
        .dns = {address("10.0.1.2"), address("2001:db8::53")},
        .mtu = 1500,
        .routes = {{.to = prefix("172.16.0.0/12"), .via = address("10.0.1.254"), .metric = 7},
                   {.to = prefix("192.168.0.0/16")}}};
    EXPECT_EQ(spec->network->primary, primary);
    EXPECT_THAT(
        *spec->network->aliases,
        ElementsAre(
            netcfg::Alias{"subnet-a", prefix("10.0.1.51/32"), false, "/network/aliases/0/cidr"},
            netcfg::Alias{"", prefix("10.0.1.80/28"), false, "/network/aliases/1/cidr"},
            netcfg::Alias{"", prefix("2001:db8:7::/64"), true, "/network/aliases/2/cidr"},
            netcfg::Alias{"", prefix("10.0.1.52/32"), false, "/network/aliases/3/cidr",
                          netcfg::Alias::As::local_route},
            netcfg::Alias{"", prefix("10.0.1.53/32"), false, "/network/aliases/4/cidr",
                          netcfg::Alias::As::address},
            netcfg::Alias{.id = "sip-1",
                          .cidr = prefix("10.0.1.61/32"),
                          .where = "/network/secondaries/0/address",
                          .kind = netcfg::Kind::secondary,
                          .adopt = true},
            netcfg::Alias{.cidr = prefix("2001:db8::61/128"),
                          .where = "/network/secondaries/1/address",
                          .kind = netcfg::Kind::secondary,
                          .preferred = true,
                          .detect_duplicate = true},
            netcfg::Alias{.id = "eip-1",
                          .cidr = prefix("203.0.113.9/32"),
                          .where = "/network/elastics/0/address",
                          .kind = netcfg::Kind::elastic}));
    EXPECT_EQ(spec->network->managed,
              (netcfg::Kinds{.alias = true, .secondary = true, .elastic = true}));
    EXPECT_EQ(spec->secondary_count, (SecondaryCount{.ipv4 = 2}));
    EXPECT_THAT(spec->network->pools,
                ElementsAre(prefix("10.0.1.96/27"), prefix("2001:db8:8::/120")));
    ASSERT_EQ(spec->network->others.size(), 1U);
    const netcfg::Wanted& other = spec->network->others.front();
    EXPECT_EQ(other.nic, netcfg::NicSelector{.name = "eth1"});
    EXPECT_EQ(other.primary->address, prefix("10.0.2.10/24"));
    EXPECT_EQ(other.primary->gateway, address("10.0.2.1"));
    EXPECT_THAT(*other.aliases,
                ElementsAre(netcfg::Alias{.cidr = prefix("10.0.2.51/32"),
                                          .where = "/network/otherNics/0/aliases/0/cidr"}));
    EXPECT_EQ(other.managed, (netcfg::Kinds{.alias = true, .secondary = true}));
    EXPECT_EQ(spec->bandwidth_mbps, 100U);
    EXPECT_EQ(spec->extra_uplink_mbps, 50U);

    EXPECT_EQ(spec->hostname, "node-a.example");
    EXPECT_TRUE(spec->renew_machine_id && spec->renew_host_keys);
    EXPECT_EQ(spec->password.plain, std::nullopt);
    EXPECT_EQ(spec->password.hash, "$6$salt$hashhashhash");
    EXPECT_THAT(*spec->authorized_keys, ElementsAre(corpus::public_key()));
    const UserData script{"#!/bin/bash\necho hello\n", std::chrono::seconds(60), true};
    EXPECT_EQ(spec->user_data, script);
    EXPECT_EQ(spec->dialect, "");
    EXPECT_EQ(spec->release, std::nullopt);
    EXPECT_TRUE(spec->notes.empty());
}

TEST(Native, BandwidthIsSomethingToDoForTheNetworkAllAlone) {
    const auto with = [](std::optional<std::uint32_t> ordered, std::optional<std::uint32_t> extra) {
        HostSpec spec;
        spec.bandwidth_mbps = ordered;
        spec.extra_uplink_mbps = extra;
        return spec;
    };
    using netcfg::Shaping;
    EXPECT_FALSE(has_network(with(std::nullopt, 50)));
    EXPECT_TRUE(has_network(with(0, std::nullopt)));
    EXPECT_EQ(shaping_of(with(std::nullopt, 50), true), std::nullopt);
    EXPECT_EQ(shaping_of(with(0, 50), true), Shaping());
    EXPECT_EQ(shaping_of(with(100, std::nullopt), false), (Shaping{100, 0}));
    EXPECT_EQ(shaping_of(with(100, 50), false), (Shaping{150, 0}));
    EXPECT_EQ(shaping_of(with(100, 50), true), (Shaping{150, 100})) << "extra goes out alone";
}

TEST(Native, TheFirstBootRoomsShare) {
    const HostSpec spec = read(full()).value();
    const cloudinit::Wanted first_boot = first_boot_of(spec);
    EXPECT_EQ(first_boot.instance_id, "i-1");
    EXPECT_EQ(first_boot.hostname, "node-a.example");
    EXPECT_EQ(first_boot.password_hash, spec.password.hash);
    EXPECT_EQ(first_boot.authorized_keys, spec.authorized_keys);
}

TEST(Native, ATimeThatNobodySaidIsTheHostsToChoose) {
    const auto spec = read(changed(full(), "/userData/timeoutSeconds", ""));
    ASSERT_TRUE(spec) << lines(spec.error());
    EXPECT_EQ(spec->user_data->timeout, std::chrono::seconds(0));
}

TEST(Native, AbsentAndNullAreUnmanagedAndOnlyAnEmptyListIsAWish) {
    const json bare = json::parse(R"({"apiVersion":"metalwright/v1","host":{"id":"host-a"},
                                      "instance":{"id":"i-1"}})");
    const HostSpec absent = read(bare).value();
    const HostSpec nothing{.host_id = "host-a", .instance_id = "i-1"};
    EXPECT_EQ(absent, nothing);

    json nulls = full();
    for (auto& [name, value] : nulls.items())
        if (name != "apiVersion" && name != "host" && name != "instance") value = nullptr;
    nulls["instance"] = {{"id", "i-1"}, {"name", nullptr}, {"description", nullptr}};
    EXPECT_EQ(read(nulls).value(), nothing);

    json sections = bare;
    sections["storage"] = json::object();
    sections["network"] = json::object();
    EXPECT_EQ(read(sections).value(), nothing) << "an empty section manages nothing";

    json wishes = bare;
    wishes["storage"]["arrays"] = json::array();
    wishes["network"]["aliases"] = json::array();
    wishes["authorizedKeys"] = json::array();
    const HostSpec wish = read(wishes).value();
    EXPECT_EQ(wish.storage->arrays, std::vector<raid::WantedArray>{});
    EXPECT_EQ(wish.network->aliases, std::vector<netcfg::Alias>{});
    EXPECT_EQ(wish.authorized_keys, std::vector<std::string>{});
}

TEST(Native, WhatIsWrongIsToldWhereItIs) {
    const auto hold = [](const json& good, const std::vector<corpus::Wrong>& wrongs) {
        ASSERT_TRUE(read(good));
        for (const corpus::Wrong& wrong : wrongs) {
            SCOPED_TRACE(std::string(wrong.change) + " = " + std::string(wrong.to.substr(0, 60)));
            const auto spec = read(changed(good, wrong.change, wrong.to));
            ASSERT_FALSE(spec) << "it was read without an error";
            EXPECT_TRUE(corpus::holds(spec.error(), wrong.where, wrong.says))
                << lines(spec.error());
            EXPECT_EQ(spec.error().size(), 1U) << "one fault, one error:\n" << lines(spec.error());
            EXPECT_EQ(spec.error().front().code, Errc::invalid_spec);
        }
    };
    hold(full(), corpus::wrong_native());
    hold(corpus::with_password(), corpus::wrong_password());
}

TEST(Native, APlainPasswordArrives) {
    const auto spec = read(corpus::with_password());
    ASSERT_TRUE(spec) << lines(spec.error());
    EXPECT_EQ(spec->password.plain, "a long phrase");
    EXPECT_EQ(spec->password.hash, std::nullopt);
}

TEST(Native, APasswordToBeDrawnNamesTheKeyItIsToldFor) {
    json document = full();
    document.erase("passwordHash");
    document["generatePassword"]["publicKey"] = corpus::rsa_key();
    const auto spec = read(document);
    ASSERT_TRUE(spec) << lines(spec.error());
    EXPECT_EQ(spec->password, (RootPassword{.sealed_to = corpus::rsa_key()}));
    for (const auto& [key, says] : std::map<std::string, std::string>{
             {"ssh-rsa AAAA", "is no public key: it has to begin with"},
             {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "is a private key"},
             {corpus::rsa_key().substr(0, 200), "cannot be read"}}) {
        document["generatePassword"]["publicKey"] = key;
        const auto bad = read(document);
        ASSERT_FALSE(bad);
        EXPECT_TRUE(corpus::holds(bad.error(), "/generatePassword/publicKey", says))
            << lines(bad.error());
    }
}

TEST(Native, AJournalDeviceIsAConsistencyPolicy) {
    const auto spec = read(changed(full(), "/storage/arrays/0/journal", "\"X9\""));
    ASSERT_TRUE(spec) << lines(spec.error());
    EXPECT_EQ(spec->storage->arrays->at(0).journal, "X9");
    EXPECT_EQ(spec->storage->arrays->at(0).consistency, raid::Consistency::journal);
}

TEST(Native, AReleaseKeepsTheArraysUnlessItSaysOtherwise) {
    EXPECT_FALSE(read(corpus::release())->release->remove_arrays);
    EXPECT_FALSE(
        read(changed(corpus::release(), "/release/arrays", "\"keep\""))->release->remove_arrays);
    EXPECT_TRUE(
        read(changed(corpus::release(), "/release/arrays", "\"remove\""))->release->remove_arrays);
}

TEST(Native, WhatIsRightIsRead) {
    for (const corpus::Right& right : corpus::right_native()) {
        SCOPED_TRACE(std::string(right.change) + " = " + std::string(right.to));
        const auto spec = read(changed(full(), right.change, right.to));
        EXPECT_TRUE(spec) << lines(spec.error());
    }
}

TEST(Native, WhatIsReadIsNoFaultToTheRaidRoom) {
    for (const corpus::Right& right : corpus::right_native()) {
        const HostSpec spec = read(changed(full(), right.change, right.to)).value();
        if (!spec.storage || !spec.storage->arrays) continue;
        for (const raid::WantedArray& array : *spec.storage->arrays) {
            const auto fault = raid::fault(array);
            EXPECT_FALSE(fault) << right.change << ": " << describe(*fault);
        }
    }
}

TEST(Native, AllErrorsAtOnceInTheDocumentsOrder) {
    const auto spec = read_document(R"({
        "hostname": "a..b",
        "apiVersion": "metalwright/v1",
        "storage": {"arrays": [{"level": "raid9"}, {"name": "b", "level": "raid1", "colour": 1}]},
        "instance": {"id": 5},
        "generation": -2
    })",
                                    nullptr, {});
    ASSERT_FALSE(spec);
    std::vector<std::string> where;
    for (const Error& error : spec.error()) where.push_back(error.where);
    EXPECT_THAT(where,
                ElementsAre("/hostname", "/storage/arrays/0/level", "/storage/arrays/0/name",
                            "/storage/arrays/1/colour", "/instance/id", "/generation", "/host"))
        << lines(spec.error());
}

TEST(Native, AHundredErrorsAreToldAndTheRestCounted) {
    json document = full();
    document["network"]["aliases"] = json::array();
    for (int i = 0; i < 130; ++i) document["network"]["aliases"].push_back(i);
    const auto spec = read(document);
    ASSERT_FALSE(spec);
    ASSERT_EQ(spec.error().size(), 101U);
    EXPECT_THAT(spec.error().back().message, HasSubstr("and 30 more"));
}

TEST(Native, ManyUnknownFieldsCostLittle) {
    json document = full();
    for (int i = 0; i < 50'000; ++i) document["hostnam" + std::to_string(i)] = 1;
    const auto spec = read(document);  // a hint for each of them would take many seconds
    ASSERT_FALSE(spec);
    EXPECT_EQ(spec.error().size(), 101U);
    EXPECT_THAT(spec.error().front().message, HasSubstr("did you mean \"hostname\"?"));
    EXPECT_THAT(spec.error().back().message, HasSubstr("and 49900 more"));
}

TEST(Native, SecretsAreNeverQuoted) {
    json document = full();
    document["password"] = "hunter2\nhunter2";
    document["passwordHash"] = "hunter2 hunter2";
    document["operation"]["token"] = "hunter2 hunter2";
    document["userData"]["base64"] = "hunter2hunter2";
    const auto spec = read(document);
    ASSERT_FALSE(spec);
    EXPECT_GE(spec.error().size(), 4U) << lines(spec.error());
    EXPECT_THAT(lines(spec.error()), Not(HasSubstr("hunter2")));
}

TEST(Native, PointersAreEscaped) {
    json document = full();
    document["a/b~c"] = 1;
    const auto spec = read(document);
    ASSERT_FALSE(spec);
    EXPECT_EQ(spec.error().front().where, "/a~1b~0c");
}

TEST(Native, WhatIsQuotedIsShortAndHarmless) {
    const auto spec = read(
        changed(full(), "/hostname", R"("\u001b[2J)" + std::string(20, '_') + R"(\u00e4\u00e4")"));
    ASSERT_FALSE(spec);
    EXPECT_THAT(spec.error().front().message, HasSubstr("\"\\x1b[2J____"));
    std::string much = "\"";
    for (int i = 0; i < 60; ++i) much += "a\u00e4";
    const auto cut = read(changed(full(), "/apiVersion", much + "\""));
    ASSERT_FALSE(cut);
    EXPECT_LT(cut.error().front().message.size(), 120U);
    EXPECT_NO_THROW(json(cut.error().front().message).dump()) << "cut within a character";
}

}  // namespace
}  // namespace metalwright::spec
