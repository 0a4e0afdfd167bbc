#include "raid/storcli/differ.hpp"

#include <algorithm>
#include <set>

#include "raid/storcli/choose.hpp"

namespace metalwright::raid::storcli {
namespace {

const Drive* drive_at(const Controller& controller, const std::string& selector) {
    const auto at = std::ranges::find(controller.drives, selector, &Drive::selector);
    return at == controller.drives.end() ? nullptr : &*at;
}

std::set<std::string> serials_of(const Controller& controller, const VirtualDrive& volume) {
    std::set<std::string> serials;
    for (const std::string& selector : volume.drives)
        if (const Drive* drive = drive_at(controller, selector)) serials.insert(drive->serial);
    return serials;
}

std::size_t missing_of(const Controller& controller, const VirtualDrive& volume) {
    return static_cast<std::size_t>(std::ranges::count_if(controller.drives, [&](const Drive& d) {
        return d.state == DriveState::missing &&
               std::ranges::find(d.volumes, volume.id) != d.volumes.end();
    }));
}

bool rebuilding(const Controller& controller, const VirtualDrive& volume) {
    return std::ranges::any_of(volume.drives, [&](const std::string& selector) {
        const Drive* drive = drive_at(controller, selector);
        return drive != nullptr && drive->state == DriveState::rebuilding;
    });
}

std::string how_far(int percent, const std::string& time_left) {
    std::string words;
    if (percent >= 0) words += " " + std::to_string(percent) + " %";
    if (!time_left.empty()) words += ", " + time_left + " left";
    return words;
}

/// Ids that name no member of it, where nothing of it is missing.
std::string strangers(const WantedVolume& wanted, const Controller& controller,
                      const VirtualDrive& volume) {
    std::string told;
    const std::size_t count =
        wanted.drives.ids.size() - std::min<std::size_t>(wanted.drives.ids.size(), wanted.spares);
    for (std::size_t i = 0; i < count; ++i) {
        const std::string& id = wanted.drives.ids[i];
        if (wanted.replaced.contains(id)) continue;
        const bool in_it = std::ranges::any_of(volume.drives, [&](const std::string& selector) {
            const Drive* drive = drive_at(controller, selector);
            return drive != nullptr && means(id, *drive);
        });
        if (!in_it) told += (told.empty() ? "" : ", ") + id;
    }
    return told;
}

}  // namespace

const VirtualDrive* volume_for(const WantedVolume& wanted, const Controller& controller) {
    const auto named = std::ranges::find(controller.volumes, wanted.name, &VirtualDrive::name);
    if (named != controller.volumes.end()) return &*named;
    const std::size_t known = wanted.known_drives.size();
    if (known <= wanted.spares) return nullptr;
    const std::set<std::string> members(
        wanted.known_drives.begin(),
        wanted.known_drives.end() - static_cast<std::ptrdiff_t>(wanted.spares));
    for (const VirtualDrive& volume : controller.volumes)
        if (volume.drives.size() == members.size() && serials_of(controller, volume) == members)
            return &volume;
    return nullptr;
}

std::string differences(const WantedVolume& wanted, const Controller& controller,
                        const VirtualDrive& volume) {
    std::string told;
    const auto tell = [&](const std::string& words) {
        told += (told.empty() ? "" : ", and ") + words;
    };
    const std::string level = "raid" + std::to_string(wanted.level);
    if (volume.level != level) tell("its level is " + volume.level + ", not " + level);
    const std::size_t drives = volume.drives.size() + missing_of(controller, volume);
    const std::size_t ids = wanted.drives.ids.size();
    const std::size_t count =
        ids == 0 ? wanted.drives.count : ids - std::min<std::size_t>(ids, wanted.spares);
    if (count != 0 && count != drives)
        tell("it is over " + std::to_string(drives) + " drives, not " + std::to_string(count));
    else if (missing_of(controller, volume) == 0 && !rebuilding(controller, volume))
        if (const std::string others = strangers(wanted, controller, volume); !others.empty())
            tell(others + " is not in it");
    if (wanted.strip_kib != 0 && volume.strip_kib != 0 && wanted.strip_kib != volume.strip_kib)
        tell("its strip is " + std::to_string(volume.strip_kib) + " KiB, not " +
             std::to_string(wanted.strip_kib));
    if (wanted.spans != 0 && volume.spans != 0 && wanted.spans != volume.spans)
        tell("it has " + std::to_string(volume.spans) + " spans, not " +
             std::to_string(wanted.spans));
    if (volume.name != wanted.name) tell("its name is '" + volume.name + '\'');
    return told;
}

std::string damage(const Controller& controller, const VirtualDrive& volume) {
    if (volume.state == VolumeState::optimal) return {};
    if (rebuilding(controller, volume) && volume.state != VolumeState::offline) return {};
    std::string culprits;
    for (const std::string& selector : volume.drives) {
        const Drive* drive = drive_at(controller, selector);
        if (drive != nullptr && drive->state != DriveState::member)
            culprits += (culprits.empty() ? ": " : ", ") + storcli::tell(*drive) + " is " +
                        std::string(to_string(drive->state));
    }
    if (const std::size_t gone = missing_of(controller, volume); gone != 0)
        culprits += (culprits.empty() ? ": " : ", ") + std::to_string(gone) +
                    (gone == 1 ? " drive is missing" : " drives are missing");
    const std::string state = volume.state == VolumeState::unknown
                                  ? "in the state '" + volume.raw_state + "'"
                                  : std::string(to_string(volume.state));
    return state + culprits;
}

std::string rebuild_note(const Controller& controller, const VirtualDrive& volume) {
    for (const std::string& selector : volume.drives) {
        const Drive* drive = drive_at(controller, selector);
        if (drive == nullptr || drive->state != DriveState::rebuilding) continue;
        return "rebuilding" + how_far(drive->percent, drive->time_left) + ", usable meanwhile";
    }
    return {};
}

std::string progress_note(const Controller& controller, const VirtualDrive& volume) {
    std::string rebuild = rebuild_note(controller, volume);
    if (!rebuild.empty() || !volume.task) return rebuild;
    const Task& task = *volume.task;
    const bool blocks = task.kind == TaskKind::initialization;
    std::string what(to_string(task.kind));
    std::ranges::replace(what, '-', ' ');
    if (task.kind == TaskKind::other) what = task.name;
    return what + how_far(task.percent, task.time_left) +
           (blocks ? ", not usable until it is done" : ", usable meanwhile");
}

CachePolicy cache_to_set(const CachePolicy& wanted, std::string_view there) {
    const std::string_view read = there.starts_with("NR") ? "nora" : "ra";
    const std::string_view write = there.contains("AWB")  ? "awb"
                                   : there.contains("WB") ? "wb"
                                   : there.contains("WT") ? "wt"
                                                          : "";
    const std::string_view io = there.ends_with("D")   ? "direct"
                                : there.ends_with("C") ? "cached"
                                                       : "";
    CachePolicy other;
    if (there.empty()) return other;
    if (wanted.read != read) other.read = wanted.read;
    if (!write.empty() && wanted.write != write) other.write = wanted.write;
    if (!io.empty() && wanted.io != io) other.io = wanted.io;
    return other;
}

}  // namespace metalwright::raid::storcli
