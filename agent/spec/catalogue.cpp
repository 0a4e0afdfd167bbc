#include "agent/spec/catalogue.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "agent/spec/cursor.hpp"
#include "agent/spec/first_boot_read.hpp"
#include "agent/spec/network_read.hpp"
#include "agent/spec/storage_read.hpp"
#include "agent/spec/volume_read.hpp"
#include "core/json_pointer.hpp"

namespace metalwright::spec {
namespace {

constexpr std::array<std::string_view, 2> volumes{"system", "data"};

/// Calls `read` with the id and the fields of each entry of a section.
template <class Read>
void each(Fields& catalogue, std::string_view section, Read read) {
    const auto at = catalogue.find(section);
    if (!at || !at->fields()) return;
    for (const auto& [id, value] : at->json().get_ref<const Json::object_t&>()) {
        const Cursor entry(value, pointer_to(at->pointer(), id), at->findings());
        if (id.size() > 128 || !forms::id.holds(id))
            entry.error(in_quotes(id) + " is not " + std::string(forms::id.is));
        if (auto fields = entry.fields()) {
            read(id, *fields);
            fields->refuse_unknown();
        }
    }
}

void read_raid_type(const std::string& id, Fields& fields, Catalogue& catalogue) {
    RaidType type;
    const auto volume = fields.need("volume");
    const auto word = volume ? volume->word(volumes) : std::nullopt;
    if (word == "data" && fields.flag("hardware").value_or(false)) {
        raid::storcli::WantedVolume& made = type.hardware.emplace();
        made.name = fields.text("name", {.most = 15, .form = &forms::volume_name}).value_or("data");
        read_volume_rules(fields, made);
        catalogue.raid_types.emplace(id, std::move(type));
        return;
    }
    bool none = false;
    type.level = read_level(fields, none);
    if (word == "system") type.volume = RaidType::Volume::system;
    if (type.volume == RaidType::Volume::data && type.level) {
        raid::WantedArray& array = type.array.emplace();
        array.name = fields.text("name", {.most = 32, .form = &forms::array_name}).value_or("data");
        read_array_rules(fields, type.level, array);
    }
    if (word && (type.level || none)) catalogue.raid_types.emplace(id, std::move(type));
}

void read_subnet(const std::string& id, Fields& fields, Catalogue& catalogue) {
    Subnet subnet;
    std::optional<netcfg::Prefix> cidr;
    if (const auto at = fields.need("cidr")) cidr = read_network_prefix(*at);
    if (const auto at = fields.find("gateway")) {
        subnet.gateway = read_address(*at);
        if (subnet.gateway && cidr && !cidr->contains(*subnet.gateway))
            at->error(subnet.gateway->text() + " is not in " + cidr->text());
    }
    if (const auto at = fields.find("dns")) subnet.dns = read_addresses(*at, 8);
    subnet.mtu = fields.number32("mtu", 576, 9216);
    if (!cidr) return;
    subnet.cidr = *cidr;
    catalogue.subnets.emplace(id, std::move(subnet));
}

/// What a vendor tells of a kind of server; nothing of it has a meaning here.
void read_device_type(const std::string& id, Fields& fields, Catalogue& catalogue) {
    Json told = Json::object();
    constexpr Text free_text{.least = 0, .most = 256, .form = &forms::printable};
    for (const std::string_view name :
         {"name", "family", "cpuConcise", "cpuDetail", "memConcise", "memDetail", "ifConcise",
          "ifDetail", "gpuConcise", "gpuDetail", "systemDiskModel", "dataDiskModel"})
        if (auto text = fields.text(name, free_text)) told[std::string(name)] = std::move(*text);
    for (const std::string_view name :
         {"systemDiskAmount", "systemDiskSize", "dataDiskAmount", "dataDiskSize"})
        if (const auto number = fields.number(name, 0, most_number))
            told[std::string(name)] = *number;
    told["isSoldOut"] = fields.flag("isSoldOut").value_or(false);
    catalogue.device_types.emplace(id, told.dump());
}

void read_zone(const std::string& id, Fields& fields, Catalogue& catalogue) {
    constexpr std::array<std::string_view, 2> charge_types{"PREPAID", "POSTPAID"};
    constexpr unsigned widest = 16;  // an EIP is looked for one by one
    Zone zone;
    if (const auto at = fields.need("eips")) {
        zone.eips = read_pools(*at);
        for (const netcfg::Prefix& block : zone.eips)
            if (block.address.v6 || block.length < widest)
                at->error(block.text() + " is no IPv4 network of /16 at most");
    }
    if (const auto at = fields.find("sells")) {
        if (const auto items = at->items(charge_types.size()))
            for (const Cursor& item : *items)
                if (const auto word = item.word(charge_types)) zone.sells.emplace_back(*word);
    } else {
        zone.sells = {"PREPAID", "POSTPAID"};
    }
    catalogue.zones.emplace(id, std::move(zone));
}

}  // namespace

std::expected<Catalogue, Errors> read_catalogue(std::string_view text) {
    const auto document = parse_json(text);
    if (!document) return std::unexpected(document.error());
    Findings findings;
    Catalogue catalogue;
    if (auto fields = Cursor(*document, "", findings).fields()) {
        each(*fields, "raidTypes",
             [&](const std::string& id, Fields& entry) { read_raid_type(id, entry, catalogue); });
        each(*fields, "keypairs", [&](const std::string& id, Fields& entry) {
            if (const auto at = entry.need("publicKey"))
                if (auto line = read_public_key(*at))
                    catalogue.keypairs.emplace(id, std::move(*line));
        });
        each(*fields, "subnets",
             [&](const std::string& id, Fields& entry) { read_subnet(id, entry, catalogue); });
        each(*fields, "osTypes", [&](const std::string& id, Fields& entry) {
            catalogue.os_types.emplace(
                id, entry.text("name", {.most = 128, .form = &forms::printable}).value_or(""));
        });
        each(*fields, "deviceTypes",
             [&](const std::string& id, Fields& entry) { read_device_type(id, entry, catalogue); });
        each(*fields, "zones",
             [&](const std::string& id, Fields& entry) { read_zone(id, entry, catalogue); });
        fields->refuse_unknown();
    }
    if (!findings.clean()) return std::unexpected(findings.take_errors(*document));
    return catalogue;
}

}  // namespace metalwright::spec
