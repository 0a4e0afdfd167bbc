#include "agent/inventory/document.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "raid/identity.hpp"

namespace metalwright::inventory {
namespace {

// Keys come out in the order they are put in.
using Json = nlohmann::ordered_json;

Json to_json(const std::vector<raid::Signature>& signatures) {
    Json list = Json::array();
    for (const raid::Signature& s : signatures)
        list.push_back(
            {{"type", s.type}, {"offset", s.offset}, {"label", s.label}, {"uuid", s.uuid}});
    return list;
}

Json to_json(const raid::Disk& disk, const raid::Controllers& controllers) {
    Json json{{"name", disk.name},
              {"path", disk.path},
              {"byId", disk.by_id},
              {"serial", disk.serial},
              {"wwn", disk.wwn},
              {"model", disk.model},
              {"transport", disk.transport},
              {"pci", disk.pci},
              {"bytes", disk.bytes},
              {"rotational", disk.rotational},
              {"readOnly", disk.read_only},
              {"removable", disk.removable},
              {"holders", disk.holders},
              {"mounts", disk.mounts},
              {"partitions", disk.partitions},
              {"signatures", to_json(disk.signatures)},
              {"blank", disk.blank()},
              {"locateLed", !disk.led.empty()}};
    const raid::Controller* behind = raid::controller_of(disk, controllers);
    json["controller"] = behind == nullptr ? Json() : Json(behind->id);
    json["parts"] = Json::array();
    if (!disk.probe_error.empty()) json["probeError"] = disk.probe_error;
    return json;
}

/// A partition that an order may name.
Json part_json(const raid::Disk& part) {
    return {{"name", part.name},     {"id", part.identity()},
            {"bytes", part.bytes},   {"holders", part.holders},
            {"mounts", part.mounts}, {"signatures", to_json(part.signatures)},
            {"blank", part.blank()}};
}

Json to_json(const raid::Array& array) {
    Json json{{"name", array.name},
              {"path", array.path},
              {"uuid", array.uuid},
              {"level", array.level},
              {"metadata", array.metadata},
              {"state", array.array_state},
              {"syncAction", array.sync_action}};
    json["syncPercent"] = array.sync_percent < 0 ? Json() : Json(array.sync_percent);
    json["syncEtaSeconds"] = array.sync_eta_s < 0 ? Json() : Json(array.sync_eta_s);
    json["degraded"] = array.degraded;
    json["raidDevices"] = array.raid_devices;
    json["chunkKiB"] = array.chunk_kib;
    json["layout"] = array.layout;
    json["consistency"] = array.consistency;
    json["memberBytes"] = array.component_bytes;
    Json& members = json["members"] = Json::array();
    for (const raid::Array::Member& m : array.members) {
        Json& member = members.emplace_back(Json{{"disk", m.disk}, {"role", m.role}});
        if (!m.partition.empty()) member["partition"] = m.partition;
    }
    json["bytes"] = array.bytes;
    json["mounts"] = array.mounts;
    return json;
}

Json or_null(const std::optional<unsigned>& number) {
    return number ? Json(*number) : Json();
}

Json to_json(const Error& error) {
    Json json{{"code", to_string(error.code)}, {"message", error.message}, {"where", error.where}};
    if (error.sys != 0) json["toolCode"] = error.sys;
    return json;
}

Json to_json(const raid::Drive& drive) {
    Json json{{"selector", drive.selector},
              {"enclosure", or_null(drive.enclosure)},
              {"slot", or_null(drive.slot)},
              {"state", to_string(drive.state)},
              {"rawState", drive.raw_state},
              {"sizeBytes", drive.bytes},
              {"model", drive.model},
              {"serial", drive.serial},
              {"wwn", drive.wwn},
              {"media", to_string(drive.media)},
              {"volumes", drive.volumes}};
    json["rebuildPercent"] = drive.percent < 0 ? Json() : Json(drive.percent);
    json["rebuildTimeLeft"] = drive.time_left;
    return json;
}

Json to_json(const raid::Task& task) {
    return {{"action", to_string(task.kind)},
            {"name", task.name},
            {"percent", task.percent < 0 ? Json() : Json(task.percent)},
            {"timeLeft", task.time_left}};
}

Json to_json(const raid::VirtualDrive& volume) {
    Json json{{"id", volume.id},
              {"level", volume.level},
              {"state", to_string(volume.state)},
              {"rawState", volume.raw_state},
              {"name", volume.name},
              {"sizeBytes", volume.bytes},
              {"stripKiB", volume.strip_kib},
              {"cache", volume.cache},
              {"drives", volume.drives},
              {"wwn", volume.wwn}};
    json["task"] = volume.task ? to_json(*volume.task) : Json();
    return json;
}

Json to_json(const raid::Controller& controller);

template <class Item>
Json list_of(const std::vector<Item>& items) {
    Json list = Json::array();
    for (const Item& item : items) list.push_back(to_json(item));
    return list;
}

Json to_json(const raid::Controller& controller) {
    Json json{{"id", controller.id},
              {"tool", controller.tool},
              {"model", controller.model},
              {"serial", controller.serial},
              {"pci", controller.pci},
              {"firmware", controller.firmware},
              {"mode", to_string(controller.mode)},
              {"levels", controller.levels},
              {"flags", controller.flags}};
    json["drives"] = list_of(controller.drives);
    json["volumes"] = list_of(controller.volumes);
    json["errors"] = list_of(controller.errors);
    return json;
}

Json to_json(const netcfg::Link& link, const netcfg::Observed& network) {
    Json addresses = Json::array();
    for (const netcfg::KernelAddress& address : network.addresses)
        if (address.ifindex == link.index) addresses.push_back(address.prefix.text());
    return {{"name", link.name},
            {"mac", link.mac},
            {"kind", link.kind},
            {"mtu", link.mtu},
            {"up", link.up},
            {"carrier", link.carrier},
            {"addresses", std::move(addresses)}};
}

}  // namespace

std::string document(const raid::Observed& storage, const raid::Controllers& controllers,
                     const netcfg::Observed& network) {
    Json json;
    Json& disks = json["disks"] = Json::array();
    for (const raid::Disk& disk : storage.disks) {
        if (disk.is_partition()) continue;
        Json& one = disks.emplace_back(to_json(disk, controllers));
        for (const raid::Disk& part : storage.disks)
            if (part.whole == disk.name) one["parts"].push_back(part_json(part));
    }
    json["arrays"] = list_of(storage.arrays);
    json["controllers"] = list_of(controllers.list);
    json["controllerErrors"] = list_of(controllers.errors);
    Json& nics = json["nics"] = Json::array();
    for (const netcfg::Link& link : network.links)
        if (!link.loopback) nics.push_back(to_json(link, network));
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace metalwright::inventory
