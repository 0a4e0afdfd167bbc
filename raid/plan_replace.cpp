#include "raid/plan_replace.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "raid/compare.hpp"
#include "raid/identity.hpp"
#include "raid/stack.hpp"

namespace metalwright::raid {
namespace {

/// How the member is told by the array; as it was named where the disk is not there.
std::string identity_of(const std::string& id, const Observed& observed) {
    const std::vector<const Disk*> found = disks_named(id, observed.disks);
    return found.empty() ? id : found.front()->identity();
}

const Array::Member* member_of(const Array& array, const std::string& identity) {
    const auto it = std::ranges::find_if(array.members, [&](const Array::Member& member) {
        return member.disk == identity || member.partition == identity;
    });
    return it == array.members.end() ? nullptr : &*it;
}

std::size_t slots_filled(const Array& array) {
    std::set<std::string> slots;
    for (const Array::Member& member : array.members)
        if (!member.role.empty() &&
            member.role.find_first_not_of("0123456789") == std::string::npos)
            slots.insert(member.role);
    return slots.size();
}

bool fits(const Disk& disk, const Array& array, const Disk* old) {
    const std::uint64_t needed = old != nullptr ? old->bytes : array.component_bytes;
    return disk.bytes >= needed && disk.bytes > array.component_bytes;
}

/// The disk that takes the place; an error when there is none.
Result<const Disk*> newcomer(const Replacement& replacement, const WantedArray& wanted,
                             const Array& array, const Disk* old, const Grounds& grounds) {
    const std::vector<Disk>& all = grounds.observed.disks;
    if (!replacement.with.empty()) {
        const std::vector<const Disk*> found = disks_named(replacement.with, all);
        if (found.empty())
            return fail(Errc::not_found, "there is no disk " + replacement.with, replacement.with);
        const Verdict verdict = judge(*found.front(), grounds);
        if (!verdict.refusal.empty() || verdict.wipe)
            return fail(Errc::refused,
                        verdict.refusal.empty() ? tell_obstacles(*found.front()) + ": wipe it first"
                                                : verdict.refusal,
                        replacement.with);
        if (!fits(*found.front(), array, old))
            return fail(Errc::refused, tell(*found.front()) + " is smaller than what it replaces",
                        replacement.with);
        return found.front();
    }
    std::set<bool> kinds;
    for (const Array::Member& member : array.members)
        for (const Disk* disk : disks_named(member.disk, all)) kinds.insert(disk->rotational);
    const Disk* best = nullptr;
    for (const Disk& disk : all) {
        if (disk.is_partition() || disk.removable || !judge(disk, grounds).refusal.empty() ||
            !disk.blank() || !fits(disk, array, old) || &disk == old)
            continue;
        if (!kinds.empty() && !kinds.contains(disk.rotational)) continue;
        if (best == nullptr ||
            std::pair(disk.bytes, disk.identity()) < std::pair(best->bytes, best->identity()))
            best = &disk;
    }
    if (best == nullptr)
        return fail(Errc::not_found,
                    "no blank disk of its kind is large enough to take its place in '" +
                        wanted.name + "': put one in, or name one",
                    replacement.disk);
    return best;
}

}  // namespace

bool concerns(const Replacement& replacement, const WantedArray& wanted, const Array& array,
              const Observed& observed) {
    const std::string identity = identity_of(replacement.disk, observed);
    const auto has = [&](const std::vector<std::string>& ids) {
        return std::ranges::find(ids, identity) != ids.end() ||
               std::ranges::find(ids, replacement.disk) != ids.end();
    };
    // Remembered as replaced already: a crash came between that and the last step.
    return member_of(array, identity) != nullptr || has(wanted.known_members) ||
           has(wanted.members.ids) || wanted.replaced.contains(identity) ||
           wanted.replaced.contains(replacement.disk);
}

void plan_replace(const Replacement& replacement, const WantedArray& wanted, const Array& array,
                  const Grounds& grounds, Plan<Op>& plan) {
    const std::string item = "raid/" + wanted.name;
    const auto refuse = [&](Error error) {
        error.message = replacement.disk + " is not replaced: " + error.message;
        plan.settled.push_back(
            {.item = item, .outcome = Outcome::failed, .error = std::move(error)});
    };
    const std::string identity = identity_of(replacement.disk, grounds.observed);
    const Array::Member* member = member_of(array, identity);
    const bool whole = slots_filled(array) >= array.raid_devices;
    if (member == nullptr && (whole || array.building())) {
        std::string note = sync_note(array);
        plan.settled.push_back(
            {.item = item,
             .outcome = Outcome::unchanged,
             .note = replacement.disk + " was replaced" + (note.empty() ? "" : "; " + note)});
        return;
    }
    if (wanted.level == Level::raid0)
        return refuse({Errc::unsupported, "raid0 has nothing to rebuild it from", wanted.name});
    const bool works = member != nullptr && member->role != "faulty" && member->role != "spare" &&
                       member->role != "journal";
    if (member != nullptr && member->role == "journal")
        return refuse(
            {Errc::unsupported, "it is the journal of '" + wanted.name + '\'', wanted.name});
    if (works && (!whole || array.building()))
        return refuse({Errc::refused,
                       "'" + wanted.name +
                           "' needs it: " + (array.building() ? sync_note(array) : damage(array)),
                       wanted.name});
    const std::vector<const Disk*> named = disks_named(identity, grounds.observed.disks);
    const Disk* old = named.size() == 1 ? named.front() : nullptr;
    const Result<const Disk*> with = newcomer(replacement, wanted, array, old, grounds);
    if (!with) return refuse(with.error());
    const auto step = [&](std::string why, Op op) {
        plan.steps.push_back({item, std::move(why), std::move(op), true});
    };
    if (works)
        step("take " + identity + " out of use in '" + wanted.name + '\'',
             FailMember{wanted.uuid, identity});
    if (member != nullptr)
        step("remove " + identity + " from '" + wanted.name + '\'',
             RemoveMember{wanted.uuid, identity});
    // A superblock that is older than its array's must not be found by the next assembly.
    if (works && old != nullptr)
        step("take its superblock off " + identity, ForgetMembers{wanted.uuid, {identity}});
    step("add " + (*with)->identity() + " to '" + wanted.name + "' in its place, and rebuild",
         AddMember{wanted.name, wanted.uuid, (*with)->identity(), identity});
    if (old != nullptr && !old->led.empty())
        plan.steps.push_back({item, "light the locate LED of " + identity + ", to be taken out",
                              LightLocate{identity}, false});
}

}  // namespace metalwright::raid
