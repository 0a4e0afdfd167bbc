#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "raid/model.hpp"

namespace metalwright::raid {

// Disks stand in an op as Disk::identity(): apply finds the device that answers to it at that
// moment. Arrays stand as their md UUID.

/// Takes every signature off one disk, partitions first. Only with consent of this operation.
struct WipeDisk {
    std::string disk;
    std::vector<std::string> found;  ///< types the consent was given for; anything else stops it

    bool operator==(const WipeDisk&) const = default;
};

/// Stops our own array that came up incomplete and does not run.
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
    std::vector<std::string> members;
    std::vector<std::string> spares{};

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

    bool operator==(const ListInMdadmConf&) const = default;
};

/// Done already when the array holds this very file system; refused when it holds anything else
/// than `overwrites`.
struct MakeFilesystem {
    std::string array_name;
    std::string array_uuid;
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
    std::string array_name;
    std::string uuid;  ///< of the file system

    bool operator==(const StartMount&) const = default;
};

using Op = std::variant<WipeDisk, StopArray, ForgetMembers, CreateArray, AssembleArray,
                        ListInMdadmConf, MakeFilesystem, WriteMountUnit, StartMount>;

}  // namespace metalwright::raid
