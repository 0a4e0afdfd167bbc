// JD Cloud's distributed physical servers (edcps), as their SDKs 1.1 and 1.2 speak them. Contracts,
// bounds and error codes: the pages of jdcloudcom and the models of jdcloud-sdk-go (edcps 1.3.0).

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/spec/dialects/jdcloud_create_instances.hpp"
#include "agent/vendor/dialect.hpp"
#include "agent/vendor/jdcloud_parts.hpp"
#include "agent/vendor/reading.hpp"
#include "core/utc.hpp"

namespace metalwright::vendor {
namespace {

using namespace jd;

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
        case Errc::no_space:
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

// ---- instances ---------------------------------------------------------------------------------

Decision create_instances(const agent::VendorRequest& request, const Caught& caught, const Host&) {
    const auto body = parse_body(request.body);
    if (!body) return invalid(told(body.error().errors));
    if (auto read = read_fields(*body, [&](spec::Fields& fields) { read_region(fields, caught); });
        !read)
        return invalid(told(read.error().errors));
    if (body->empty()) return invalid("instanceSpec: is required, but missing");
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
    json["createTime"] = utc_seconds(instance.since_ms);
    return json;
}

Decision describe_instance(const agent::VendorRequest&, const Caught& caught, const Host& host) {
    if (auto wrong = wrong_instance(caught[1], host)) return std::move(*wrong);
    return Reply{200, {{"instance", describe(host, caught[0])}}};
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

/// The system is not written anew by a host that runs on it, so what is said of it must be as it
/// is.
Decision reinstall_instance(const agent::VendorRequest& request, const Caught& caught,
                            const Host& host) {
    const auto body = parse_body(request.body);
    if (!body) return invalid(told(body.error().errors));
    spec::HostSpec changes;
    if (auto read = read_fields(*body,
                                [&](spec::Fields& fields) {
                                    read_region(fields, caught);
                                    spec::jdcloud::read_reinstall_instance(fields, &host.catalogue,
                                                                           changes);
                                });
        !read)
        return invalid(told(read.error().errors));
    if (auto wrong = wrong_instance(caught[1], host)) return std::move(*wrong);
    auto has = nlohmann::json::parse(host.instance->spec->kept, nullptr, false);
    const auto asked = nlohmann::json::parse(changes.kept, nullptr, false);
    for (const char* name : {"az", "imageType", "osTypeId", "sysRaidTypeId", "dataRaidTypeId"})
        if (!has.is_object() || has.value(name, "") != asked.value(name, ""))
            return precondition("instanceSpec." + std::string(name) +
                                ": another than the instance has: a running host does not write "
                                "its own system or volumes anew");
    if (asked.value("keepData", "") == "no")
        return precondition(
            "instanceSpec.keepData: the data volume of a running instance is not emptied: release "
            "it, with its arrays, and order it anew");
    if (asked.contains("keypairId")) has["keypairId"] = asked["keypairId"];
    changes.kept = has.dump(-1, ' ', false, Json::error_handler_t::replace);
    return Work{Reinstall{std::move(changes)}};
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
                {"reinstallInstance", "PUT", "/v1/regions/*/instances/*:reinstallInstance", "",
                 true, reinstall_instance, success},
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
