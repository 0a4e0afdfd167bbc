// Baidu's BCC and BBC: secondary private addresses. Contracts, bounds and codes: the pages of
// cloud.baidu.com/doc/BCC, bce-sdk-go, and what Baidu's own CNI driver expects of the exceptions
// whose HTTP status no page tells (they are answered 400 here).

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/spec/network_read.hpp"
#include "agent/vendor/dialect.hpp"
#include "agent/vendor/reading.hpp"

namespace metalwright::vendor {
namespace {

using Caught = std::vector<std::string>;

constexpr std::size_t most_token = 64;
constexpr std::uint64_t most_at_once = 256;
constexpr std::int64_t day_ms = 24LL * 3600 * 1000;

Refusal malformed(const Fault& fault) {
    return {400, fault.malformed ? "MalformedJSON" : "InappropriateJSON", told(fault.errors)};
}

Refusal refusal(const Errors& errors) {
    const std::string message = told(errors);
    switch (errors.empty() ? Errc::internal : errors.front().code) {
        case Errc::invalid_spec: return {400, "InappropriateJSON", message};
        case Errc::not_found: return {404, "NoSuchObject", message};
        case Errc::conflict: return {400, "PrivateIpInUseException", message};
        case Errc::refused:
        case Errc::unsupported: return {400, "PreconditionFailed", message};
        case Errc::busy:
        case Errc::timed_out:
        case Errc::no_space:
        case Errc::unavailable: return {503, "ServiceUnavailable", message};
        default: return {500, "InternalError", message};
    }
}

Refusal exhausted(const Errors& errors) {
    return {400, "SubnetHasNoMoreIpException", told(errors)};
}

std::string frame(const Reply& reply, const std::string&) {
    return reply.body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string frame_refusal(const Refusal& refusal, const std::string& request_id) {
    const Json json{
        {"code", refusal.code}, {"message", refusal.message}, {"requestId", request_id}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string token(const agent::VendorRequest& request) {
    return value_in(request, "clientToken");
}

std::optional<Refusal> bad_token(const agent::VendorRequest& request) {
    const std::string given = token(request);
    if (given.empty() || (given.size() <= most_token && spec::forms::token.holds(given)))
        return std::nullopt;
    return Refusal{400, "InvalidHTTPRequest",
                   "clientToken must be visible ASCII, 64 characters at most"};
}

std::optional<Refusal> bad_version(const Caught& caught) {
    if (caught[0] == "v1" || caught[0] == "v2") return std::nullopt;
    return Refusal{404, "InvalidVersion", "The API version specified was invalid."};
}

struct Asked {
    std::string instance;
    std::vector<netcfg::Address> addresses{};
    std::uint32_t count = 0;
    bool v6 = false;
};

/// The Go SDK sends both lists and count, one of them empty.
void read_addresses(spec::Fields& fields, bool may_count, Asked& asked) {
    asked.instance =
        fields.need_text("instanceId", {.most = 128, .form = &spec::forms::id}).value_or("");
    if (const auto at = fields.find("privateIps"))
        asked.addresses = spec::read_addresses(*at, most_at_once);
    if (may_count) {
        asked.count =
            fields.number32("secondaryPrivateIpAddressCount", 0, most_at_once).value_or(0);
        asked.v6 = fields.flag("allocateMultiIpv6Addr").value_or(false);
        if (asked.count != 0 && !asked.addresses.empty())
            fields.error("secondaryPrivateIpAddressCount", "and privateIps exclude each other");
    }
    if (asked.count == 0 && asked.addresses.empty() && !fields.has("privateIps"))
        fields.error("privateIps",
                     may_count ? "or secondaryPrivateIpAddressCount is required, but missing"
                               : "is required, but missing");
    else if (asked.count == 0 && asked.addresses.empty() && fields.self().findings().clean())
        fields.error("privateIps", "holds no address");
}

std::optional<Refusal> wrong_instance(const std::string& id, const Host& host) {
    if (host.instance && host.instance->id == id) return std::nullopt;
    return Refusal{
        404, "NoSuchObject",
        "The specified object is not found or resource do not exist: instance " + id.substr(0, 64)};
}

/// The network of the NIC that these addresses are for; nothing where that is not ordered.
std::optional<netcfg::Prefix> network_of(const Host& host) {
    const auto& network = host.instance->spec->network;
    if (!network || !network->primary) return std::nullopt;
    return network->primary->address.network();
}

std::optional<Refusal> unfit(const netcfg::Address& address, const Host& host) {
    const auto network = network_of(host);
    if (network && network->address.v6 == address.v6) {
        if (!network->contains(address))
            return Refusal{400, "InvalidParameter",
                           address.text() + " is not in the subnet of the NIC, " + network->text()};
        if (const std::string why = spec::unfit_for_host(address, *network); !why.empty())
            return Refusal{400, "InvalidParameter", address.text() + " " + why};
    }
    const auto& wanted = host.instance->spec->network;
    const bool primary = wanted && wanted->primary && wanted->primary->address.address == address;
    const bool gateway = wanted && wanted->primary && wanted->primary->gateway == address;
    const bool there = std::ranges::any_of(host.addresses, [&](const Address& one) {
        return one.cidr.address == address || (one.cidr.is_range() && one.cidr.contains(address));
    });
    if (primary || gateway || there)
        return Refusal{400, "PrivateIpInUseException", address.text() + " is in use"};
    return std::nullopt;
}

Decision batch_add_ip(const agent::VendorRequest& request, const Caught& caught, const Host& host) {
    if (auto bad = bad_version(caught)) return std::move(*bad);
    if (auto bad = bad_token(request)) return std::move(*bad);
    const auto body = parse_body(request.body);
    if (!body) return malformed(body.error());
    Asked asked;
    const auto read =
        read_fields(*body, [&](spec::Fields& fields) { read_addresses(fields, true, asked); });
    if (!read) return malformed(read.error());
    if (auto wrong = wrong_instance(asked.instance, host)) return std::move(*wrong);
    const auto there = std::ranges::count(host.addresses, netcfg::Kind::secondary, &Address::kind);
    const std::size_t more = asked.count + asked.addresses.size();
    if (static_cast<std::size_t>(there) + more > host.limits.secondaries)
        return Refusal{400, "ExceedLimitException",
                       "a NIC has " + std::to_string(host.limits.secondaries) +
                           " secondary addresses at most, and there are " + std::to_string(there)};
    Edit edit{.all_or_nothing = true};
    Json given = Json::array();
    for (const netcfg::Address& address : asked.addresses) {
        if (auto why = unfit(address, host)) return std::move(*why);
        given.push_back(address.text());
        edit.edit.add.push_back(
            {.cidr = netcfg::Prefix::single(address), .kind = netcfg::Kind::secondary});
    }
    (asked.v6 ? edit.edit.count.ipv6 : edit.edit.count.ipv4) = asked.count;
    Work work{.memo = {{"given", std::move(given)}}};
    work.operation = std::move(edit);
    return work;
}

Reply added(const Json& memo, const Outcome& outcome) {
    Json all = memo.value("given", Json::array());
    for (const std::string& cidr : outcome.drawn) all.push_back(cidr.substr(0, cidr.find('/')));
    return {200, {{"privateIps", std::move(all)}, {"eniPrivateIps", nullptr}}};
}

Decision batch_del_ip(const agent::VendorRequest& request, const Caught& caught, const Host& host) {
    if (auto bad = bad_version(caught)) return std::move(*bad);
    if (auto bad = bad_token(request)) return std::move(*bad);
    const auto body = parse_body(request.body);
    if (!body) return malformed(body.error());
    Asked asked;
    const auto read =
        read_fields(*body, [&](spec::Fields& fields) { read_addresses(fields, false, asked); });
    if (!read) return malformed(read.error());
    if (auto wrong = wrong_instance(asked.instance, host)) return std::move(*wrong);
    Edit edit{.all_or_nothing = true};
    for (const netcfg::Address& address : asked.addresses) {
        const auto there = std::ranges::find_if(host.addresses, [&](const Address& one) {
            return one.kind == netcfg::Kind::secondary && one.cidr.address == address;
        });
        if (there == host.addresses.end())
            return Refusal{404, "PrivateIPNotExistException",
                           address.text() + " is no secondary address of this instance"};
        edit.edit.remove.push_back({.cidr = there->cidr});
    }
    return Work{std::move(edit)};
}

Reply deleted(const Json&, const Outcome&) {
    return {200, {{"success", true}, {"status", 200}}};
}

}  // namespace

const Dialect& baidu() {
    static const Dialect dialect{
        .name = "baidu",
        .routes = {{"batchAddIp", "PUT", "/*/instance/batchAddIp", "", true, batch_add_ip, added},
                   {"batchDelIp", "PUT", "/*/instance/batchDelIp", "", true, batch_del_ip,
                    deleted}},
        .token = token,
        .repeated = Repeated::same_request,
        .token_ms = day_ms,
        .refusal = refusal,
        .exhausted = exhausted,
        .mismatch =
            Refusal{403, "IdempotentParameterMismatch",
                    "The request uses the same client token as a previous, but non-identical "
                    "request."},
        .unauthorized = {{{403, "AccessDenied"},
                          {400, "InvalidHTTPAuthHeader"},
                          {403, "InvalidAccessKeyId"},
                          {400, "SignatureDoesNotMatch"},
                          {400, "RequestExpired"},
                          {400, "RequestExpired"}}},
        .frame = frame,
        .frame_refusal = frame_refusal};
    return dialect;
}

}  // namespace metalwright::vendor
