// JD Cloud's distributed physical servers (edcps), as their SDKs 1.1 and 1.2 speak them. Contracts,
// bounds and error codes: the pages of jdcloudcom and the models of jdcloud-sdk-go (edcps 1.3.0).

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "agent/spec/network_read.hpp"
#include "agent/vendor/dialect.hpp"
#include "agent/vendor/reading.hpp"
#include "netcfg/plan.hpp"

namespace metalwright::vendor {
namespace {

using Caught = std::vector<std::string>;

constexpr std::size_t most_token = 36;
constexpr std::size_t most_aliases = 50;  // on one NIC
constexpr spec::Text opaque{.most = 128, .form = &spec::forms::id};

Refusal invalid(std::string message) {
    return {400, "INVALID_ARGUMENT", std::move(message)};
}

Refusal absent(const std::string& what, const std::string& id) {
    return {404, "NOT_FOUND", what + " '" + id.substr(0, 64) + "' not found"};
}

Refusal precondition(std::string message) {
    return {400, "FAILED_PRECONDITION", std::move(message)};
}

Refusal refusal(const Errors& errors) {
    const std::string message = told(errors);
    switch (errors.empty() ? Errc::internal : errors.front().code) {
        case Errc::invalid_spec: return invalid(message);
        case Errc::not_found: return {404, "NOT_FOUND", message};
        case Errc::conflict: return {400, "CONFLICT", message};
        case Errc::refused:
        case Errc::unsupported: return precondition(message);
        case Errc::busy:
        case Errc::timed_out:
        case Errc::unavailable: return {503, "UNAVAILABLE", message};
        default: return {500, "INTERNAL", message};
    }
}

std::string frame(const Reply& reply, const std::string& request_id) {
    Json json;
    json["requestId"] = request_id;
    json["result"] = reply.body;
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The SDKs take any answer with an "error" for one, whatever its status is; the code is a number.
std::string frame_refusal(const Refusal& refusal, const std::string& request_id) {
    Json json;
    json["requestId"] = request_id;
    json["error"] = {
        {"status", refusal.code}, {"code", refusal.status}, {"message", refusal.message}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// In the body of what changes something, in the query of a DELETE.
std::string token(const agent::VendorRequest& request) {
    if (request.method == "DELETE") return value_in(request, "clientToken");
    const auto body = parse_body(request.body);
    if (!body) return {};
    const auto found = body->find("clientToken");
    return found != body->end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<Refusal> bad_token(const std::string& token) {
    if (token.size() <= most_token && spec::forms::token.holds(token.empty() ? "x" : token))
        return std::nullopt;
    return invalid("clientToken: must be visible ASCII, 36 characters at most");
}

/// What the path says twice must be the same: the Python and Go SDKs put it into the body as well.
void read_region(spec::Fields& fields, const Caught& caught) {
    const auto region = fields.text("regionId", opaque);
    if (region && *region != caught[0])
        fields.error("regionId", "is another than in the path, which says " + caught[0]);
    if (const auto at = fields.find("clientToken"))
        at->text({.least = 0, .most = most_token, .form = &spec::forms::token, .secret = true});
}

std::optional<Refusal> wrong_instance(const std::string& id, const Host& host) {
    if (host.instance && host.instance->id == id) return std::nullopt;
    return absent("Instance", id);
}

// ---- instances ---------------------------------------------------------------------------------

Decision create_instances(const agent::VendorRequest& request, const Caught& caught, const Host&) {
    const auto body = parse_body(request.body);
    if (!body) return invalid(told(body.error().errors));
    if (auto read = read_fields(*body, [&](spec::Fields& fields) { read_region(fields, caught); });
        !read)
        return invalid(told(read.error().errors));
    // The bytes as they came: they are one JSON object, as was just seen.
    return Work{Order{R"({"dialect":"jdcloud.createInstances","request":)" + request.body + '}'}};
}

Reply instances_created(const Json&, const Outcome& outcome) {
    return {200, {{"instanceIds", Json::array({outcome.instance})}}};
}

std::string level_word(const std::optional<raid::Level>& level) {
    if (!level) return "NORAID";
    std::string word(raid::to_string(*level));
    std::ranges::transform(word, word.begin(), [](char c) { return c >= 'a' ? char(c - 32) : c; });
    return word;
}

std::string level_word(const spec::RaidType& type) {
    return type.hardware ? "RAID" + std::to_string(type.hardware->level) : level_word(type.level);
}

Json describe(const Host& host, const std::string& region) {
    const Instance& instance = *host.instance;
    Json json;
    json["instanceId"] = instance.id;
    json["region"] = region;
    const Json kept = Json::parse(instance.spec->kept, nullptr, false);
    for (const char* name : {"az", "deviceType", "imageType", "osTypeId", "sysRaidTypeId",
                             "dataRaidTypeId", "networkType", "subnetId", "lineType",
                             "enableInternet", "keypairId", "interfaceMode", "extensionSubnetId"})
        if (kept.is_object() && kept.contains(name)) json[name] = kept[name];
    for (const char* name : {"sysRaidTypeId", "dataRaidTypeId"}) {
        const auto id = json.find(name);
        if (id == json.end()) continue;
        const auto type = host.catalogue.raid_types.find(id->get<std::string>());
        if (type == host.catalogue.raid_types.end()) continue;
        json[std::string(name).substr(0, std::string_view(name).size() - 2)] =
            level_word(type->second);
    }
    if (const auto id = json.find("osTypeId"); id != json.end())
        if (const auto os = host.catalogue.os_types.find(id->get<std::string>());
            os != host.catalogue.os_types.end())
            json["osName"] = os->second;
    json["name"] = instance.spec->instance_name.value_or(instance.id);
    json["description"] = instance.spec->description.value_or("");
    // Of the four states that are documented there is none for one that has failed.
    const bool up = instance.state == "running" || instance.state == "degraded";
    json["status"] = up ? "Running" : "Creating";
    json["agentStatus"] = instance.state;
    if (instance.spec->bandwidth_mbps) json["bandwidth"] = *instance.spec->bandwidth_mbps;
    if (instance.spec->extra_uplink_mbps)
        json["extraUplinkBandwidth"] = *instance.spec->extra_uplink_mbps;
    if (instance.spec->network && instance.spec->network->primary)
        json["privateIp"] = instance.spec->network->primary->address.address.text();
    json["createTime"] = time_text(instance.since_ms);
    return json;
}

Decision describe_instance(const agent::VendorRequest&, const Caught& caught, const Host& host) {
    if (auto wrong = wrong_instance(caught[1], host)) return std::move(*wrong);
    return Reply{200, {{"instance", describe(host, caught[0])}}};
}

struct Page {
    std::uint64_t number = 1;
    std::uint64_t size = 20;
};

std::optional<Page> page_of(const agent::VendorRequest& request) {
    const auto number = number_in(request, "pageNumber", 1, 1, 1'000'000);
    const auto size = number_in(request, "pageSize", 20, 20, 100);
    if (!number || !size) return std::nullopt;
    return Page{*number, *size};
}

Decision paged(const agent::VendorRequest& request, const char* name, const Json& all) {
    const auto page = page_of(request);
    if (!page) return invalid("pageNumber is 1 at least, pageSize 20 to 100");
    Json shown = Json::array();
    for (std::size_t i = (page->number - 1) * page->size;
         i < all.size() && shown.size() < page->size; ++i)
        shown.push_back(all[i]);
    return Reply{200,
                 {{name, std::move(shown)},
                  {"pageNumber", page->number},
                  {"pageSize", page->size},
                  {"totalCount", all.size()}}};
}

/// "filters.1.name=aliasIpId&filters.1.values.1=a": what a list of filters says of one name; empty:
/// nothing.
std::vector<std::string> filter(const agent::VendorRequest& request, std::string_view name) {
    std::vector<std::string> values;
    for (const auto& [key, value] : request.query) {
        if (!key.starts_with("filters.") || !key.ends_with(".name") || value != name) continue;
        const std::string stem = key.substr(0, key.size() - 4) + "values.";
        for (const auto& [other, one] : request.query)
            if (other.starts_with(stem)) values.push_back(one);
    }
    return values;
}

bool passes(const std::vector<std::string>& values, const std::string& value) {
    return values.empty() || std::ranges::find(values, value) != values.end();
}

Decision describe_instances(const agent::VendorRequest& request, const Caught& caught,
                            const Host& host) {
    Json all = Json::array();
    if (host.instance) {
        Json one = describe(host, caught[0]);
        const auto asked = [&](const char* name) {
            const std::string wanted = value_in(request, name);
            return wanted.empty() || one.value(name, "") == wanted;
        };
        if (asked("az") && asked("deviceType") && asked("networkType") && asked("subnetId") &&
            asked("status") && asked("keypairId") &&
            one["name"].get_ref<const std::string&>().contains(value_in(request, "name")) &&
            passes(filter(request, "instanceId"), host.instance->id) &&
            passes(filter(request, "privateIp"), one.value("privateIp", "")))
            all.push_back(std::move(one));
    }
    return paged(request, "instances", all);
}

Decision reset_password(const agent::VendorRequest& request, const Caught& caught,
                        const Host& host) {
    const auto body = parse_body(request.body);
    if (!body) return invalid(told(body.error().errors));
    std::string password;
    if (auto read = read_fields(
            *body,
            [&](spec::Fields& fields) {
                read_region(fields, caught);
                password = fields.need_text("password", {.most = 512, .secret = true}).value_or("");
            });
        !read)
        return invalid(told(read.error().errors));
    if (auto wrong = wrong_instance(caught[1], host)) return std::move(*wrong);
    Json document;
    document["apiVersion"] = spec::api_version;
    document["host"] = {{"id", host.id}};
    document["resetPassword"] = {{"instanceId", caught[1]}, {"password", password}};
    return Work{Order{document.dump()}};
}

Reply success(const Json&, const Outcome&) {
    return {200, {{"success", true}}};
}

// ---- alias addresses ---------------------------------------------------------------------------

std::string alias_id(const Host& host, const netcfg::Prefix& cidr) {
    return host.id_of("aliasip-", cidr.text());
}

const Resource* secondary_cidr(const Host& host, const std::string& id) {
    const auto it = std::ranges::find_if(
        host.resources, [&](const Resource& r) { return r.kind == "secondaryCidr" && r.id == id; });
    return it == host.resources.end() ? nullptr : &*it;
}

/// The network that an id stands for, where this host knows it.
std::optional<netcfg::Prefix> network_of(const Host& host, const std::string& id) {
    if (const auto subnet = host.catalogue.subnets.find(id); subnet != host.catalogue.subnets.end())
        return subnet->second.cidr;
    if (const Resource* secondary = secondary_cidr(host, id))
        if (auto cidr = netcfg::Prefix::parse(secondary->body.value("cidr", ""))) return *cidr;
    return std::nullopt;
}

/// Why this alias cannot be given, to be told of it alone; empty when it can.
std::string obstacle(const netcfg::Alias& alias, const Host& host) {
    const auto from = network_of(host, alias.id);
    if (from && (!from->contains(alias.cidr.address) || alias.cidr.length < from->length))
        return alias.cidr.text() + " is not in '" + alias.id + "', which is " + from->text();
    for (const Address& there : host.addresses)
        if (there.cidr.contains(alias.cidr.address) && there.cidr.is_range())
            return alias.cidr.text() + " is in " + there.cidr.text() + " already";
        else if (there.cidr.address == alias.cidr.address)
            return alias.cidr.text() + " exists already";
    const netcfg::Wanted* network =
        host.instance->spec->network ? &*host.instance->spec->network : nullptr;
    if (network != nullptr && network->primary &&
        network->primary->address.address == alias.cidr.address)
        return alias.cidr.text() + " is the private IP of the instance";
    return {};
}

Decision create_alias_ip(const agent::VendorRequest& request, const Caught& caught,
                         const Host& host) {
    const auto body = parse_body(request.body);
    if (!body) return invalid(told(body.error().errors));
    std::string instance;
    std::vector<netcfg::Alias> aliases;
    const auto read = read_fields(*body, [&](spec::Fields& fields) {
        read_region(fields, caught);
        auto spec = fields.need_fields("aliasIpSpec");
        if (!spec) return;
        instance = spec->need_text("instanceId", opaque).value_or("");
        const auto list = spec->need("aliasIps");
        if (!list) return;
        if (list->json().is_array() && list->json().empty()) list->error("holds no address");
        aliases = spec::read_aliases(*list, most_aliases, spec::AliasForm::vendor);
    });
    if (!read) return invalid(told(read.error().errors));
    if (auto wrong = wrong_instance(instance, host)) return std::move(*wrong);
    const auto there = std::ranges::count(host.addresses, netcfg::Kind::alias, &Address::kind);
    if (static_cast<std::size_t>(there) + aliases.size() > host.limits.aliases)
        return Refusal{429, "QUOTA_EXCEEDED",
                       "a NIC has " + std::to_string(host.limits.aliases) +
                           " alias IP ranges at most, and there are " + std::to_string(there)};

    Work work;
    Edit edit;
    Json given = Json::array(), refused = Json::array();
    for (netcfg::Alias& alias : aliases) {
        if (const std::string why = obstacle(alias, host); !why.empty()) {
            refused.push_back({{"cidr", alias.cidr.text()}, {"message", why}});
            continue;
        }
        given.push_back({{"aliasIpId", alias_id(host, alias.cidr)}, {"cidr", alias.cidr.text()}});
        edit.edit.add.push_back(std::move(alias));
    }
    if (given.empty())
        return Reply{200, {{"successList", std::move(given)}, {"errorList", std::move(refused)}}};
    work.memo = {{"given", std::move(given)}, {"refused", std::move(refused)}};
    work.operation = std::move(edit);
    return work;
}

Reply alias_ips_created(const Json& memo, const Outcome& outcome) {
    Json good = Json::array();
    Json bad = memo.value("refused", Json::array());
    for (const Json& one : memo.value("given", Json::array())) {
        const std::string cidr = one.value("cidr", "");
        const auto item = std::ranges::find(outcome.items, "alias/" + cidr, &ItemResult::item);
        if (item != outcome.items.end() && item->outcome == metalwright::Outcome::failed)
            bad.push_back({{"cidr", cidr}, {"message", item->error ? item->error->message : ""}});
        else
            good.push_back(one);
    }
    return {200, {{"successList", std::move(good)}, {"errorList", std::move(bad)}}};
}

Decision describe_alias_ips(const agent::VendorRequest& request, const Caught& caught,
                            const Host& host) {
    Json all = Json::array();
    const std::string subnet = value_in(request, "subnetId");
    const std::string instance = value_in(request, "instanceId");
    const std::string like = value_in(request, "cidr");
    const Json kept =
        host.instance ? Json::parse(host.instance->spec->kept, nullptr, false) : Json();
    for (const Address& address : host.addresses) {
        if (address.kind != netcfg::Kind::alias) continue;
        Json one;
        one["region"] = caught[0];
        one["az"] = kept.is_object() ? kept.value("az", "") : "";
        one["instanceId"] = host.instance->id;
        const Resource* secondary = secondary_cidr(host, address.id);
        one["subnetId"] = secondary ? secondary->body.value("subnetId", "") : address.id;
        one["secondaryCidrId"] = secondary ? address.id : "";
        one["aliasIpId"] = alias_id(host, address.cidr);
        one["cidr"] = address.cidr.text();
        one["isBondEip"] = false;
        const bool wanted = (subnet.empty() || one["subnetId"] == subnet) &&
                            (instance.empty() || instance == host.instance->id) &&
                            address.cidr.text().contains(like) &&
                            passes(filter(request, "aliasIpId"), one["aliasIpId"]);
        if (wanted) all.push_back(std::move(one));
    }
    return paged(request, "aliasIps", all);
}

Decision delete_alias_ip(const agent::VendorRequest& request, const Caught& caught,
                         const Host& host) {
    if (auto bad = bad_token(value_in(request, "clientToken"))) return std::move(*bad);
    for (const Address& address : host.addresses) {
        if (address.kind != netcfg::Kind::alias || alias_id(host, address.cidr) != caught[1])
            continue;
        Edit edit;
        edit.edit.remove.push_back({.cidr = address.cidr});
        return Work{std::move(edit)};
    }
    return absent("AliasIp", caught[1]);
}

// ---- secondary CIDRs ---------------------------------------------------------------------------

Decision create_secondary_cidr(const agent::VendorRequest& request, const Caught& caught,
                               const Host& host) {
    const auto body = parse_body(request.body);
    if (!body) return invalid(told(body.error().errors));
    Resource made{.kind = "secondaryCidr"};
    std::optional<netcfg::Prefix> cidr;
    const auto read = read_fields(*body, [&](spec::Fields& fields) {
        read_region(fields, caught);
        auto spec = fields.need_fields("secondaryCidrSpec");
        if (!spec) return;
        made.body["subnetId"] = spec->need_text("subnetId", opaque).value_or("");
        if (const auto at = spec->need("cidr")) cidr = spec::read_network_prefix(*at);
        if (cidr && cidr->address.v6) spec->error("cidr", "is IPv6: a subnet is IPv4");
        made.body["name"] =
            spec->text("name", {.least = 0, .most = 128, .form = &spec::forms::printable})
                .value_or("");
    });
    if (!read) return invalid(told(read.error().errors));
    const std::string subnet = made.body["subnetId"];
    if (!host.catalogue.subnets.empty() && !host.catalogue.subnets.contains(subnet))
        return absent("Subnet", subnet);
    for (const Resource& there : host.resources)
        if (there.kind == "secondaryCidr" && there.body.value("subnetId", "") == subnet)
            return precondition("subnet '" + subnet + "' has the secondary CIDR '" + there.id +
                                "' already, and it has one at most");
    const auto overlaps = [&](const netcfg::Prefix& other) {
        return other.contains(cidr->address) || cidr->contains(other.address);
    };
    for (const auto& [id, known] : host.catalogue.subnets)
        if (overlaps(known.cidr))
            return Refusal{400, "CONFLICT", cidr->text() + " overlaps with subnet '" + id + '\''};
    made.body["cidr"] = cidr->text();
    made.id = host.draw_id("secondarycidr-");
    Work work{.memo = {{"secondaryCidrId", made.id}}};
    work.operation = Ledger{.put = {std::move(made)}};
    return work;
}

Reply secondary_cidr_created(const Json& memo, const Outcome&) {
    return {200, memo};
}

Decision describe_secondary_cidrs(const agent::VendorRequest& request, const Caught& caught,
                                  const Host& host) {
    const std::string subnet = value_in(request, "subnetId");
    if (subnet.empty()) return invalid("subnetId: is required, but missing");
    Json all = Json::array();
    for (const Resource& one : host.resources) {
        if (one.kind != "secondaryCidr" || one.body.value("subnetId", "") != subnet) continue;
        const auto cidr = netcfg::Prefix::parse(one.body.value("cidr", ""));
        const std::uint64_t total = cidr ? std::uint64_t{1} << (32U - cidr->length) : 0;
        std::uint64_t taken = 0;
        for (const Address& address : host.addresses)
            if (address.id == one.id)
                taken +=
                    address.cidr.is_range() ? std::uint64_t{1} << (32U - address.cidr.length) : 1;
        all.push_back({{"secondaryCidrId", one.id},
                       {"cidr", one.body.value("cidr", "")},
                       {"region", caught[0]},
                       {"subnetId", subnet},
                       {"name", one.body.value("name", "")},
                       {"availableIpCount", total - std::min(total, taken)},
                       {"totalIpCount", total}});
    }
    return Reply{200, {{"secondaryCidrs", std::move(all)}}};
}

Decision delete_secondary_cidr(const agent::VendorRequest& request, const Caught& caught,
                               const Host& host) {
    if (auto bad = bad_token(value_in(request, "clientToken"))) return std::move(*bad);
    if (secondary_cidr(host, caught[1]) == nullptr) return absent("SecondaryCidr", caught[1]);
    for (const Address& address : host.addresses)
        if (address.id == caught[1])
            return precondition("'" + caught[1] + "' is in use: " + address.cidr.text() +
                                " is given from it");
    return Work{Ledger{.dropped = {caught[1]}}};
}

// ---- what there is to order --------------------------------------------------------------------

Decision describe_raids(const agent::VendorRequest& request, const Caught&, const Host& host) {
    const std::string device = value_in(request, "deviceType");
    const std::string volume = value_in(request, "volumeType");
    if (device.empty()) return invalid("deviceType: is required, but missing");
    if (!volume.empty() && volume != "system" && volume != "data")
        return invalid("volumeType: must be system or data");
    Json all = Json::array();
    for (const auto& [id, type] : host.catalogue.raid_types) {
        const std::string of = type.volume == spec::RaidType::Volume::system ? "system" : "data";
        if (!volume.empty() && of != volume) continue;
        const std::string level = level_word(type);
        all.push_back({{"volumeType", of},
                       {"volumeDetail", ""},
                       {"raidTypeId", id},
                       {"raidType", level},
                       {"deviceType", device},
                       {"description", type.hardware ? level + " of a controller" : level}});
    }
    return Reply{200, {{"raids", std::move(all)}}};
}

Decision describe_os(const agent::VendorRequest& request, const Caught&, const Host& host) {
    const std::string device = value_in(request, "deviceType");
    if (device.empty()) return invalid("deviceType: is required, but missing");
    const std::string wanted = value_in(request, "osType");
    Json all = Json::array();
    for (const auto& [id, name] : host.catalogue.os_types) {
        const std::size_t blank = name.find(' ');
        const std::string type = name.substr(0, blank);
        if (!wanted.empty() && !std::ranges::equal(type, wanted, {}, ::tolower, ::tolower))
            continue;
        all.push_back({{"osTypeId", id},
                       {"osName", name},
                       {"osType", type},
                       {"osVersion", blank == std::string::npos ? "" : name.substr(blank + 1)},
                       {"deviceType", device}});
    }
    return Reply{200, {{"oss", std::move(all)}}};
}

Decision describe_device_types(const agent::VendorRequest&, const Caught& caught,
                               const Host& host) {
    Json all = Json::array();
    for (const auto& [id, type] : host.catalogue.device_types) {
        Json one = Json::parse(type, nullptr, false);
        one["deviceType"] = id;
        one["region"] = caught[0];
        all.push_back(std::move(one));
    }
    return Reply{200, {{"deviceTypes", std::move(all)}}};
}

}  // namespace

const Dialect& jdcloud() {
    static const Dialect dialect{
        .name = "jdcloud",
        .routes =
            {
                {"createInstances", "PUT", "/v1/regions/*/instances", "", true, create_instances,
                 instances_created},
                {"describeInstances", "GET", "/v1/regions/*/instances", "", false,
                 describe_instances},
                {"describeInstance", "GET", "/v1/regions/*/instances/*", "", false,
                 describe_instance},
                {"resetPassword", "PUT", "/v1/regions/*/instances/*:resetPassword", "", true,
                 reset_password, success},
                {"createAliasIp", "PUT", "/v1/regions/*/aliasIps", "", true, create_alias_ip,
                 alias_ips_created},
                {"describeAliasIps", "GET", "/v1/regions/*/aliasIps", "", false,
                 describe_alias_ips},
                {"deleteAliasIp", "DELETE", "/v1/regions/*/aliasIps/*", "", true, delete_alias_ip,
                 success},
                {"createSecondaryCidr", "PUT", "/v1/regions/*/secondaryCidrs", "", true,
                 create_secondary_cidr, secondary_cidr_created},
                {"describeSecondaryCidrs", "GET", "/v1/regions/*/secondaryCidrs", "", false,
                 describe_secondary_cidrs},
                {"deleteSecondaryCidr", "DELETE", "/v1/regions/*/secondaryCidrs/*", "", true,
                 delete_secondary_cidr, success},
                {"describeDeviceRaids", "GET", "/v1/regions/*/raids", "", false, describe_raids},
                {"describeOS", "GET", "/v1/regions/*/os", "", false, describe_os},
                {"describeDeviceTypes", "GET", "/v1/regions/*/deviceTypes", "", false,
                 describe_device_types},
            },
        .token = token,
        .repeated = Repeated::first_result,
        .refusal = refusal,
        .unauthorized = {{{401, "ACCESS_ERROR"},
                          {401, "ACCESS_ERROR"},
                          {401, "ACCESS_ERROR"},
                          {401, "ACCESS_ERROR"},
                          {401, "ACCESS_ERROR"},
                          {401, "ACCESS_ERROR"}}},
        .frame = frame,
        .frame_refusal = frame_refusal};
    return dialect;
}

}  // namespace metalwright::vendor
