#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "raid/identity.hpp"
#include "raid/mdadm_conf.hpp"
#include "raid/mount_unit.hpp"
#include "raid/plan.hpp"

namespace metalwright::raid::scene {

// Small worlds for the planner's tests: disks DATA0, DATA1, ... at /dev/vdb, /dev/vdc, ...

inline const std::string md_uuid = "11112222:33334444:55556666:77778888";
inline const std::string md_uuid_of_blkid = "11112222-3333-4444-5555-666677778888";
inline const std::string fs_uuid = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
inline constexpr std::uint64_t gib = std::uint64_t{1} << 30;

inline Disk disk(std::string serial, std::string name, std::uint64_t bytes = gib) {
    return {.name = name,
            .path = "/dev/" + name,
            .serial = std::move(serial),
            .transport = "virtio",
            .bytes = bytes,
            .rotational = true};
}

/// A root disk, and `count` blank data disks.
inline Observed host(unsigned count) {
    Observed observed;
    Disk root = disk("ROOT", "vda", 4 * gib);
    root.partitions = {"vda1"};
    root.mounts = {"/"};
    root.signatures = {{.type = "gpt", .offset = 512}, {.type = "ext4", .offset = 1080}};
    observed.disks.push_back(root);
    for (unsigned i = 0; i < count; ++i)
        observed.disks.push_back(
            disk("DATA" + std::to_string(i), std::string("vd") + static_cast<char>('b' + i)));
    observed.system = {.source = "/dev/vda1", .disks = {"vda"}};
    observed.active_mounts = {"/"};
    return observed;
}

inline Disk& the(Observed& observed, const std::string& serial) {
    return *std::ranges::find(observed.disks, serial, &Disk::serial);
}

inline WantedArray data(Level level, unsigned count) {
    return {.name = "data", .level = level, .members = {.count = count}};
}

/// As the engine hands it over once UUIDs are drawn.
inline WantedArray begun(WantedArray wanted, std::vector<std::string> members) {
    wanted.uuid = md_uuid;
    wanted.memory = Memory::begun;
    wanted.known_members = std::move(members);
    if (wanted.filesystem) wanted.filesystem->uuid = fs_uuid;
    return wanted;
}
inline WantedArray complete(WantedArray wanted, std::vector<std::string> members) {
    wanted = begun(std::move(wanted), std::move(members));
    wanted.memory = Memory::complete;
    return wanted;
}

inline WantedArray with_filesystem(WantedArray wanted, std::string mount_point = {}) {
    wanted.filesystem = WantedFilesystem{.mount_point = std::move(mount_point)};
    if (!wanted.uuid.empty()) wanted.filesystem->uuid = fs_uuid;
    return wanted;
}

inline Wanted only(WantedArray array) {
    return {.arrays = std::vector{std::move(array)}};
}

/// Lets an array run over these disks, as `mdadm --create` would.
inline Array& run_array(Observed& observed, const std::string& level,
                        const std::vector<std::string>& members,
                        const std::vector<std::string>& spares = {}) {
    Array array{.name = "data",
                .kernel_name = "md127",
                .path = "/dev/md/data",
                .uuid = md_uuid,
                .level = level,
                .metadata = "1.2",
                .raid_devices = static_cast<unsigned>(members.size()),
                .chunk_kib = level == "raid1" ? 0u : 512u,
                .array_state = "clean",
                .sync_action = level == "raid0" ? "" : "idle",
                .bytes = gib};
    for (std::size_t i = 0; i < members.size(); ++i)
        array.members.push_back({members[i], std::to_string(i)});
    for (const std::string& spare : spares) array.members.push_back({spare, "spare"});
    for (const Array::Member& member : array.members) {
        Disk& under = the(observed, member.disk);
        under.holders = {"md127"};
        under.signatures = {{.type = "linux_raid_member",
                             .offset = 4096,
                             .label = "any:data",
                             .uuid = md_uuid_of_blkid}};
    }
    observed.arrays.push_back(std::move(array));
    return observed.arrays.back();
}

/// Our superblock, and no array that runs.
inline void put_superblock(Observed& observed, const std::string& serial) {
    the(observed, serial).signatures = {
        {.type = "linux_raid_member", .offset = 4096, .uuid = md_uuid_of_blkid}};
}

inline void list_in_conf(Observed& observed) {
    observed.mdadm_conf = with_array(observed.mdadm_conf, "data", md_uuid);
}

template <class T>
std::vector<T> ops(const Plan<Op>& plan) {
    std::vector<T> all;
    for (const Step<Op>& step : plan.steps)
        if (const T* op = std::get_if<T>(&step.op)) all.push_back(*op);
    return all;
}

inline const ItemResult* settled(const Plan<Op>& plan, std::string_view item) {
    const auto it = std::ranges::find(plan.settled, item, &ItemResult::item);
    return it == plan.settled.end() ? nullptr : &*it;
}

/// The message of an item that failed or waits; empty when it is neither.
inline std::string message(const Plan<Op>& plan, std::string_view item) {
    const ItemResult* result = settled(plan, item);
    return result != nullptr && result->error ? result->error->message : std::string{};
}
inline Errc code(const Plan<Op>& plan, std::string_view item) {
    const ItemResult* result = settled(plan, item);
    return result != nullptr && result->error ? result->error->code : Errc::internal;
}
inline std::vector<std::string> items(const Plan<Op>& plan) {
    std::vector<std::string> all;
    for (const Step<Op>& step : plan.steps) all.push_back(step.item);
    return all;
}

}  // namespace metalwright::raid::scene
