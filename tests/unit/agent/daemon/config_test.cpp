#include "agent/daemon/config.hpp"

#include <gtest/gtest.h>

namespace metalwright::daemon {
namespace {

TEST(Config, AnEmptyFileIsTheDefaults) {
    const auto config = read_config("", "m.toml");
    ASSERT_TRUE(config);
    EXPECT_EQ(config->admin_socket, "/run/metalwright/admin.sock");
    EXPECT_EQ(config->state_dir, "/var/lib/metalwright");
    EXPECT_EQ(config->script_timeout, std::chrono::hours(1));
}

TEST(Config, EveryKeyIsRead) {
    const auto config = read_config(R"([host]
id = "h"
catalogue = "/c.json"
[log]
level = "debug"
target = "stderr"
[admin]
socket = "/a"
[state]
dir = "/s"
outbox_max_bytes = 1000000
[network]
nic_mac = "m"
nic_name = "n"
persist = "ifupdown"
alias_limit = 7
widest_range = 24
ipv6_singles = 9
guard_ms = 1500
guard_reach = ["10.0.0.9:443", "[fd00::9]:8443"]
secondary_limit = 11
elastic_limit = 12
pools = ["10.0.4.0/26", "fd00:4::/120"]
wan_nic_mac = "wm"
wan_nic_name = "wn"
shape_ingress = true
neighbour_files = ["NetworkManager"]
[raid]
storcli = ["/opt/a", "/opt/b"]
[user_data]
timeout_seconds = 5
runner = "/r"
[link]
report = "https"
trusted_keys_file = "/tk"
require_signature = true
[link.https]
urls = ["https://a", "https://b"]
token_file = "/t"
ca_file = "/ca"
enrolment_file = "/e"
crl_file = "/crl"
proxy = "http://p"
wait_seconds = 9
backoff_min_ms = 11
backoff_max_ms = 222
batch = 3
[link.file]
directory = "/d"
)",
                                    "m.toml");
    ASSERT_TRUE(config) << describe(config.error().front());
    EXPECT_EQ(config->urls, (std::vector<std::string>{"https://a", "https://b"}));
    EXPECT_EQ(config->trusted_keys_file, "/tk");
    EXPECT_EQ(config->enrolment_file, "/e");
    EXPECT_EQ(config->crl_file, "/crl");
    EXPECT_TRUE(config->require_signature);
    EXPECT_EQ(config->limits.widest_v4, 24u);
    EXPECT_EQ(config->backoff_max, std::chrono::milliseconds(222));
    EXPECT_EQ(config->watched_directory, "/d");
    EXPECT_EQ(config->runner, "/r");
    EXPECT_EQ(config->guard.within, std::chrono::milliseconds(1500));
    ASSERT_EQ(config->guard.reach.size(), 2u);
    EXPECT_EQ(config->guard.reach[1].address.text(), "fd00::9");
    EXPECT_EQ(config->guard.reach[1].port, 8443);
    EXPECT_EQ(config->wan, (netcfg::NicSelector{.mac = "wm", .name = "wn"}));
    EXPECT_TRUE(config->shape_ingress);
    EXPECT_EQ(config->limits.secondaries, 11u);
    EXPECT_EQ(config->limits.elastics, 12u);
    ASSERT_EQ(config->pools.size(), 2u);
    EXPECT_EQ(config->pools[1].text(), "fd00:4::/120");
    EXPECT_EQ(config->neighbours, (netcfg::NeighbourFiles{.network_manager = true}));
    EXPECT_EQ(config->raid_tools, (std::vector<std::string>{"/opt/a", "/opt/b"}));
}

TEST(Config, NoRaidToolsAreOtherThanThoseThatAreInstalled) {
    EXPECT_FALSE(read_config("", "m.toml")->raid_tools);
    EXPECT_EQ(read_config("[raid]\nstorcli = []\n", "m.toml")->raid_tools,
              std::vector<std::string>());
    const auto config = read_config("[raid]\nstorcli = [\"storcli64\"]\n", "m.toml");
    ASSERT_FALSE(config);
    EXPECT_EQ(describe(config.error().front()), "m.toml:2: raid.storcli must hold absolute paths");
}

TEST(Config, AllThatIsWrongIsToldAtOnceWithItsLine) {
    const auto config = read_config(
        "[host]\nidd = \"x\"\n[log]\nlevel = \"loud\"\n"
        "[network]\nalias_limit = -1\n[state]\ndir = \"here\"\n"
        "[link.https]\nkey_file = \"/k\"\n",
        "m.toml");
    ASSERT_FALSE(config);
    std::string told;
    for (const Error& error : config.error()) told += describe(error) + "\n";
    EXPECT_EQ(config.error().size(), 5u) << told;
    for (const char* part :
         {"m.toml:2: host.idd is not a key of metalwright.toml(5)",
          "m.toml:4: log.level must be one of",
          "m.toml:6: network.alias_limit must be a whole number from 0",
          "m.toml:8: state.dir must be an absolute path", "cert_file and key_file go together"})
        EXPECT_NE(told.find(part), std::string::npos) << part << "\n" << told;
}

TEST(Config, AHostHasACertificateOrEnrolsForOne) {
    const auto own = read_config("[link.https]\ncert_file = \"/c\"\nkey_file = \"/k\"\n", "m.toml");
    ASSERT_TRUE(own);
    EXPECT_EQ(own->cert_file, "/c");
    EXPECT_EQ(own->key_file, "/k");
    const auto both = read_config(
        "[link.https]\ncert_file = \"/c\"\nkey_file = \"/k\"\nenrolment_file = \"/e\"\n", "m.toml");
    ASSERT_FALSE(both);
    EXPECT_EQ(describe(both.error().front()),
              "m.toml:4: link.https.enrolment_file and cert_file exclude each other: a host gets "
              "its certificate for the token, or has one already");
}

TEST(Config, AnEndpointIsAnAddressWithItsPort) {
    for (const char* bad :
         {"control.example:443", "10.0.0.9", "10.0.0.9:0", "10.0.0.9:70000", ":1"}) {
        const auto config =
            read_config("[network]\nguard_reach = [\"" + std::string(bad) + "\"]\n", "m.toml");
        ASSERT_FALSE(config) << bad;
        EXPECT_EQ(describe(config.error().front()),
                  "m.toml:2: network.guard_reach must hold address:port, such as 10.0.0.9:443");
    }
}

TEST(Config, APoolIsANetwork) {
    for (const char* bad : {"10.0.4.1/26", "ten", "10.0.4.0/33"}) {
        const auto config =
            read_config("[network]\npools = [\"" + std::string(bad) + "\"]\n", "m.toml");
        ASSERT_FALSE(config) << bad;
        EXPECT_EQ(describe(config.error().front()),
                  "m.toml:2: network.pools must hold networks, such as 10.0.4.0/26");
    }
}

TEST(Config, ASwitchIsTrueOrFalse) {
    const auto config = read_config("[network]\nshape_ingress = 1\n", "m.toml");
    ASSERT_FALSE(config);
    EXPECT_EQ(describe(config.error().front()),
              "m.toml:2: network.shape_ingress must be true or false");
}

TEST(Config, ASignatureCanBeRequiredOnlyWhereSomebodyMaySign) {
    EXPECT_FALSE(read_config("", "m.toml")->require_signature);
    EXPECT_TRUE(read_config("[link]\nrequire_signature = false\n", "m.toml"));
    const auto config = read_config("[link]\nrequire_signature = true\n", "m.toml");
    ASSERT_FALSE(config);
    EXPECT_EQ(describe(config.error().front()),
              "m.toml:2: link.require_signature needs trusted_keys_file: without it no signature "
              "could be believed");
}

TEST(Config, NeighboursAreTheTwoThatWeKnow) {
    const auto both = read_config(
        "[network]\nneighbour_files = [\"systemd-networkd\", \"NetworkManager\"]\n", "m.toml");
    ASSERT_TRUE(both);
    EXPECT_EQ(both->neighbours,
              (netcfg::NeighbourFiles{.networkd = true, .network_manager = true}));
    EXPECT_EQ(read_config("", "m.toml")->neighbours, netcfg::NeighbourFiles());
    const auto bad = read_config("[network]\nneighbour_files = [\"wicked\"]\n", "m.toml");
    ASSERT_FALSE(bad);
    EXPECT_EQ(describe(bad.error().front()),
              "m.toml:2: network.neighbour_files must hold systemd-networkd and NetworkManager "
              "only");
}

TEST(Config, ControllersAreLookedAtNowAndThen) {
    EXPECT_EQ(read_config("", "m.toml")->watch_controllers, std::chrono::seconds(60));
    EXPECT_EQ(read_config("[raid]\nwatch_seconds = 0\n", "m.toml")->watch_controllers,
              std::chrono::seconds(0));
    EXPECT_FALSE(read_config("[raid]\nwatch_seconds = -1\n", "m.toml"));
}

TEST(Config, OtherCharactersStandInCommentsAndQuotes) {
    const auto good = read_config(
        "# \u00e4\n[state]  # \u00df \"\ndir = \"/\u00e4\\\"#\u00f6\"\n"
        "[host]\nid = '\u00e4\"'\n[user_data]\nrunner = \"\"\"/\n\u00e4\"\"\"\n",
        "m.toml");
    ASSERT_TRUE(good) << describe(good.error().front());
    EXPECT_EQ(good->state_dir, "/\u00e4\"#\u00f6");
    EXPECT_EQ(good->host_id, "\u00e4\"");
    for (const char* bad : {"[host]\n\u00e4 = 1\n", "[host]\nid = \u00e4\n",
                            "[host]\n\u2003id = 'x'\n", "[host]\nid = 'x'\u00a0\n"}) {
        const auto config = read_config(bad, "m.toml");
        ASSERT_FALSE(config) << bad;
        EXPECT_EQ(config.error().front().where, "m.toml:2") << bad;
        EXPECT_NE(config.error().front().message.find("ASCII"), std::string::npos);
    }
}

TEST(Config, BrokenTomlIsToldWithItsLine) {
    const auto config = read_config("[host]\nid = \n", "m.toml");
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().front().where, "m.toml:2");
}

}  // namespace
}  // namespace metalwright::daemon
