#include "raid/wishes.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <set>
#include <string>

#include "raid/layout.hpp"

namespace metalwright::raid {
namespace {

bool is_plain(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
}

/// mdadm itself accepts "a/b" and "..", and would make a device node of them.
bool is_name(std::string_view name) {
    return is_plain(name) && name.size() <= 32 && name != "." && name != ".." &&
           name.front() != '-';
}

bool is_mount_point(std::string_view path) {
    if (path.size() < 2 || path.front() != '/') return false;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view part = path.substr(0, path.find('/'));
        if (!is_plain(part) || part == "." || part == "..") return false;
        path.remove_prefix(part.size());
    }
    return true;
}

/// Mounting here would hide what the running system stands on.
bool hides_the_system(std::string_view path) {
    constexpr std::array<std::string_view, 13> trees{"/bin",   "/boot",  "/dev",  "/etc", "/lib",
                                                     "/lib32", "/lib64", "/proc", "/run", "/sbin",
                                                     "/sys",   "/tmp",   "/usr"};
    for (const std::string_view tree : trees)
        if (path == tree || (path.starts_with(tree) && path[tree.size()] == '/')) return true;
    return path == "/var" || path == "/var/lib" || path == "/var/log" || path == "/root";
}

std::size_t longest_label(std::string_view type) {
    return type == "xfs" ? 12 : 16;
}

Error wrong(const WantedArray& wanted, const std::string& what) {
    return {Errc::invalid_spec, "array '" + wanted.name + "': " + what, wanted.name};
}

/// What mdadm would refuse, or do otherwise than it was asked to.
std::optional<Error> geometry_fault(const WantedArray& wanted) {
    const std::string level(to_string(wanted.level));
    const bool parity = wanted.level == Level::raid5 || wanted.level == Level::raid6;
    if (wanted.chunk_kib != 0) {
        if (wanted.level == Level::raid1) return wrong(wanted, "raid1 has no chunks");
        if (wanted.chunk_kib < 4 || !std::has_single_bit(wanted.chunk_kib))
            return wrong(wanted, "the chunk is a power of two and at least 4 KiB");
    }
    if (!wanted.layout.empty()) {
        if (!is_layout(wanted.level, wanted.layout))
            return wrong(wanted, level + " has no layout '" + wanted.layout + '\'');
        const std::optional<unsigned> devices = devices_wanted(wanted);
        if (devices && copies_of(wanted.layout) > *devices)
            return wrong(wanted, "the layout " + wanted.layout + " keeps more copies than there " +
                                     "are disks");
    }
    const bool journaled = wanted.consistency == Consistency::journal;
    if (wanted.consistency && wanted.level == Level::raid0)
        return wrong(wanted, "raid0 has no redundancy that could be made consistent");
    if (wanted.consistency == Consistency::ppl && wanted.level != Level::raid5)
        return wrong(wanted, "only raid5 keeps a partial parity log");
    if (journaled && !parity) return wrong(wanted, "only raid5 and raid6 keep a journal");
    if (journaled != !wanted.journal.empty())
        return wrong(wanted, "a journal is wanted together with the device that holds it");
    if (journaled &&
        std::ranges::find(wanted.members.ids, wanted.journal) != wanted.members.ids.end())
        return wrong(wanted, "the journal device cannot be a member as well");
    if (!wanted.metadata.empty() && wanted.metadata != "1.0" && wanted.metadata != "1.1" &&
        wanted.metadata != "1.2")
        return wrong(wanted, "the metadata is 1.0, 1.1 or 1.2: older ones keep no name");
    if (wanted.member_bytes != 0 && wanted.level == Level::raid0)
        return wrong(wanted, "raid0 uses all of each member");
    if (wanted.member_bytes != 0 &&
        (wanted.member_bytes < least_member_bytes || wanted.member_bytes % 1024 != 0))
        return wrong(wanted, "what is used of each member is at least 1 MiB, in whole KiB");
    return {};
}

}  // namespace

std::optional<Error> fault(const WantedArray& wanted) {
    if (!is_name(wanted.name))
        return wrong(wanted,
                     "a name is 1 to 32 letters, digits, '.', '_' and '-', and does not "
                     "start with '-'");
    const std::string level(to_string(wanted.level));
    if (wanted.spares != 0 && wanted.level == Level::raid0)
        return wrong(wanted, "raid0 can have no spares: it has nothing to rebuild from");
    if (std::optional<Error> geometry = geometry_fault(wanted)) return geometry;
    const std::vector<std::string>& ids = wanted.members.ids;
    if (std::set<std::string>(ids.begin(), ids.end()).size() != ids.size())
        return wrong(wanted, "a disk is named twice");
    if (!ids.empty() && ids.size() < wanted.spares)
        return wrong(wanted, "fewer disks are named than spares are wanted");
    if (!ids.empty() && wanted.members.count != 0 &&
        ids.size() != std::size_t{wanted.members.count} + wanted.spares)
        return wrong(wanted, std::to_string(ids.size()) + " disks are named, but " +
                                 std::to_string(wanted.members.count) + " and " +
                                 std::to_string(wanted.spares) + " spares are wanted");
    const unsigned fewest = fewest_members(wanted.level);
    const bool counted = !ids.empty() || wanted.members.count != 0;
    if (counted && devices_wanted(wanted).value_or(0) < fewest)
        return wrong(wanted, level + " needs at least " + std::to_string(fewest) +
                                 " disks besides its spares");
    return wanted.filesystem ? fault(*wanted.filesystem, wanted.name) : std::nullopt;
}

std::optional<Error> fault(const WantedFilesystem& wanted, const std::string& name) {
    const auto wrong = [&](const std::string& what) {
        return Error{Errc::invalid_spec, "the file system of '" + name + "': " + what, name};
    };
    if (wanted.type != "ext4" && wanted.type != "xfs")
        return wrong("a file system is ext4 or xfs, not '" + wanted.type + '\'');
    if (wanted.label.size() > longest_label(wanted.type))
        return wrong("the label is longer than the " + std::to_string(longest_label(wanted.type)) +
                     " bytes of " + wanted.type);
    if (!wanted.label.empty() && !is_plain(wanted.label))
        return wrong("a label is letters, digits, '.', '_' and '-'");
    if (wanted.mount_point.empty()) return {};
    if (!is_mount_point(wanted.mount_point))
        return wrong(
            "the mount point is an absolute path of letters, digits, '.', '_' and "
            "'-', without a slash at its end");
    if (hides_the_system(wanted.mount_point))
        return wrong("mounting at " + wanted.mount_point +
                     " would hide the system: choose a place such as /srv or /data");
    return {};
}

std::optional<unsigned> devices_wanted(const WantedArray& wanted) {
    const auto without_spares = [&](std::size_t all) {
        return all < wanted.spares ? 0u : static_cast<unsigned>(all) - wanted.spares;
    };
    if (!wanted.members.ids.empty()) return without_spares(wanted.members.ids.size());
    if (wanted.members.count != 0) return wanted.members.count;
    if (!wanted.known_members.empty()) return without_spares(wanted.known_members.size());
    return std::nullopt;
}

bool known_members_fit(const WantedArray& wanted) {
    const std::vector<std::string>& known = wanted.known_members;
    const std::vector<std::string>& ids = wanted.members.ids;
    if (known.size() < std::size_t{fewest_members(wanted.level)} + wanted.spares) return false;
    if (wanted.members.count != 0)
        return known.size() == std::size_t{wanted.members.count} + wanted.spares;
    return ids.empty() || known.size() == ids.size();
}

std::string metadata_of(const WantedArray& wanted) {
    return wanted.metadata.empty() ? "1.2" : wanted.metadata;
}

std::string label_of(const std::string& name, const WantedFilesystem& wanted) {
    if (!wanted.label.empty()) return wanted.label;
    return name.substr(0, longest_label(wanted.type));
}

}  // namespace metalwright::raid
