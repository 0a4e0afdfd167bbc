#include "corpus.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <fstream>
#include <sstream>

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
      "operation": {"token": "t-1", "wipeConsent": [{"disk": "S1", "found": ["ext4", "gpt"]}]},
      "storage": {
        "system": {"level": "raid1"},
        "arrays": [
          {"name": "data", "level": "raid5", "spares": 1, "chunkKiB": 256,
           "members": {"count": 3, "media": "ssd", "minBytes": 1000, "maxBytes": 2000},
           "filesystem": {"type": "xfs", "label": "data", "mountPoint": "/srv/data"}},
          {"name": "fast", "level": "raid10", "members": {"ids": ["S1", "S2", "S3", "S4"]},
           "filesystem": {"mountPoint": "/srv/fast"}}
        ]
      },
      "network": {
        "nic": {"mac": "52:54:00:4d:57:01"},
        "primary": {"address": "10.0.1.10/24", "gateway": "10.0.1.1",
                    "dns": ["10.0.1.2", "2001:db8::53"], "mtu": 1500,
                    "routes": [{"to": "172.16.0.0/12", "via": "10.0.1.254", "metric": 7},
                               {"to": "192.168.0.0/16"}]},
        "aliases": [{"id": "subnet-a", "cidr": "10.0.1.51/32"}, {"cidr": "10.0.1.80/28"},
                    {"cidr": "2001:db8:7::/64", "routed": true}],
        "bandwidthMbps": 100
      },
      "hostname": "node-a.example",
      "passwordHash": "$6$salt$hashhashhash",
      "authorizedKeys": [],
      "userData": {"timeoutSeconds": 60, "rerunInterrupted": true}
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

json catalogue() {
    json document = json::parse(R"({
      "raidTypes": {
        "sys-1": {"volume": "system", "level": "raid1"},
        "sys-0": {"volume": "system", "level": "none"},
        "data-5": {"volume": "data", "level": "raid5", "name": "store",
                   "members": {"count": 3}, "spares": 1, "chunkKiB": 64,
                   "filesystem": {"type": "ext4", "label": "store", "mountPoint": "/srv/store"}},
        "data-1": {"volume": "data", "level": "raid1", "members": {"ids": ["S1", "S2"]}},
        "data-0": {"volume": "data", "level": "none"}
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

std::vector<Wrong> wrong_native() {
    static const std::string long_id = '"' + std::string(129, 'a') + '"';
    static const std::string long_name = '"' + std::string(33, 'a') + '"';
    static const std::string long_host = '"' + std::string(60, 'a') + ".bcdef\"";
    static const std::string long_segment = '"' + std::string(64, 'a') + '"';
    static const std::string key = public_key();
    static const std::string same_keys =
        "[\"" + public_key('A', "one") + "\",\"" + public_key('A', "two") + "\"]";
    static const std::string other_type = "[\"ssh-rsa " + key.substr(12) + "\"]";
    static const std::string broken_key = "[\"" + key + "\\n\"]";
    static const std::string no_script = '"' + base64("hello") + '"';
    static const std::string great_script =
        '"' + base64("#!/bin/bash\n" + std::string(16384, '#')) + '"';
    return {
        // the frame
        {"/apiVersion", "", "/apiVersion", "is required, but missing"},
        {"/apiVersion", "null", "/apiVersion", "is required, but null"},
        {"/apiVersion", "\"metalwright/v2\"", "/apiVersion", "is not one of: metalwright/v1"},
        {"/apiVersion", "1", "/apiVersion", "expected a string, got a number"},
        {"/host", "", "/host", "is required"},
        {"/host", "\"host-a\"", "/host", "expected an object, got a string"},
        {"/host/id", "", "/host/id", "is required"},
        {"/host/id", "\"\"", "/host/id", "is empty"},
        {"/host/id", "\"a b\"", "/host/id", "is not an id"},
        {"/host/id", long_id, "/host/id", "has 129 characters; at most 128"},
        {"/host/name", "\"a\"", "/host/name", "unknown field \"name\""},
        {"/instance", "", "/instance", "is required"},
        {"/instance/id", "null", "/instance/id", "is required, but null"},
        {"/instance/name", "\"a\\u0007\"", "/instance/name", "control characters"},
        {"/instance/description", "[]", "/instance/description", "expected a string, got an array"},
        {"/generation", "0", "/generation", "0 is out of range: 1 to 9007199254740991"},
        {"/generation", "-1", "/generation", "-1 is out of range"},
        {"/generation", "9007199254740992", "/generation", "out of range"},
        {"/generation", "1.5", "/generation", "expected a whole number, got 1.5"},
        {"/generation", "\"1\"", "/generation", "expected a number, got a string"},
        {"/hostnme", "\"a\"", "/hostnme", "did you mean \"hostname\"?"},
        {"/frobnicate", "1", "/frobnicate", "known here: apiVersion, host, instance"},
        // operation
        {"/operation/token", "\"\"", "/operation/token", "is empty"},
        {"/operation/token", "\"a b\"", "/operation/token", "the value is not a token"},
        {"/operation/wipe", "[]", "/operation/wipe", "unknown field"},
        {"/operation/wipeConsent/0/disk", "\"/dev/sda\"", "/operation/wipeConsent/0/disk",
         "device names are no identity"},
        {"/operation/wipeConsent/0/disk", "", "/operation/wipeConsent/0/disk", "is required"},
        {"/operation/wipeConsent/0/found", "", "/operation/wipeConsent/0/found", "is required"},
        {"/operation/wipeConsent/0/found", "[]", "/operation/wipeConsent/0/found",
         "consent names what was found"},
        {"/operation/wipeConsent/0/found", "[\"ext4\",\"ext4\"]",
         "/operation/wipeConsent/0/found/1", "stands before"},
        {"/operation/wipeConsent/0/found/0", "\"?\"", "/operation/wipeConsent/0/found/0",
         "not a signature type"},
        {"/operation/wipeConsent/1", R"({"disk":"S1","found":["gpt"]})",
         "/operation/wipeConsent/1/disk", "stands before", meaning},
        {"/operation/wipeConsent/0/all", "true", "/operation/wipeConsent/0/all", "unknown field"},
        // storage
        {"/storage", "[]", "/storage", "expected an object, got an array"},
        {"/storage/system/level", "\"raid7\"", "/storage/system/level",
         "\"raid7\" is not one of: raid0, raid1, raid5, raid6, raid10, none"},
        {"/storage/system/level", "", "/storage/system/level", "is required"},
        {"/storage/system/name", "\"x\"", "/storage/system/name", "unknown field"},
        {"/storage/disks", "[]", "/storage/disks", "known here: system, arrays"},
        {"/storage/arrays", "{}", "/storage/arrays", "expected an array, got an object"},
        {"/storage/arrays/0", "null", "/storage/arrays/0", "expected an object, got null"},
        {"/storage/arrays/0/name", "\"a/b\"", "/storage/arrays/0/name", "is not an array name"},
        {"/storage/arrays/0/name", "\"..\"", "/storage/arrays/0/name", "is not an array name"},
        {"/storage/arrays/0/name", "\"-a\"", "/storage/arrays/0/name", "is not an array name"},
        {"/storage/arrays/0/name", long_name, "/storage/arrays/0/name", "at most 32"},
        {"/storage/arrays/1/name", "\"data\"", "/storage/arrays/1/name", "stands before", meaning},
        {"/storage/arrays/0/level", "\"none\"", "/storage/arrays/0/level", "is not one of"},
        {"/storage/arrays/0/spare", "1", "/storage/arrays/0/spare", "did you mean \"spares\"?"},
        {"/storage/arrays/0/spares", "257", "/storage/arrays/0/spares", "0 to 256"},
        {"/storage/arrays/0/level", "\"raid0\"", "/storage/arrays/0/spares",
         "nothing to rebuild from", meaning},
        {"/storage/arrays/0/chunkKiB", "3", "/storage/arrays/0/chunkKiB", "out of range"},
        {"/storage/arrays/0/chunkKiB", "100", "/storage/arrays/0/chunkKiB", "power of two"},
        {"/storage/arrays/0/level", "\"raid1\"", "/storage/arrays/0/chunkKiB",
         "raid1 has no chunks", meaning},
        {"/storage/arrays/0/members/count", "0", "/storage/arrays/0/members/count", "1 to 256"},
        {"/storage/arrays/0/members/count", "2", "/storage/arrays/0/members/count",
         "raid5 needs at least 3 disks, not 2", meaning},
        {"/storage/arrays/0/members/media", "\"tape\"", "/storage/arrays/0/members/media",
         "is not one of: any, hdd, ssd"},
        {"/storage/arrays/0/members/maxBytes", "999", "/storage/arrays/0/members/maxBytes",
         "less than minBytes", meaning},
        {"/storage/arrays/0/members/minBytes", "0", "/storage/arrays/0/members/minBytes",
         "out of range"},
        {"/storage/arrays/1/members/ids", "[]", "/storage/arrays/1/members/ids", "is empty"},
        {"/storage/arrays/1/members/ids/1", "\"S1\"", "/storage/arrays/1/members/ids/1",
         "named twice"},
        {"/storage/arrays/1/members/ids/1", "\"/dev/sdb\"", "/storage/arrays/1/members/ids/1",
         "device names are no identity"},
        {"/storage/arrays/1/members/ids/3", "", "/storage/arrays/1/members/ids",
         "raid10 needs at least 4 disks, 3 are named", meaning},
        {"/storage/arrays/1/spares", "1", "/storage/arrays/1/members/ids",
         "and 1 as spares; 4 are named", meaning},
        {"/storage/arrays/1/members/count", "4", "/storage/arrays/1/members/count",
         "cannot stand beside \"ids\"", meaning},
        {"/storage/arrays/0/members", R"({"ids":["S1","X2","X3","X4"]})",
         "/storage/arrays/1/members/ids", "member of another array", meaning},
        {"/storage/arrays/0/members/slots", "1", "/storage/arrays/0/members/slots",
         "unknown field"},
        {"/storage/arrays/0/filesystem/type", "\"btrfs\"", "/storage/arrays/0/filesystem/type",
         "is not one of: ext4, xfs"},
        {"/storage/arrays/0/filesystem/label", "\"a b\"", "/storage/arrays/0/filesystem/label",
         "is not a label"},
        {"/storage/arrays/0/filesystem/label", "\"seventeen-letters\"",
         "/storage/arrays/0/filesystem/label", "at most 16"},
        {"/storage/arrays/0/filesystem/label", "\"thirteen-long\"",
         "/storage/arrays/0/filesystem/label", "xfs allows 12", meaning},
        {"/storage/arrays/0/filesystem/mountPoint", "\"srv\"",
         "/storage/arrays/0/filesystem/mountPoint", "is not a mount point"},
        {"/storage/arrays/0/filesystem/mountPoint", "\"/srv/../etc\"",
         "/storage/arrays/0/filesystem/mountPoint", "is not a mount point"},
        {"/storage/arrays/0/filesystem/mountPoint", "\"/srv/\"",
         "/storage/arrays/0/filesystem/mountPoint", "is not a mount point"},
        {"/storage/arrays/0/filesystem/mountPoint", "\"/\"",
         "/storage/arrays/0/filesystem/mountPoint", "is not a mount point"},
        {"/storage/arrays/0/filesystem/mountPoint", "\"/etc/x\"",
         "/storage/arrays/0/filesystem/mountPoint", "belongs to the system", meaning},
        {"/storage/arrays/1/filesystem/mountPoint", "\"/srv/data\"",
         "/storage/arrays/1/filesystem/mountPoint", "mounted at /srv/data", meaning},
        {"/storage/arrays/0/filesystem/size", "1", "/storage/arrays/0/filesystem/size",
         "unknown field"},
        // network
        {"/network/nic/mac", "\"52:54:00\"", "/network/nic/mac", "is not a MAC address"},
        {"/network/nic/name", "\"eth0\"", "/network/nic/name", "cannot stand beside", meaning},
        {"/network/nic/mac", "", "/network/nic", "names no NIC", meaning},
        {"/network/nic", R"({"name":"a/b"})", "/network/nic/name", "is not the name of a NIC"},
        {"/network/nic/driver", "\"e1000\"", "/network/nic/driver", "unknown field"},
        {"/network/primary/address", "", "/network/primary/address", "is required"},
        {"/network/primary/address", "\"10.0.1.10\"", "/network/primary/address",
         "has no prefix length: write it as 10.0.1.10/24"},
        {"/network/primary/address", "\"10.0.1/24\"", "/network/primary/address",
         "is not an IP address with a prefix length"},
        {"/network/primary/address", "\"10.0.1.256/24\"", "/network/primary/address",
         "is not an IP address"},
        {"/network/primary/address", "\"10.0.1.10/33\"", "/network/primary/address",
         "is not an IP address"},
        {"/network/primary/address", "\"1::2::3/64\"", "/network/primary/address",
         "is not an IP address", meaning},
        {"/network/primary/address", "\"10.0.1.0/24\"", "/network/primary/address",
         "is the address of the network itself", meaning},
        {"/network/primary/address", "\"10.0.1.255/24\"", "/network/primary/address",
         "is the broadcast address of 10.0.1.0/24", meaning},
        {"/network/primary/address", "\"127.0.0.1/8\"", "/network/primary/address",
         "is a loopback address", meaning},
        {"/network/primary/address", "\"0.0.0.0/0\"", "/network/primary/address", "is in 0.0.0.0/8",
         meaning},
        {"/network/primary/address", "\"224.0.0.5/24\"", "/network/primary/address",
         "is a multicast address", meaning},
        {"/network/primary/address", "\"255.255.255.255/32\"", "/network/primary/address",
         "is in 240.0.0.0/4", meaning},
        {"/network/primary/address", "\"ff02::1/64\"", "/network/primary/address",
         "is a multicast address", meaning},
        {"/network/primary/address", "\"::1/128\"", "/network/primary/address",
         "is the loopback address", meaning},
        {"/network/primary/address", "\"::/64\"", "/network/primary/address",
         "is the unspecified address", meaning},
        {"/network/primary/gateway", "\"10.0.2.1\"", "/network/primary/gateway",
         "10.0.2.1 is not in 10.0.1.0/24: a gateway must be on link", meaning},
        {"/network/primary/gateway", "\"10.0.1.10\"", "/network/primary/gateway",
         "is the host's own address", meaning},
        {"/network/primary/gateway", "\"fe80::1\"", "/network/primary/gateway", "another family",
         meaning},
        {"/network/primary/gateway", "\"router\"", "/network/primary/gateway",
         "\"router\" is not an IP address"},
        {"/network/primary/gateway", "\"10.0.1.1/24\"", "/network/primary/gateway",
         "is not an IP address"},
        {"/network/primary/dns", "\"10.0.1.2\"", "/network/primary/dns",
         "expected an array, got a string"},
        {"/network/primary/dns/1", "\"10.0.1.2\"", "/network/primary/dns/1", "stands before",
         meaning},
        {"/network/primary/dns", R"(["1.0.0.1","1.0.0.2","1.0.0.3","1.0.0.4","1.0.0.5","1.0.0.6",
          "1.0.0.7","1.0.0.8","1.0.0.9"])",
         "/network/primary/dns", "has 9 elements; at most 8"},
        {"/network/primary/mtu", "575", "/network/primary/mtu", "576 to 9216"},
        {"/network/primary", R"({"address":"2001:db8::5/64","mtu":1279})", "/network/primary/mtu",
         "IPv6 needs 1280", meaning},
        {"/network/primary/routes/0/to", "\"172.16.0.1/12\"", "/network/primary/routes/0/to",
         "has host bits set: the network is 172.16.0.0/12", meaning},
        {"/network/primary/routes/0/to", "", "/network/primary/routes/0/to", "is required"},
        {"/network/primary/routes/0/via", "\"fe80::1\"", "/network/primary/routes/0/via",
         "another family", meaning},
        {"/network/primary/routes/0/metric", "4294967296", "/network/primary/routes/0/metric",
         "0 to 4294967295"},
        {"/network/primary/routes/0/dev", "\"eth0\"", "/network/primary/routes/0/dev",
         "unknown field"},
        {"/network/primary/routes/1", R"({"to":"172.16.0.0/12","metric":7})",
         "/network/primary/routes/1/to", "with this metric stands before", meaning},
        {"/network/primary/routes/1/to", "\"0.0.0.0/0\"", "/network/primary/routes/1/to",
         "goes through \"gateway\" already", meaning},
        {"/network/primary/netmask", "24", "/network/primary/netmask", "unknown field"},
        {"/network/aliases/0", "\"10.0.0.5\"", "/network/aliases/0",
         "expected an object, got a string"},
        {"/network/aliases/0/cidr", "", "/network/aliases/0/cidr", "is required"},
        {"/network/aliases/0/cidr", "\"10.0.0\"", "/network/aliases/0/cidr",
         "is not an IP address"},
        {"/network/aliases/1/cidr", "\"10.0.1.51\"", "/network/aliases/1/cidr",
         "10.0.1.51/32 stands before", meaning},
        {"/network/aliases/0/cidr", "\"10.0.1.10\"", "/network/aliases/0/cidr",
         "primary address already", meaning},
        {"/network/aliases/0/routed", "\"yes\"", "/network/aliases/0/routed",
         "expected true or false, got a string"},
        {"/network/aliases/0/id", "\"\"", "/network/aliases/0/id", "is empty"},
        {"/network/aliases/0/cidrs", "[]", "/network/aliases/0/cidrs", "did you mean \"cidr\"?"},
        {"/network/bandwidthMbps", "0", "/network/bandwidthMbps", "out of range"},
        {"/network/bandwidth", "1", "/network/bandwidth", "unknown field"},
        // first boot
        {"/hostname", "\"\"", "/hostname", "is empty"},
        {"/hostname", "\"a..b\"", "/hostname", "is not a host name"},
        {"/hostname", "\"-a\"", "/hostname", "is not a host name"},
        {"/hostname", "\"a_b\"", "/hostname", "is not a host name"},
        {"/hostname", "\"a.\"", "/hostname", "is not a host name"},
        {"/hostname", long_host, "/hostname", "at most 64"},
        {"/hostname", long_segment, "/hostname", "is not a host name"},
        {"/password", "\"long enough\"", "/passwordHash", "cannot stand beside", meaning},
        {"/passwordHash", "\"$1$salt$hash\"", "/passwordHash", "is not a crypt(5) hash"},
        {"/passwordHash", "\"$6$salt:hash\"", "/passwordHash", "is not a crypt(5) hash"},
        {"/passwordHash", "\"plain text\"", "/passwordHash", "is not a crypt(5) hash"},
        {"/authorizedKeys", "\"ssh-ed25519\"", "/authorizedKeys", "expected an array"},
        {"/authorizedKeys", "[\"ssh-dss AAAA\"]", "/authorizedKeys/0",
         "does not start with a key type"},
        {"/authorizedKeys", "[\"ssh-ed25519\"]", "/authorizedKeys/0", "has no key after its type"},
        {"/authorizedKeys", "[\"ssh-ed25519 A?A\"]", "/authorizedKeys/0", "holds no Base64"},
        {"/authorizedKeys", "[\"ssh-ed25519 AAAA\"]", "/authorizedKeys/0", "is cut short", meaning},
        {"/authorizedKeys", "[\"-----BEGIN OPENSSH PRIVATE KEY-----\"]", "/authorizedKeys/0",
         "perhaps a private key"},
        {"/authorizedKeys", other_type, "/authorizedKeys/0", "of another type than it says",
         meaning},
        {"/authorizedKeys", broken_key, "/authorizedKeys/0", "holds a line break"},
        {"/authorizedKeys", same_keys, "/authorizedKeys/1", "the same key stands before", meaning},
        {"/userData", "\"IyEv\"", "/userData", "expected an object"},
        {"/userData/base64", "", "/userData/base64", "is required"},
        {"/userData/base64", "\"\"", "/userData/base64", "is empty"},
        {"/userData/base64", "\"IyEv YmluL2Jhc2g=\"", "/userData/base64", "", meaning},
        {"/userData/base64", no_script, "/userData/base64", "must be a script", meaning},
        {"/userData/base64", great_script, "/userData/base64", "16", meaning},
        {"/userData/timeoutSeconds", "0", "/userData/timeoutSeconds", "1 to 86400"},
        {"/userData/rerunInterrupted", "1", "/userData/rerunInterrupted", "expected true or false"},
        {"/userData/retries", "1", "/userData/retries", "unknown field"},
    };
}

std::vector<Wrong> wrong_password() {
    static const std::string much = '"' + std::string(129, 'a') + '"';
    return {
        {"/password", "\"short\"", "/password", "has 5 characters; at least 8"},
        {"/password", "\"long enough\\n\"", "/password", "the value is not text"},
        {"/password", "12345678", "/password", "expected a string, got a number"},
        {"/password", much, "/password", "at most 128"},
    };
}

std::vector<Right> right_native() {
    return {
        {"/generation", "1"},
        {"/generation", "9007199254740991"},
        {"/generation", "null"},
        {"/operation", ""},
        {"/operation", "{}"},
        {"/operation/wipeConsent", "[]"},
        {"/instance/description", "\"\""},
        {"/storage", "null"},
        {"/storage", "{}"},
        {"/storage/system/level", "\"none\""},
        {"/storage/system", "null"},
        {"/storage/arrays", "[]"},
        {"/storage/arrays/0/members", ""},
        {"/storage/arrays/0/members", "null"},
        {"/storage/arrays/0/members", "{}"},
        {"/storage/arrays/0/filesystem", "{}"},
        {"/storage/arrays/0/filesystem", "null"},
        {"/storage/arrays/0/chunkKiB", "65536"},
        {"/storage/arrays/0/filesystem/mountPoint", "\"/srv/..data/.x\""},
        {"/network", "{}"},
        {"/network", R"({"bandwidthMbps":5})"},
        {"/network/nic", R"({"name":"enp3s0f0.7"})"},
        {"/network/nic", "null"},
        {"/network/primary", "null"},
        {"/network/primary", R"({"address":"10.0.1.0/31","gateway":"10.0.1.1"})"},
        {"/network/primary", R"({"address":"2001:db8::5/64","gateway":"fe80::1","mtu":1280})"},
        {"/network/primary/dns", "[]"},
        {"/network/aliases", "[]"},
        {"/network/aliases/0/cidr", "\"10.0.2.130/28\""},
        {"/network/aliases/0/cidr", "\"10.0.1.51\""},
        {"/hostname", "\"a\""},
        {"/hostname", "\"xn--bcher-kva.example\""},
        {"/hostname", "null"},
        {"/passwordHash", "null"},
        {"/authorizedKeys", "[]"},
        {"/userData", "null"},
        {"/userData/timeoutSeconds", "86400"},
    };
}

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
        {"/hostname", "\"a\"", "/hostname", "unknown field"},
        {"/operation/wipeConsent", "[]", "/operation/wipeConsent", "unknown field"},
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
