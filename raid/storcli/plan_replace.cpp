#include "raid/storcli/plan_replace.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "raid/storcli/differ.hpp"

namespace metalwright::raid::storcli {
namespace {

const Drive* drive_named(const std::string& id, const Controller& controller) {
    const auto at = std::ranges::find_if(controller.drives,
                                         [&](const Drive& drive) { return means(id, drive); });
    return at == controller.drives.end() ? nullptr : &*at;
}

bool has(const std::vector<std::string>& all, const std::string& one) {
    return !one.empty() && std::ranges::find(all, one) != all.end();
}

bool is_member(const Drive& drive, const VirtualDrive& volume) {
    return has(volume.drives, drive.selector);
}

/// The least and the kind that a new drive must have: of the members that are there.
struct Measure {
    std::uint64_t bytes = 0;
    DriveMedia media = DriveMedia::unknown;
};

Measure measure_of(const Controller& controller, const VirtualDrive& volume) {
    Measure least;
    for (const Drive& drive : controller.drives) {
        if (!is_member(drive, volume) || drive.bytes == 0) continue;
        if (least.bytes == 0 || drive.bytes < least.bytes) least.bytes = drive.bytes;
        least.media = drive.media;
    }
    return least;
}

/// The drive that takes the place.
Result<Seat> newcomer(const DriveReplacement& replacement, const WantedVolume& wanted,
                      const Controller& controller, const VirtualDrive& volume,
                      const Claims& claims) {
    const Measure least = measure_of(controller, volume);
    if (!replacement.with.empty()) {
        const Drive* drive = drive_named(replacement.with, controller);
        if (drive == nullptr)
            return fail(Errc::not_found, controller.id + " has no drive " + replacement.with,
                        replacement.with);
        std::string why = obstacle(*drive, controller);
        if (why.empty() && drive->bytes < least.bytes)
            why = tell(*drive) + " is smaller than the drives of the volume";
        if (why.empty() && is_claimed(claims, controller, *drive))
            why = tell(*drive) + " is to be another volume's";
        if (!why.empty()) return fail(Errc::refused, why, replacement.with);
        return Seat{drive->selector, drive->serial};
    }
    const WantedVolume one{.name = wanted.name,
                           .drives = {.count = 1, .media = least.media, .min_bytes = least.bytes}};
    Result<std::vector<Seat>> seats = choose(one, controller, claims);
    if (!seats) return std::unexpected(std::move(seats).error());
    return seats->front();
}

/// Every name by which an order may mean the drive.
std::vector<std::string> names_of(const DriveReplacement& replacement, const Drive* drive,
                                  const WantedVolume& wanted) {
    std::vector<std::string> names{replacement.drive};
    const auto add = [&](const std::string& name) {
        if (!name.empty() && !has(names, name)) names.push_back(name);
    };
    if (drive == nullptr) return names;
    add(drive->serial);
    for (const std::string& id : wanted.drives.ids)
        if (means(id, *drive)) add(id);
    return names;
}

}  // namespace

bool concerns(const DriveReplacement& replacement, const WantedVolume& wanted,
              const Controller& controller, const VirtualDrive& volume) {
    const Drive* drive = drive_named(replacement.drive, controller);
    if (drive != nullptr && is_member(*drive, volume)) return true;
    return has(wanted.known_drives, replacement.drive) ||
           has(wanted.drives.ids, replacement.drive) ||
           (drive != nullptr && has(wanted.known_drives, drive->serial)) ||
           wanted.replaced.contains(replacement.drive);
}

void plan_replace(const DriveReplacement& replacement, const WantedVolume& wanted,
                  const Controller& controller, const VirtualDrive& volume, Claims& claims,
                  Plan<VolumeOp>& plan) {
    const std::string item = "volume/" + wanted.name;
    const auto refuse = [&](Errc code, const std::string& why, const std::string& where) {
        plan.settled.push_back(
            {.item = item,
             .outcome = Outcome::failed,
             .error = Error{code, replacement.drive + " is not replaced: " + why, where}});
    };
    const Drive* old = drive_named(replacement.drive, controller);
    const bool member = old != nullptr && is_member(*old, volume);
    const std::string note = rebuild_note(controller, volume);
    const bool whole = volume.state == VolumeState::optimal;
    if (!member && (whole || !note.empty())) {
        plan.settled.push_back(
            {.item = item,
             .outcome = Outcome::unchanged,
             .note = replacement.drive + " was replaced" + (note.empty() ? "" : "; " + note)});
        return;
    }
    if (wanted.level == 0)
        return refuse(Errc::unsupported, "raid0 has nothing to rebuild it from", wanted.name);
    const bool works = member && old->state == DriveState::member;
    if (works && !whole)
        return refuse(
            Errc::refused,
            "'" + wanted.name + "' needs it: " + (note.empty() ? damage(controller, volume) : note),
            wanted.name);
    if (member && old->state == DriveState::rebuilding)
        return refuse(Errc::refused, "'" + wanted.name + "' is " + note, wanted.name);
    const Result<Seat> with = newcomer(replacement, wanted, controller, volume, claims);
    if (!with) return refuse(with.error().code, with.error().message, with.error().where);
    claim(claims, controller, *with);
    const Seat seat = old == nullptr ? Seat() : Seat{old->selector, old->serial};
    const std::string who = old == nullptr ? replacement.drive : tell(*old);
    if (works)
        plan.steps.push_back({item, "take " + who + " out of use in '" + wanted.name + '\'',
                              TakeOffline{controller.id, wanted.name, seat}, true});
    plan.steps.push_back(
        {item, "give '" + wanted.name + "' " + with->serial + " in its place, to rebuild on",
         GiveDrive{controller.id, wanted.name, *with, names_of(replacement, old, wanted)}, true});
    if (old != nullptr)
        plan.steps.push_back({item, "light the locate LED of " + who + ", to be taken out",
                              LocateDrive{controller.id, seat, true}, false});
}

}  // namespace metalwright::raid::storcli
