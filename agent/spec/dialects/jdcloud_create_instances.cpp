#include "agent/spec/dialects/jdcloud_create_instances.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "agent/spec/first_boot_read.hpp"
#include "agent/spec/network_read.hpp"
#include "cloudinit/password.hpp"

namespace metalwright::spec::jdcloud {
namespace {

using Kept = nlohmann::json;

constexpr Text opaque{.most = 128, .form = &forms::id};
constexpr Text free_text{.least = 0, .most = 256, .form = &forms::printable};
constexpr Text host_name{.least = 2, .most = 64, .form = &forms::jd_host_name};
constexpr std::size_t most_aliases = 50;
constexpr std::uint32_t most_mbps = 10'240;

constexpr std::array<std::string_view, 2> yes_no{"yes", "no"};
constexpr std::array<std::string_view, 3> network_types{"vpc", "basic", "retail"};
constexpr std::array<std::string_view, 2> interface_modes{"bond", "dual"};
constexpr std::array<std::string_view, 2> internet_charge_modes{"prepaid_by_duration",
                                                                "postpaid_by_duration"};
constexpr std::array<std::string_view, 3> charge_modes{"prepaid_by_duration",
                                                       "postpaid_by_duration", "postpaid_by_usage"};
constexpr std::array<std::string_view, 2> charge_units{"month", "year"};

/// Puts a value aside under its own name, when there is one.
template <class T>
void keep(Kept& kept, std::string_view name, const std::optional<T>& value) {
    if (value) kept[std::string(name)] = *value;
}

template <class T>
std::string ids_of(const ById<T>& entries) {
    std::vector<std::string_view> ids;
    for (const auto& [id, entry] : entries) ids.push_back(id);
    return ids.empty() ? "the catalogue has none" : "the catalogue has: " + listed(ids);
}

void read_raid(Fields& spec_fields, std::string_view field, RaidType::Volume volume,
               const Catalogue* catalogue, Kept& kept, raid::Wanted& storage) {
    const auto id = spec_fields.need_text(field, opaque);
    keep(kept, field, id);
    if (!id) return;
    if (catalogue == nullptr) {
        spec_fields.self().findings().note(
            spec_fields.pointer(field),
            "checked for form only: no catalogue says what " + in_quotes(*id) + " means");
        return;
    }
    const auto found = catalogue->raid_types.find(*id);
    if (found == catalogue->raid_types.end()) {
        spec_fields.error(field,
                          "no RAID type " + in_quotes(*id) + "; " + ids_of(catalogue->raid_types));
        return;
    }
    const RaidType& type = found->second;
    if (type.volume != volume) {
        spec_fields.error(field, "the RAID type " + in_quotes(*id) + " is for the " +
                                     (volume == RaidType::Volume::system ? "data" : "system") +
                                     " volume");
        return;
    }
    if (volume == RaidType::Volume::system) {
        storage.system = type.level;
        storage.system_plain = !type.level;
    } else {
        if (type.hardware) {
            storage.volumes.emplace().push_back(*type.hardware);
            return;
        }
        storage.arrays.emplace();
        if (type.array) storage.arrays->push_back(*type.array);
    }
}

void read_charge(Fields& spec_fields, Kept& kept) {
    auto charge = spec_fields.need_fields("charge");
    if (!charge) return;
    Kept& into = kept["charge"] = Kept::object();
    const auto at = charge->need("chargeMode");
    const auto mode = at ? at->word(charge_modes) : std::nullopt;
    const auto unit = charge->word("chargeUnit", charge_units);
    const std::uint32_t longest = unit == "year" ? 3 : 9;
    const auto duration = charge->number32("chargeDuration", 1, longest);
    if (mode == "prepaid_by_duration" && !charge->has("chargeDuration"))
        charge->error("chargeDuration", "is required with prepaid_by_duration, but missing");
    keep(into, "chargeMode", mode);
    keep(into, "chargeUnit", unit);
    keep(into, "chargeDuration", duration);
    for (const std::string_view name : {"autoRenew", "autoChangeChargeMode"})
        keep(into, name, charge->flag(name));
    for (const std::string_view name : {"buyScenario", "autoChangeChargeModeDate"})
        keep(into, name, charge->text(name, free_text));
    charge->note_unknown();
}

void read_tags(Fields& spec_fields, Kept& kept) {
    const auto at = spec_fields.find("resourceTags");
    const auto items = at ? at->items(100) : std::nullopt;
    if (!items) return;
    Kept& tags = kept["resourceTags"] = Kept::array();
    for (const Cursor& item : *items) {
        auto fields = item.fields();
        if (!fields) continue;
        Kept tag = Kept::object();
        for (const std::string_view name : {"key", "value"})
            keep(tag, name, fields->text(name, free_text));
        fields->note_unknown();
        tags.push_back(std::move(tag));
    }
}

/// What is billed, wired or placed elsewhere: the host only holds on to it.
void read_kept(Fields& spec_fields, Kept& kept) {
    for (const std::string_view name : {"az", "deviceType", "imageType"})
        keep(kept, name, spec_fields.need_text(name, opaque));
    const auto network_type = spec_fields.need("networkType");
    if (network_type) keep(kept, "networkType", network_type->word(network_types));
    for (const std::string_view name :
         {"lineType", "bandwidthPackageId", "extensionLineType", "extensionBandwidthPackageId"})
        keep(kept, name, spec_fields.text(name, opaque));
    for (const std::string_view name : {"enableInternet", "extensionEnableInternet"})
        keep(kept, name, spec_fields.word(name, yes_no));
    for (const std::string_view name : {"internetChargeMode", "extensionInternetChargeMode"})
        keep(kept, name, spec_fields.word(name, internet_charge_modes));
    keep(kept, "extensionExtraUplinkBandwidth",
         spec_fields.number32("extensionExtraUplinkBandwidth", 0, most_mbps));
    keep(kept, "extensionBandwidth", spec_fields.number32("extensionBandwidth", 1, most_mbps));
    read_charge(spec_fields, kept);
    read_tags(spec_fields, kept);
}

/// Two physical NICs as one, or as they are.
void read_interface_mode(Fields& spec_fields, Kept& kept, netcfg::Wanted& network) {
    const auto mode = spec_fields.word("interfaceMode", interface_modes);
    keep(kept, "interfaceMode", mode);
    if (!mode) return;
    network.bond.emplace();
    if (*mode == "dual") network.bond->ports.emplace();
}

void read_count(Fields& spec_fields) {
    const auto at = spec_fields.need("count");
    if (!at) return;
    const auto count = at->number(1, most_number);
    if (count && *count != 1)
        at->error(std::to_string(*count) +
                  " instances cannot be made of one host: send count 1 to each of " +
                  std::to_string(*count) + " hosts");
}

/// The subnet of the instance: what the request says, held against what the catalogue knows.
struct Where {
    std::optional<netcfg::Prefix> cidr{};
    const Subnet* subnet = nullptr;
    std::string subnet_id{};
    bool unknown_here = false;  ///< a subnet is named, and there is no catalogue to look it up
};

Where read_where(Fields& spec_fields, const Catalogue* catalogue, Kept& kept) {
    Where where;
    Findings& findings = spec_fields.self().findings();
    if (const auto id = spec_fields.text("subnetId", opaque)) {
        kept["subnetId"] = *id;
        where.subnet_id = *id;
        where.unknown_here = catalogue == nullptr;
        if (catalogue != nullptr) {
            const auto found = catalogue->subnets.find(*id);
            if (found != catalogue->subnets.end())
                where.subnet = &found->second;
            else
                findings.note(spec_fields.pointer("subnetId"),
                              in_quotes(*id) +
                                  " is not in the catalogue: no gateway, DNS or MTU is "
                                  "set with the address");
        }
    }
    const auto at = spec_fields.find("cidr");
    if (at) {
        where.cidr = read_network_prefix(*at);
        if (where.cidr && where.cidr->address.v6) {
            at->error(where.cidr->text() + " is IPv6: the private network is IPv4");
            where.cidr.reset();
        }
        if (where.cidr && where.subnet != nullptr && *where.cidr != where.subnet->cidr)
            at->error(where.cidr->text() + " is not the network of " + in_quotes(where.subnet_id) +
                      ", which the catalogue has as " + where.subnet->cidr.text());
    } else if (where.subnet != nullptr) {
        where.cidr = where.subnet->cidr;
    }
    return where;
}

void read_private_ip(Fields& spec_fields, const Where& where, HostSpec& spec,
                     netcfg::Wanted& network) {
    const auto at = spec_fields.find("privateIp");
    if (!at) return;
    const auto address = read_address(*at);
    if (!address) return;
    if (address->v6) {
        at->error(address->text() + " is IPv6: the private address is IPv4");
        return;
    }
    if (!spec.hostname && !spec_fields.has("hostname"))
        spec.hostname =
            "host-" + std::to_string(address->bytes[2]) + "-" + std::to_string(address->bytes[3]);
    if (!where.cidr) {
        if (where.unknown_here && !spec_fields.has("cidr"))
            at->note("its prefix length stands in the catalogue: checked for form only");
        else if (!spec_fields.has("cidr"))
            spec_fields.error("cidr",
                              "is required with privateIp, but missing: it gives the prefix "
                              "length");
        return;
    }
    if (!where.cidr->contains(*address)) {
        at->error(address->text() + " is not in " + where.cidr->text());
        return;
    }
    const std::string unfit = unfit_for_host(*address, *where.cidr);
    if (!unfit.empty()) {
        at->error(address->text() + " " + unfit);
        return;
    }
    netcfg::Primary primary{.address = {*address, where.cidr->length}};
    if (where.subnet != nullptr) {
        if (where.subnet->gateway == *address) {
            at->error(address->text() + " is the gateway of " + in_quotes(where.subnet_id));
            return;
        }
        primary.gateway = where.subnet->gateway;
        primary.dns = where.subnet->dns;
        primary.mtu = where.subnet->mtu;
    }
    network.primary = std::move(primary);
}

void read_alias_ips(Fields& spec_fields, const Where& where, const Catalogue* catalogue,
                    netcfg::Wanted& network) {
    const auto at = spec_fields.find("aliasIps");
    if (!at) return;
    network.aliases = read_aliases(*at, most_aliases, AliasForm::vendor);
    for (const netcfg::Alias& alias : *network.aliases) {
        std::optional<netcfg::Prefix> from;
        if (alias.id == where.subnet_id) from = where.cidr;
        if (catalogue != nullptr)
            if (const auto known = catalogue->subnets.find(alias.id);
                known != catalogue->subnets.end())
                from = known->second.cidr;
        if (from && (!from->contains(alias.cidr.address) || alias.cidr.length < from->length))
            at->findings().error(alias.where, alias.cidr.text() + " is not in " +
                                                  in_quotes(alias.id) + ", which is " +
                                                  from->text());
        else if (network.primary && alias.cidr.address == network.primary->address.address &&
                 !alias.cidr.is_range())
            at->findings().error(alias.where, alias.cidr.address.text() + " is privateIp already");
    }
}

/// The second NIC of an instance with two ("dual"): its private address, of a subnet that only the
/// catalogue describes, and its aliases.
void read_second_nic(Fields& spec_fields, const Catalogue* catalogue, Kept& kept,
                     netcfg::Wanted& network) {
    netcfg::Wanted second;
    const Subnet* subnet = nullptr;
    std::string subnet_id;
    if (const auto id = spec_fields.text("extensionSubnetId", opaque)) {
        kept["extensionSubnetId"] = *id;
        subnet_id = *id;
        if (catalogue != nullptr)
            if (const auto found = catalogue->subnets.find(*id); found != catalogue->subnets.end())
                subnet = &found->second;
    }
    const auto at = spec_fields.find("extensionPrivateIp");
    const auto address = at ? read_address(*at) : std::nullopt;
    if (address && subnet == nullptr) {
        at->note(catalogue == nullptr
                     ? "its prefix length stands in the catalogue: checked for form only"
                     : "is kept: its subnet is not in the catalogue, so its prefix length is not "
                       "known");
        kept["extensionPrivateIp"] = address->text();
    } else if (address) {
        const std::string unfit = unfit_for_host(*address, subnet->cidr);
        if (address->v6 != subnet->cidr.address.v6 || !subnet->cidr.contains(*address))
            at->error(address->text() + " is not in " + in_quotes(subnet_id) + ", which is " +
                      subnet->cidr.text());
        else if (!unfit.empty())
            at->error(address->text() + " " + unfit);
        else if (subnet->gateway == *address)
            at->error(address->text() + " is the gateway of " + in_quotes(subnet_id));
        else
            second.primary = netcfg::Primary{.address = {*address, subnet->cidr.length},
                                             .gateway = subnet->gateway,
                                             .mtu = subnet->mtu};
    }
    if (const auto aliases = spec_fields.find("extensionAliasIps"))
        second.aliases = read_aliases(*aliases, most_aliases, AliasForm::vendor);
    if (second != netcfg::Wanted{}) network.others.push_back(std::move(second));
}

void read_os(Fields& spec_fields, const Catalogue* catalogue, Kept& kept) {
    const auto id = spec_fields.need_text("osTypeId", opaque);
    keep(kept, "osTypeId", id);
    if (id && catalogue != nullptr && !catalogue->os_types.empty() &&
        !catalogue->os_types.contains(*id))
        spec_fields.self().findings().note(spec_fields.pointer("osTypeId"),
                                           in_quotes(*id) + " is not in the catalogue; it is kept");
}

void read_login(Fields& spec_fields, const Catalogue* catalogue, Kept& kept, HostSpec& spec) {
    if (const auto at = spec_fields.find("password")) {
        const auto plain = at->text({.most = 512, .secret = true});
        if (plain) {
            if (const auto fit = cloudinit::check_password(*plain); !fit)
                at->error(fit.error().message);
            else
                spec.password.plain = *plain;
        }
    }
    const auto id = spec_fields.text("keypairId", opaque);
    keep(kept, "keypairId", id);
    if (!id) return;
    if (catalogue == nullptr) {
        spec_fields.self().findings().note(
            spec_fields.pointer("keypairId"),
            "checked for form only: no catalogue holds the key of " + in_quotes(*id));
        return;
    }
    const auto found = catalogue->keypairs.find(*id);
    if (found == catalogue->keypairs.end())
        spec_fields.error("keypairId",
                          "no key pair " + in_quotes(*id) + "; " + ids_of(catalogue->keypairs));
    else
        spec.authorized_keys = {found->second};
}

void read_user_data(Fields& fields, HostSpec& spec) {
    if (const auto at = fields.find("userData"))
        if (auto bytes = read_script(*at)) spec.user_data = UserData{.bytes = std::move(*bytes)};
}

void read_instance_spec(Fields& fields, const Catalogue* catalogue, Kept& kept, HostSpec& spec) {
    read_count(fields);
    read_kept(fields, kept);
    read_os(fields, catalogue, kept);
    spec.instance_name =
        fields.need_text("name", {.least = 2, .most = 128, .form = &forms::jd_name});
    spec.description = fields.text("description", free_text);
    spec.bandwidth_mbps = fields.number32("bandwidth", 1, most_mbps);
    spec.extra_uplink_mbps = fields.number32("extraUplinkBandwidth", 0, most_mbps);
    if (spec.extra_uplink_mbps.value_or(0) != 0 && !fields.has("bandwidth"))
        fields.self().findings().note(
            fields.pointer("extraUplinkBandwidth"),
            "is on top of \"bandwidth\", and without it nothing is shaped");

    raid::Wanted storage;
    read_raid(fields, "sysRaidTypeId", RaidType::Volume::system, catalogue, kept, storage);
    read_raid(fields, "dataRaidTypeId", RaidType::Volume::data, catalogue, kept, storage);
    if (storage != raid::Wanted{}) spec.storage = std::move(storage);

    spec.hostname = fields.text("hostname", host_name);
    netcfg::Wanted network;
    const Where where = read_where(fields, catalogue, kept);
    read_private_ip(fields, where, spec, network);
    read_alias_ips(fields, where, catalogue, network);
    read_second_nic(fields, catalogue, kept, network);
    read_interface_mode(fields, kept, network);
    if (network != netcfg::Wanted{}) spec.network = std::move(network);

    read_login(fields, catalogue, kept, spec);
    read_user_data(fields, spec);
    fields.note_unknown();
}

}  // namespace

void read_create_instances(Fields& request, const Catalogue* catalogue, HostSpec& spec) {
    Kept kept = Kept::object();
    keep(kept, "regionId", request.text("regionId", opaque));
    spec.token = request.text("clientToken", {.most = 36, .form = &forms::token, .secret = true});
    if (auto fields = request.need_fields("instanceSpec"))
        read_instance_spec(*fields, catalogue, kept, spec);
    request.note_unknown();
    spec.kept = kept.dump(-1, ' ', false, Kept::error_handler_t::replace);
}

void read_reinstall_instance(Fields& request, const Catalogue* catalogue, HostSpec& spec) {
    Kept kept = Kept::object();
    if (auto fields = request.need_fields("instanceSpec")) {
        for (const std::string_view name :
             {"az", "imageType", "osTypeId", "sysRaidTypeId", "dataRaidTypeId"})
            keep(kept, name, fields->need_text(name, opaque));
        if (const auto at = fields->need("keepData")) keep(kept, "keepData", at->word(yes_no));
        spec.hostname = fields->text("hostname", host_name);
        fields->need("password");
        read_login(*fields, catalogue, kept, spec);
        read_user_data(*fields, spec);
    }
    spec.kept = kept.dump(-1, ' ', false, Kept::error_handler_t::replace);
}

}  // namespace metalwright::spec::jdcloud
