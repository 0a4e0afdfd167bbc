#include "agent/spec/desired.hpp"

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

/// A spec of host-a, instance i-1, with these sections of a native document.
HostSpec native(const char* sections) {
    json document = json::parse(sections);
    document.update(json::parse(R"({"apiVersion":"metalwright/v1","host":{"id":"host-a"}})"));
    if (!document.contains("instance")) document["instance"]["id"] = "i-1";
    const auto spec = read_document(document.dump(), nullptr, {});
    EXPECT_TRUE(spec) << lines(spec.error());
    return spec.value();
}

std::expected<HostSpec, Errors> merged(const char* link, const char* admin) {
    const std::vector<Sourced> sources{{"link", 3, native(link)}, {"admin", 1, native(admin)}};
    return merge(sources);
}

TEST(Desired, OneSourceIsItselfWithoutWhatBelongsToItsRequest) {
    const HostSpec spec = read_document(corpus::full().dump(), nullptr, {}).value();
    HostSpec wanted = spec;
    wanted.generation.reset();
    wanted.token.reset();
    wanted.wipe_consent.clear();
    wanted.replace.clear();
    wanted.secondary_count.reset();  // the engine has made addresses of it by then
    const std::vector<Sourced> sources{{"link", 3, spec}};
    EXPECT_EQ(merge(sources).value(), wanted);
    EXPECT_EQ(merge({}).value(), HostSpec{});
}

TEST(Desired, AVendorsOrderKeepsItsDialect) {
    const Catalogue known = read_catalogue(corpus::catalogue().dump()).value();
    const HostSpec order = read_document(corpus::envelope().dump(), &known, {}).value();
    const std::vector<Sourced> sources{{"admin", 1, native(R"({"hostname":"host-1-10"})")},
                                       {"link", 1, order}};
    const auto all = merge(sources);
    ASSERT_TRUE(all) << lines(all.error());
    EXPECT_EQ(all->dialect, "jdcloud.createInstances");
    EXPECT_EQ(all->kept, order.kept);
    EXPECT_EQ(all->storage, order.storage);
}

TEST(Desired, SourcesAddUp) {
    const auto all = merged(
        R"({"hostname":"a","storage":{"arrays":[{"name":"one","level":"raid1"}]},
            "network":{"primary":{"address":"10.0.1.10/24","routes":[{"to":"10.8.0.0/16"}]},
                       "aliases":[{"cidr":"10.0.1.51"},{"cidr":"10.0.1.52"}]}})",
        R"({"hostname":"a","storage":{"system":{"level":"none"},
                                      "arrays":[{"name":"two","level":"raid1"}]},
            "network":{"nic":{"name":"eth0"},
                       "primary":{"address":"10.0.1.10/24","gateway":"10.0.1.1","mtu":1400,
                                  "dns":["10.0.1.2"],"routes":[{"to":"10.9.0.0/16"}]},
                       "aliases":[{"cidr":"10.0.1.52/32"},{"cidr":"10.0.1.53"}]},
            "password":"a long phrase"})");
    ASSERT_TRUE(all) << lines(all.error());
    EXPECT_EQ(all->hostname, "a");
    EXPECT_EQ(all->storage->arrays->size(), 2U);
    EXPECT_TRUE(all->storage->system_plain);
    EXPECT_EQ(all->network->nic.name, "eth0");
    EXPECT_EQ(all->network->primary->gateway->text(), "10.0.1.1");
    EXPECT_EQ(all->network->primary->mtu, 1400U);
    EXPECT_EQ(all->network->primary->dns.size(), 1U);
    EXPECT_EQ(all->network->primary->routes.size(), 2U);
    std::vector<std::string> aliases;
    for (const netcfg::Alias& alias : *all->network->aliases) aliases.push_back(alias.cidr.text());
    EXPECT_THAT(aliases, ElementsAre("10.0.1.51/32", "10.0.1.52/32", "10.0.1.53/32"));
    EXPECT_EQ(all->password.plain, "a long phrase");
}

TEST(Desired, AnEmptyListAndAnothersItemsAreThoseItems) {
    const auto all = merged(R"({"network":{"aliases":[]},"authorizedKeys":[]})",
                            R"({"network":{"aliases":[{"cidr":"10.0.1.51"}]}})");
    ASSERT_TRUE(all);
    EXPECT_EQ(all->network->aliases->size(), 1U);
    EXPECT_EQ(all->authorized_keys, std::vector<std::string>{}) << "still wished for";
    EXPECT_EQ(all->storage, std::nullopt) << "nobody manages it";
}

TEST(Desired, KeysOfAllSourcesOnce) {
    const std::string one = corpus::public_key('A');
    const std::string two = corpus::public_key('B');
    HostSpec link = native("{}");
    HostSpec admin = link;
    link.authorized_keys = {one};
    admin.authorized_keys = {two, one};
    const std::vector<Sourced> sources{{"link", 1, link}, {"admin", 1, admin}};
    EXPECT_THAT(*merge(sources)->authorized_keys, ElementsAre(one, two));
}

TEST(Desired, ContradictionsAreToldWithBothSources) {
    struct Clash {
        const char* link;
        const char* admin;
        std::string_view where;
        std::string_view says;
    };
    const Clash clashes[] = {
        {R"({"hostname":"a"})", R"({"hostname":"b"})", "/hostname", "says \"a\""},
        {R"({"instance":{"id":"i-1"}})", R"({"instance":{"id":"i-2"}})", "/instance/id", "\"i-2\""},
        {R"({"instance":{"id":"i-1","name":"x"}})", R"({"instance":{"id":"i-1","name":"y"}})",
         "/instance/name", "\"y\""},
        {R"({"storage":{"system":{"level":"raid1"}}})",
         R"({"storage":{"system":{"level":"none"}}})", "/storage/system/level", "\"raid1\""},
        {R"({"storage":{"arrays":[{"name":"d","level":"raid1"}]}})",
         R"({"storage":{"arrays":[{"name":"d","level":"raid5"}]}})", "/storage/arrays/d",
         "another array \"d\""},
        {R"({"storage":{"arrays":[{"name":"d","level":"raid1","members":{"ids":["S1","S2"]}}]}})",
         R"({"storage":{"arrays":[{"name":"e","level":"raid1","members":{"ids":["S2","S3"]}}]}})",
         "/storage/arrays/e/members/ids", "both want disk \"S2\""},
        {R"({"storage":{"arrays":[{"name":"d","level":"raid1","filesystem":{"mountPoint":"/d"}}]}})",
         R"({"storage":{"arrays":[{"name":"e","level":"raid1","filesystem":{"mountPoint":"/d"}}]}})",
         "/storage/arrays/e/filesystem/mountPoint", "both mount something at /d"},
        {R"({"network":{"nic":{"name":"eth0"}}})", R"({"network":{"nic":{"name":"eth1"}}})",
         "/network/nic/name", "\"eth1\""},
        {R"({"network":{"primary":{"address":"10.0.1.10/24"}}})",
         R"({"network":{"primary":{"address":"10.0.1.11/24"}}})", "/network/primary/address",
         "10.0.1.11/24"},
        {R"({"network":{"primary":{"address":"10.0.1.10/24","gateway":"10.0.1.1"}}})",
         R"({"network":{"primary":{"address":"10.0.1.10/24","gateway":"10.0.1.2"}}})",
         "/network/primary/gateway", "10.0.1.2"},
        {R"({"network":{"primary":{"address":"10.0.1.10/24","mtu":1400}}})",
         R"({"network":{"primary":{"address":"10.0.1.10/24","mtu":1500}}})", "/network/primary/mtu",
         "says 1400"},
        {R"({"network":{"primary":{"address":"10.0.1.10/24","dns":["10.0.1.2"]}}})",
         R"({"network":{"primary":{"address":"10.0.1.10/24","dns":["10.0.1.3"]}}})",
         "/network/primary/dns", "other DNS servers"},
        {R"({"network":{"primary":{"address":"10.0.1.10/24","routes":[{"to":"10.8.0.0/16"}]}}})",
         R"({"network":{"primary":{"address":"10.0.1.10/24",
             "routes":[{"to":"10.8.0.0/16","via":"10.0.1.1"}]}}})",
         "/network/primary/routes/10.8.0.0~116", "another way"},
        {R"({"network":{"aliases":[{"id":"a","cidr":"10.0.1.51"}]}})",
         R"({"network":{"aliases":[{"id":"b","cidr":"10.0.1.51"}]}})",
         "/network/aliases/10.0.1.51~132", "another id"},
        {R"({"network":{"bandwidthMbps":5}})", R"({"network":{"bandwidthMbps":6}})",
         "/network/bandwidthMbps", "says 5"},
        {R"({"network":{"extraUplinkMbps":5}})", R"({"network":{"extraUplinkMbps":6}})",
         "/network/extraUplinkMbps", "says 5"},
        {R"({"password":"a long phrase"})", R"({"password":"some other phrase"})", "/password",
         "another password"},
        {R"({"password":"a long phrase"})", R"({"passwordHash":"$6$salt$hash"})", "/password",
         "another password"},
        {R"({"userData":{"base64":"IyEvYmluL2Jhc2gK"}})",
         R"({"userData":{"base64":"IyEvYmluL2Jhc2gK","timeoutSeconds":5}})", "/userData",
         "another script"},
    };
    for (const Clash& clash : clashes) {
        SCOPED_TRACE(clash.link);
        const auto all = merged(clash.link, clash.admin);
        ASSERT_FALSE(all);
        ASSERT_EQ(all.error().size(), 1U) << lines(all.error());
        const Error& error = all.error().front();
        EXPECT_EQ(error.code, Errc::conflict);
        EXPECT_EQ(error.where, clash.where) << error.message;
        EXPECT_THAT(error.message, HasSubstr(std::string(clash.says)));
        EXPECT_THAT(error.message, HasSubstr("link (generation 3)"));
        EXPECT_THAT(error.message, HasSubstr("admin (generation 1)"));
        EXPECT_THAT(error.message, Not(HasSubstr("phrase")));
        EXPECT_THAT(error.message, Not(HasSubstr("IyEv")));
        EXPECT_TRUE(merged(clash.link, clash.link)) << "the same twice is no contradiction";
        EXPECT_TRUE(merged(clash.admin, clash.admin));
    }
}

TEST(Desired, AnotherHostIsAContradiction) {
    HostSpec other = native("{}");
    other.host_id = "host-b";
    const std::vector<Sourced> sources{{"link", 1, native("{}")}, {"file", 1, other}};
    const auto all = merge(sources);
    ASSERT_FALSE(all);
    EXPECT_EQ(all.error().front().where, "/host/id");
}

TEST(Desired, AllContradictionsAtOnce) {
    const auto all = merged(R"({"hostname":"a","network":{"bandwidthMbps":5}})",
                            R"({"hostname":"b","network":{"bandwidthMbps":6}})");
    ASSERT_FALSE(all);
    EXPECT_EQ(all.error().size(), 2U);
}

TEST(Desired, AReleaseWantsNothing) {
    const std::vector<Sourced> sources{
        {"link", 3, native(R"({"hostname":"a"})")},
        {"admin", 1, HostSpec{.host_id = "host-z", .release = Release{"i-1"}}}};
    EXPECT_EQ(merge(sources)->hostname, "a");
}

}  // namespace
}  // namespace metalwright::spec
