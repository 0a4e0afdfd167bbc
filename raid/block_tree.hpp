#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "raid/model.hpp"
#include "raid/room.hpp"

namespace metalwright::raid {

/// One entry of /sys/block, or one partition of it.
struct BlockDevice {
    std::string name;                       ///< kernel name; "!" stands for "/"
    std::string number;                     ///< "254:16"
    std::vector<std::string> holders{};     ///< kernel names of what stands on it
    std::vector<std::string> slaves{};      ///< kernel names of what it stands on (md, dm)
    std::vector<BlockDevice> partitions{};  ///< of whole devices

    std::string path() const;  ///< "/dev/vdb"
};

/// What the kernel has, partitions under their disks. Errors: io.
Result<std::vector<BlockDevice>> block_tree(sys::Files& files, const std::filesystem::path& sys);

/// One mounted file system of the host.
struct Mount {
    std::string number;  ///< "254:17"; "0:39" where the file system has no single device
    std::string point;
    std::string source;

    bool operator==(const Mount&) const = default;
};

/// /proc/<pid>/mountinfo, octal escapes undone. Source: proc(5).
std::vector<Mount> parse_mountinfo(std::string_view text);

/// Device paths of /proc/swaps; files that are swapped on are left out.
std::vector<std::string> parse_swaps(std::string_view text);

/// Who stands on what: kernel names, mounts and swaps joined.
class BlockMap {
 public:
    BlockMap(std::vector<BlockDevice> tree, std::vector<Mount> mounts,
             std::vector<std::string> swaps);

    const std::vector<BlockDevice>& tree() const { return tree_; }
    const std::vector<Mount>& mounts() const { return mounts_; }

    /// Mount points of this very device, "swap" among them; those of its partitions not.
    std::vector<std::string> mounts_of(const BlockDevice& device) const;
    /// The whole device that is, or has a partition, called `name`; null when there is none.
    const BlockDevice* whole(std::string_view name) const;
    /// The kernel name behind a mount; empty when there is no block device behind it.
    std::string device_of(const Mount& mount) const;
    /// Kernel names of the whole devices at the bottom of `name`, through md and dm.
    std::vector<std::string> bottom_of(std::string_view name) const;
    /// The first md array at or below `name`; empty when there is none.
    std::string array_under(std::string_view name) const;

    /// The volume under "/": its disks are those under /, /usr, /var, /boot and /boot/efi. Where
    /// "/" has no block device (a RAM disk, an overlay), every disk with a mount counts as one of
    /// them.
    SystemVolume system() const;

 private:
    std::vector<BlockDevice> tree_;
    std::vector<Mount> mounts_;
    std::vector<std::string> swaps_;
};

/// The properties of udev's database entry of a device, by its number "9:127".
std::map<std::string, std::string, std::less<>> udev_properties(Doors& doors,
                                                                const std::string& number);

/// A file's content without blanks at its ends; empty when it cannot be read.
std::string attribute(sys::Files& files, const std::filesystem::path& path);

/// The disks, arrays and mounts of one look at /sys and /proc.
Result<BlockMap> block_map(Doors& doors);
/// `unread`: kernel names of disks whose content is not looked at; they count as not readable.
Result<std::vector<Disk>> disks_in(const BlockMap& map, Doors& doors,
                                   std::span<const std::string> only = {},
                                   std::span<const std::string> unread = {});
/// `only`: the UUID of the one of interest; others are left out where the kernel tells their UUIDs.
Result<std::vector<Array>> arrays_in(const BlockMap& map, const std::vector<Disk>& disks,
                                     Doors& doors, std::string_view only = {});
/// Everything that stands on other block devices: arrays, device-mapper volumes, bcache.
std::vector<Holder> holders_in(const BlockMap& map, const std::vector<Disk>& disks,
                               const std::vector<Array>& arrays, Doors& doors);

/// libblkid's findings in the room's words. Errors: those of sys::Signatures::probe.
Result<std::vector<Signature>> signatures_of(const std::string& path, Doors& doors);

}  // namespace metalwright::raid
