// JD Cloud's createInstances: every field, as its SDKs send it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/spec/document.hpp"
#include "corpus.hpp"

namespace metalwright::spec {
namespace {

using corpus::changed;
using corpus::lines;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string at = "/request/instanceSpec";

Catalogue catalogue() {
    return read_catalogue(corpus::catalogue().dump()).value();
}

std::expected<HostSpec, Errors> read(const json& document) {
    const Catalogue known = catalogue();
    return read_document(document.dump(), &known, {.host_id = "host-a"});
}

/// The order with one field of the instanceSpec set to JSON text, or removed.
json order(std::string_view field, std::string_view to) {
    return changed(corpus::envelope(), at + "/" + std::string(field), to);
}

bool noted(const HostSpec& spec, std::string_view where, std::string_view says) {
    return std::any_of(spec.notes.begin(), spec.notes.end(), [&](const Note& note) {
        return note.where == where && note.message.find(says) != std::string::npos;
    });
}

TEST(JdCloud, AnOrderBecomesASpec) {
    json document = corpus::envelope();
    json& instance = document["request"]["instanceSpec"];
    instance["hostname"] = "shop-1.example";
    instance["password"] = "Wv4!pLk9-zTu";
    instance["keypairId"] = "key-1";
    instance["userData"] = corpus::base64("#!/usr/bin/env python\nprint(1)\n");
    instance["description"] = "the shop";
    instance["bandwidth"] = 100;
    instance["extraUplinkBandwidth"] = 20;
    const auto spec = read(document);
    ASSERT_TRUE(spec) << lines(spec.error());

    EXPECT_EQ(spec->token, "t-1");
    EXPECT_EQ(spec->instance_name, "shop-1");
    EXPECT_EQ(spec->description, "the shop");
    EXPECT_EQ(spec->hostname, "shop-1.example");
    EXPECT_EQ(spec->password.plain, "Wv4!pLk9-zTu");
    EXPECT_THAT(*spec->authorized_keys, ElementsAre(corpus::public_key()));
    EXPECT_EQ(spec->user_data->bytes, "#!/usr/bin/env python\nprint(1)\n");
    EXPECT_EQ(spec->bandwidth_mbps, 100U);
    EXPECT_EQ(spec->extra_uplink_mbps, 20U);

    ASSERT_TRUE(spec->storage);
    EXPECT_EQ(spec->storage->system, raid::Level::raid1);
    ASSERT_EQ(spec->storage->arrays->size(), 1U);
    EXPECT_EQ(spec->storage->arrays->front(), *catalogue().raid_types.at("data-5").array);

    ASSERT_TRUE(spec->network && spec->network->primary);
    const netcfg::Primary& primary = *spec->network->primary;
    EXPECT_EQ(primary.address.text(), "10.0.1.10/24");
    EXPECT_EQ(primary.gateway->text(), "10.0.1.1");
    EXPECT_EQ(primary.dns.at(0).text(), "10.0.1.2");
    EXPECT_EQ(primary.mtu, 9000U);
    ASSERT_EQ(spec->network->aliases->size(), 1U);
    EXPECT_EQ(spec->network->aliases->front().id, "subnet-a");
    EXPECT_EQ(spec->network->aliases->front().cidr.text(), "10.0.1.64/28");
    EXPECT_EQ(spec->network->aliases->front().where, at + "/aliasIps/0/cidr");

    const json kept = json::parse(spec->kept);
    EXPECT_EQ(kept["regionId"], "cn-north-1");
    EXPECT_EQ(kept["az"], "az-1");
    EXPECT_EQ(kept["dataRaidTypeId"], "data-5");
    EXPECT_EQ(kept["charge"], json({{"chargeMode", "postpaid_by_duration"}}));
    EXPECT_FALSE(kept.contains("password"));
    EXPECT_FALSE(kept.contains("userData"));
    EXPECT_FALSE(kept.contains("extraUplinkBandwidth"));
}

TEST(JdCloud, BandwidthIsShapedWhateverEnableInternetSays) {
    for (const char* internet : {"\"no\"", "\"yes\"", "null"}) {
        json document = order("enableInternet", internet);
        document["request"]["instanceSpec"]["bandwidth"] = 100;
        const auto spec = read(document);
        ASSERT_TRUE(spec) << lines(spec.error());
        EXPECT_EQ(spec->bandwidth_mbps, 100U) << internet;
    }
}

TEST(JdCloud, ExtraUplinkWithoutBandwidthIsSaidToBeOfNoEffect) {
    const auto spec = read(order("extraUplinkBandwidth", "5"));
    ASSERT_TRUE(spec) << lines(spec.error());
    EXPECT_FALSE(shaping_of(*spec, true));
    ASSERT_EQ(spec->notes.size(), 1U);
    EXPECT_EQ(spec->notes.front().where, at + "/extraUplinkBandwidth");
    EXPECT_TRUE(read(order("extraUplinkBandwidth", "0"))->notes.empty());
}

TEST(JdCloud, ExplicitNullsAreAbsence) {
    json nulls = corpus::envelope();
    json& instance = nulls["request"]["instanceSpec"];
    for (const char* name : {"bandwidth",
                             "bandwidthPackageId",
                             "enableInternet",
                             "extensionAliasIps",
                             "extensionBandwidth",
                             "extensionBandwidthPackageId",
                             "extensionEnableInternet",
                             "extensionExtraUplinkBandwidth",
                             "extensionInternetChargeMode",
                             "extensionLineType",
                             "extensionPrivateIp",
                             "extensionSubnetId",
                             "extraUplinkBandwidth",
                             "hostname",
                             "interfaceMode",
                             "internetChargeMode",
                             "keypairId",
                             "lineType",
                             "password",
                             "resourceTags",
                             "userData",
                             "description"})
        instance[name] = nullptr;
    for (const char* name : {"autoChangeChargeMode", "autoChangeChargeModeDate", "autoRenew",
                             "buyScenario", "chargeDuration", "chargeUnit"})
        instance["charge"][name] = nullptr;
    const auto spec = read(nulls);
    ASSERT_TRUE(spec) << lines(spec.error());
    EXPECT_EQ(*spec, read(corpus::envelope()).value());
    EXPECT_TRUE(spec->notes.empty());
    EXPECT_EQ(spec->password.plain, std::nullopt);
    EXPECT_EQ(spec->authorized_keys, std::nullopt);
}

TEST(JdCloud, NoAliasesIsNotTheSameAsAnEmptyList) {
    EXPECT_EQ(read(order("aliasIps", "null"))->network->aliases, std::nullopt);
    EXPECT_EQ(read(order("aliasIps", "[]"))->network->aliases, std::vector<netcfg::Alias>{});
}

TEST(JdCloud, UnknownFieldsAreLeftAsideWithANote) {
    json document = order("gpuType", "\"none\"");
    document["request"]["dryRun"] = true;
    document["request"]["instanceSpec"]["charge"]["coupon"] = "x";
    document["request"]["instanceSpec"]["aliasIps"][0]["name"] = "web";
    const auto spec = read(document);
    ASSERT_TRUE(spec) << lines(spec.error());
    EXPECT_TRUE(noted(*spec, at + "/gpuType", "unknown field"));
    EXPECT_TRUE(noted(*spec, "/request/dryRun", "unknown field"));
    EXPECT_TRUE(noted(*spec, at + "/charge/coupon", "unknown field"));
    EXPECT_TRUE(noted(*spec, at + "/aliasIps/0/name", "unknown field"));
    EXPECT_THAT(spec->kept, Not(HasSubstr("gpuType")));
    EXPECT_TRUE(
        noted(*read(order("hostName", "\"a1\"")), at + "/hostName", "did you mean \"hostname\"?"));
}

TEST(JdCloud, TheDefaultHostNameIsMadeOfTheAddress) {
    EXPECT_EQ(read(corpus::envelope())->hostname, "host-1-10");
    EXPECT_EQ(read(order("hostname", "\"mine\""))->hostname, "mine");
    json document = order("privateIp", "");
    const auto spec = read(document);
    ASSERT_TRUE(spec) << lines(spec.error());
    EXPECT_EQ(spec->hostname, std::nullopt) << "nothing to make it of";
    EXPECT_EQ(spec->network->primary, std::nullopt);
}

TEST(JdCloud, WhereThePrefixLengthComesFrom) {
    EXPECT_EQ(read(order("cidr", ""))->network->primary->address.text(), "10.0.1.10/24")
        << "the catalogue's subnet";
    const auto unknown = read(order("subnetId", "\"subnet-z\""));
    ASSERT_TRUE(unknown) << lines(unknown.error());
    EXPECT_EQ(unknown->network->primary->address.text(), "10.0.1.10/24");
    EXPECT_EQ(unknown->network->primary->gateway, std::nullopt);
    EXPECT_TRUE(noted(*unknown, at + "/subnetId", "not in the catalogue"));

    json neither = order("cidr", "");
    neither["request"]["instanceSpec"].erase("subnetId");
    const auto bad = read(neither);
    ASSERT_FALSE(bad);
    EXPECT_TRUE(corpus::holds(bad.error(), at + "/cidr", "is required with privateIp"))
        << lines(bad.error());
}

TEST(JdCloud, ARaidTypeMayBeAVolumeOfAController) {
    const auto spec = read(order("dataRaidTypeId", "\"hard-10\""));
    ASSERT_TRUE(spec) << lines(spec.error());
    EXPECT_FALSE(spec->storage->arrays);
    ASSERT_EQ(spec->storage->volumes->size(), 1U);
    const raid::storcli::WantedVolume& volume = spec->storage->volumes->front();
    EXPECT_EQ(volume.name, "store");
    EXPECT_EQ(volume.level, 10U);
    EXPECT_EQ(volume.cache.write, "wt");
    EXPECT_EQ(volume.filesystem->mount_point, "/srv/store");
}

TEST(JdCloud, AHostOfNoArray) {
    const auto spec = read(order("dataRaidTypeId", "\"data-0\""));
    ASSERT_TRUE(spec) << lines(spec.error());
    EXPECT_EQ(spec->storage->arrays, std::vector<raid::WantedArray>{});
    const auto plain = read(order("sysRaidTypeId", "\"sys-0\""));
    EXPECT_TRUE(plain->storage->system_plain);
    EXPECT_EQ(plain->storage->system, std::nullopt);
}

TEST(JdCloud, WithoutACatalogueIdsAreCheckedForFormOnly) {
    json document = order("keypairId", "\"key-of-somewhere\"");
    document["request"]["instanceSpec"]["cidr"] = nullptr;
    const auto spec = read_document(document.dump(), nullptr, {});
    ASSERT_TRUE(spec) << lines(spec.error());
    EXPECT_EQ(spec->storage, std::nullopt);
    EXPECT_EQ(spec->authorized_keys, std::nullopt);
    EXPECT_TRUE(noted(*spec, at + "/dataRaidTypeId", "form only"));
    EXPECT_TRUE(noted(*spec, at + "/keypairId", "form only"));
    EXPECT_TRUE(noted(*spec, at + "/privateIp", "form only"));
    EXPECT_FALSE(read_document(order("dataRaidTypeId", "\"a b\"").dump(), nullptr, {}));

    const Catalogue empty;
    const auto none = read_document(document.dump(), &empty, {});
    ASSERT_FALSE(none);
    EXPECT_TRUE(corpus::holds(none.error(), at + "/dataRaidTypeId", "the catalogue has none"))
        << lines(none.error());
}

TEST(JdCloud, KeptButSaidToBe) {
    const auto second = read(order("extensionPrivateIp", "\"10.0.2.9\""));
    EXPECT_EQ(json::parse(second->kept)["extensionPrivateIp"], "10.0.2.9");
    EXPECT_TRUE(noted(*second, at + "/extensionPrivateIp", "its subnet is not in the catalogue"));
    const auto tags = read(order("resourceTags", R"([{"key":"team","value":"shop"}])"));
    EXPECT_EQ(json::parse(tags->kept)["resourceTags"].dump(), R"([{"key":"team","value":"shop"}])");
    const auto os = read(order("osTypeId", "\"os-unknown\""));
    EXPECT_TRUE(noted(*os, at + "/osTypeId", "not in the catalogue"));
}

TEST(JdCloud, TheInterfaceModeMakesABondOrTakesOursApart) {
    const auto bond = read(order("interfaceMode", "\"bond\""));
    ASSERT_TRUE(bond) << lines(bond.error());
    EXPECT_EQ(bond->network->bond, netcfg::Bond());
    EXPECT_EQ(bond->network->bond->mode, netcfg::Bond::Mode::lacp);
    EXPECT_EQ(json::parse(bond->kept)["interfaceMode"], "bond");
    const auto dual = read(order("interfaceMode", "\"dual\""));
    ASSERT_TRUE(dual) << lines(dual.error());
    EXPECT_TRUE(dual->network->bond->none());
    EXPECT_EQ(read(order("interfaceMode", "null"))->network->bond, std::nullopt);
}

TEST(JdCloud, TheSecondNicIsAnotherNicOfTheHost) {
    json document = order("interfaceMode", "\"dual\"");
    json& instance = document["request"]["instanceSpec"];
    instance["extensionSubnetId"] = "subnet-a";
    instance["extensionPrivateIp"] = "10.0.1.9";
    instance["extensionAliasIps"] = json::parse(R"([{"id":"second-a","cidr":"10.0.2.4/32"}])");
    const auto spec = read(document);
    ASSERT_TRUE(spec) << lines(spec.error());
    ASSERT_EQ(spec->network->others.size(), 1U);
    const netcfg::Wanted& second = spec->network->others.front();
    EXPECT_EQ(second.nic, netcfg::NicSelector());
    EXPECT_EQ(second.primary->address.text(), "10.0.1.9/24");
    EXPECT_EQ(second.primary->gateway->text(), "10.0.1.1");
    EXPECT_TRUE(second.primary->dns.empty());
    ASSERT_EQ(second.aliases->size(), 1U);
    EXPECT_EQ(second.aliases->front().cidr.text(), "10.0.2.4/32");
    EXPECT_EQ(second.aliases->front().where, at + "/extensionAliasIps/0/cidr");

    instance["extensionPrivateIp"] = "10.0.3.9";
    const auto elsewhere = read(document);
    ASSERT_FALSE(elsewhere);
    EXPECT_TRUE(corpus::holds(elsewhere.error(), at + "/extensionPrivateIp",
                              "10.0.3.9 is not in \"subnet-a\""))
        << lines(elsewhere.error());
}

TEST(JdCloud, WhatIsRight) {
    const std::vector<corpus::Right> rights{
        {"name", "\"ab\""},
        {"name", "\"\u5546\u5e97-1\""},
        {"name", "\"a.b_c:d-e\""},
        {"hostname", "\"ab\""},
        {"hostname", "\"a.b-c.d\""},
        {"bandwidth", "10240"},
        {"extraUplinkBandwidth", "0"},
        {"extensionBandwidth", "1"},
        {"networkType", "\"basic\""},
        {"charge",
         R"({"chargeMode":"prepaid_by_duration","chargeUnit":"year","chargeDuration":3})"},
        {"charge", R"({"chargeMode":"prepaid_by_duration","chargeDuration":9,"autoRenew":true})"},
        {"aliasIps", R"([{"id":"second-a","cidr":"10.0.2.7/32"}])"},
        {"aliasIps", R"([{"id":"secondarycidr-unheard-of","cidr":"10.9.2.7"}])"},
        {"aliasIps", R"([{"id":"subnet-a","cidr":"10.0.1.1/24"}])"},
        {"description", "\"\""},
        {"password", "\"Kx3$mW8qZ!\""},
    };
    for (const corpus::Right& right : rights) {
        SCOPED_TRACE(std::string(right.change) + " = " + std::string(right.to));
        const auto spec = read(order(right.change, right.to));
        EXPECT_TRUE(spec) << lines(spec.error());
    }
}

TEST(JdCloud, WhatIsWrongIsToldWhereItIs) {
    std::string fifty_one = "[";
    for (int i = 0; i < 51; ++i)
        fifty_one += R"({"id":"subnet-z","cidr":"10.7.0.)" + std::to_string(i) + "\"},";
    fifty_one.back() = ']';
    const std::string great = '"' + corpus::base64("#!/bin/bash\n" + std::string(16384, '#')) + '"';
    const std::string no_script = '"' + corpus::base64("echo") + '"';
    const std::vector<corpus::Wrong> wrongs{
        {"az", "", "az", "is required"},
        {"deviceType", "", "deviceType", "is required"},
        {"imageType", "null", "imageType", "is required, but null"},
        {"osTypeId", "", "osTypeId", "is required"},
        {"sysRaidTypeId", "", "sysRaidTypeId", "is required"},
        {"dataRaidTypeId", "", "dataRaidTypeId", "is required"},
        {"networkType", "", "networkType", "is required"},
        {"name", "", "name", "is required"},
        {"count", "", "count", "is required"},
        {"charge", "", "charge", "is required"},
        {"az", "7", "az", "expected a string, got a number"},
        {"sysRaidTypeId", "\"sys-9\"", "sysRaidTypeId",
         "no RAID type \"sys-9\"; the catalogue has: data-0, data-1, data-5, hard-10, sys-0, "
         "sys-1"},
        {"sysRaidTypeId", "\"data-1\"", "sysRaidTypeId", "is for the data volume"},
        {"dataRaidTypeId", "\"sys-1\"", "dataRaidTypeId", "is for the system volume"},
        {"networkType", "\"wifi\"", "networkType", "is not one of: vpc, basic, retail"},
        {"name", "\"a\"", "name", "at least 2"},
        {"name", "\"1a\"", "name", "is not an instance name"},
        {"name", "\"a b\"", "name", "is not an instance name"},
        {"name", "\"a\u00e4\"", "name", "is not an instance name"},
        {"count", "2", "count", "2 instances cannot be made of one host"},
        {"count", "0", "count", "out of range"},
        {"count", "\"1\"", "count", "expected a number"},
        {"cidr", "\"10.0.1.5/24\"", "cidr", "has host bits set"},
        {"cidr", "\"10.0.0.0/16\"", "cidr", "is not the network of \"subnet-a\""},
        {"cidr", "\"2001:db8::/64\"", "cidr", "is IPv6"},
        {"cidr", "\"here\"", "cidr", "is not an IP address"},
        {"privateIp", "\"10.0.9.9\"", "privateIp", "10.0.9.9 is not in 10.0.1.0/24"},
        {"privateIp", "\"10.0.1.0\"", "privateIp", "is the address of the network itself"},
        {"privateIp", "\"10.0.1.255\"", "privateIp", "is the broadcast address"},
        {"privateIp", "\"10.0.1.1\"", "privateIp", "is the gateway of \"subnet-a\""},
        {"privateIp", "\"2001:db8::1\"", "privateIp", "is IPv6"},
        {"privateIp", "\"10.0.1.10/24\"", "privateIp", "is not an IP address"},
        {"subnetId", "\"a b\"", "subnetId", "is not an id"},
        {"aliasIps", fifty_one, "aliasIps", "has 51 elements; at most 50"},
        {"aliasIps", "[{\"cidr\":\"10.0.1.9\"}]", "aliasIps/0/id", "is required"},
        {"aliasIps", "[{\"id\":\"subnet-a\"}]", "aliasIps/0/cidr", "is required"},
        {"aliasIps", R"([{"id":"subnet-a","cidr":"10.0.2.9"}])", "aliasIps/0/cidr",
         "10.0.2.9/32 is not in \"subnet-a\", which is 10.0.1.0/24"},
        {"aliasIps", R"([{"id":"second-a","cidr":"10.0.0.0/16"}])", "aliasIps/0/cidr",
         "is not in \"second-a\""},
        {"aliasIps", R"([{"id":"subnet-a","cidr":"10.0.1.10"}])", "aliasIps/0/cidr",
         "is privateIp already"},
        {"aliasIps", R"([{"id":"a","cidr":"10.7.0.1"},{"id":"b","cidr":"10.7.0.1/32"}])",
         "aliasIps/1/cidr", "stands before"},
        {"enableInternet", "true", "enableInternet", "expected a string, got a boolean"},
        {"enableInternet", "\"maybe\"", "enableInternet", "is not one of: yes, no"},
        {"bandwidth", "0", "bandwidth", "1 to 10240"},
        {"bandwidth", "10241", "bandwidth", "1 to 10240"},
        {"extraUplinkBandwidth", "10241", "extraUplinkBandwidth", "0 to 10240"},
        {"extensionBandwidth", "0", "extensionBandwidth", "1 to 10240"},
        {"extensionPrivateIp", "\"x\"", "extensionPrivateIp", "is not an IP address"},
        {"extensionAliasIps", "[{\"cidr\":\"10.0.2.4\"}]", "extensionAliasIps/0/id", "is required"},
        {"extensionEnableInternet", "\"y\"", "extensionEnableInternet", "is not one of"},
        {"interfaceMode", "\"triple\"", "interfaceMode", "is not one of: bond, dual"},
        {"internetChargeMode", "\"free\"", "internetChargeMode", "is not one of"},
        {"lineType", "5", "lineType", "expected a string"},
        {"resourceTags", "{}", "resourceTags", "expected an array"},
        {"resourceTags", "[{\"key\":5}]", "resourceTags/0/key", "expected a string"},
        {"charge", "{}", "charge/chargeMode", "is required"},
        {"charge", "{\"chargeMode\":\"free\"}", "charge/chargeMode", "is not one of"},
        {"charge", R"({"chargeMode":"prepaid_by_duration"})", "charge/chargeDuration",
         "is required with prepaid_by_duration"},
        {"charge", R"({"chargeMode":"prepaid_by_duration","chargeDuration":10})",
         "charge/chargeDuration", "1 to 9"},
        {"charge", R"({"chargeMode":"prepaid_by_duration","chargeUnit":"year","chargeDuration":4})",
         "charge/chargeDuration", "1 to 3"},
        {"charge", R"({"chargeMode":"postpaid_by_usage","chargeUnit":"day"})", "charge/chargeUnit",
         "is not one of: month, year"},
        {"charge", R"({"chargeMode":"postpaid_by_usage","autoRenew":"no"})", "charge/autoRenew",
         "expected true or false"},
        {"hostname", "\"a\"", "hostname", "at least 2"},
        {"hostname", "\"a--b\"", "hostname", "is not a host name"},
        {"hostname", "\"a..b\"", "hostname", "is not a host name"},
        {"hostname", "\"ab-\"", "hostname", "is not a host name"},
        {"hostname", "\"a.-b\"", "hostname", "is not a host name"},
        {"password", "\"short\"", "password", ""},
        {"password", "\"allsmallletters\"", "password", ""},
        {"password", "7", "password", "expected a string"},
        {"keypairId", "\"key-9\"", "keypairId", "no key pair \"key-9\"; the catalogue has: key-1"},
        {"userData", "\"IyEv\\nYmlu\"", "userData", ""},
        {"userData", great, "userData", "16"},
        {"userData", no_script, "userData", "must be a script"},
        {"description", "\"\\n\"", "description", "control characters"},
    };
    for (const corpus::Wrong& wrong : wrongs) {
        SCOPED_TRACE(std::string(wrong.change) + " = " + std::string(wrong.to.substr(0, 80)));
        const auto spec = read(order(wrong.change, wrong.to));
        ASSERT_FALSE(spec) << "it was read without an error";
        EXPECT_TRUE(corpus::holds(spec.error(), at + "/" + std::string(wrong.where), wrong.says))
            << lines(spec.error());
        EXPECT_EQ(spec.error().size(), 1U) << lines(spec.error());
    }
}

TEST(JdCloud, TheRequestsOwnFields) {
    const auto request = [](std::string_view field, std::string_view to) {
        return read(changed(corpus::envelope(), "/request/" + std::string(field), to));
    };
    EXPECT_TRUE(request("regionId", "")) << "some SDKs have it in the path alone";
    EXPECT_EQ(request("clientToken", "")->token, std::nullopt);
    EXPECT_TRUE(request("clientToken", '"' + std::string(36, 'a') + '"'));
    const auto token = request("clientToken", '"' + std::string(37, 'a') + '"');
    ASSERT_FALSE(token);
    EXPECT_TRUE(corpus::holds(token.error(), "/request/clientToken", "at most 36"));
    EXPECT_THAT(lines(token.error()), Not(HasSubstr("aaa")));
    const auto spec = request("instanceSpec", "");
    ASSERT_FALSE(spec);
    EXPECT_TRUE(corpus::holds(spec.error(), "/request/instanceSpec", "is required"));
}

TEST(JdCloud, ManyFaultsAreToldAtOnce) {
    json document = corpus::envelope();
    json& instance = document["request"]["instanceSpec"];
    instance["count"] = 3;
    instance["privateIp"] = "10.0.9.9";
    instance["hostname"] = "-";
    instance["password"] = "x";
    instance["bandwidth"] = 0;
    instance.erase("az");
    const auto spec = read(document);
    ASSERT_FALSE(spec);
    EXPECT_EQ(spec.error().size(), 6U) << lines(spec.error());
}

TEST(JdCloud, SecretsAreNeverQuoted) {
    json document = order("password", "\"hunter2 hunter2\"");
    document["request"]["instanceSpec"]["userData"] = "hunter2";
    document["request"]["clientToken"] = "hunter2 hunter2 hunter2 hunter2 hunter2";
    const auto spec = read(document);
    ASSERT_FALSE(spec);
    EXPECT_EQ(spec.error().size(), 3U) << lines(spec.error());
    EXPECT_THAT(lines(spec.error()), Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace metalwright::spec
