#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/plan.hpp"
#include "raid/model.hpp"
#include "raid/op.hpp"

namespace metalwright::raid {

/// What the plan of an array or a volume means for the file system on it.
enum class Standing {
    unusable,  ///< it is not there, or is another one: nothing can be done on it
    planned,   ///< the steps before make or start it
    running,
    damaged,  ///< it runs; what is on it is looked at, and left alone
};

/// What a file system is to stand on: an md array, or a volume of a controller.
struct Ground {
    std::string name;          ///< of the order: the items are called after it
    std::string noun;          ///< "array", "volume"
    std::string item;          ///< what it waits for: "raid/data", "volume/data"
    std::string md_uuid{};     ///< of an array
    std::string controller{};  ///< Controller::id of a volume's
    Memory memory = Memory::never_made;
    Standing standing = Standing::unusable;
    bool ours = false;  ///< metalwright made it, or is about to

    // Running or damaged, what the kernel shows of it:
    std::string path{};  ///< empty: nothing
    std::vector<Signature> signatures{};
    std::string probe_error{};
    std::vector<std::string> mounts{};
    bool held = false;  ///< something else than a mount uses it

    bool operator==(const Ground&) const = default;
};

/// Adds "filesystem/<name>" and, where wanted, "mount/<name>": steps or one settled result each.
/// `mount_shared`: another file system before this one is wanted at the same mount point.
void plan_filesystem(const Ground& ground, const WantedFilesystem& wanted, const Observed& observed,
                     bool mount_shared, Plan<Op>& plan);

/// What takes away the unit of ours that mounts this file system; none when there is no such unit.
std::optional<RemoveMount> our_mount(const std::string& filesystem_uuid, const Observed& observed);

}  // namespace metalwright::raid
