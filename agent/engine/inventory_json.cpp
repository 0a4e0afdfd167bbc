#include "agent/engine/json.hpp"

namespace metalwright::engine {
namespace {

Json to_json(const std::vector<raid::Signature>& signatures) {
    Json list = Json::array();
    for (const raid::Signature& s : signatures)
        list.push_back(
            {{"type", s.type}, {"offset", s.offset}, {"label", s.label}, {"uuid", s.uuid}});
    return list;
}

Json to_json(const raid::Disk& disk) {
    Json json{{"name", disk.name},
              {"path", disk.path},
              {"byId", disk.by_id},
              {"serial", disk.serial},
              {"wwn", disk.wwn},
              {"model", disk.model},
              {"transport", disk.transport},
              {"bytes", disk.bytes},
              {"rotational", disk.rotational},
              {"readOnly", disk.read_only},
              {"removable", disk.removable},
              {"holders", disk.holders},
              {"mounts", disk.mounts},
              {"partitions", disk.partitions},
              {"signatures", to_json(disk.signatures)},
              {"blank", disk.blank()}};
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

}  // namespace

Json to_json(const raid::Observed& observed, const netcfg::Observed& network) {
    Json json;
    Json& disks = json["disks"] = Json::array();
    for (const raid::Disk& disk : observed.disks) {
        if (disk.is_partition()) continue;
        Json& one = disks.emplace_back(to_json(disk));
        for (const raid::Disk& part : observed.disks)
            if (part.whole == disk.name) one["parts"].push_back(part_json(part));
    }
    Json& arrays = json["arrays"] = Json::array();
    for (const raid::Array& array : observed.arrays) arrays.push_back(to_json(array));
    Json& nics = json["nics"] = Json::array();
    for (const netcfg::Link& link : network.links) {
        if (link.loopback) continue;
        Json addresses = Json::array();
        for (const netcfg::KernelAddress& address : network.addresses)
            if (address.ifindex == link.index) addresses.push_back(address.prefix.text());
        nics.push_back({{"name", link.name},
                        {"mac", link.mac},
                        {"kind", link.kind},
                        {"mtu", link.mtu},
                        {"up", link.up},
                        {"carrier", link.carrier},
                        {"addresses", std::move(addresses)}});
    }
    return json;
}

}  // namespace metalwright::engine
