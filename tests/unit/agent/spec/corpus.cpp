#include "corpus.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/unit/agent/rsa_public_key.hpp"

namespace metalwright::spec::corpus {

using nlohmann::json;

std::string base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    text.resize(static_cast<std::size_t>(EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(text.data()),
        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()))));
    return text;
}

std::string public_key(char seed, std::string_view comment) {
    std::string blob("\0\0\0\x0bssh-ed25519\0\0\0\x20", 19);
    blob.append(32, seed);
    return "ssh-ed25519 " + base64(blob) + " " + std::string(comment);
}

json full() {
    json document = json::parse(R"({
      "apiVersion": "metalwright/v1",
      "host": {"id": "host-a"},
      "instance": {"id": "i-1", "name": "shop front", "description": "ünïcode, too"},
      "generation": 3,
      "operation": {"token": "t-1", "wipeConsent": [{"disk": "S1", "found": ["ext4", "gpt"]}],
                    "replace": [{"disk": "S8"}, {"disk": "S6", "with": "S7"}]},
      "storage": {
        "system": {"level": "raid1"},
        "arrays": [
          {"name": "data", "level": "raid5", "spares": 1, "chunkKiB": 256,
           "members": {"count": 3, "media": "ssd", "minBytes": 1000, "maxBytes": 2000,
                       "rotational": false, "controller": "0000:3b:00.0", "first": "largest", "sameModel": true},
           "filesystem": {"type": "xfs", "label": "data", "mountPoint": "/srv/data"}},
          {"name": "fast", "level": "raid10", "members": {"ids": ["S1", "S2", "S3", "S4"]},
           "layout": "f2", "consistency": "resync", "metadata": "1.1", "memberBytes": 1073741824,
           "filesystem": {"mountPoint": "/srv/fast"}}
        ],
        "volumes": [
          {"name": "hard", "level": "raid10", "controller": "storcli64/c0", "spares": 1,
           "spans": 2, "stripKiB": 256, "sizeBytes": 1073741824, "boot": true, "init": "fast",
           "drives": {"count": 4, "media": "hdd", "enclosure": 252, "minBytes": 1000,
                      "maxBytes": 2000, "first": "largest", "sameModel": true},
           "cache": {"read": "ahead", "write": "back", "io": "direct", "drive": "off"},
           "filesystem": {"type": "xfs", "label": "hard", "mountPoint": "/srv/hard"}},
          {"name": "cold", "level": "raid1", "drives": {"ids": ["252:8", "S9"]}}
        ],
        "globalSpares": [
          {"controller": "storcli64/c0", "drives": {"count": 2, "media": "hdd", "enclosure": 252}},
          {"controller": "SN2", "drives": {"ids": ["252:9"]}}
        ],
        "bootKernel": "6.1.0-30-amd64"
      },
      "network": {
        "nic": {"mac": "52:54:00:4d:57:01"},
        "primary": {"address": "10.0.1.10/24", "gateway": "10.0.1.1",
                    "dns": ["10.0.1.2", "2001:db8::53"], "mtu": 1500,
                    "routes": [{"to": "172.16.0.0/12", "via": "10.0.1.254", "metric": 7},
                               {"to": "192.168.0.0/16"}]},
        "aliases": [{"id": "subnet-a", "cidr": "10.0.1.51/32"}, {"cidr": "10.0.1.80/28"},
                    {"cidr": "2001:db8:7::/64", "routed": true},
                    {"cidr": "10.0.1.52", "as": "route"}, {"cidr": "10.0.1.53", "as": "address"}],
        "secondaries": [{"id": "sip-1", "address": "10.0.1.61", "adopt": true},
                        {"address": "2001:db8::61", "preferred": true, "detectDuplicate": true}],
        "secondaryCount": {"ipv4": 2},
        "elastics": [{"id": "eip-1", "address": "203.0.113.9/32", "adopt": false}],
        "pools": ["10.0.1.96/27", "2001:db8:8::/120"],
        "otherNics": [
          {"nic": {"name": "eth1"}, "primary": {"address": "10.0.2.10/24", "gateway": "10.0.2.1"},
           "aliases": [{"cidr": "10.0.2.51"}], "secondaries": []}
        ],
        "bandwidthMbps": 100,
        "extraUplinkMbps": 50
      },
      "hostname": "node-a.example",
      "renew": ["machineId", "hostKeys"],
      "passwordHash": "$6$salt$hashhashhash",
      "authorizedKeys": [],
      "userData": {"timeoutSeconds": 60, "onInterrupted": "rerun"}
    })");
    document["authorizedKeys"].push_back(public_key());
    document["userData"]["base64"] = base64("#!/bin/bash\necho hello\n");
    return document;
}

json with_password() {
    json document = full();
    document.erase("passwordHash");
    document["password"] = "a long phrase";
    return document;
}

json envelope() {
    json document = json::parse(R"({
      "apiVersion": "metalwright/v1",
      "dialect": "jdcloud.createInstances",
      "host": {"id": "host-a"},
      "instanceId": "i-1",
      "generation": 1,
      "wipeConsent": [{"disk": "S1", "found": ["ext4"]}],
      "request": {"regionId": "cn-north-1", "clientToken": "t-1", "instanceSpec": {
        "az": "az-1", "deviceType": "type-1", "imageType": "standard", "osTypeId": "os-1",
        "sysRaidTypeId": "sys-1", "dataRaidTypeId": "data-5", "networkType": "vpc",
        "subnetId": "subnet-a", "cidr": "10.0.1.0/24", "privateIp": "10.0.1.10",
        "aliasIps": [{"id": "subnet-a", "cidr": "10.0.1.64/28"}],
        "name": "shop-1", "count": 1, "charge": {"chargeMode": "postpaid_by_duration"}}}
    })");
    return document;
}

json release() {
    return json::parse(R"({"apiVersion": "metalwright/v1", "host": {"id": "host-a"},
      "generation": 4, "operation": {"token": "bye"}, "release": {"instanceId": "i-1"}})");
}

json reset() {
    return json::parse(R"({"apiVersion": "metalwright/v1", "host": {"id": "host-a"},
      "generation": 4, "operation": {"token": "anew"},
      "resetPassword": {"instanceId": "i-1", "password": "a long phrase"}})");
}

std::string rsa_key() {
    return tests::rsa_public_key;
}

json catalogue() {
    json document = json::parse(R"({
      "raidTypes": {
        "sys-1": {"volume": "system", "level": "raid1"},
        "sys-0": {"volume": "system", "level": "none"},
        "data-5": {"volume": "data", "level": "raid5", "name": "store",
                   "members": {"count": 3}, "spares": 1, "chunkKiB": 64,
                   "filesystem": {"type": "ext4", "label": "store", "mountPoint": "/srv/store"}},
        "data-1": {"volume": "data", "level": "raid1", "members": {"ids": ["S1", "S2"]}},
        "data-0": {"volume": "data", "level": "none"},
        "hard-10": {"volume": "data", "hardware": true, "level": "raid10", "name": "store",
                    "drives": {"count": 4}, "stripKiB": 64, "cache": {"write": "through"},
                    "filesystem": {"mountPoint": "/srv/store"}}
      },
      "keypairs": {"key-1": {}},
      "subnets": {"subnet-a": {"cidr": "10.0.1.0/24", "gateway": "10.0.1.1",
                               "dns": ["10.0.1.2"], "mtu": 9000},
                  "second-a": {"cidr": "10.0.2.0/24"}},
      "osTypes": {"os-1": {"name": "Debian 12"}}
    })");
    document["keypairs"]["key-1"]["publicKey"] = public_key();
    return document;
}

json changed(json document, std::string_view pointer, std::string_view to) {
    const json::json_pointer at{std::string(pointer)};
    if (!to.empty()) {
        document[at] = json::parse(to);
        return document;
    }
    json& parent = document[at.parent_pointer()];
    if (parent.is_array())
        parent.erase(std::stoul(at.back()));
    else
        parent.erase(at.back());
    return document;
}

std::string lines(const Errors& errors) {
    std::string text;
    for (const Error& error : errors)
        text +=
            std::string(to_string(error.code)) + " " + error.where + ": " + error.message + "\n";
    return text;
}

bool holds(const Errors& errors, std::string_view where, std::string_view what) {
    return std::any_of(errors.begin(), errors.end(), [&](const Error& error) {
        return error.where == where && error.message.find(what) != std::string::npos;
    });
}

std::string file(const std::string& path) {
    std::ifstream in(METALWRIGHT_SOURCE_DIR "/" + path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

namespace {

constexpr bool meaning = false;

}  // namespace

std::vector<Wrong> wrong_envelope() {
    return {
        {"/dialect", "", "/dialect", "is required"},
        {"/dialect", "\"jdcloud.createInstance\"", "/dialect",
         "this agent reads: jdcloud.createInstances"},
        {"/dialect", "7", "/dialect", "expected a string"},
        {"/request", "", "/request", "is required"},
        {"/request", "\"{}\"", "/request", "expected an object, got a string"},
        {"/request", "null", "/request", "is required, but null"},
        {"/apiVersion", "\"v1\"", "/apiVersion", "is not one of"},
        {"/host", "{}", "/host/id", "is required"},
        {"/instanceId", "\"\"", "/instanceId", "is empty"},
        {"/instance", "{}", "/instance", "did you mean \"instanceId\"?"},
        {"/generation", "0", "/generation", "out of range"},
        {"/wipeConsent", "true", "/wipeConsent", "expected an array"},
        {"/wipeConsent/0/found", "[]", "/wipeConsent/0/found", "is empty"},
    };
}

std::vector<Wrong> wrong_release() {
    return {
        {"/apiVersion", "", "/apiVersion", "is required"},
        {"/host", "", "/host", "is required"},
        {"/release/instanceId", "", "/release/instanceId", "is required"},
        {"/release/instanceId", "\"a/b\"", "/release/instanceId", "is not an id"},
        {"/release", "\"i-1\"", "/release", "expected an object"},
        {"/release/force", "true", "/release/force", "unknown field"},
        {"/release/arrays", "\"wipe\"", "/release/arrays", "is not one of: keep, remove"},
        {"/hostname", "\"a\"", "/hostname", "unknown field"},
        {"/operation/wipeConsent", "[]", "/operation/wipeConsent", "unknown field"},
    };
}

std::vector<Wrong> wrong_reset() {
    return {
        {"/host", "", "/host", "is required"},
        {"/resetPassword/instanceId", "", "/resetPassword/instanceId", "is required"},
        {"/resetPassword/password", "", "/resetPassword", "says no password: give one of password",
         false},
        {"/resetPassword/password", "\"short\"", "/resetPassword/password", "at least 8"},
        {"/resetPassword/passwordHash", "\"$6$salt$hashhashhash\"", "/resetPassword/passwordHash",
         "cannot stand beside \"password\"", false},
        {"/resetPassword/user", "\"admin\"", "/resetPassword/user", "unknown field"},
        {"/hostname", "\"a\"", "/hostname", "unknown field"},
        {"/operation/reinstall", "true", "/operation/reinstall", "unknown field"},
    };
}

std::vector<Wrong> wrong_catalogue() {
    return {
        {"/raidTypes", "[]", "/raidTypes", "expected an object, got an array"},
        {"/raidTypes/a b", R"({"volume":"data","level":"none"})", "/raidTypes/a b", "is not an id"},
        {"/raidTypes/sys-1", "\"raid1\"", "/raidTypes/sys-1", "expected an object"},
        {"/raidTypes/sys-1/volume", "", "/raidTypes/sys-1/volume", "is required"},
        {"/raidTypes/sys-1/volume", "\"root\"", "/raidTypes/sys-1/volume",
         "is not one of: system, data"},
        {"/raidTypes/sys-1/level", "", "/raidTypes/sys-1/level", "is required"},
        {"/raidTypes/sys-1/level", "\"raid4\"", "/raidTypes/sys-1/level", "is not one of"},
        {"/raidTypes/sys-1/members", "{}", "/raidTypes/sys-1/members", "unknown field"},
        {"/raidTypes/data-0/members", "{}", "/raidTypes/data-0/members", "unknown field"},
        {"/raidTypes/data-5/name", "\"a/b\"", "/raidTypes/data-5/name", "is not an array name"},
        {"/raidTypes/data-5/members/count", "1", "/raidTypes/data-5/members/count",
         "raid5 needs at least 3", meaning},
        {"/raidTypes/data-5/chunkKiB", "5", "/raidTypes/data-5/chunkKiB", "power of two"},
        {"/keypairs/key-1/publicKey", "", "/keypairs/key-1/publicKey", "is required"},
        {"/keypairs/key-1/publicKey", "\"nonsense\"", "/keypairs/key-1/publicKey",
         "does not start with a key type"},
        {"/keypairs/key-1/private", "\"x\"", "/keypairs/key-1/private", "unknown field"},
        {"/subnets/subnet-a/cidr", "", "/subnets/subnet-a/cidr", "is required"},
        {"/subnets/subnet-a/cidr", "\"10.0.1.1/24\"", "/subnets/subnet-a/cidr", "has host bits",
         meaning},
        {"/subnets/subnet-a/gateway", "\"10.0.9.1\"", "/subnets/subnet-a/gateway",
         "is not in 10.0.1.0/24", meaning},
        {"/subnets/subnet-a/dns", "[\"x\"]", "/subnets/subnet-a/dns/0", "is not an IP address"},
        {"/subnets/subnet-a/mtu", "100", "/subnets/subnet-a/mtu", "576 to 9216"},
        {"/osTypes/os-1/name", "5", "/osTypes/os-1/name", "expected a string"},
        {"/raidType", "{}", "/raidType", "did you mean \"raidTypes\"?"},
    };
}

std::vector<Right> right_catalogue() {
    return {
        {"/raidTypes", ""},
        {"/raidTypes", "null"},
        {"/keypairs", "{}"},
        {"/subnets/subnet-a/gateway", "null"},
        {"/subnets/subnet-a/dns", ""},
        {"/osTypes", ""},
        {"/raidTypes/data-5/name", "null"},
        {"/raidTypes/data-5/members", "null"},
    };
}

}  // namespace metalwright::spec::corpus
