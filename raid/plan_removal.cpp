#include "raid/plan_removal.hpp"

#include <algorithm>
#include <optional>
#include <ranges>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "raid/identity.hpp"
#include "raid/mdadm_conf.hpp"
#include "raid/plan_filesystem.hpp"
#include "raid/select.hpp"
#include "raid/stack.hpp"

namespace metalwright::raid {
namespace {

/// What stands on the array, the topmost first.
std::vector<Holder> standing_on(const Array& array, const Observed& observed) {
    std::vector<std::string> disks;
    for (const Array::Member& member : array.members) disks.push_back(member.disk);
    std::set<std::string> below{array.kernel_name};
    std::vector<Holder> stack = stack_over(disks, observed);
    std::vector<Holder> above;
    // From the bottom up: what stands on the array, then what stands on that.
    for (const Holder& holder : stack | std::views::reverse)
        if (std::ranges::any_of(holder.over,
                                [&](const std::string& name) { return below.contains(name); })) {
            below.insert(holder.name);
            above.insert(above.begin(), holder);
        }
    return above;
}

/// Why it cannot be removed; empty when it can.
std::string hindrance(const Array* array, const std::vector<Holder>& above,
                      const std::vector<const Disk*>& carriers, const RemoveMount* mount,
                      const Observed& observed) {
    for (const Disk* disk : carriers)
        if (under_system(*disk, observed.system))
            return tell(*disk) + " is under the system volume";
    if (array == nullptr) return {};
    if (array->kernel_name == observed.system.array) return "it is the system volume";
    for (const std::string& point : array->mounts)
        if (mount == nullptr || point != mount->mount_point)
            return "it is in use (" + point +
                   "), and metalwright did not mount it there: unmount it";
    std::vector<std::string> disks;
    for (const Array::Member& member : array->members) disks.push_back(member.disk);
    return in_the_way(above, disks);
}

}  // namespace

void plan_removal(const WantedArray& removed, const Observed& observed, Plan<Op>& plan) {
    const std::string item = "raid/" + removed.name;
    const Array* array = array_with(removed.uuid, observed.arrays);
    std::vector<const Disk*> carriers;
    for (const Disk& disk : observed.disks)
        if (carries(disk, removed.uuid)) carriers.push_back(&disk);
    const std::optional<RemoveMount> mount =
        our_mount(removed.filesystem ? removed.filesystem->uuid : std::string(), observed);
    const std::vector<Holder> above =
        array == nullptr ? std::vector<Holder>{} : standing_on(*array, observed);
    if (const std::string why =
            hindrance(array, above, carriers, mount ? &*mount : nullptr, observed);
        !why.empty()) {
        plan.settled.push_back(
            {.item = item,
             .outcome = Outcome::failed,
             .error = Error{Errc::refused, "array '" + removed.name + "' is not removed: " + why,
                            removed.name}});
        return;
    }
    const std::size_t before = plan.steps.size();
    const auto step = [&](std::string why, Op op, bool destroys) {
        plan.steps.push_back({item, std::move(why), std::move(op), destroys});
    };
    if (mount) step("unmount " + mount->mount_point + " for good", *mount, false);
    for (const Holder& holder : above)
        step("wipe and stop " + tell(holder) + " on '" + removed.name + '\'',
             TakeDownHolder{holder.kind, holder.title, holder.uuid, holder.disks}, true);
    if (array != nullptr && (!array->signatures.empty() || !array->probe_error.empty()))
        step("wipe what is on '" + removed.name + '\'', WipeArray{removed.name, removed.uuid},
             true);
    if (array != nullptr) step("stop '" + removed.name + '\'', StopArray{removed.uuid}, false);
    if (!carriers.empty()) {
        std::vector<std::string> disks;
        for (const Disk* disk : carriers) disks.push_back(disk->identity());
        step("take the superblocks of '" + removed.name + "' off " + tell(disks),
             ForgetMembers{removed.uuid, disks}, true);
    }
    if (lists_array(observed.mdadm_conf, removed.name, removed.uuid) &&
        without_array(observed.mdadm_conf, removed.uuid) != observed.mdadm_conf)
        step("take '" + removed.name + "' out of mdadm.conf", UnlistInMdadmConf{removed.uuid},
             false);
    if (plan.steps.size() == before)
        plan.settled.push_back(
            {.item = item, .outcome = Outcome::unchanged, .note = "nothing of it is left"});
}

}  // namespace metalwright::raid
