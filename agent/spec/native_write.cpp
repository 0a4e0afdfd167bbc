#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "agent/spec/native.hpp"
#include "agent/spec/network_read.hpp"
#include "agent/spec/volume_read.hpp"
#include "cloudinit/base64.hpp"

namespace metalwright::spec {
namespace {

using nlohmann::json;

json members_json(const raid::MemberRule& rule) {
    json members = json::object();
    if (!rule.ids.empty()) members["ids"] = rule.ids;
    if (rule.count != 0) members["count"] = rule.count;
    if (rule.media != raid::Media::any)
        members["media"] = rule.media == raid::Media::hdd   ? "hdd"
                           : rule.media == raid::Media::ssd ? "ssd"
                                                            : "nvme";
    if (rule.min_bytes != 0) members["minBytes"] = rule.min_bytes;
    if (rule.max_bytes != 0) members["maxBytes"] = rule.max_bytes;
    if (rule.rotational) members["rotational"] = *rule.rotational;
    if (!rule.controller.empty()) members["controller"] = rule.controller;
    if (rule.order == raid::Order::largest_first) members["first"] = "largest";
    if (rule.same_model) members["sameModel"] = true;
    return members;
}

json filesystem_json(const raid::WantedFilesystem& wanted) {
    json filesystem{{"type", wanted.type}};
    if (!wanted.label.empty()) filesystem["label"] = wanted.label;
    if (!wanted.mount_point.empty()) filesystem["mountPoint"] = wanted.mount_point;
    return filesystem;
}

json drives_json(const raid::storcli::DriveRule& rule) {
    json drives = json::object();
    if (!rule.ids.empty()) drives["ids"] = rule.ids;
    if (rule.count != 0) drives["count"] = rule.count;
    if (rule.media != raid::DriveMedia::unknown) drives["media"] = raid::to_string(rule.media);
    if (rule.enclosure) drives["enclosure"] = *rule.enclosure;
    if (rule.min_bytes != 0) drives["minBytes"] = rule.min_bytes;
    if (rule.max_bytes != 0) drives["maxBytes"] = rule.max_bytes;
    if (rule.largest_first) drives["first"] = "largest";
    if (rule.same_model) drives["sameModel"] = true;
    return drives;
}

json volume_json(const raid::storcli::WantedVolume& volume) {
    json wanted{{"name", volume.name},
                {"level", "raid" + std::to_string(volume.level)},
                {"drives", drives_json(volume.drives)},
                {"spares", volume.spares}};
    if (!volume.controller.empty()) wanted["controller"] = volume.controller;
    if (volume.spans != 0) wanted["spans"] = volume.spans;
    if (volume.strip_kib != 0) wanted["stripKiB"] = volume.strip_kib;
    for (const auto& [name, word] : cache_fields(volume.cache))
        wanted["cache"][std::string(name)] = word;
    if (volume.bytes != 0) wanted["sizeBytes"] = volume.bytes;
    if (volume.boot) wanted["boot"] = true;
    if (volume.init != raid::storcli::Init::none)
        wanted["init"] = volume.init == raid::storcli::Init::fast ? "fast" : "full";
    if (volume.filesystem) wanted["filesystem"] = filesystem_json(*volume.filesystem);
    return wanted;
}

json array_json(const raid::WantedArray& array) {
    json wanted{{"name", array.name},
                {"level", raid::to_string(array.level)},
                {"members", members_json(array.members)},
                {"spares", array.spares}};
    if (array.chunk_kib != 0) wanted["chunkKiB"] = array.chunk_kib;
    if (!array.layout.empty()) wanted["layout"] = array.layout;
    if (!array.journal.empty())
        wanted["journal"] = array.journal;
    else if (array.consistency)
        wanted["consistency"] = raid::to_string(*array.consistency);
    if (!array.metadata.empty()) wanted["metadata"] = array.metadata;
    if (array.member_bytes != 0) wanted["memberBytes"] = array.member_bytes;
    if (array.filesystem) wanted["filesystem"] = filesystem_json(*array.filesystem);
    return wanted;
}

json storage_json(const raid::Wanted& storage) {
    json wanted = json::object();
    if (storage.system)
        wanted["system"]["level"] = raid::to_string(*storage.system);
    else if (storage.system_plain)
        wanted["system"]["level"] = "none";
    if (storage.arrays) {
        json& arrays = wanted["arrays"] = json::array();
        for (const raid::WantedArray& array : *storage.arrays) arrays.push_back(array_json(array));
    }
    if (storage.volumes) {
        json& volumes = wanted["volumes"] = json::array();
        for (const raid::storcli::WantedVolume& volume : *storage.volumes)
            volumes.push_back(volume_json(volume));
    }
    for (const raid::storcli::WantedSpares& spares : storage.spares) {
        json& one =
            wanted["globalSpares"].emplace_back(json{{"drives", drives_json(spares.drives)}});
        if (!spares.controller.empty()) one["controller"] = spares.controller;
    }
    if (!storage.boot_kernel.empty()) wanted["bootKernel"] = storage.boot_kernel;
    return wanted;
}

json primary_json(const netcfg::Primary& primary) {
    json wanted{{"address", primary.address.text()}};
    if (primary.gateway) wanted["gateway"] = primary.gateway->text();
    for (const netcfg::Address& server : primary.dns) wanted["dns"].push_back(server.text());
    if (primary.mtu) wanted["mtu"] = *primary.mtu;
    json& routes = wanted["routes"] = json::array();
    for (const netcfg::StaticRoute& route : primary.routes) {
        json& one = routes.emplace_back(json{{"to", route.to.text()}});
        if (route.via) one["via"] = route.via->text();
        if (route.metric) one["metric"] = *route.metric;
    }
    return wanted;
}

json alias_json(const netcfg::Alias& alias) {
    json one{{std::string(list_of(alias.kind).field), alias.cidr.text()}};
    if (!alias.id.empty()) one["id"] = alias.id;
    if (alias.kind == netcfg::Kind::alias) one["routed"] = alias.routed;
    if (alias.as != netcfg::Alias::As::automatic)
        one["as"] = alias.as == netcfg::Alias::As::local_route ? "route" : "address";
    for (const auto& [name, value] : {std::pair("adopt", alias.adopt),
                                      {"preferred", alias.preferred},
                                      {"detectDuplicate", alias.detect_duplicate}})
        if (value) one[name] = true;
    return one;
}

json nic_json(const netcfg::NicSelector& nic) {
    json selector = json::object();
    if (!nic.mac.empty()) selector["mac"] = nic.mac;
    if (!nic.name.empty()) selector["name"] = nic.name;
    return selector;
}

json bond_json(const netcfg::Bond& bond) {
    json wanted{{"name", bond.name}, {"mode", netcfg::to_string(bond.mode)}};
    if (bond.mode == netcfg::Bond::Mode::lacp) {
        wanted["hashPolicy"] = netcfg::to_string(bond.hash);
        wanted["lacpRate"] = bond.fast ? "fast" : "slow";
    }
    if (!bond.ports) return wanted;
    json& ports = wanted["ports"] = json::array();
    for (const netcfg::NicSelector& port : *bond.ports) ports.push_back(nic_json(port));
    return wanted;
}

json network_json(const netcfg::Wanted& network) {
    json wanted = json::object();
    if (network.nic != netcfg::NicSelector()) wanted["nic"] = nic_json(network.nic);
    if (network.bond) wanted["bond"] = bond_json(*network.bond);
    if (network.vlan) wanted["vlan"] = *network.vlan;
    if (network.primary) wanted["primary"] = primary_json(*network.primary);
    for (const netcfg::Kind kind : listed_kinds)
        if (network.manages(kind)) wanted[std::string(list_of(kind).name)] = json::array();
    if (network.aliases)
        for (const netcfg::Alias& alias : *network.aliases)
            wanted[std::string(list_of(alias.kind).name)].push_back(alias_json(alias));
    for (const netcfg::Prefix& pool : network.pools) wanted["pools"].push_back(pool.text());
    for (const netcfg::Wanted& other : network.others)
        wanted["otherNics"].push_back(network_json(other));
    return wanted;
}

template <class T>
void put(json& into, const char* name, const std::optional<T>& value) {
    if (value) into[name] = *value;
}

void put_password(json& into, const RootPassword& password, Secrets secrets) {
    if (secrets == Secrets::include) put(into, "password", password.plain);
    put(into, "passwordHash", password.hash);
    if (password.sealed_to && secrets == Secrets::include)
        into["generatePassword"]["publicKey"] = *password.sealed_to;
}

json user_data_json(const UserData& data) {
    json user_data{{"base64", cloudinit::encode_base64(data.bytes)},
                   {"onInterrupted", data.rerun_interrupted ? "rerun" : "report"}};
    if (data.timeout.count() != 0) user_data["timeoutSeconds"] = data.timeout.count();
    if (data.retries != 0) user_data["retries"] = data.retries;
    if (data.backoff != UserData().backoff) user_data["backoffSeconds"] = data.backoff.count();
    if (data.run_after_failure) user_data["afterFailure"] = "run";
    if (data.stream) user_data["stream"] = true;
    if (!data.metadata.empty()) user_data["metadata"] = data.metadata;
    if (!data.secrets.empty()) user_data["secrets"] = data.secrets;
    return user_data;
}

}  // namespace

json native_json(const HostSpec& spec, Secrets secrets) {
    json document{{"apiVersion", api_version}};
    if (!spec.host_id.empty()) document["host"]["id"] = spec.host_id;
    if (spec.instance_id || spec.instance_name || spec.description) {
        json& instance = document["instance"];
        put(instance, "id", spec.instance_id);
        put(instance, "name", spec.instance_name);
        put(instance, "description", spec.description);
    }
    put(document, "generation", spec.generation);
    if (spec.token) document["operation"]["token"] = *spec.token;
    if (spec.reinstall) document["operation"]["reinstall"] = true;
    for (const raid::WipeConsent& consent : spec.wipe_consent)
        document["operation"]["wipeConsent"].push_back(
            {{"disk", consent.disk}, {"found", consent.found}});
    for (const raid::Replacement& one : spec.replace) {
        json& replacement = document["operation"]["replace"].emplace_back(json{{"disk", one.disk}});
        if (!one.with.empty()) replacement["with"] = one.with;
    }
    if (spec.storage) document["storage"] = storage_json(*spec.storage);
    if (spec.network) document["network"] = network_json(*spec.network);
    if (spec.secondary_count)
        document["network"]["secondaryCount"] = {{"ipv4", spec.secondary_count->ipv4},
                                                 {"ipv6", spec.secondary_count->ipv6}};
    for (const netcfg::Prefix& cidr : spec.withdrawn)
        document["network"]["withdrawn"].push_back(cidr.text());
    if (spec.bandwidth_mbps) document["network"]["bandwidthMbps"] = *spec.bandwidth_mbps;
    if (spec.extra_uplink_mbps) document["network"]["extraUplinkMbps"] = *spec.extra_uplink_mbps;
    put(document, "hostname", spec.hostname);
    if (spec.renew_machine_id) document["renew"].push_back("machineId");
    if (spec.renew_host_keys) document["renew"].push_back("hostKeys");
    put_password(document, spec.password, secrets);
    put(document, "authorizedKeys", spec.authorized_keys);
    if (spec.user_data) document["userData"] = user_data_json(*spec.user_data);
    if (spec.release) document["release"]["instanceId"] = spec.release->instance_id;
    if (spec.reset) {
        document["resetPassword"]["instanceId"] = spec.reset->instance_id;
        put_password(document["resetPassword"], spec.reset->password, secrets);
    }
    if (spec.release && spec.release->remove_arrays) document["release"]["arrays"] = "remove";
    return document;
}

}  // namespace metalwright::spec
