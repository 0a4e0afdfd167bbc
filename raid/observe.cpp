#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "core/each_beside.hpp"
#include "raid/block_tree.hpp"
#include "raid/identity.hpp"
#include "raid/layout.hpp"
#include "raid/mdadm.hpp"
#include "raid/mount_unit.hpp"
#include "raid/room.hpp"

namespace metalwright::raid {
namespace {

namespace fs = std::filesystem;

std::uint64_t number(const std::string& text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// "8-4-4-4-12" -> mdadm's "8:8:8:8". Empty for zeros: the kernel knows the UUID of an array only
/// once it has run.
std::string md_form(std::string_view uuid) {
    if (uuid.find_first_not_of("0-") == std::string_view::npos) return {};
    std::string hex, text;
    for (const char c : uuid)
        if (c != '-') hex += c;
    for (std::size_t i = 0; i < hex.size(); i += 8) {
        if (i != 0) text += ':';
        text += hex.substr(i, 8);
    }
    return text;
}

/// The disk under a member that may be a partition.
std::string disk_identity(const std::string& kernel_name, const BlockMap& map,
                          const std::vector<Disk>& disks) {
    const BlockDevice* whole = map.whole(kernel_name);
    const std::string name = whole == nullptr ? kernel_name : whole->name;
    const auto it = std::ranges::find(disks, name, &Disk::name);
    return it == disks.end() ? '[' + name + ']' : it->identity();
}

/// Of the partition that a member is, where it has one; else empty.
std::string partition_identity(const std::string& kernel_name, const std::vector<Disk>& disks) {
    const auto it = std::ranges::find_if(
        disks, [&](const Disk& d) { return d.is_partition() && d.name == kernel_name; });
    return it == disks.end() ? std::string{} : it->identity();
}

/// From sysfs, where a slot tells a member that is being rebuilt from a spare; mdadm's ROLE is
/// "spare" for both, and for the faulty too.
std::vector<Array::Member> members_of(sys::Files& files, const fs::path& md) {
    std::vector<Array::Member> members;
    for (const std::string& entry : files.list(md).value_or(std::vector<std::string>{})) {
        if (!entry.starts_with("dev-")) continue;
        const std::string state = attribute(files, md / entry / "state");
        const std::string slot = attribute(files, md / entry / "slot");
        const bool seated =
            !slot.empty() && slot.find_first_not_of("0123456789") == std::string::npos;
        std::string role = "spare";
        if (state.find("faulty") != std::string::npos)
            role = "faulty";
        else if (state.find("journal") != std::string::npos)
            role = "journal";
        else if (seated)
            role = slot;
        members.push_back({entry.substr(4), std::move(role)});
    }
    return members;
}

/// What udev's rules have kept of mdadm's answer. Members change, and are read from sysfs.
DetailExport kept_by_udev(Doors& doors, const BlockDevice& device) {
    std::string text;
    for (const auto& [key, value] : udev_properties(doors, device.number))
        if (!key.starts_with("MD_DEVICE")) text.append(key).append("=").append(value).append("\n");
    return parse_detail_export(text);
}

Array array_of(const BlockDevice& device, const DetailExport& detail, const BlockMap& map,
               const std::vector<Disk>& disks, Doors& doors) {
    const fs::path at = doors.roots.sys / "block" / device.name;
    const fs::path md = at / "md";
    const auto read = [&](const char* name) { return attribute(doors.files, md / name); };
    constexpr std::uint64_t sysfs_kib = 1024;
    Array array{.kernel_name = device.name, .path = device.path()};
    array.name = !detail.name.empty()      ? detail.name
                 : !detail.devname.empty() ? detail.devname
                                           : device.name;
    if (!detail.devname.empty() && doors.files.exists(doors.roots.dev / "md" / detail.devname))
        array.path = "/dev/md/" + detail.devname;
    array.uuid = detail.uuid.empty() ? md_form(read("uuid")) : detail.uuid;
    const std::string level = read("level");
    array.level = level.empty() ? detail.level : level;
    array.metadata = detail.metadata.empty() ? read("metadata_version") : detail.metadata;
    array.raid_devices = static_cast<unsigned>(number(read("raid_disks")));  // "4 (3)" reshaping
    array.chunk_kib = static_cast<unsigned>(number(read("chunk_size")) / 1024);
    if (const std::string layout = read("layout"); !layout.empty())
        array.layout = layout_word(array.level, static_cast<unsigned>(number(layout)));
    array.consistency = read("consistency_policy");
    array.component_bytes = array.level == "raid0" ? 0 : number(read("component_size")) * sysfs_kib;
    array.degraded = static_cast<unsigned>(number(read("degraded")));
    array.array_state = read("array_state");
    array.sync_action = read("sync_action");
    constexpr std::uint64_t sysfs_sector = 512;
    array.bytes = number(attribute(doors.files, at / "size")) * sysfs_sector;

    array.members = members_of(doors.files, md);
    if (array.members.empty()) array.members = detail.members;
    for (Array::Member& member : array.members) {
        member.partition = partition_identity(member.disk, disks);
        member.disk = disk_identity(member.disk, map, disks);
    }
    std::ranges::sort(array.members, {}, [](const Array::Member& m) {
        return std::tuple(m.role.size(), m.role, m.disk);  // 0, 1, ... 10, then words
    });
    array.mounts = map.mounts_of(device);
    for (const BlockDevice& partition : device.partitions)
        for (const std::string& point : map.mounts_of(partition)) array.mounts.push_back(point);
    return array;
}

Result<DetailExport> ask_mdadm(const std::string& path, const std::string& mdadm, Doors& doors) {
    const sys::Command command{mdadm, {"--detail", "--export", path}};
    Result<sys::Output> output = sys::expect_ok(doors.exec.run(command), command);
    if (!output) return std::unexpected(std::move(output).error());
    return parse_detail_export(output->out);
}

bool is_array(const BlockDevice& device, Doors& doors) {
    const fs::path state = doors.roots.sys / "block" / device.name / "md/array_state";
    const std::string word = attribute(doors.files, state);
    return !word.empty() && word != "clear";  // clear: a name without an array
}

/// Nothing where it is another one than `only`, or was stopped meanwhile. Errors: not_found (no
/// mdadm to ask).
Result<std::optional<Array>> array_on(const BlockDevice& device, const BlockMap& map,
                                      const std::vector<Disk>& disks, Doors& doors,
                                      std::string_view only) {
    const fs::path md = doors.roots.sys / "block" / device.name / "md";
    // The kernel and mdadm spell the UUID of an older format in another order of bytes.
    const bool same_spelling = attribute(doors.files, md / "metadata_version").starts_with("1");
    const std::string uuid = same_spelling ? md_form(attribute(doors.files, md / "uuid")) : "";
    if (!only.empty() && !uuid.empty() && uuid != only) return std::nullopt;
    DetailExport detail = kept_by_udev(doors, device);
    if (uuid.empty() || detail.uuid != uuid) {  // udev has not come to it yet
        const Result<std::string> mdadm = doors.find_program("mdadm");
        if (!mdadm) return std::unexpected(mdadm.error());
        Result<DetailExport> answer = ask_mdadm(device.path(), *mdadm, doors);
        if (!answer && !is_array(device, doors)) return std::nullopt;
        // Without mdadm's answer sysfs still tells all but the name: no neighbour is hidden for it.
        if (answer) detail = std::move(*answer);
    }
    Array array = array_of(device, detail, map, disks, doors);
    if (array.bytes == 0) return array;
    if (Result<std::vector<Signature>> found = signatures_of(device.path(), doors))
        array.signatures = std::move(*found);
    else
        array.probe_error = found.error().message;
    return array;
}

void see_units(Observed& observed, Doors& doors) {
    const fs::path units = "/etc/systemd/system";
    for (const std::string& name : doors.files.list(units).value_or(std::vector<std::string>{})) {
        if (!name.ends_with(".mount")) continue;
        const Result<std::string> text = doors.files.read(units / name);
        observed.mount_unit_texts[name] = text ? *text : "";
        if (text && is_our_unit(*text) &&
            doors.files.link_target(units / "local-fs.target.wants" / name))
            observed.mount_units.push_back(name);
    }
}

}  // namespace

Result<std::vector<Array>> arrays_in(const BlockMap& map, const std::vector<Disk>& disks,
                                     Doors& doors, std::string_view only) {
    const std::map<std::string, Sync, std::less<>> syncs =
        parse_mdstat(attribute(doors.files, doors.roots.proc / "mdstat"));
    std::vector<Result<std::optional<Array>>> seen(map.tree().size());
    each_beside(seen.size(), [&](std::size_t i) {
        const BlockDevice& device = map.tree()[i];
        if (device.name.starts_with("md") && is_array(device, doors))
            seen[i] = array_on(device, map, disks, doors, only);
    });
    std::vector<Array> arrays;
    for (Result<std::optional<Array>>& one : seen) {
        if (!one) return std::unexpected(std::move(one).error());
        if (!*one) continue;
        Array& array = arrays.emplace_back(std::move(**one));
        if (const auto sync = syncs.find(array.kernel_name); sync != syncs.end()) {
            array.sync_percent = sync->second.percent;
            array.sync_eta_s = sync->second.eta_s;
        }
    }
    return arrays;
}

Result<Observed> observe(Doors& doors, Look look) {
    Result<BlockMap> map = block_map(doors);
    if (!map) return std::unexpected(std::move(map).error());
    Observed observed;
    observed.system = map->system();
    Result<std::vector<Disk>> disks = look.system_content
                                          ? disks_in(*map, doors)
                                          : disks_in(*map, doors, {}, observed.system.disks);
    if (!disks) return std::unexpected(std::move(disks).error());
    observed.disks = std::move(*disks);
    Result<std::vector<Array>> arrays = arrays_in(*map, observed.disks, doors);
    if (!arrays) return std::unexpected(std::move(arrays).error());
    observed.arrays = std::move(*arrays);
    observed.holders = holders_in(*map, observed.disks, observed.arrays, doors);
    if (look.controllers) observed.controllers = observe_controllers(doors);
    observed.kernel = attribute(doors.files, doors.roots.proc / "sys/kernel/osrelease");
    observed.mdadm_conf = doors.files.read("/etc/mdadm/mdadm.conf").value_or(std::string{});
    see_units(observed, doors);
    std::set<std::string> points;
    for (const Mount& mount : map->mounts()) points.insert(mount.point);
    observed.active_mounts.assign(points.begin(), points.end());
    return observed;
}

}  // namespace metalwright::raid
