#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "raid/model.hpp"
#include "raid/op.hpp"

namespace metalwright::raid {

// Argument vectors and answers of mdadm 4.2 to 4.6. Pure.

/// `disks` are device paths, members before spares; `journal` is the path of op.journal. It never
/// asks anything: --run silences every question, and the bitmap is said because 4.4 and later ask
/// for it, or leave it out, by themselves.
std::vector<std::string> create_args(const CreateArray& op, std::span<const std::string> disks,
                                     const std::string& journal = {});

/// Without --run: an array of which a member is missing is not started.
std::vector<std::string> assemble_args(const AssembleArray& op, std::span<const std::string> disks);

/// What `mdadm --detail --export` says of one array.
struct DetailExport {
    std::string level;     ///< empty for an inactive array; "container"
    std::string metadata;  ///< empty for a volume in a container
    std::string uuid;
    std::string devname;  ///< the name under /dev/md/, if any
    std::string name;     ///< MD_NAME without its home host; empty for old metadata
    unsigned devices = 0;
    std::vector<Array::Member> members;  ///< disk: the kernel name ("vdb1") of what _DEV says

    bool operator==(const DetailExport&) const = default;
};

/// Takes only MD_DEVICE_*_DEV values for members: the keys' spelling changed twice.
DetailExport parse_detail_export(std::string_view text);

/// How far a resync, recovery, reshape or check has come.
struct Sync {
    double percent = -1;  ///< negative for DELAYED and PENDING
    int eta_s = -1;       ///< seconds, as the kernel guesses; negative: it does not say

    bool operator==(const Sync&) const = default;
};

/// The sync line of each array of /proc/mdstat by kernel name. sysfs' sync_completed lags behind
/// it.
std::map<std::string, Sync, std::less<>> parse_mdstat(std::string_view text);

}  // namespace metalwright::raid
