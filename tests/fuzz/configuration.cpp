// What an operator or their tools write for this host: the configuration (TOML), the catalogue and
// the keys of vendors (JSON). Each is read, or refused in words; a secret is in none of them.
#include <cstdlib>
#include <string>

#include "agent/daemon/config.hpp"
#include "agent/signature/signature.hpp"
#include "agent/spec/catalogue.hpp"
#include "tests/fuzz/target.hpp"

namespace metalwright::fuzz {
namespace {

constexpr std::string_view toml =
    "[host]\nid = \"h-1\"\ncatalogue = \"/etc/metalwright/catalogue.json\"\n[log]\nlevel = "
    "\"debug\"\n[network]\nnic_mac = \"52:54:00:00:00:01\"\npools = [\"10.0.0.0/24\", "
    "\"2001:db8::/64\"]\nguard_reach = [\"10.0.0.1:443\"]\n[user_data]\ntimeout_seconds = 60\n"
    "[link]\nreport = \"https\"\n[link.https]\nurls = [\"https://cp.example/a\"]\nwait_seconds = "
    "5\n";
constexpr std::string_view catalogue =
    R"({"raidTypes":{"a":{"volume":"system","level":"raid1"},"b":{"volume":"data","level":"none"}},
"keypairs":{"k":"ssh-ed25519 AAAA x"},"subnets":{"s":{"cidr":"10.0.0.0/24","gateway":"10.0.0.1",
"dns":["10.0.0.2"],"mtu":9000}},"zones":{"z":{"eips":["203.0.113.0/28"],"sells":["POSTPAID"]}}})";
constexpr std::string_view keys =
    R"({"keys":[{"vendor":"jdcloud","id":"AK","secret":"not-to-be-told"}]})";

void check(bool promise) {
    if (!promise) std::abort();
}

void check_words(const Error& error) {
    check(!error.message.empty());
    check(error.message.find("not-to-be-told") == std::string::npos);
    check(error.where.find("not-to-be-told") == std::string::npos);
}

}  // namespace

void run(std::span<const std::uint8_t> input) {
    const std::string text(input.begin(), input.end());
    if (const auto config = daemon::read_config(text, "metalwright.toml"); !config) {
        check(!config.error().empty());
        for (const Error& error : config.error()) check_words(error);
    } else {
        check(config->batch > 0 && config->backoff_min <= config->backoff_max);
    }
    if (const auto read = spec::read_catalogue(text); !read) {
        check(!read.error().empty());
        for (const Error& error : read.error())
            check(error.code == Errc::invalid_spec && !error.message.empty());
    }
    if (const auto read = signature::read_keys(text); !read) {
        check_words(read.error());
    } else {
        for (const signature::Key& key : *read) check(!key.id.empty() && !key.secret.empty());
    }
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> all;
    for (const std::string_view one : {toml, catalogue, keys})
        all.emplace_back(one.begin(), one.end());
    return all;
}

}  // namespace metalwright::fuzz
