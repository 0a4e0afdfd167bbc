// Alias addresses, and the secondary CIDRs of subnets that they may be given from.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/spec/network_read.hpp"
#include "agent/vendor/jdcloud_parts.hpp"
#include "agent/vendor/reading.hpp"

namespace metalwright::vendor::jd {
namespace {

constexpr std::size_t most_aliases = 50;  // on one NIC

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

}  // namespace

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

}  // namespace metalwright::vendor::jd
