#include <algorithm>
#include <chrono>
#include <variant>

#include "core/fail_point.hpp"
#include "raid/block_tree.hpp"
#include "raid/identity.hpp"
#include "raid/mdadm.hpp"
#include "raid/mdadm_conf.hpp"
#include "raid/mkfs.hpp"
#include "raid/room.hpp"

namespace metalwright::raid {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view conf_path = "/etc/mdadm/mdadm.conf";
constexpr std::string_view units_directory = "/etc/systemd/system/";

/// Writes nothing by itself: every write is one program or one file, and is preceded by a fresh
/// look at what it is about to write to.
class Applier {
 public:
    Applier(const Observed& observed, Doors& doors) : observed_(observed), doors_(doors) {}

    Result<void> operator()(const WipeDisk& op);
    Result<void> operator()(const StopArray& op);
    Result<void> operator()(const ForgetMembers& op);
    Result<void> operator()(const CreateArray& op);
    Result<void> operator()(const AssembleArray& op);
    Result<void> operator()(const ListInMdadmConf& op);
    Result<void> operator()(const MakeFilesystem& op);
    Result<void> operator()(const WriteMountUnit& op);
    Result<void> operator()(const StartMount& op);

 private:
    Result<void> run(std::string_view program, std::vector<std::string> args,
                     std::chrono::milliseconds timeout = 60s);
    void settle(const std::string& until_exists = {});
    Result<Disk> look_at(const std::string& identity);
    Result<std::vector<std::string>> paths_of(const std::vector<std::string>& disks,
                                              std::string_view carrying);
    Result<Array> array_now(std::string_view uuid, std::string_view name);
    Result<void> wipe(const std::string& path);

    const Observed& observed_;
    Doors& doors_;
};

Result<void> Applier::run(std::string_view program, std::vector<std::string> args,
                          std::chrono::milliseconds timeout) {
    Result<std::string> path = doors_.find_program(program);
    if (!path) return std::unexpected(std::move(path).error());
    const sys::Command command{.program = *path, .args = std::move(args), .timeout = timeout};
    Result<sys::Output> output = sys::expect_ok(doors_.exec.run(command), command);
    if (!output) return std::unexpected(std::move(output).error());
    return {};
}

/// Lets udev catch up, for a bounded time. That it did not is no failure of its own: what comes
/// next looks for itself.
void Applier::settle(const std::string& until_exists) {
    std::vector<std::string> args{"settle", "--timeout=30"};
    if (!until_exists.empty()) args.push_back("--exit-if-exists=" + until_exists);
    [[maybe_unused]] const Result<void> late = run("udevadm", std::move(args), 40s);
}

Result<Disk> Applier::look_at(const std::string& identity) {
    const Result<std::vector<Disk>> disks = observe_disks(doors_);
    if (!disks) return std::unexpected(disks.error());
    const std::vector<const Disk*> found = disks_named(identity, *disks);
    if (found.empty()) return fail(Errc::not_found, "disk " + identity + " has gone", identity);
    if (found.size() > 1)
        return fail(Errc::refused, identity + " is not the only disk with this serial", identity);
    const Disk& disk = *found.front();
    if (std::ranges::find(observed_.system.disks, disk.name) != observed_.system.disks.end())
        return fail(Errc::refused, tell(disk) + " is under the system volume", identity);
    return disk;
}

/// The devices of these disks, each looked at right now: blank, or, when `carrying` is a UUID, with
/// no signature but this array's.
Result<std::vector<std::string>> Applier::paths_of(const std::vector<std::string>& disks,
                                                   std::string_view carrying) {
    std::vector<std::string> paths;
    for (const std::string& identity : disks) {
        const Result<Disk> disk = look_at(identity);
        if (!disk) return std::unexpected(disk.error());
        const bool ours = disk->holders.empty() && disk->mounts.empty() &&
                          disk->partitions.empty() && disk->probe_error.empty() &&
                          !disk->read_only && carries(*disk, carrying) &&
                          disk->signatures.size() == 1;
        if (carrying.empty() ? !disk->blank() : !ours)
            return fail(
                Errc::refused,
                "it is no longer as it was planned: " +
                    (obstacles(*disk).empty() ? tell(*disk) + " is blank" : tell_obstacles(*disk)),
                identity);
        paths.push_back(disk->path);
    }
    return paths;
}

Result<Array> Applier::array_now(std::string_view uuid, std::string_view name) {
    const Result<BlockMap> map = block_map(doors_);
    if (!map) return std::unexpected(map.error());
    const Result<std::vector<Array>> arrays = arrays_in(*map, observed_.disks, doors_);
    if (!arrays) return std::unexpected(arrays.error());
    const Array* array = array_with(uuid, *arrays);
    if (array == nullptr)
        return fail(Errc::not_found,
                    "array '" + std::string(name) + "' is not there: see raid/" + std::string(name),
                    std::string(name));
    return *array;
}

Result<void> Applier::wipe(const std::string& path) {
    return run("wipefs", {"--all", path});
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
    for (const std::string& path : paths) {
        const Result<std::vector<Signature>> found = signatures_of(path, doors_);
        if (!found) return std::unexpected(found.error());
        const bool member =
            std::ranges::find(*found, "linux_raid_member", &Signature::type) != found->end();
        if (member)
            if (Result<void> done = run("mdadm", {"--zero-superblock", path}); !done) return done;
        if (!found->empty())
            if (Result<void> done = wipe(path); !done) return done;
    }
    settle();
    const Result<Disk> after = look_at(op.disk);
    if (!after) return std::unexpected(after.error());
    if (!after->blank())
        return fail(Errc::io, "after wiping it still " + tell(obstacles(*after)), op.disk);
    return {};
}

Result<void> Applier::operator()(const StopArray& op) {
    const Result<Array> array = array_now(op.uuid, op.uuid);
    if (!array) return std::unexpected(array.error());
    const std::string path = "/dev/" + array->kernel_name;
    if (Result<void> done = run("mdadm", {"--stop", path}); !done) return done;
    settle();
    return {};
}

Result<void> Applier::operator()(const ForgetMembers& op) {
    const Result<std::vector<std::string>> paths = paths_of(op.disks, op.uuid);
    if (!paths) return std::unexpected(paths.error());
    for (const std::string& path : *paths)
        if (Result<void> done = run("mdadm", {"--zero-superblock", path}); !done) return done;
    settle();
    return {};
}

Result<void> Applier::operator()(const CreateArray& op) {
    if (op.uuid.empty()) return fail(Errc::internal, "no UUID was drawn for it", op.name);
    std::vector<std::string> disks = op.members;
    disks.insert(disks.end(), op.spares.begin(), op.spares.end());
    const Result<std::vector<std::string>> paths = paths_of(disks, {});
    if (!paths) return std::unexpected(paths.error());
    if (Result<void> done = run("mdadm", create_args(op, *paths), 120s); !done) return done;
    fail_point("raid.after-create");
    settle("/dev/md/" + op.name);
    // The same disks in the same geometry bring back the file system of their last array. Nobody
    // but us can have put anything here since the line before.
    const Result<Array> array = array_now(op.uuid, op.name);
    if (!array) return std::unexpected(array.error());
    if (array->signatures.empty()) return {};
    return wipe(array->path);
}

Result<void> Applier::operator()(const AssembleArray& op) {
    const Result<std::vector<std::string>> paths = paths_of(op.disks, op.uuid);
    if (!paths) return std::unexpected(paths.error());
    if (Result<void> done = run("mdadm", assemble_args(op, *paths)); !done) return done;
    settle("/dev/md/" + op.name);
    return {};
}

/// The initramfs is not rebuilt: its copy of mdadm.conf serves to find "/", and no array of ours is
/// under it in this version; udev assembles the others from the real root.
Result<void> Applier::operator()(const ListInMdadmConf& op) {
    Result<std::string> conf = doors_.files.read(conf_path);
    if (!conf && conf.error().code != Errc::not_found) return std::unexpected(conf.error());
    const std::string content = conf ? *conf : std::string{};
    if (lists_array(content, op.name, op.uuid)) return {};
    const Result<Outcome> put =
        doors_.files.put(conf_path, with_array(content, op.name, op.uuid), {.mode = 0644});
    if (!put) return std::unexpected(put.error());
    return {};
}

Result<void> Applier::operator()(const MakeFilesystem& op) {
    if (op.uuid.empty() || op.array_uuid.empty())
        return fail(Errc::internal, "no UUID was drawn for it", op.array_name);
    const Result<Array> array = array_now(op.array_uuid, op.array_name);
    if (!array) return std::unexpected(array.error());
    const auto& there = array->signatures;
    if (there.size() == 1 && there.front().type == op.type &&
        same_uuid(there.front().uuid, op.uuid))
        return {};
    const bool expected = std::ranges::all_of(there, [&](const Signature& s) {
        return std::ranges::find(op.overwrites, s.type) != op.overwrites.end();
    });
    if (!expected || !array->mounts.empty() || !array->probe_error.empty() || array->bytes == 0) {
        std::vector<std::string> found;
        for (const Signature& signature : there) found.push_back(signature.type);
        return fail(Errc::refused,
                    "array '" + op.array_name + "' is not as it was planned: " +
                        (array->bytes == 0             ? "it does not run"
                         : !array->probe_error.empty() ? array->probe_error
                         : !array->mounts.empty()      ? "it is mounted at " + tell(array->mounts)
                                                       : "it holds " + tell(found)),
                    array->path);
    }
    if (!there.empty())
        if (Result<void> done = wipe(array->path); !done) return done;
    if (Result<void> done = run("mkfs." + op.type, mkfs_args(op, array->path), 600s); !done)
        return done;
    fail_point("raid.after-mkfs");
    settle("/dev/disk/by-uuid/" + op.uuid);
    return {};
}

Result<void> Applier::operator()(const WriteMountUnit& op) {
    const Result<Outcome> put =
        doors_.files.put(std::string(units_directory) + op.unit, op.content, {.mode = 0644});
    if (!put) return std::unexpected(put.error());
    return {};
}

Result<void> Applier::operator()(const StartMount& op) {
    if (!doors_.files.exists(doors_.roots.run / "systemd/system"))
        return fail(Errc::unsupported,
                    "systemd does not run here; " + op.unit + " is written and mounts " +
                        op.mount_point + " at the next boot once it is enabled",
                    op.mount_point);
    if (!doors_.files.exists(doors_.roots.dev / "disk/by-uuid" / op.uuid))
        return fail(Errc::not_found,
                    "its file system is not there: see filesystem/" + op.array_name,
                    op.mount_point);
    // PID 1 mounts it: in our own namespace nobody else would see it. `enable` has it read the new
    // unit. Longer than the 90 s that systemd waits for a device.
    return run("systemctl", {"enable", "--now", op.unit}, 120s);
}

}  // namespace

std::vector<Result<void>> apply(std::span<const Step<Op>> steps, const Observed& observed,
                                Doors& doors, Journal& journal) {
    Applier applier(observed, doors);
    std::vector<Result<void>> results;
    for (const Step<Op>& step : steps) {
        journal.progress(step.item, step.why, -1);
        results.push_back(std::visit(applier, step.op));
    }
    return results;
}

}  // namespace metalwright::raid
