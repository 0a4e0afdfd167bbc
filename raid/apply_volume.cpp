// Volumes of controllers, and the disks by which the kernel shows them.

#include <algorithm>
#include <chrono>
#include <optional>
#include <variant>

#include "core/fail_point.hpp"
#include "raid/applier.hpp"
#include "raid/identity.hpp"
#include "raid/storcli/apply.hpp"
#include "raid/storcli/ask.hpp"
#include "raid/storcli/plan.hpp"

namespace metalwright::raid {

/// By its NAA id alone: which sdX the tool names is a guess that has been wrong. The kernel shows a
/// new volume some time after the tool has answered.
Result<Disk> Applier::disk_of_volume(const std::string& controller, const std::string& name) {
    std::string wwn = made_[name];
    if (wwn.empty()) {
        const auto planned =
            std::ranges::find(observed_.controllers.list, controller, &Controller::id);
        if (planned == observed_.controllers.list.end())
            return fail(Errc::not_found, "there is no controller " + controller, controller);
        const std::vector<std::string> tools{planned->tool};
        const Controllers now = storcli::observe_controllers(doors_.exec, tools);
        for (const Controller& one : now.list)
            for (const VirtualDrive& volume : one.volumes)
                if (one.id == controller && volume.name == name) wwn = volume.wwn;
    }
    if (wwn.empty())
        return fail(Errc::not_found,
                    "no NAA id is told of volume '" + name + "', so which disk it is is not known",
                    controller);
    const std::string node = "/dev/disk/by-id/wwn-0x" + wwn;
    if (!doors_.files.exists(doors_.roots.dev / node.substr(std::string_view("/dev/").size()))) {
        [[maybe_unused]] const Result<void> late =
            run("udevadm", {"wait", "--timeout=30", "--settle", node}, std::chrono::seconds(40));
    }
    Result<Disk> disk = look_at(wwn);
    if (disk || disk.error().code != Errc::not_found) return disk;
    return fail(Errc::not_found,
                "the kernel shows no disk for volume '" + name + "' (NAA id " + wwn +
                    "): see whether its driver found it (dmesg), or boot again",
                controller);
}

/// A full one takes hours, so there is no bound but that it goes on.
Result<void> Applier::await(const storcli::AwaitInit& op, VirtualDrive& seen) {
    using namespace std::chrono_literals;
    constexpr std::chrono::milliseconds longest_pause = 30s;
    constexpr std::chrono::milliseconds longest_stall = 6h;
    constexpr unsigned most_failures = 3;  // in a row: a busy controller answers late
    std::chrono::milliseconds pause = 500ms;
    std::chrono::milliseconds stalled{0};
    std::optional<int> last;
    unsigned failures = 0;
    while (true) {
        seen = {};
        Result<void> done = storcli::apply(op, observed_.controllers, doors_.exec, &seen);
        if (done) return done;
        const bool under_way = done.error().code == Errc::busy;
        failures = under_way ? 0 : failures + 1;
        if (failures == most_failures) return done;
        if (under_way) {
            const int percent = seen.task ? seen.task->percent : -1;
            if (last != percent)
                journal_.progress(item_, done.error().message, static_cast<double>(percent));
            stalled = last == percent ? stalled + pause : 0ms;
            last = percent;
        }
        if (stalled >= longest_stall)
            return fail(
                Errc::timed_out,
                "volume '" + op.name + "' has not come on for six hours: " + done.error().message,
                op.name);
        doors_.pause(pause);
        pause = std::min(pause * 2, longest_pause);
    }
}

/// An initialization that a crash has put off comes to a volume that the kernel has shown for a
/// while. One that is new to it is not waited for: nobody can use what is not there.
Result<void> Applier::unused(const storcli::StartInit& op) {
    const auto planned =
        std::ranges::find(observed_.controllers.list, op.controller, &Controller::id);
    if (planned == observed_.controllers.list.end()) return {};
    const auto volume = std::ranges::find(planned->volumes, op.name, &VirtualDrive::name);
    if (volume == planned->volumes.end() || volume->wwn.empty()) return {};
    const Result<Disk> disk = look_at(volume->wwn);
    if (!disk)
        return disk.error().code == Errc::not_found ? Result<void>()
                                                    : std::unexpected(disk.error());
    if (disk->holders.empty() && disk->mounts.empty()) return {};
    return fail(Errc::refused,
                "it was never initialized, and is in use by now: " + tell_obstacles(*disk) +
                    "; what is written to it now would be lost, so free it first",
                op.name);
}

Result<void> Applier::operator()(const storcli::VolumeOp& op) {
    const auto* wait = std::get_if<storcli::AwaitInit>(&op);
    if (const auto* init = std::get_if<storcli::StartInit>(&op))
        if (Result<void> free = unused(*init); !free) return free;
    VirtualDrive made;
    Result<void> done = wait != nullptr
                            ? await(*wait, made)
                            : storcli::apply(op, observed_.controllers, doors_.exec, &made);
    if (!done) {
        if (!std::holds_alternative<storcli::LocateDrive>(op)) return done;
        journal_.progress(item_, "its locate LED is dark: " + describe(done.error()), -1);
        return {};
    }
    if (std::holds_alternative<storcli::StartInit>(op)) fail_point("raid.after-init");
    if (const std::string deed = storcli::deed_of(op, made.wwn); !deed.empty())
        return doors_.keep_deed(item_, deed);
    const auto* create = std::get_if<storcli::CreateVolume>(&op);
    if (create == nullptr || made.wwn.empty()) return {};
    made_.insert_or_assign(create->name, made.wwn);
    // The same drives in the same geometry bring back the file system of their last volume. Nobody
    // has written to this one yet. Where the kernel is late with it, the file system's step looks.
    const Result<Disk> disk = disk_of_volume(create->controller, create->name);
    if (!disk || (disk->signatures.empty() && disk->partitions.empty())) return {};
    if (!disk->holders.empty() || !disk->mounts.empty())
        return fail(Errc::busy,
                    tell(*disk) + " came up with what was on its drives before, and is in use",
                    create->name);
    return run("wipefs", {"--all", disk->path});
}

}  // namespace metalwright::raid
