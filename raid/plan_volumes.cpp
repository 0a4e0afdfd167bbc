#include "raid/plan_volumes.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "raid/identity.hpp"
#include "raid/select.hpp"
#include "raid/stack.hpp"
#include "raid/storcli/differ.hpp"
#include "raid/storcli/plan.hpp"
#include "raid/storcli/plan_replace.hpp"
#include "raid/wishes.hpp"

namespace metalwright::raid {
namespace {

ItemResult failed(std::string item, Error error) {
    return {.item = std::move(item), .outcome = Outcome::failed, .error = std::move(error)};
}

const Controller* holder_of(const VirtualDrive* volume, const Controllers& controllers) {
    for (const Controller& one : controllers.list)
        for (const VirtualDrive& each : one.volumes)
            if (&each == volume) return &one;
    return nullptr;
}

/// The one disk by which the kernel shows the volume; null when there is none, or several.
const Disk* device_of(const std::string& wwn, const Observed& observed) {
    if (wwn.empty()) return nullptr;
    const std::vector<const Disk*> disks = disks_named(wwn, observed.disks);
    return disks.size() == 1 ? disks.front() : nullptr;
}

/// Where the plan of this volume's own item has come to.
Standing standing_of(const Plan<Op>& plan, const std::string& item, bool there, bool damaged) {
    const auto settled = std::ranges::find(plan.settled, item, &ItemResult::item);
    const bool refused = settled != plan.settled.end() && settled->outcome != Outcome::unchanged;
    if (refused) return there && damaged ? Standing::damaged : Standing::unusable;
    return there ? Standing::running : Standing::planned;
}

Ground ground_of(const storcli::WantedVolume& wanted, const Observed& observed,
                 const Plan<Op>& plan) {
    Ground ground{.name = wanted.name,
                  .noun = "volume",
                  .item = item_of(wanted),
                  .memory = wanted.memory,
                  .ours = wanted.memory != Memory::never_made};
    const VirtualDrive* volume = volume_there(wanted, observed.controllers);
    const Controller* controller = holder_of(volume, observed.controllers);
    const bool damaged = volume != nullptr && !storcli::damage(*controller, *volume).empty();
    ground.standing = standing_of(plan, ground.item, volume != nullptr, damaged);
    for (const Step<Op>& step : plan.steps)
        if (const auto* op = std::get_if<storcli::VolumeOp>(&step.op))
            if (const auto* create = std::get_if<storcli::CreateVolume>(op);
                create != nullptr && create->name == wanted.name) {
                ground.controller = create->controller;
                ground.ours = true;
            }
    if (volume == nullptr) return ground;
    ground.controller = controller->id;
    if (const Disk* disk = device_of(volume->wwn, observed)) {
        ground.path = disk->path;
        ground.signatures = disk->signatures;
        ground.probe_error = disk->probe_error;
        ground.mounts = disk->mounts;
        ground.held = !disk->holders.empty() || !disk->partitions.empty() || disk->read_only ||
                      under_system(*disk, observed.system);
    } else if (ground.memory != Memory::begun) {
        ground.path = controller->id + "/v" + std::to_string(volume->id);
        ground.probe_error = "the kernel shows no disk with its NAA id " + volume->wwn;
    }
    return ground;
}

void add(Plan<storcli::VolumeOp> of_controllers, Plan<Op>& plan) {
    std::ranges::move(of_controllers.settled, std::back_inserter(plan.settled));
    for (Step<storcli::VolumeOp>& step : of_controllers.steps)
        plan.steps.push_back(
            {std::move(step.item), std::move(step.why), std::move(step.op), step.destroys_data});
}

/// A file system is made after the initialization: where ours stands, that was done, whatever could
/// be remembered of it.
void take_for_initialized(storcli::WantedVolume& wanted, const Observed& observed) {
    const VirtualDrive* volume = volume_there(wanted, observed.controllers);
    if (volume == nullptr || !wanted.filesystem) return;
    const Disk* disk = device_of(volume->wwn, observed);
    if (disk == nullptr) return;
    const auto ours = [&](const Signature& signature) {
        return same_uuid(signature.uuid, wanted.filesystem->uuid);
    };
    if (std::ranges::any_of(disk->signatures, ours))
        wanted.done.insert(storcli::deed_of(storcli::StartInit{}, volume->wwn));
}

void leave_volumes(const Controllers& there, Plan<Op>& plan) {
    std::vector<std::string> left;
    for (const Controller& controller : there.list)
        for (const VirtualDrive& volume : controller.volumes)
            left.push_back(volume.name.empty() ? controller.id + "/v" + std::to_string(volume.id)
                                               : volume.name);
    plan.settled.push_back(
        {.item = "volumes",
         .outcome = Outcome::unchanged,
         .note = left.empty() ? "no volumes are wanted and none are there"
                              : "no volumes are wanted; left as they are: " + tell(left)});
}

/// Whether a drive of this volume is to be replaced, which then is all that is done to it: of one
/// that is ours alone.
bool plan_replacements(const storcli::WantedVolume& wanted,
                       const std::vector<Replacement>& replacements, const Controllers& there,
                       storcli::Claims& claims, Plan<Op>& plan, std::set<std::string>& replaced) {
    const VirtualDrive* volume = volume_there(wanted, there);
    if (volume == nullptr || wanted.memory != Memory::complete) return false;
    const Controller& controller = *holder_of(volume, there);
    for (const Replacement& one : replacements) {
        const storcli::DriveReplacement replacement{one.disk, one.with};
        if (!storcli::concerns(replacement, wanted, controller, *volume)) continue;
        replaced.insert(one.disk);
        if (const Error* unread = storcli::unread_of(controller, there)) {
            plan.settled.push_back(failed(
                item_of(wanted), {Errc::refused,
                                  one.disk + " is not replaced: not all of " + controller.id +
                                      " could be read (" + unread->message + ")",
                                  controller.id}));
            return true;
        }
        Plan<storcli::VolumeOp> steps;
        storcli::plan_replace(replacement, wanted, controller, *volume, claims, steps);
        add(std::move(steps), plan);
        return true;
    }
    return false;
}

}  // namespace

std::string item_of(const storcli::WantedVolume& wanted) {
    return "volume/" + wanted.name;
}

const VirtualDrive* volume_there(const storcli::WantedVolume& wanted,
                                 const Controllers& controllers) {
    for (const Controller& controller : controllers.list) {
        if (!wanted.controller.empty() && wanted.controller != controller.id &&
            wanted.controller != controller.serial)
            continue;
        if (const VirtualDrive* volume = storcli::volume_for(wanted, controller)) return volume;
    }
    return nullptr;
}

void plan_volumes(const Wanted& wanted, const Observed& observed, Plan<Op>& plan,
                  const PlanContent& content, std::set<std::string>& replaced) {
    const Controllers& there = observed.controllers;
    storcli::Claims claims;
    if (wanted.volumes && wanted.volumes->empty()) leave_volumes(there, plan);
    if (wanted.volumes) {
        std::vector<storcli::WantedVolume> others;
        for (const storcli::WantedVolume& one : *wanted.volumes)
            if (!plan_replacements(one, wanted.replace, there, claims, plan, replaced))
                take_for_initialized(others.emplace_back(one), observed);
        add(storcli::plan_volumes(others, there, claims), plan);
    }
    add(storcli::plan_spares(wanted.spares, there, claims), plan);
    if (wanted.volumes)
        for (const storcli::WantedVolume& one : *wanted.volumes)
            content(ground_of(one, observed, plan), one.filesystem);
}

void plan_volume_removal(const storcli::OwnVolume& own, const Observed& observed, Plan<Op>& plan) {
    const std::string item = "volume/" + own.name;
    const auto refuse = [&](const std::string& why) {
        plan.settled.push_back(failed(
            item, {Errc::refused, "volume '" + own.name + "' is not removed: " + why, own.name}));
    };
    const std::optional<RemoveMount> mount = our_mount(own.filesystem_uuid, observed);
    const std::string wwn =
        own.wwn.empty() ? storcli::half_made(own, observed.controllers) : own.wwn;
    std::vector<Holder> above;
    if (const Disk* disk = device_of(wwn, observed)) {
        if (under_system(*disk, observed.system))
            return refuse(tell(*disk) + " is under the system volume");
        const std::vector<std::string> only{disk->identity()};
        above = stack_over(only, observed);
        if (const std::string why = in_the_way(above, only); !why.empty()) return refuse(why);
        if (above.empty() && !disk->holders.empty())
            return refuse(tell(*disk) + " is held by " + tell(disk->holders) +
                          ": take that down first");
        for (const std::string& point : disk->mounts)
            if (!mount || point != mount->mount_point)
                return refuse("it is in use (" + point +
                              "), and metalwright did not mount it there: unmount it");
    }
    Plan<storcli::VolumeOp> deletion =
        storcli::plan_deletion(std::span(&own, 1), observed.controllers);
    if (mount && !deletion.steps.empty())
        plan.steps.push_back({item, "unmount " + mount->mount_point + " for good", *mount, false});
    for (const Holder& holder : above)
        plan.steps.push_back({item, "wipe and stop " + tell(holder) + " on '" + own.name + '\'',
                              TakeDownHolder{holder.kind, holder.title, holder.uuid, holder.disks},
                              true});
    add(std::move(deletion), plan);
}

void plan_spares_removal(const storcli::OwnSpares& own, const Observed& observed, Plan<Op>& plan) {
    add(storcli::plan_spares_removal(own, observed.controllers), plan);
}

}  // namespace metalwright::raid
