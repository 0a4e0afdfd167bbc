// Zenlayer's bare metal (BMC): elastic addresses, of which this host has a stock per zone in its
// catalogue. Contracts and codes: docs.console.zenlayer.com and zenlayercloud-sdk-go (bmc
// 2022-11-20); the codes as the pages write them, in upper case with underscores.

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "agent/vendor/dialect.hpp"
#include "agent/vendor/eip.hpp"
#include "agent/vendor/reading.hpp"
#include "core/utc.hpp"

namespace metalwright::vendor {
namespace {

using Caught = std::vector<std::string>;

constexpr std::size_t most_at_once = 100;
constexpr spec::Text opaque{.most = 128, .form = &spec::forms::id};
constexpr spec::Text free_text{.least = 0, .most = 128, .form = &spec::forms::printable};
constexpr std::array<std::string_view, 2> charge_types{"PREPAID", "POSTPAID"};
constexpr std::size_t few = 10;  // below it the stock is short

Refusal malformed(const Errors& errors) {
    const bool missing = !errors.empty() && errors.front().message.contains("is required");
    return {400, missing ? "MISSING_PARAMETER" : "INVALID_PARAMETER", told(errors)};
}

Refusal refusal(const Errors& errors) {
    const std::string message = told(errors);
    switch (errors.empty() ? Errc::internal : errors.front().code) {
        case Errc::invalid_spec: return {400, "INVALID_PARAMETER", message};
        case Errc::not_found: return {404, "OPERATION_FAILED_RESOURCE_NOT_FOUND", message};
        case Errc::conflict:
        case Errc::refused:
        case Errc::unsupported: return {403, "OPERATION_DENIED", message};
        case Errc::busy:
        case Errc::no_space:
        case Errc::unavailable: return {503, "SERVICE_TEMPORARY_UNAVAILABLE", message};
        case Errc::timed_out: return {408, "REQUEST_TIMED_OUT", message};
        default: return {500, "INTERNAL_SERVER_ERROR", message};
    }
}

std::string frame(const Reply& reply, const std::string& request_id) {
    Json json;
    json["requestId"] = request_id;
    Json& response = json["response"] = {{"requestId", request_id}};
    response.update(reply.body);
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string frame_refusal(const Refusal& refusal, const std::string& request_id) {
    const Json json{
        {"requestId", request_id}, {"code", refusal.code}, {"message", refusal.message}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The vendor has none: a request that is sent twice is done twice.
std::string token(const agent::VendorRequest&) {
    return {};
}

template <class Read>
std::optional<Refusal> read_body(const agent::VendorRequest& request, Read read) {
    const auto body = parse_body(request.body);
    if (!body) return malformed(body.error().errors);
    if (const auto good = read_fields(*body, read); !good) return malformed(good.error().errors);
    return std::nullopt;
}

// ---- stock -------------------------------------------------------------------------------------

bool sells(const spec::Zone& zone, const std::string& charge_type) {
    return std::ranges::find(zone.sells, charge_type) != zone.sells.end();
}

/// The addresses of a zone's stock that nobody has, the lowest first.
std::vector<netcfg::Address> in_stock(const spec::Zone& zone, const Host& host, std::size_t most) {
    std::set<std::string> taken;
    for (const Resource& one : host.resources)
        if (one.kind == "eip") taken.insert(one.body.value("ipAddress", ""));
    const auto on_the_host = [&](const netcfg::Address& address) {
        return std::ranges::any_of(host.addresses, [&](const Address& one) {
            return one.cidr.contains(address) &&
                   (one.cidr.is_range() || one.cidr.address == address);
        });
    };
    std::vector<netcfg::Address> found;
    for (const netcfg::Prefix& block : zone.eips)
        for (std::uint64_t i = 0; i < std::uint64_t{1} << (32U - block.length); ++i) {
            if (found.size() == most) return found;
            const netcfg::Address address = block.address.plus(static_cast<std::uint32_t>(i));
            if (!taken.contains(address.text()) && !on_the_host(address)) found.push_back(address);
        }
    return found;
}

struct Wish {
    std::string zone;
    std::string charge_type;
    std::uint32_t amount = 1;
    std::uint32_t netmask = 32;
    std::optional<std::uint32_t> period{};
    std::string group{};
    Json tags = Json::array();
};

void read_tags(spec::Fields& fields, Wish& wish) {
    auto tags = fields.fields("tags");
    if (!tags) return;
    const auto list = tags->find("tags");
    const auto items = list ? list->items(20) : std::nullopt;
    if (!items) return;
    for (const spec::Cursor& item : *items) {
        auto tag = item.fields();
        if (!tag) continue;
        wish.tags.push_back({{"key", tag->need_text("key", free_text).value_or("")},
                             {"value", tag->text("value", free_text).value_or("")}});
    }
}

void read_wish(spec::Fields& fields, Wish& wish) {
    wish.zone = fields.need_text("zoneId", opaque).value_or("");
    if (const auto at = fields.need("eipChargeType"))
        wish.charge_type = at->word(charge_types).value_or("");
    wish.amount = fields.number32("amount", 1, most_at_once).value_or(1);
    wish.netmask = fields.number32("netmask", 1, 32).value_or(32);
    wish.group = fields.text("resourceGroupId", free_text).value_or("");
    if (auto prepaid = fields.fields("eipChargePrepaid")) {
        wish.period = prepaid->number32("period", 1, 36);
        if (!wish.period) wish.period = prepaid->number32("months", 1, 36);
        if (!wish.period) prepaid->error("period", "is required, but missing");
    } else if (wish.charge_type == "PREPAID" && !fields.has("eipChargePrepaid")) {
        fields.error("eipChargePrepaid", "is required with PREPAID, but missing");
    }
    if (auto options = fields.fields("marketingOptions")) {
        options->text("discountCode", free_text);
        options->flag("usePocVoucher");
    }
    read_tags(fields, wish);
}

Decision allocate(const agent::VendorRequest& request, const Caught&, const Host& host) {
    Wish wish;
    if (auto bad = read_body(request, [&](spec::Fields& fields) { read_wish(fields, wish); }))
        return std::move(*bad);
    const auto zone = host.catalogue.zones.find(wish.zone);
    if (zone == host.catalogue.zones.end())
        return Refusal{404, "INVALID_ZONE_NOT_FOUND", "Zone '" + wish.zone + "' does not exist"};
    if (!sells(zone->second, wish.charge_type))
        return Refusal{403, "INVALID_EIP_TYPE_ZONE_NO_SELL",
                       "zone '" + wish.zone + "' does not sell " + wish.charge_type + " EIPs"};
    if (wish.netmask != 32)
        return Refusal{403, "OPERATION_DENIED_NETMASK_OUT_OF_STOCK",
                       "zone '" + wish.zone + "' has single addresses only: netmask 32"};
    const std::vector<netcfg::Address> free = in_stock(zone->second, host, wish.amount);
    if (free.size() < wish.amount)
        return Refusal{403, "RESOURCE_INSUFFICIENT_PRODUCT_SOLD_OUT",
                       std::to_string(wish.amount) +
                           " EIPs are asked for, and the stock of zone '" + wish.zone +
                           "' on this host has " + std::to_string(free.size())};
    Ledger ledger;
    Json ids = Json::array();
    for (const netcfg::Address& address : free) {
        Resource eip{.id = host.draw_id("eip-"),
                     .kind = "eip",
                     .state = std::string(eip_state::creating),
                     .changed_ms = host.now_ms};
        eip.body = {{"zoneId", wish.zone},
                    {"ipAddress", address.text()},
                    {"netmask", 32},
                    {"eipChargeType", wish.charge_type},
                    {"createTime", utc_seconds(host.now_ms)},
                    {"resourceGroupId", wish.group},
                    {"tags", wish.tags}};
        if (wish.period) {
            constexpr std::int64_t month_ms = 30LL * 24 * 3600 * 1000;
            eip.body["period"] = *wish.period;
            eip.body["expiredTime"] = utc_seconds(host.now_ms + month_ms * *wish.period);
        }
        ids.push_back(eip.id);
        ledger.put.push_back(std::move(eip));
    }
    Work work{.memo = {{"eipIdSet", std::move(ids)}, {"orderNumber", ""}}};
    if (wish.charge_type == "PREPAID") work.memo["orderNumber"] = host.draw_id("order-");
    work.operation = std::move(ledger);
    return work;
}

Reply as_noted(const Json& memo, const Outcome&) {
    return {200, memo};
}

Decision available_resources(const agent::VendorRequest& request, const Caught&, const Host& host) {
    std::string zone_id, charge_type;
    if (auto bad = read_body(request, [&](spec::Fields& fields) {
            if (const auto at = fields.need("eipChargeType"))
                charge_type = at->word(charge_types).value_or("");
            zone_id = fields.text("zoneId", opaque).value_or("");
        }))
        return std::move(*bad);
    if (!zone_id.empty() && !host.catalogue.zones.contains(zone_id))
        return Refusal{404, "INVALID_ZONE_NOT_FOUND", "Zone '" + zone_id + "' does not exist"};
    Json all = Json::array();
    for (const auto& [id, zone] : host.catalogue.zones) {
        if ((!zone_id.empty() && id != zone_id) || !sells(zone, charge_type)) continue;
        const std::size_t free = in_stock(zone, host, few + 1).size();
        all.push_back({{"zoneId", id},
                       {"status", free == 0    ? "SOLD_OUT"
                                  : free > few ? "SELL"
                                               : "SELL_SHORTAGE"},
                       {"netmask", 32}});
    }
    return Reply{200, {{"eipResources", std::move(all)}}};
}

// ---- those that were allocated -----------------------------------------------------------------

Json describe(const Resource& eip, const Host& host) {
    Json json{{"eipId", eip.id}};
    json.update(eip.body);
    json.erase("lastError");
    json["eipStatus"] = eip.state;
    json["tags"] = {{"tags", eip.body.value("tags", Json::array())}};
    const std::string instance = eip.body.value("instanceId", "");
    json["instanceId"] = instance;
    json["instanceName"] = host.instance && host.instance->id == instance
                               ? host.instance->spec->instance_name.value_or("")
                               : "";
    json["resourceGroupName"] = "";
    return json;
}

struct Filter {
    std::vector<std::string> ids{};
    std::map<std::string, std::string> equal{};  ///< field -> value
    std::vector<std::string> tag_keys{};
    std::vector<std::pair<std::string, std::string>> tags{};
    std::uint64_t size = 20;
    std::uint64_t page = 1;

    bool passes(const Json& eip) const {
        if (!ids.empty() && std::ranges::find(ids, eip.value("eipId", "")) == ids.end())
            return false;
        for (const auto& [field, value] : equal)
            if (eip.value(field, "") != value) return false;
        const Json& own = eip["tags"]["tags"];
        const auto has = [&](const std::string& key, const std::string* value) {
            return std::ranges::any_of(own, [&](const Json& tag) {
                return tag["key"] == key && (value == nullptr || tag["value"] == *value);
            });
        };
        return std::ranges::all_of(tag_keys, [&](const auto& key) { return has(key, nullptr); }) &&
               std::ranges::all_of(tags,
                                   [&](const auto& tag) { return has(tag.first, &tag.second); });
    }
};

std::vector<std::string> read_list(spec::Fields& fields, std::string_view name) {
    std::vector<std::string> values;
    const auto at = fields.find(name);
    const auto items = at ? at->items(most_at_once) : std::nullopt;
    if (!items) return values;
    for (const spec::Cursor& item : *items)
        if (auto text = item.text(free_text)) values.push_back(std::move(*text));
    return values;
}

void read_filter(spec::Fields& fields, Filter& filter) {
    filter.ids = read_list(fields, "eipIds");
    filter.tag_keys = read_list(fields, "tagKeys");
    for (const std::string_view name : {"eipChargeType", "ipAddress", "zoneId", "resourceGroupId",
                                        "eipStatus", "instanceId", "instanceName"})
        if (const auto value = fields.text(name, free_text); value && !value->empty())
            filter.equal.emplace(name, *value);
    const auto at = fields.find("tags");
    const auto items = at ? at->items(20) : std::nullopt;
    if (items)
        for (const spec::Cursor& item : *items)
            if (auto tag = item.fields())
                filter.tags.emplace_back(tag->need_text("key", free_text).value_or(""),
                                         tag->text("value", free_text).value_or(""));
    filter.size = fields.number("pageSize", 1, 1000).value_or(20);
    filter.page = fields.number("pageNum", 1, 1'000'000).value_or(1);
}

Decision describe_all(const agent::VendorRequest& request, const Caught&, const Host& host) {
    Filter filter;
    if (auto bad = read_body(request, [&](spec::Fields& fields) { read_filter(fields, filter); }))
        return std::move(*bad);
    Json page = Json::array();
    std::uint64_t total = 0;
    for (const Resource& one : host.resources) {
        if (one.kind != "eip") continue;
        Json eip = describe(one, host);
        if (!filter.passes(eip)) continue;
        if (total >= (filter.page - 1) * filter.size && page.size() < filter.size)
            page.push_back(std::move(eip));
        ++total;
    }
    return Reply{200, {{"totalCount", total}, {"dataSet", std::move(page)}}};
}

const Resource* eip_named(const Host& host, const std::string& id) {
    const auto it = std::ranges::find_if(
        host.resources, [&](const Resource& r) { return r.kind == "eip" && r.id == id; });
    return it == host.resources.end() ? nullptr : &*it;
}

Refusal no_eip(const std::string& id) {
    return {404, "INVALID_EIP_NOT_FOUND", "EIP '" + id.substr(0, 64) + "' does not exist"};
}

/// An EIP in a state that allows what is asked.
struct Picked {
    const Resource* eip = nullptr;
    std::optional<Refusal> refusal{};
};

Picked pick(const Host& host, const std::string& id, std::initializer_list<std::string_view> states,
            std::string_view code) {
    Picked picked{.eip = eip_named(host, id)};
    if (picked.eip == nullptr) {
        picked.refusal = no_eip(id);
    } else if (std::ranges::find(states, picked.eip->state) == states.end()) {
        const bool gone = picked.eip->state == eip_state::recycle;
        picked.refusal =
            Refusal{403, gone ? "OPERATION_DENIED_EIP_RECYCLED" : std::string(code),
                    "EIP '" + id + "' is " + picked.eip->state + ", and that does not allow it"};
    }
    return picked;
}

Work turn(Resource eip, std::string_view state, const Host& host) {
    eip.state = state;
    eip.operation = 0;
    eip.changed_ms = host.now_ms;
    eip.body.erase("lastError");
    return Work{Ledger{.put = {std::move(eip)}}};
}

Decision associate(const agent::VendorRequest& request, const Caught&, const Host& host) {
    std::string id, instance;
    if (auto bad = read_body(request, [&](spec::Fields& fields) {
            id = fields.need_text("eipId", opaque).value_or("");
            instance = fields.need_text("instanceId", opaque).value_or("");
        }))
        return std::move(*bad);
    Picked picked =
        pick(host, id, {eip_state::available}, "OPERATION_DENIED_EIP_STATUS_NOT_AVAILABLE");
    if (picked.refusal) return std::move(*picked.refusal);
    if (!host.instance || host.instance->id != instance)
        return Refusal{403, "INVALID_INSTANCE_NOT_FOUND",
                       "Instance '" + instance + "' does not exist"};
    const bool up = host.instance->state == "running" || host.instance->state == "degraded";
    // An EIP on its way may be what the host is at work on.
    const bool busy = host.instance->state == "applying" &&
                      std::ranges::any_of(host.resources, [](const Resource& one) {
                          return one.kind == "eip" && one.operation != 0;
                      });
    if (!up && !busy)
        return Refusal{403, "OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT",
                       "Instance '" + instance + "' is not RUNNING, but " + host.instance->state};
    const auto bound = std::ranges::count_if(host.resources, [&](const Resource& one) {
        return one.kind == "eip" && one.body.value("instanceId", "") == instance;
    });
    if (static_cast<std::size_t>(bound) >= host.limits.elastics)
        return Refusal{403, "OPERATION_DENIED_EIP_INSTANCE_EXCEED_LIMIT",
                       "an instance has " + std::to_string(host.limits.elastics) + " EIPs at most"};
    Resource eip = *picked.eip;
    eip.body["instanceId"] = instance;
    return turn(std::move(eip), eip_state::associating, host);
}

std::optional<Refusal> read_id(const agent::VendorRequest& request, std::string& id) {
    return read_body(request, [&](spec::Fields& fields) {
        id = fields.need_text("eipId", opaque).value_or("");
    });
}

Decision unassociate(const agent::VendorRequest& request, const Caught&, const Host& host) {
    std::string id;
    if (auto bad = read_id(request, id)) return std::move(*bad);
    Picked picked =
        pick(host, id, {eip_state::associated}, "OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT");
    if (picked.refusal) return std::move(*picked.refusal);
    return turn(*picked.eip, eip_state::unassociating, host);
}

Decision terminate(const agent::VendorRequest& request, const Caught&, const Host& host) {
    std::string id;
    if (auto bad = read_id(request, id)) return std::move(*bad);
    Picked picked =
        pick(host, id, {eip_state::available, eip_state::associated, eip_state::create_failed},
             "OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT");
    if (picked.refusal) return std::move(*picked.refusal);
    return turn(
        *picked.eip,
        picked.eip->state == eip_state::associated ? eip_state::recycling : eip_state::recycle,
        host);
}

/// All of them, or none.
Decision release(const agent::VendorRequest& request, const Caught&, const Host& host) {
    std::vector<std::string> ids;
    if (auto bad = read_body(request, [&](spec::Fields& fields) {
            if (!fields.has("eipIds")) fields.error("eipIds", "is required, but missing");
            ids = read_list(fields, "eipIds");
        }))
        return std::move(*bad);
    for (const std::string& id : ids) {
        const Resource* eip = eip_named(host, id);
        if (eip == nullptr) return no_eip(id);
        if (eip->state != eip_state::recycle)
            return Refusal{403, "OPERATION_DENIED_EIP_NOT_RECYCLED",
                           "EIP '" + id + "' is " + eip->state + ", not RECYCLE"};
    }
    return Work{Ledger{.dropped = std::move(ids)}};
}

Route route(std::string_view action, bool changes,
            Decision (*decide)(const agent::VendorRequest&, const Caught&, const Host&)) {
    return {action, "POST", "/api/v2/bmc", action, changes, decide, changes ? as_noted : nullptr};
}

}  // namespace

const Dialect& zenlayer() {
    static const Dialect dialect{
        .name = "zenlayer",
        .routes = {route("AllocateEipAddresses", true, allocate),
                   route("DescribeEipAddresses", false, describe_all),
                   route("DescribeEipAvailableResources", false, available_resources),
                   route("AssociateEipAddress", true, associate),
                   route("UnAssociateEipAddress", true, unassociate),
                   route("TerminateEipAddress", true, terminate),
                   route("ReleaseEipAddresses", true, release)},
        .token = token,
        .refusal = refusal,
        // No page tells the codes of a signature.
        .unauthorized = {{{401, "AUTHFAILURE_SIGNATURE_MISSING"},
                          {401, "AUTHFAILURE_SIGNATURE_MALFORMED"},
                          {401, "AUTHFAILURE_SECRET_ID_NOT_FOUND"},
                          {401, "AUTHFAILURE_SIGNATURE_FAILURE"},
                          {401, "AUTHFAILURE_SIGNATURE_EXPIRED"},
                          {401, "AUTHFAILURE_SIGNATURE_EXPIRED"}}},
        .frame = frame,
        .frame_refusal = frame_refusal};
    return dialect;
}

}  // namespace metalwright::vendor
