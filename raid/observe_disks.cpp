#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "core/each_beside.hpp"
#include "raid/block_tree.hpp"
#include "raid/identity.hpp"
#include "raid/room.hpp"

namespace metalwright::raid {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t sysfs_sector = 512;  // whatever the disk's own is

/// Whole devices that are no disks: made of others, or of memory.
bool is_no_disk(std::string_view name) {
    constexpr std::array<std::string_view, 10> prefixes{
        "loop", "ram", "zram", "sr", "fd", "md", "dm-", "bcache", "drbd", "mtdblock"};
    const bool boot_area =
        name.starts_with("mmcblk") && (name.find("boot") != std::string_view::npos ||
                                       name.find("rpmb") != std::string_view::npos);
    return boot_area || std::ranges::any_of(prefixes, [&](std::string_view prefix) {
               return name.starts_with(prefix);
           });
}

std::uint64_t number(const std::string& text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// A serial without the padding and the control bytes that firmware puts round it.
std::string clean(std::string_view raw) {
    std::string text;
    for (const char c : raw)
        if (static_cast<unsigned char>(c) > 0x20 && c != '\x7f')
            text += c;
        else if (!text.empty() && text.back() != ' ')
            text += ' ';
    while (text.ends_with(' ')) text.pop_back();
    return text;
}

/// udev's database entry of one device.
struct UdevEntry {
    std::map<std::string, std::string, std::less<>> properties;
    std::vector<std::string> links;  ///< "disk/by-id/ata-..."

    std::string operator[](std::string_view key) const {
        const auto it = properties.find(key);
        return it == properties.end() ? std::string{} : it->second;
    }
};

UdevEntry udev_entry(Doors& doors, const std::string& device_number) {
    UdevEntry entry;
    const Result<std::string> text =
        doors.files.read(doors.roots.run / "udev/data" / ("b" + device_number));
    if (!text) return entry;
    std::string_view rest = *text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.starts_with("S:")) entry.links.emplace_back(line.substr(2));
        const std::size_t equals = line.find('=');
        if (line.starts_with("E:") && equals != std::string_view::npos)
            entry.properties.emplace(line.substr(2, equals - 2), line.substr(equals + 1));
    }
    return entry;
}

/// Page 0x80 of a SCSI or SATA disk: four bytes of header, then the serial.
std::string vpd_serial(Doors& doors, const fs::path& at) {
    const Result<std::string> page = doors.files.read(at / "device/vpd_pg80");
    return page && page->size() > 4 ? clean(std::string_view(*page).substr(4)) : std::string{};
}

std::string serial_of(Doors& doors, const fs::path& at, const UdevEntry& udev) {
    for (const char* place : {"serial", "device/serial"})  // virtio, NVMe and MMC
        if (std::string serial = clean(attribute(doors.files, at / place)); !serial.empty())
            return serial;
    if (std::string serial = vpd_serial(doors, at); !serial.empty()) return serial;
    for (const char* key : {"ID_SCSI_SERIAL", "ID_SERIAL_SHORT"})
        if (std::string serial = clean(udev[key]); !serial.empty()) return serial;
    return {};
}

std::string wwn_of(Doors& doors, const fs::path& at, const UdevEntry& udev) {
    for (const char* key : {"ID_WWN_WITH_EXTENSION", "ID_WWN"})
        if (std::string wwn = udev[key]; !wwn.empty()) return wwn;
    for (const char* place : {"wwid", "device/wwid"}) {
        const std::string wwid = attribute(doors.files, at / place);
        // "t10.ATA ..." repeats model and serial; only registered names are world wide.
        if (wwid.starts_with("naa.") || wwid.starts_with("eui.")) return wwid;
    }
    return {};
}

std::string transport_of(std::string_view name, const UdevEntry& udev) {
    if (name.starts_with("nvme")) return "nvme";
    if (name.starts_with("vd")) return "virtio";
    const std::string bus = udev["ID_BUS"];
    return bus == "ata" ? "sata" : bus == "scsi" ? "sas" : bus;
}

std::string model_of(Doors& doors, const fs::path& at, const UdevEntry& udev) {
    std::string model = clean(attribute(doors.files, at / "device/model"));
    return model.empty() ? udev["ID_MODEL"] : model;
}

std::string by_id_of(const UdevEntry& udev) {
    std::vector<std::string> links;
    for (const std::string& link : udev.links)
        if (link.starts_with("disk/by-id/")) links.push_back("/dev/" + link);
    if (links.empty()) return {};
    // A name that people can read on the label goes before a number.
    return *std::ranges::min_element(links, {}, [](const std::string& link) {
        const bool numeric = link.find("/wwn-") != std::string::npos ||
                             link.find("/nvme-eui.") != std::string::npos ||
                             link.find("/scsi-") != std::string::npos;
        return std::pair(numeric, link);
    });
}

/// "0000:3b:00.0" of "../devices/pci0000:3a/0000:3a:02.0/0000:3b:00.0/host0/...": the last in the
/// path that is one.
std::string pci_of(Doors& doors, const fs::path& at) {
    const Result<std::string> path = doors.files.link_target(at);
    if (!path) return {};
    std::string last;
    for (const fs::path& part : fs::path(*path)) {
        const std::string name = part.string();
        constexpr std::string_view form = "xxxx:xx:xx.x";
        const bool is_one =
            name.size() == form.size() && std::ranges::equal(name, form, [](char c, char is) {
                return is == 'x' ? (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') : c == is;
            });
        if (is_one) last = name;
    }
    return last;
}

/// The LED of the slot that a SCSI enclosure says the disk is in.
std::string led_of(Doors& doors, const fs::path& at) {
    const Result<std::vector<std::string>> names = doors.files.list(at / "device");
    if (!names) return {};
    for (const std::string& name : *names)
        if (name.starts_with("enclosure_device:"))
            if (fs::path led = at / "device" / name / "locate"; doors.files.exists(led))
                return led.string();
    return {};
}

void append_new(std::vector<std::string>& all, const std::vector<std::string>& more) {
    for (const std::string& one : more)
        if (std::ranges::find(all, one) == all.end()) all.push_back(one);
}

Disk disk_of(const BlockDevice& device, const BlockMap& map, Doors& doors) {
    const fs::path at = doors.roots.sys / "block" / device.name;
    const UdevEntry udev = udev_entry(doors, device.number);
    Disk disk{.name = device.name,
              .path = device.path(),
              .by_id = by_id_of(udev),
              .serial = serial_of(doors, at, udev),
              .wwn = wwn_of(doors, at, udev),
              .model = model_of(doors, at, udev),
              .transport = transport_of(device.name, udev),
              .pci = pci_of(doors, at),
              .bytes = number(attribute(doors.files, at / "size")) * sysfs_sector,
              .rotational = attribute(doors.files, at / "queue/rotational") == "1",
              .read_only = attribute(doors.files, at / "ro") == "1",
              .removable = attribute(doors.files, at / "removable") == "1",
              .holders = device.holders,
              .mounts = map.mounts_of(device),
              .led = led_of(doors, at)};
    for (const BlockDevice& partition : device.partitions) {
        disk.partitions.push_back(partition.name);
        append_new(disk.holders, partition.holders);
        append_new(disk.mounts, map.mounts_of(partition));
    }
    return disk;
}

/// What is on it and on its partitions.
void read_signatures(Disk& disk, const BlockDevice& device, Doors& doors) {
    if (disk.bytes == 0) return;
    std::vector<std::pair<std::string, std::string>> places{{disk.path, ""}};  // path, partition
    for (const BlockDevice& partition : device.partitions)
        places.emplace_back(partition.path(), partition.name);
    for (const auto& [path, partition] : places) {
        Result<std::vector<Signature>> found = signatures_of(path, doors);
        if (!found) {
            disk.probe_error = path + ": " + found.error().message;
            continue;
        }
        for (Signature& signature : *found) {
            signature.partition = partition;
            disk.signatures.push_back(std::move(signature));
        }
    }
}

/// Of a partition of a GPT, in lower case; else empty.
std::string part_uuid_of(const BlockDevice& partition, Doors& doors) {
    const UdevEntry udev = udev_entry(doors, partition.number);
    std::string uuid = udev["ID_PART_ENTRY_UUID"];
    if (udev["ID_PART_ENTRY_SCHEME"] != "gpt") return {};
    std::ranges::transform(uuid, uuid.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return uuid;
}

/// Whether any of the ids names the disk, or a partition of it. Reads no more than that needs.
bool is_about(std::span<const std::string> ids, const BlockDevice& device, Doors& doors) {
    const fs::path at = doors.roots.sys / "block" / device.name;
    const UdevEntry udev = udev_entry(doors, device.number);
    std::vector<Disk> all{{.name = device.name,
                           .serial = serial_of(doors, at, udev),
                           .wwn = wwn_of(doors, at, udev)}};
    for (const BlockDevice& partition : device.partitions)
        if (std::string uuid = part_uuid_of(partition, doors); !uuid.empty())
            all.push_back({.part_uuid = std::move(uuid), .whole = device.name});
    return std::ranges::any_of(ids, [&](const std::string& id) {
        return std::ranges::any_of(
            all, [&](const Disk& one) { return names(id, one) || id == one.identity(); });
    });
}

/// A partition that can be named: of a GPT, by its own UUID. It is as free as its disk lets it be:
/// who holds the whole disk holds it too, and where something could not be read nothing is known.
std::optional<Disk> partition_of(const BlockDevice& partition, const BlockDevice& device,
                                 const Disk& disk, const BlockMap& map, Doors& doors) {
    std::string uuid = part_uuid_of(partition, doors);
    if (uuid.empty()) return std::nullopt;
    const fs::path at = doors.roots.sys / "block" / device.name / partition.name;
    Disk part{.name = partition.name,
              .path = partition.path(),
              .model = disk.model,
              .transport = disk.transport,
              .bytes = number(attribute(doors.files, at / "size")) * sysfs_sector,
              .rotational = disk.rotational,
              .read_only = disk.read_only || attribute(doors.files, at / "ro") == "1",
              .removable = disk.removable,
              .holders = device.holders,
              .mounts = map.mounts_of(partition),
              .probe_error = disk.probe_error,
              .part_uuid = std::move(uuid),
              .whole = device.name};
    append_new(part.holders, partition.holders);
    for (const Signature& signature : disk.signatures)
        if (signature.partition == partition.name) {
            part.signatures.push_back(signature);
            part.signatures.back().partition.clear();
        }
    return part;
}

bool is_disk(const BlockDevice& device, Doors& doors) {
    // Hidden: one path of a multipath NVMe namespace, without a device node.
    return !is_no_disk(device.name) &&
           attribute(doors.files, doors.roots.sys / "block" / device.name / "hidden") != "1";
}

/// The disk and then those of its partitions that can be named; nothing for an empty slot.
std::vector<Disk> disk_and_partitions(const BlockDevice& device, const BlockMap& map, Doors& doors,
                                      std::span<const std::string> unread) {
    Disk disk = disk_of(device, map, doors);
    if (disk.bytes == 0 && (disk.removable || device.name.starts_with("nbd"))) return {};
    if (std::ranges::find(unread, device.name) == unread.end())
        read_signatures(disk, device, doors);
    else
        disk.probe_error = "nobody looked at it";
    std::vector<Disk> all{std::move(disk)};
    for (const BlockDevice& partition : device.partitions)
        if (auto part = partition_of(partition, device, all.front(), map, doors))
            all.push_back(std::move(*part));
    return all;
}

}  // namespace

std::map<std::string, std::string, std::less<>> udev_properties(Doors& doors,
                                                                const std::string& number) {
    return udev_entry(doors, number).properties;
}

Result<std::vector<Signature>> signatures_of(const std::string& path, Doors& doors) {
    const Result<std::vector<sys::BlockSignature>> found = doors.signatures.probe(path);
    if (!found) return std::unexpected(found.error());
    std::vector<Signature> all;
    for (const sys::BlockSignature& one : *found)
        all.push_back({one.type, one.offset, one.label, one.uuid});
    return all;
}

Result<std::vector<Disk>> disks_in(const BlockMap& map, Doors& doors,
                                   std::span<const std::string> only,
                                   std::span<const std::string> unread) {
    std::vector<std::vector<Disk>> seen(map.tree().size());
    each_beside(seen.size(), [&](std::size_t i) {
        const BlockDevice& device = map.tree()[i];
        if (is_disk(device, doors) && (only.empty() || is_about(only, device, doors)))
            seen[i] = disk_and_partitions(device, map, doors, unread);
    });
    std::vector<Disk> disks, partitions;
    for (std::vector<Disk>& one : seen)
        for (Disk& disk : one)
            (disk.is_partition() ? partitions : disks).push_back(std::move(disk));
    disks.insert(disks.end(), std::make_move_iterator(partitions.begin()),
                 std::make_move_iterator(partitions.end()));
    return disks;
}

Result<std::vector<Disk>> observe_disks(Doors& doors, std::span<const std::string> only) {
    Result<BlockMap> map = block_map(doors);
    if (!map) return std::unexpected(std::move(map).error());
    return disks_in(*map, doors, only);
}

}  // namespace metalwright::raid
