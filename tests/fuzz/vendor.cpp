// vendor::find() and every decide(): whatever a request holds comes to work, a reply or a refusal
// that can be framed.
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string>

#include "agent/vendor/dialect.hpp"
#include "agent/vendor/eip.hpp"
#include "tests/fuzz/target.hpp"

namespace metalwright::fuzz {
namespace {

void check(bool promise, std::source_location where = std::source_location::current()) {
    if (promise) return;
    std::fprintf(stderr, "line %u\n", static_cast<unsigned>(where.line()));
    std::abort();
}

/// A host with something of everything.
class Scene {
 public:
    Scene() {
        catalogue_.subnets["subnet-a"].cidr = *netcfg::Prefix::parse("10.0.1.0/24");
        catalogue_.raid_types["r"] = {};
        catalogue_.os_types["os"] = "Debian 12";
        catalogue_.device_types["d"] = "{}";
        catalogue_.zones["z"] = {{*netcfg::Prefix::parse("203.0.113.8/30")}, {"POSTPAID"}};
        spec_.kept = R"({"az":"a","sysRaidTypeId":"r"})";
        spec_.network.emplace().primary =
            netcfg::Primary{.address = *netcfg::Prefix::parse("10.0.1.10/24")};
        host.instance = vendor::Instance{"i", "running", &spec_, 0};
        for (const auto& [cidr, kind] : {std::pair("10.0.1.32/28", netcfg::Kind::alias),
                                         std::pair("10.0.1.20/32", netcfg::Kind::secondary),
                                         std::pair("203.0.113.8/32", netcfg::Kind::elastic)})
            host.addresses.push_back(
                {.cidr = *netcfg::Prefix::parse(cidr), .kind = kind, .id = "e"});
        for (const char* state : {"AVAILABLE", "ASSOCIATED", "RECYCLE", "CREATING"}) {
            vendor::Resource eip{
                .id = "e" + std::to_string(host.resources.size()), .kind = "eip", .state = state};
            eip.body = {{"ipAddress", "203.0.113." + std::to_string(8 + host.resources.size())}};
            host.resources.push_back(std::move(eip));
        }
        host.draw_id = [](std::string_view prefix) { return std::string(prefix) + "1"; };
        host.id_of = [](std::string_view prefix, std::string_view text) {
            return std::string(prefix).append(text);
        };
    }

 private:
    spec::Catalogue catalogue_;
    spec::HostSpec spec_;

 public:
    vendor::Host host{.id = "h", .catalogue = catalogue_};
};

std::string line_of(std::string& text) {
    const std::size_t end = text.find('\n');
    std::string line = text.substr(0, end);
    text.erase(0, end == std::string::npos ? text.size() : end + 1);
    return line;
}

agent::VendorRequest request_of(std::span<const std::uint8_t> input) {
    std::string text(input.begin(), input.end());
    agent::VendorRequest request{.method = line_of(text)};
    std::string path = line_of(text);
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        request.path.push_back(path.substr(at, end - at));
        at = end + 1;
    }
    request.action = line_of(text);
    const std::string query = line_of(text);
    for (std::size_t at = 0; at < query.size();) {
        const std::size_t end = std::min(query.find('&', at), query.size());
        const std::string pair = query.substr(at, end - at);
        request.query[pair.substr(0, pair.find('='))] =
            pair.find('=') == std::string::npos ? "" : pair.substr(pair.find('=') + 1);
        at = end + 1;
    }
    request.body = text;
    return request;
}

}  // namespace

void run(std::span<const std::uint8_t> input) {
    static const Scene scene;
    const agent::VendorRequest request = request_of(input);
    const vendor::Found found = vendor::find(request);
    if (found.dialect == nullptr) return;
    const vendor::Dialect& dialect = *found.dialect;
    (void)dialect.token(request);
    if (found.route == nullptr) {
        check(vendor::no_route(found, request).status >= 400);
        return;
    }
    const vendor::Decision decision = found.route->decide(request, found.caught, scene.host);
    if (const auto* refusal = std::get_if<vendor::Refusal>(&decision)) {
        check(refusal->status >= 400 && refusal->status < 600 && !refusal->code.empty());
        check(spec::parse_json(dialect.frame_refusal(*refusal, "id")).has_value());
    } else if (const auto* reply = std::get_if<vendor::Reply>(&decision)) {
        check(spec::parse_json(dialect.frame(*reply, "id")).has_value());
    } else {
        check(found.route->changes && found.route->reply != nullptr);
        const auto& work = std::get<vendor::Work>(decision);
        const vendor::Reply done = found.route->reply(work.memo, {.instance = "i"});
        check(spec::parse_json(dialect.frame(done, "id")).has_value());
        // An order is one document, whatever the body holds.
        if (const auto* order = std::get_if<vendor::Order>(&work.operation))
            check(spec::parse_json(order->document).has_value());
    }
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> all;
    for (const std::string_view one : {R"(PUT
v1/regions/r/aliasIps


{"clientToken":"t","regionId":"r","aliasIpSpec":{"instanceId":"i","aliasIps":[{"id":"subnet-a","cidr":"10.0.1.40/32"}]}})",
                                       R"(GET
v1/regions/r/aliasIps

pageNumber=1&pageSize=20&filters.1.name=aliasIpId&filters.1.values.1=x
)",
                                       R"(DELETE
v1/regions/r/aliasIps/aliasip-10.0.1.32/28

clientToken=t
)",
                                       R"(PUT
v1/regions/r/instances


{"clientToken":"t","instanceSpec":{"name":"n"}})",
                                       R"(PUT
v1/regions/r/instances/i:resetPassword


{"password":"Kv7#mQ2!tZ9p"})",
                                       R"(PUT
v1/regions/r/secondaryCidrs


{"secondaryCidrSpec":{"subnetId":"subnet-a","cidr":"10.0.9.0/24"}})",
                                       R"(PUT
v2/instance/batchAddIp

clientToken=t
{"instanceId":"i","privateIps":["10.0.1.24"],"secondaryPrivateIpAddressCount":0})",
                                       R"(PUT
v1/instance/batchDelIp


{"instanceId":"i","privateIps":["10.0.1.20"]})",
                                       R"(POST
api/v2/bmc
AllocateEipAddresses

{"zoneId":"z","eipChargeType":"POSTPAID","amount":1,"tags":{"tags":[{"key":"a","value":"b"}]}})",
                                       R"(POST
api/v2/bmc
AssociateEipAddress

{"eipId":"e0","instanceId":"i"})",
                                       R"(POST
api/v2/bmc
DescribeEipAddresses

{"eipIds":["e0"],"pageSize":10,"pageNum":1,"tagKeys":["a"]})"})
        all.emplace_back(one.begin(), one.end());
    return all;
}

}  // namespace metalwright::fuzz
