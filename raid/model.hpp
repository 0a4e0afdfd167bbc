#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "raid/controller.hpp"
#include "raid/filesystem.hpp"
#include "raid/storcli/wanted.hpp"

namespace metalwright::raid {

enum class Level { raid0, raid1, raid5, raid6, raid10 };

std::string_view to_string(Level level) noexcept;  ///< "raid0", "raid1", ...
std::optional<Level> level_from(std::string_view word) noexcept;
/// Fewest members we accept: 2, 2, 3, 4, 4. Source: curtin's policy; mdadm itself takes fewer.
unsigned fewest_members(Level level) noexcept;

enum class Media {
    any,
    hdd,   ///< turns
    ssd,   ///< does not turn, NVMe among them
    nvme,  ///< behind NVMe, whatever it is made of
};

/// Which of the disks that pass come first; those of one size in the order of their serials.
enum class Order { smallest_first, largest_first };

/// How an array whose write was cut off is made consistent again. Source: md(4), sysfs'
/// consistency_policy.
enum class Consistency {
    bitmap,   ///< a write-intent bitmap inside: what was being written is synced
    resync,   ///< none: all of it is synced
    ppl,      ///< partial parity log: closes raid5's write hole
    journal,  ///< a device of its own takes each write first: closes it for raid5 and raid6
};

std::string_view to_string(Consistency consistency) noexcept;  ///< sysfs' words
std::optional<Consistency> consistency_from(std::string_view word) noexcept;

// ---- wanted -----------------------------------------------------------------------------------

/// Which disks an array is made of. Either `ids`, or the first `count` blank disks that pass the
/// other rules, in order of size then serial. Device names are never identity.
struct MemberRule {
    /// Serial numbers, WWNs or "PARTUUID=<uuid>" of partitions that are there and blank, the spares
    /// last; empty: choose whole disks by rule.
    std::vector<std::string> ids{};
    unsigned count = 0;  ///< raid devices; 0 = every disk that qualifies
    Media media = Media::any;
    std::uint64_t min_bytes = 0;
    std::uint64_t max_bytes = 0;       ///< 0 = no bound
    std::optional<bool> rotational{};  ///< as the kernel says; absent: either
    std::string controller{};          ///< PCI address, as Disk::pci; empty: any
    Order order = Order::smallest_first;
    bool same_model = false;  ///< all of one model; a disk that tells none is never taken

    bool operator==(const MemberRule&) const = default;
};

struct WantedArray {
    std::string name;  ///< [A-Za-z0-9._-]{1,32}; /dev/md/<name>
    Level level = Level::raid1;
    MemberRule members{};
    unsigned spares = 0;
    unsigned chunk_kib = 0;  ///< 0 = mdadm's default (512); never given for raid1
    /// raid5 and raid6: "left-symmetric", ...; raid10: "n2", "f2", "o2", ...; empty: mdadm's
    /// default
    std::string layout{};
    /// Absent: a bitmap for a new array (none for raid0), whatever it has for one that is there.
    std::optional<Consistency> consistency{};
    std::string journal{};  ///< serial or WWN of the journal device; set only with that consistency
    std::string metadata{};          ///< "1.0", "1.1", "1.2"; empty: 1.2 for a new array
    std::uint64_t member_bytes = 0;  ///< how much of each member is used; 0: all of it
    std::optional<WantedFilesystem> filesystem{};

    // Filled by the engine, not by a document:
    std::string uuid{};  ///< md UUID in mdadm's form "8:8:8:8" hex, drawn before create
    Memory memory = Memory::never_made;
    /// Once it has begun: the disks it was planned over, as members_of() (raid/plan.hpp) gave them.
    std::vector<std::string> known_members{};
    /// Members that were replaced since: what the order names -> what stands in its place.
    std::map<std::string, std::string> replaced{};

    bool operator==(const WantedArray&) const = default;
};

/// One operation asks for a member of an array of ours to be replaced.
struct Replacement {
    std::string disk;    ///< serial, WWN or PARTUUID of the member; it may be gone
    std::string with{};  ///< the same of the new one; empty: by rule

    bool operator==(const Replacement&) const = default;
};

/// Consent of one operation to wipe one disk (its serial or WWN) or partition ("PARTUUID=..."),
/// and what was found on it.
struct WipeConsent {
    std::string disk;
    std::vector<std::string> found{};  ///< signature types as probed: "ext4", "LVM2_member"

    bool operator==(const WipeConsent&) const = default;
};

struct Wanted {
    std::optional<Level> system{};  ///< compared with the running root's array and reported
    bool system_plain = false;      ///< the root is wanted on no array
    std::optional<std::vector<WantedArray>> arrays{};  ///< absent: unmanaged
    std::vector<WipeConsent> consent{};                ///< of this very operation; else empty
    std::vector<Replacement> replace{};                ///< of this very operation; else empty
    std::vector<WantedArray> removed{};  ///< ours, to be taken down with all that is on them
    std::optional<std::vector<storcli::WantedVolume>> volumes{};  ///< of controllers; absent:
                                                                  ///< unmanaged
    std::vector<storcli::OwnVolume> removed_volumes{};            ///< ours, to be deleted
    std::vector<storcli::WantedSpares> spares{};                  ///< global, of controllers
    std::vector<storcli::OwnSpares> removed_spares{};             ///< ours, to be given back
    /// The release of the kernel that the host will boot, where it is not the one that runs now:
    /// "6.1.0-30-amd64".
    std::string boot_kernel{};

    /// Whether the tools of controllers have to be asked for it.
    bool speaks_of_volumes() const noexcept {
        return volumes || !spares.empty() || !removed_volumes.empty() || !removed_spares.empty();
    }

    bool operator==(const Wanted&) const = default;
};

// ---- observed ---------------------------------------------------------------------------------

struct Signature {
    std::string type;          ///< blkid's word: "ext4", "LVM2_member", "linux_raid_member", "gpt"
    std::uint64_t offset = 0;  ///< bytes from the start of the device
    std::string label{};
    std::string uuid{};
    std::string partition{};  ///< kernel name of the partition it is on; empty: on the disk itself

    bool operator==(const Signature&) const = default;
};

/// One whole disk as the kernel shows it, or one partition that has a PARTUUID.
struct Disk {
    std::string name;      ///< kernel name, for talking to the kernel now; never identity
    std::string path;      ///< "/dev/vdb"
    std::string by_id{};   ///< "/dev/disk/by-id/virtio-DATA0", if udev made one
    std::string serial{};  ///< empty when the disk has none
    std::string wwn{};
    std::string model{};
    std::string transport{};  ///< "sata", "sas", "nvme", "virtio", ""
    std::string pci{};        ///< of what it is behind: "0000:3b:00.0"; empty when that is not PCI
    std::uint64_t bytes = 0;
    bool rotational = false;
    bool read_only = false;
    bool removable = false;
    std::vector<std::string> holders{};     ///< kernel names of md, dm, ... over it or a partition
    std::vector<std::string> mounts{};      ///< mount points of it or of a partition; "swap"
    std::vector<std::string> partitions{};  ///< kernel names
    std::vector<Signature> signatures{};    ///< on the disk and on its partitions
    std::string probe_error{};              ///< set when signatures could not be read: not blank
    std::string led{};  ///< the attribute of its slot's locate LED; empty when no enclosure has one
    std::string part_uuid{};  ///< of a partition, in lower case; empty for a whole disk
    std::string whole{};      ///< of a partition: the kernel name of its disk

    bool is_partition() const noexcept { return !whole.empty(); }
    bool blank() const noexcept {
        return holders.empty() && mounts.empty() && partitions.empty() && signatures.empty() &&
               probe_error.empty() && !read_only && bytes != 0;
    }
    /// Serial, else WWN, else kernel name in brackets: how people are told which disk it is. Of a
    /// partition "PARTUUID=<uuid>".
    std::string identity() const;
    bool operator==(const Disk&) const = default;
};

/// One md array, from sysfs and what `mdadm --detail --export` says, to us or to udev.
struct Array {
    std::string name;         ///< "data" (MD_NAME without the home host)
    std::string kernel_name;  ///< "md127"
    std::string path;         ///< "/dev/md/data" or "/dev/md127"
    std::string uuid;         ///< mdadm's form
    std::string level;        ///< "raid10"; empty for an inactive array
    std::string metadata{};   ///< "1.2"
    unsigned raid_devices = 0;
    unsigned chunk_kib = 0;
    std::string layout{};               ///< in mdadm's words; empty where the level has none
    std::string consistency{};          ///< sysfs: none, resync, bitmap, ppl, journal
    std::uint64_t component_bytes = 0;  ///< used of each member; 0 when unknown (raid0)
    unsigned degraded = 0;
    std::string array_state{};  ///< sysfs: clear, inactive, readonly, read-auto, clean, active...
    std::string sync_action{};  ///< idle, resync, recover, check...; empty for raid0
    double sync_percent = -1;   ///< 0..100, negative when nothing is syncing
    int sync_eta_s = -1;  ///< seconds until that is done, as the kernel guesses; negative: unknown
    struct Member {
        std::string disk;  ///< Disk::identity() of the whole disk under it
        std::string role;  ///< its slot "0", "1", ... also while it is rebuilt; "spare", "faulty",
                           ///< "journal"
        std::string partition{};  ///< Disk::identity() of the partition that it is; else empty
        bool operator==(const Member&) const = default;
    };
    std::vector<Member> members{};
    std::vector<Signature> signatures{};  ///< on the array itself: its file system
    std::string probe_error{};            ///< set when signatures could not be read: not blank
    std::vector<std::string> mounts{};
    std::uint64_t bytes = 0;

    /// A new raid5 shows degraded=1 and recover: that is building, not broken.
    bool building() const noexcept {
        return sync_action == "resync" || sync_action == "recover" || sync_action == "reshape";
    }
    bool operator==(const Array&) const = default;
};

/// A device that stands on disks or on other such devices.
struct Holder {
    std::string name;   ///< kernel name: "md127", "dm-0", "bcache0"
    std::string kind;   ///< "md", "dm"; whatever else there is cannot be taken down by us
    std::string title;  ///< the array's name, device-mapper's: for people
    std::string uuid;   ///< md's in mdadm's form, device-mapper's as it is; may be empty
    std::vector<std::string> over{};    ///< kernel names of the whole devices right below
    std::vector<std::string> disks{};   ///< identities of the whole disks at the bottom, sorted
    std::vector<std::string> mounts{};  ///< of it and its partitions; "swap"

    bool operator==(const Holder&) const = default;
};

/// The volume under "/".
struct SystemVolume {
    std::string source{};  ///< what findmnt would say: "/dev/md127", "/dev/vda1"
    std::string array{};   ///< kernel name of the md array under it; empty when there is none
    std::vector<std::string> disks{};  ///< kernel names of every disk under it

    bool operator==(const SystemVolume&) const = default;
};

struct Observed {
    std::vector<Disk> disks{};  ///< whole disks and, after them, their partitions with a PARTUUID
    std::vector<Array> arrays{};
    std::vector<Holder> holders{};
    SystemVolume system{};
    Controllers controllers{};               ///< only where it was asked for
    std::string kernel{};                    ///< the release that runs: "6.1.0-30-amd64"
    std::string mdadm_conf{};                ///< content, empty when absent
    std::vector<std::string> mount_units{};  ///< names of our mount units, written and enabled
    std::map<std::string, std::string> mount_unit_texts{};  ///< every one in /etc, ours or not
    std::vector<std::string> active_mounts{};  ///< mount points that are mounted now (host's view)

    bool operator==(const Observed&) const = default;
};

}  // namespace metalwright::raid
