#include <algorithm>

#include "raid/block_tree.hpp"

namespace metalwright::raid {
namespace {

namespace fs = std::filesystem;

/// A container of an external format is left to its own tools, and so are the volumes in it.
std::string kind_of(const BlockDevice& device, const fs::path& at, Doors& doors) {
    if (device.name.starts_with("dm-")) return "dm";
    if (!device.name.starts_with("md")) return "other";
    return attribute(doors.files, at / "md/metadata_version").starts_with("external:") ? "container"
                                                                                       : "md";
}

}  // namespace

std::vector<Holder> holders_in(const BlockMap& map, const std::vector<Disk>& disks,
                               const std::vector<Array>& arrays, Doors& doors) {
    std::vector<Holder> holders;
    for (const BlockDevice& device : map.tree()) {
        if (device.slaves.empty()) continue;
        const fs::path at = doors.roots.sys / "block" / device.name;
        Holder holder{.name = device.name,
                      .kind = kind_of(device, at, doors),
                      .title = attribute(doors.files, at / "dm/name"),
                      .uuid = attribute(doors.files, at / "dm/uuid"),
                      .mounts = map.mounts_of(device)};
        const auto array = std::ranges::find(arrays, device.name, &Array::kernel_name);
        if (array != arrays.end()) {
            holder.title = array->name;
            holder.uuid = array->uuid;
        }
        for (const std::string& slave : device.slaves)
            if (const BlockDevice* whole = map.whole(slave);
                whole != nullptr &&
                std::ranges::find(holder.over, whole->name) == holder.over.end())
                holder.over.push_back(whole->name);
        for (const std::string& bottom : map.bottom_of(device.name)) {
            const auto disk = std::ranges::find(disks, bottom, &Disk::name);
            holder.disks.push_back(disk == disks.end() ? '[' + bottom + ']' : disk->identity());
        }
        std::ranges::sort(holder.disks);
        for (const BlockDevice& partition : device.partitions)
            for (const std::string& point : map.mounts_of(partition))
                holder.mounts.push_back(point);
        holders.push_back(std::move(holder));
    }
    return holders;
}

}  // namespace metalwright::raid
