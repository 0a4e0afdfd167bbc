#include <algorithm>
#include <chrono>
#include <mutex>
#include <variant>

#include "core/fail_point.hpp"
#include "raid/applier.hpp"
#include "raid/block_tree.hpp"
#include "raid/identity.hpp"
#include "raid/mdadm.hpp"
#include "raid/mdadm_conf.hpp"
#include "raid/mkfs.hpp"
#include "raid/room.hpp"
#include "raid/select.hpp"

namespace metalwright::raid {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view conf_path = "/etc/mdadm/mdadm.conf";
constexpr std::string_view units_directory = "/etc/systemd/system/";

/// Arrays are made side by side, and all of them stand in one file.
std::mutex conf_mutex;

}  // namespace

Result<void> Applier::run(std::string_view program, std::vector<std::string> args,
                          std::chrono::milliseconds timeout) {
    Result<std::string> path = doors_.find_program(program);
    if (!path) return std::unexpected(std::move(path).error());
    const sys::Command command{.program = *path, .args = std::move(args), .timeout = timeout};
    Result<sys::Output> output = sys::expect_ok(doors_.exec.run(command), command);
    if (!output) return std::unexpected(std::move(output).error());
    return {};
}

/// Lets udev catch up, for a bounded time; `until_exists` is a link under /dev that tells it has.
/// That it did not is no failure of its own: what comes next looks for itself.
void Applier::settle(const std::string& until_exists) {
    constexpr std::string_view dev = "/dev/";
    if (until_exists.starts_with(dev) &&
        doors_.files.exists(doors_.roots.dev / until_exists.substr(dev.size())))
        return;
    std::vector<std::string> args{"settle", "--timeout=30"};
    if (!until_exists.empty()) args.push_back("--exit-if-exists=" + until_exists);
    [[maybe_unused]] const Result<void> late = run("udevadm", std::move(args), 40s);
}

/// Whether udev has made the link of a file system that stands on `device` (empty: on any). It
/// hears of what is written by itself, but not while it is still at work on an earlier event of the
/// same device: then it has looked too early, waits for nothing, and has to be told.
bool Applier::await_filesystem(const std::string& uuid, const std::string& device) {
    const auto is_there = [&] {
        return doors_.files.exists(doors_.roots.dev / "disk/by-uuid" / uuid);
    };
    settle("/dev/disk/by-uuid/" + uuid);
    if (is_there()) return true;
    [[maybe_unused]] const Result<void> told =
        run("udevadm",
            {"trigger", "--action=change", "--settle",
             device.empty() ? std::string("--subsystem-match=block") : device},
            40s);
    return is_there();
}

/// Each of them as it is right now, in this order.
Result<std::vector<Disk>> Applier::look_at(std::span<const std::string> identities) {
    const Result<std::vector<Disk>> disks = observe_disks(doors_, identities);
    if (!disks) return std::unexpected(disks.error());
    std::vector<Disk> seen;
    for (const std::string& identity : identities) {
        const std::vector<const Disk*> found = disks_named(identity, *disks);
        if (found.empty()) return fail(Errc::not_found, "disk " + identity + " has gone", identity);
        if (found.size() > 1)
            return fail(Errc::refused, identity + " is not the only disk with this serial",
                        identity);
        const Disk& disk = *found.front();
        if (under_system(disk, observed_.system))
            return fail(Errc::refused, tell(disk) + " is under the system volume", identity);
        seen.push_back(disk);
    }
    return seen;
}

Result<Disk> Applier::look_at(const std::string& identity) {
    Result<std::vector<Disk>> seen = look_at(std::span(&identity, 1));
    if (!seen) return std::unexpected(std::move(seen).error());
    return std::move(seen->front());
}

/// The devices of these disks, each looked at right now: blank, or, when `carrying` is a UUID, with
/// no signature but this array's.
Result<std::vector<std::string>> Applier::paths_of(const std::vector<std::string>& disks,
                                                   std::string_view carrying) {
    const Result<std::vector<Disk>> seen = look_at(disks);
    if (!seen) return std::unexpected(seen.error());
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < disks.size(); ++i) {
        const std::string& identity = disks[i];
        const Disk& disk = (*seen)[i];
        const bool ours = disk.holders.empty() && disk.mounts.empty() && disk.partitions.empty() &&
                          disk.probe_error.empty() && !disk.read_only && carries(disk, carrying) &&
                          disk.signatures.size() == 1;
        if (carrying.empty() ? !disk.blank() : !ours)
            return fail(
                Errc::refused,
                "it is no longer as it was planned: " +
                    (obstacles(disk).empty() ? tell(disk) + " is blank" : tell_obstacles(disk)),
                identity);
        if (Result<void> free = claim(disk.path); !free)
            return fail(free.error().code,
                        tell(disk) + " is not written to: " + free.error().message, identity,
                        free.error().sys);
        paths.push_back(disk.path);
    }
    return paths;
}

Result<Array> Applier::array_now(std::string_view uuid, std::string_view name) {
    const Result<BlockMap> map = block_map(doors_);
    if (!map) return std::unexpected(map.error());
    const Result<std::vector<Array>> arrays = arrays_in(*map, observed_.disks, doors_, uuid);
    if (!arrays) return std::unexpected(arrays.error());
    const Array* array = array_with(uuid, *arrays);
    if (array == nullptr)
        return fail(Errc::not_found,
                    "array '" + std::string(name) + "' is not there: see raid/" + std::string(name),
                    std::string(name));
    return *array;
}

Result<void> Applier::operator()(const CreateArray& op) {
    if (op.uuid.empty()) return fail(Errc::internal, "no UUID was drawn for it", op.name);
    std::vector<std::string> disks = op.members;
    disks.insert(disks.end(), op.spares.begin(), op.spares.end());
    if (!op.journal.empty()) disks.push_back(op.journal);
    Result<std::vector<std::string>> paths = paths_of(disks, {});
    if (!paths) return std::unexpected(paths.error());
    std::string journal;
    if (!op.journal.empty()) {
        journal = paths->back();
        paths->pop_back();
    }
    if (Result<void> done = run("mdadm", create_args(op, *paths, journal), 120s); !done) {
        Error error = std::move(done).error();
        error.message = "array '" + op.name + "' over " + tell(disks) + ": " + error.message;
        error.where = op.name;
        return std::unexpected(std::move(error));
    }
    fail_point("raid.after-create");
    settle("/dev/md/" + op.name);
    // The same disks in the same geometry bring back the file system of their last array. Nobody
    // but us can have put anything here since the line before.
    const Result<Array> array = array_now(op.uuid, op.name);
    if (!array) return std::unexpected(array.error());
    if (array->signatures.empty()) return {};
    return run("wipefs", {"--all", array->path});
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
    const std::lock_guard alone(conf_mutex);
    Result<std::string> conf = doors_.files.read(conf_path);
    if (!conf && conf.error().code != Errc::not_found) return std::unexpected(conf.error());
    const std::string content = conf ? *conf : std::string{};
    if (lists_array(content, op.name, op.uuid)) return {};
    return put_conf(with_array(content, op.name, op.uuid, op.metadata));
}

Result<void> Applier::operator()(const UnlistInMdadmConf& op) {
    const std::lock_guard alone(conf_mutex);
    const Result<std::string> conf = doors_.files.read(conf_path);
    if (!conf) return std::unexpected(conf.error());
    return put_conf(without_array(*conf, op.uuid));
}

Result<void> Applier::put_conf(const std::string& content) {
    const Result<Outcome> put = doors_.files.put(conf_path, content, {.mode = 0644});
    if (!put) return std::unexpected(put.error());
    return {};
}

/// What the file system is to be made on, as it is right now.
Result<Ground> Applier::ground_now(const MakeFilesystem& op) {
    if (op.array_uuid.empty()) {
        const Result<Disk> disk = disk_of_volume(op.controller, op.name);
        if (!disk) return std::unexpected(disk.error());
        return Ground{.name = op.name,
                      .noun = "volume",
                      .item = "volume/" + op.name,
                      .path = disk->path,
                      .signatures = disk->signatures,
                      .probe_error = disk->bytes == 0 ? "it has no size" : disk->probe_error,
                      .mounts = disk->mounts,
                      .held = !disk->holders.empty() || disk->read_only};
    }
    const Result<Array> array = array_now(op.array_uuid, op.name);
    if (!array) return std::unexpected(array.error());
    return Ground{.name = op.name,
                  .noun = "array",
                  .item = "raid/" + op.name,
                  .path = array->path,
                  .signatures = array->signatures,
                  .probe_error = array->bytes == 0 ? "it does not run" : array->probe_error,
                  .mounts = array->mounts};
}

Result<void> Applier::operator()(const MakeFilesystem& op) {
    if (op.uuid.empty() || op.array_uuid.empty() == op.controller.empty())
        return fail(Errc::internal, "no UUID was drawn for it", op.name);
    const Result<Ground> ground = ground_now(op);
    if (!ground) return std::unexpected(ground.error());
    const auto& there = ground->signatures;
    if (there.size() == 1 && there.front().type == op.type &&
        same_uuid(there.front().uuid, op.uuid))
        return {};
    const bool expected = std::ranges::all_of(there, [&](const Signature& s) {
        return std::ranges::find(op.overwrites, s.type) != op.overwrites.end();
    });
    std::vector<std::string> found;
    for (const Signature& signature : there) found.push_back(signature.type);
    const std::string in_the_way = !ground->probe_error.empty() ? ground->probe_error
                                   : !ground->mounts.empty()
                                       ? "it is mounted at " + tell(ground->mounts)
                                   : ground->held ? "it is in use"
                                   : !expected    ? "it holds " + tell(found)
                                                  : "";
    if (!in_the_way.empty())
        return fail(Errc::refused,
                    ground->noun + " '" + op.name + "' is not as it was planned: " + in_the_way,
                    ground->path);
    if (!there.empty())
        if (Result<void> done = run("wipefs", {"--all", ground->path}); !done) return done;
    if (Result<void> free = claim(ground->path); !free) return free;
    if (Result<void> done = run("mkfs." + op.type, mkfs_args(op, ground->path), 600s); !done)
        return done;
    fail_point("raid.after-mkfs");
    await_filesystem(op.uuid, ground->path);
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
    if (!await_filesystem(op.uuid))
        return fail(Errc::not_found, "its file system is not there: see filesystem/" + op.name,
                    op.mount_point);
    // PID 1 mounts it: in our own namespace nobody else would see it. `enable` has it read the new
    // unit. Longer than the 90 s that systemd waits for a device.
    return run("systemctl", {"enable", "--now", op.unit}, 120s);
}

Result<void> Applier::operator()(const RemoveMount& op) {
    if (!doors_.files.exists(doors_.roots.run / "systemd/system"))
        return fail(Errc::unsupported,
                    "systemd does not run here: unmount " + op.mount_point + " and remove " +
                        op.unit + " by hand",
                    op.mount_point);
    if (Result<void> done = run("systemctl", {"disable", "--now", op.unit}, 120s); !done) {
        Error error = std::move(done).error();
        error.where = op.mount_point;
        return std::unexpected(std::move(error));
    }
    const Result<BlockMap> map = block_map(doors_);
    if (!map) return std::unexpected(map.error());
    if (std::ranges::find(map->mounts(), op.mount_point, &Mount::point) != map->mounts().end())
        return fail(Errc::busy, op.mount_point + " is still mounted: end what uses it",
                    op.mount_point);
    const Result<Outcome> removed = doors_.files.remove(std::string(units_directory) + op.unit);
    if (!removed) return std::unexpected(removed.error());
    return run("systemctl", {"daemon-reload"});
}

std::vector<Result<void>> apply(std::span<const Step<Op>> steps, const Observed& observed,
                                Doors& doors, Journal& journal) {
    Applier applier(observed, doors, journal);
    std::vector<Result<void>> results;
    for (const Step<Op>& step : steps) {
        journal.progress(step.item, step.why, -1);
        applier.begin(step.item);
        results.push_back(std::visit(applier, step.op));
    }
    return results;
}

}  // namespace metalwright::raid
