#include <algorithm>
#include <array>
#include <utility>

#include "raid/applier.hpp"
#include "raid/block_tree.hpp"
#include "raid/identity.hpp"
#include "raid/stack.hpp"

namespace metalwright::raid {
namespace {

using namespace std::chrono_literals;

/// How long each next try waits: six seconds in all. udev's own look at a device that has changed
/// holds it open for some tenths of one.
constexpr std::array pauses{200ms, 400ms, 800ms, 1600ms, 3200ms};

/// Covers what RAID, LVM, LUKS2, ZFS and partition tables keep at either end.
constexpr std::uint64_t end_bytes = std::uint64_t{8} << 20;

bool says_busy(const Error& error) {
    for (const std::string_view word : {"busy", "exclusive access", "in use"})
        if (error.message.find(word) != std::string::npos) return true;
    return false;
}

bool is_same(const Holder& holder, const TakeDownHolder& op) {
    if (holder.kind != op.kind) return false;
    return op.uuid.empty() ? holder.title == op.title : holder.uuid == op.uuid;
}

}  // namespace

/// `what` in words: "array 'old' cannot be stopped".
Result<void> Applier::run_while_busy(std::string_view program, const std::vector<std::string>& args,
                                     const std::string& what) {
    Result<void> done = run(program, args);
    for (const std::chrono::milliseconds pause : pauses) {
        if (done || !says_busy(done.error())) break;
        journal_.progress(item_, what + " yet: " + done.error().message, -1);
        doors_.pause(pause);
        done = run(program, args);
    }
    if (done) return done;
    Error error = std::move(done).error();
    if (says_busy(error)) error.code = Errc::busy;
    error.message = what + ": " + error.message;
    return std::unexpected(std::move(error));
}

/// udev may be at it for a moment, having just seen it change.
Result<void> Applier::claim(const std::string& path) {
    Result<void> free = doors_.eraser.claim(path);
    for (const std::chrono::milliseconds pause : pauses) {
        if (free || free.error().code != Errc::busy) break;
        doors_.pause(pause);
        free = doors_.eraser.claim(path);
    }
    return free;
}

Result<Holder> Applier::holder_now(const TakeDownHolder& op) {
    const Result<BlockMap> map = block_map(doors_);
    if (!map) return std::unexpected(map.error());
    const Result<std::vector<Disk>> disks = disks_in(*map, doors_);
    if (!disks) return std::unexpected(disks.error());
    const Result<std::vector<Array>> arrays = arrays_in(*map, *disks, doors_);
    if (!arrays) return std::unexpected(arrays.error());
    const std::vector<Holder> holders = holders_in(*map, *disks, *arrays, doors_);
    const auto it =
        std::ranges::find_if(holders, [&](const Holder& holder) { return is_same(holder, op); });
    if (it == holders.end()) return fail(Errc::not_found, "it is not there", op.title);
    for (const std::string& disk : map->bottom_of(it->name))
        if (std::ranges::find(observed_.system.disks, disk) != observed_.system.disks.end())
            return fail(Errc::refused, tell(*it) + " stands on the system volume's disk " + disk,
                        op.title);
    return *it;
}

Result<void> Applier::operator()(const TakeDownHolder& op) {
    const Result<Holder> holder = holder_now(op);
    if (!holder && holder.error().code == Errc::not_found) return {};
    if (!holder) return std::unexpected(holder.error());
    if (!holder->mounts.empty() || holder->disks != op.disks)
        return fail(Errc::refused,
                    tell(*holder) + " is not as it was planned: it stands on " +
                        tell(holder->disks) +
                        (holder->mounts.empty() ? "" : ", in use: " + tell(holder->mounts)),
                    op.title);
    const std::string path = "/dev/" + holder->name;
    const bool readable =
        attribute(doors_.files, doors_.roots.sys / "block" / holder->name / "size") != "0";
    if (readable) {
        const Result<BlockMap> map = block_map(doors_);
        if (!map) return std::unexpected(map.error());
        const BlockDevice* device = map->whole(holder->name);
        if (device != nullptr)
            for (const BlockDevice& partition : device->partitions)
                if (Result<void> done = wipe_device(partition.path()); !done) return done;
        if (Result<void> done = wipe_device(path); !done) return done;
    }
    const std::string what = tell(*holder) + " cannot be stopped";
    Result<void> done = op.kind == "md"
                            ? run_while_busy("mdadm", {"--stop", path}, what)
                            : run_while_busy("dmsetup", {"remove", "--retry", op.title}, what);
    if (!done) return done;
    settle();
    if (holder_now(op)) return fail(Errc::io, tell(*holder) + " is still there", op.title);
    return {};
}

/// Superblocks first: wipefs would leave those at other offsets. Then read again.
Result<void> Applier::wipe_device(const std::string& path) {
    Result<std::vector<Signature>> found = signatures_of(path, doors_);
    if (!found) return std::unexpected(found.error());
    if (found->empty()) return {};
    if (Result<void> free = claim(path); !free) return free;
    if (std::ranges::find(*found, "linux_raid_member", &Signature::type) != found->end())
        if (Result<void> done = run("mdadm", {"--zero-superblock", path}); !done) return done;
    if (Result<void> done = run("wipefs", {"--all", path}); !done) return done;
    // What no tool knows of: the second labels, tables and headers at the ends.
    if (Result<void> done = doors_.eraser.zero_ends(path, end_bytes); !done) return done;
    found = signatures_of(path, doors_);
    if (!found) return std::unexpected(found.error());
    if (found->empty()) return {};
    return fail(Errc::io, "after wiping it still holds " + found->front().type + " on " + path,
                path);
}

Result<void> Applier::operator()(const WipeDisk& op) {
    const Result<Disk> disk = look_at(op.disk);
    if (!disk) return std::unexpected(disk.error());
    const bool consented = std::ranges::all_of(disk->signatures, [&](const Signature& s) {
        return std::ranges::find(op.found, s.type) != op.found.end();
    });
    if (!consented || !disk->holders.empty() || !disk->mounts.empty() ||
        !disk->probe_error.empty() || disk->read_only)
        return fail(Errc::refused,
                    "it is not what the consent was given for: " + tell_obstacles(*disk), op.disk);
    // Partitions first: once the table is gone nothing reaches the superblocks in them any more,
    // and the same partitions made again would bring them back.
    std::vector<std::string> paths;
    for (const std::string& partition : disk->partitions) paths.push_back("/dev/" + partition);
    paths.push_back(disk->path);
    for (std::size_t i = 0; i < paths.size(); ++i) {
        journal_.progress(item_, "wipe " + paths[i] + " of " + op.disk,
                          100.0 * static_cast<double>(i) / static_cast<double>(paths.size()));
        if (Result<void> done = wipe_device(paths[i]); !done) {
            Error error = std::move(done).error();
            error.where = op.disk;
            return std::unexpected(std::move(error));
        }
    }
    settle();
    const Result<Disk> after = look_at(op.disk);
    if (!after) return std::unexpected(after.error());
    if (!after->blank())
        return fail(Errc::io, "after wiping it still " + tell(obstacles(*after)), op.disk);
    return {};
}

Result<void> Applier::operator()(const WipeArray& op) {
    const Result<Array> array = array_now(op.uuid, op.name);
    if (!array) return std::unexpected(array.error());
    if (!array->mounts.empty())
        return fail(Errc::refused, "array '" + op.name + "' is in use: " + tell(array->mounts),
                    array->path);
    return wipe_device(array->path);
}

Result<void> Applier::operator()(const StopArray& op) {
    const Result<Array> array = array_now(op.uuid, op.uuid);
    if (!array) return std::unexpected(array.error());
    if (!array->mounts.empty())
        return fail(Errc::refused, "array '" + array->name + "' is in use: " + tell(array->mounts),
                    array->path);
    Result<void> done = run_while_busy("mdadm", {"--stop", "/dev/" + array->kernel_name},
                                       "array '" + array->name + "' cannot be stopped");
    if (!done) return done;
    settle();
    // The kernel may still be at it when mdadm has returned.
    for (const std::chrono::milliseconds pause : pauses) {
        const Result<Array> left = array_now(op.uuid, op.uuid);
        if (!left)
            return left.error().code == Errc::not_found ? Result<void>()
                                                        : std::unexpected(left.error());
        doors_.pause(pause);
    }
    return fail(Errc::busy, "array '" + array->name + "' was stopped and is still there",
                array->path);
}

Result<void> Applier::operator()(const ForgetMembers& op) {
    const Result<std::vector<std::string>> paths = paths_of(op.disks, op.uuid);
    if (!paths) return std::unexpected(paths.error());
    for (const std::string& path : *paths)
        if (Result<void> done = run("mdadm", {"--zero-superblock", path}); !done) return done;
    settle();
    for (const std::string& identity : op.disks) {
        const Result<Disk> disk = look_at(identity);
        if (!disk) return std::unexpected(disk.error());
        if (carries(*disk, op.uuid))
            return fail(Errc::io, "the superblock is still on " + tell(*disk), identity);
    }
    return {};
}

}  // namespace metalwright::raid
