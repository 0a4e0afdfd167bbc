#include "raid/identity.hpp"

#include <algorithm>
#include <array>

namespace metalwright::raid {
namespace {

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string hex_of(std::string_view uuid) {
    std::string all;
    for (const char c : uuid)
        if (is_hex(c)) all += lower(c);
    return all;
}

std::string bare_wwn(std::string_view wwn) {
    std::string text;
    for (const char c : wwn) text += lower(c);
    for (const std::string_view prefix : {"wwn-", "naa.", "eui.", "0x"})
        if (text.starts_with(prefix)) text.erase(0, prefix.size());
    return text;
}

}  // namespace

bool names(std::string_view id, const Disk& disk) {
    if (id.empty()) return false;
    if (disk.is_partition()) return std::ranges::equal(id, disk.identity(), {}, lower, lower);
    return id == disk.serial || (!disk.wwn.empty() && bare_wwn(id) == bare_wwn(disk.wwn));
}

std::vector<const Disk*> disks_named(std::string_view id, std::span<const Disk> disks) {
    std::vector<const Disk*> found;
    for (const Disk& disk : disks)
        if (names(id, disk) || id == disk.identity()) found.push_back(&disk);
    return found;
}

bool same_uuid(std::string_view a, std::string_view b) {
    const std::string left = hex_of(a);
    return !left.empty() && left == hex_of(b);
}

const Array* array_with(std::string_view uuid, std::span<const Array> arrays) {
    const auto it =
        std::ranges::find_if(arrays, [&](const Array& a) { return same_uuid(a.uuid, uuid); });
    return it == arrays.end() ? nullptr : &*it;
}

bool carries(const Disk& disk, std::string_view uuid) {
    return std::ranges::any_of(disk.signatures, [&](const Signature& s) {
        return s.type == "linux_raid_member" && s.partition.empty() && same_uuid(s.uuid, uuid);
    });
}

std::string tell(const Disk& disk) {
    return disk.identity() + " (" + disk.path + ')';
}

std::string tell(std::span<const std::string> words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i != 0) text += i + 1 == words.size() ? " and " : ", ";
        text += words[i];
    }
    return text;
}

std::vector<std::string> obstacles(const Disk& disk) {
    std::vector<std::string> all;
    for (const Signature& signature : disk.signatures)
        all.push_back("holds " + signature.type +
                      (signature.label.empty() ? "" : " '" + signature.label + '\'') + " at byte " +
                      std::to_string(signature.offset) +
                      (signature.partition.empty() ? "" : " of " + signature.partition));
    for (const std::string& holder : disk.holders) all.push_back("is held by " + holder);
    for (const std::string& mount : disk.mounts)
        all.push_back(mount == "swap" ? "is swapped on" : "is mounted at " + mount);
    if (!disk.partitions.empty()) all.push_back("has partitions " + tell(disk.partitions));
    if (!disk.probe_error.empty()) all.push_back("cannot be searched (" + disk.probe_error + ')');
    if (disk.read_only) all.emplace_back("is read-only");
    if (disk.bytes == 0) all.emplace_back("has no medium");
    return all;
}

std::string tell_obstacles(const Disk& disk) {
    return tell(disk) + ' ' + tell(obstacles(disk));
}

const Controller* controller_of(const Disk& disk, const Controllers& controllers) {
    for (const Controller& one : controllers.list) {
        const bool volume = std::ranges::any_of(
            one.volumes, [&](const VirtualDrive& v) { return names(v.wwn, disk); });
        const bool drive = std::ranges::any_of(one.drives, [&](const Drive& d) {
            return d.state == DriveState::jbod && (names(d.serial, disk) || names(d.wwn, disk));
        });
        if (volume || drive) return &one;
    }
    return nullptr;
}

}  // namespace metalwright::raid
