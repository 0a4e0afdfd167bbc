#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "raid/model.hpp"

namespace metalwright::raid {

// Disks stand in an op as Disk::identity(): apply finds the device that answers to it at that
// moment. Arrays stand as their md UUID.

/// Takes down a device that stands on disks which are to be wiped: what is written on it goes
/// first, else the same members put together again would bring it back. Gone already is done.
struct TakeDownHolder {
    std::string kind;  ///< "md", "dm"
    std::string
        title;  ///< its name for people; device-mapper's is its identity where it has no UUID
    std::string uuid;
    std::vector<std::string> disks;  ///< all it stands on; on others as well, and it is refused

    bool operator==(const TakeDownHolder&) const = default;
};

/// Takes every signature off one disk, partitions first. Only with consent of this operation.
struct WipeDisk {
    std::string disk;
    std::vector<std::string> found;  ///< types the consent was given for; anything else stops it

    bool operator==(const WipeDisk&) const = default;
};

/// Stops our own array. Busy is tried again, for a bounded time.
struct StopArray {
    std::string uuid;

    bool operator==(const StopArray&) const = default;
};

/// Takes our own superblocks off disks of an array that was never finished.
struct ForgetMembers {
    std::string uuid;
    std::vector<std::string> disks;

    bool operator==(const ForgetMembers&) const = default;
};

/// Every disk must be blank when it comes to it.
struct CreateArray {
    std::string name;
    Level level = Level::raid1;
    std::string uuid;  ///< empty while planning dry; then it cannot be applied
    unsigned chunk_kib = 0;
    std::string layout{};                      ///< empty: mdadm's default
    std::optional<Consistency> consistency{};  ///< empty for raid0
    std::string metadata = "1.2";
    std::uint64_t member_bytes = 0;  ///< 0: all of each
    std::vector<std::string> members;
    std::vector<std::string> spares{};
    std::string journal{};  ///< empty: none

    bool operator==(const CreateArray&) const = default;
};

/// Starts our array from members that all carry its superblock; writes nothing else.
struct AssembleArray {
    std::string name;
    std::string uuid;
    std::vector<std::string> disks;

    bool operator==(const AssembleArray&) const = default;
};

/// Sets the array's line in our block of /etc/mdadm/mdadm.conf.
struct ListInMdadmConf {
    std::string name;
    std::string uuid;
    std::string metadata = "1.2";

    bool operator==(const ListInMdadmConf&) const = default;
};

/// Done already when the array holds this very file system; refused when it holds anything else
/// than `overwrites`.
struct MakeFilesystem {
    std::string name;          ///< of the array or the volume it is made on
    std::string array_uuid{};  ///< empty: it is a volume
    std::string controller{};  ///< Controller::id of the volume's
    std::string type;
    std::string label;
    std::string uuid;
    std::vector<std::string>
        overwrites{};  ///< signature types that a re-created array brought back

    bool operator==(const MakeFilesystem&) const = default;
};

struct WriteMountUnit {
    std::string unit;  ///< "data-fast.mount"
    std::string content;

    bool operator==(const WriteMountUnit&) const = default;
};

/// Enables the unit and has PID 1 mount it, in the host's own mount namespace. Not tried when the
/// file system is not there: systemd would wait for it a minute and a half.
struct StartMount {
    std::string unit;
    std::string mount_point;
    std::string name;  ///< of what it is on
    std::string uuid;  ///< of the file system

    bool operator==(const StartMount&) const = default;
};

/// Has PID 1 unmount it, takes our unit out of the boot and away.
struct RemoveMount {
    std::string unit;
    std::string mount_point;

    bool operator==(const RemoveMount&) const = default;
};

/// Marks a member of our own array as faulty, so that it can be removed.
struct FailMember {
    std::string uuid;
    std::string disk;

    bool operator==(const FailMember&) const = default;
};

/// Takes a faulty member out of our own array. One whose device is gone counts as faulty.
struct RemoveMember {
    std::string uuid;
    std::string disk;

    bool operator==(const RemoveMember&) const = default;
};

/// Adds a disk to our own array, which begins to rebuild on it. The disk must be blank when it
/// comes to it.
struct AddMember {
    std::string name;
    std::string uuid;
    std::string disk;
    std::string instead_of;

    bool operator==(const AddMember&) const = default;
};

/// Has the slot of a disk be found by its LED. That it cannot be lit keeps nothing from being done.
struct LightLocate {
    std::string disk;

    bool operator==(const LightLocate&) const = default;
};

/// Takes every signature off our own array before it is stopped.
struct WipeArray {
    std::string name;
    std::string uuid;

    bool operator==(const WipeArray&) const = default;
};

/// Takes the array's line out of our block of /etc/mdadm/mdadm.conf.
struct UnlistInMdadmConf {
    std::string uuid;

    bool operator==(const UnlistInMdadmConf&) const = default;
};

using Op = std::variant<TakeDownHolder, WipeDisk, StopArray, ForgetMembers, CreateArray,
                        AssembleArray, ListInMdadmConf, MakeFilesystem, WriteMountUnit, StartMount,
                        RemoveMount, WipeArray, UnlistInMdadmConf, FailMember, RemoveMember,
                        AddMember, LightLocate, storcli::VolumeOp>;

}  // namespace metalwright::raid
