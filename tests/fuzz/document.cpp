// spec::read_document: whatever the text, a spec or errors; and a spec that was read comes back out
// of the store as it went in.
#include <cstdlib>
#include <string>

#include "agent/spec/document.hpp"
#include "agent/spec/store_form.hpp"
#include "tests/fuzz/target.hpp"

namespace metalwright::fuzz {
namespace {

constexpr std::string_view native = R"({"apiVersion":"metalwright/v1","host":{"id":"h-1"},
"instance":{"id":"i-1","name":"web"},"generation":7,"operation":{"token":"t-1",
"wipeConsent":[{"disk":"S1","found":["ext4"]}]},"storage":{"system":{"level":"none"},
"arrays":[{"name":"data","level":"raid10","members":{"ids":["S1","S2","S3","S4"]},"chunkKiB":64,
"filesystem":{"type":"ext4","label":"d","mountPoint":"/data"}}]},"network":{"nic":{"name":"eth0"},
"primary":{"address":"10.0.1.10/24","gateway":"10.0.1.1","dns":["10.0.1.2"],"mtu":1500,
"routes":[{"to":"172.16.0.0/12","via":"10.0.1.254","metric":7}]},"aliases":[{"cidr":"10.0.1.51"},
{"id":"s","cidr":"10.0.1.80/28"},{"cidr":"10.0.1.52","as":"route"},{"cidr":"fd00::/64","routed":true}],
"bandwidthMbps":100,"extraUplinkMbps":5},"hostname":"node-a","password":"Blank#2Metal!7","userData":
{"base64":"IyEvYmluL3NoCg==","timeoutSeconds":60,"onInterrupted":"rerun","retries":2,"metadata":{"A":"b"}}})";

constexpr std::string_view envelope = R"({"apiVersion":"metalwright/v1","host":{"id":"h-1"},
"dialect":"jdcloud.createInstances","generation":1,"request":{"regionId":"cn-north-1","instanceSpec":
{"az":"cn-north-1a","deviceType":"edcpi.normal1","hostname":"web-1","imageType":"standard",
"osTypeId":"o","sysRaidTypeId":"r","subnetId":"s","password":"Blank#2Metal!7","count":1,
"aliasIps":[{"id":"s","cidr":"10.0.1.52/32"}],"privateIp":"10.0.1.10","userData":null}}})";

constexpr std::string_view release =
    R"({"apiVersion":"metalwright/v1","host":{"id":"h-1"},"release":{"instanceId":"i-1"}})";

}  // namespace

void run(std::span<const std::uint8_t> input) {
    const std::string text(input.begin(), input.end());
    auto spec = spec::read_document(text, nullptr, {});
    if (!spec) {
        if (spec.error().empty()) std::abort();
        return;
    }
    if (spec->reset) return;  // a deed is never stored
    spec->password.plain.reset();
    spec->password.sealed_to.reset();
    const auto again = spec::from_store(spec::to_store(*spec));
    if (!again || *again != *spec) std::abort();
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> all;
    for (const std::string_view text : {native, envelope, release})
        all.emplace_back(text.begin(), text.end());
    return all;
}

}  // namespace metalwright::fuzz
