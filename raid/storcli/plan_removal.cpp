// What a release takes away of controllers.

#include <algorithm>

#include "raid/storcli/plan.hpp"

namespace metalwright::raid::storcli {
namespace {

/// Whether every volume that there is tells which one it is.
bool all_read(const Controllers& there) {
    const auto whole = [](const Controller& c) {
        return c.errors.empty() &&
               std::ranges::none_of(c.volumes, [](const VirtualDrive& v) { return v.wwn.empty(); });
    };
    return there.errors.empty() && std::ranges::all_of(there.list, whole);
}

}  // namespace

std::string half_made(const OwnVolume& ours, const Controllers& there) {
    for (const Controller& controller : there.list) {
        const auto of_ours = [&](const std::string& selector) {
            const auto drive = std::ranges::find(controller.drives, selector, &Drive::selector);
            return drive != controller.drives.end() && !drive->serial.empty() &&
                   std::ranges::find(ours.drives, drive->serial) != ours.drives.end();
        };
        for (const VirtualDrive& volume : controller.volumes)
            if (volume.name == ours.name && !volume.drives.empty() &&
                std::ranges::all_of(volume.drives, of_ours))
                return volume.wwn;
    }
    return {};
}

Plan<VolumeOp> plan_deletion(std::span<const OwnVolume> ours, const Controllers& there) {
    Plan<VolumeOp> plan;
    for (const OwnVolume& own : ours) {
        const std::string wwn = own.wwn.empty() ? half_made(own, there) : own.wwn;
        bool found = false;
        for (const Controller& controller : there.list)
            for (const VirtualDrive& volume : controller.volumes)
                if (!found && !wwn.empty() && volume.wwn == wwn) {
                    found = true;
                    plan.steps.push_back({.item = "volume/" + own.name,
                                          .why = "delete '" + own.name + "' (" + wwn + ")",
                                          .op = DeleteVolume{controller.id, own.name, wwn},
                                          .destroys_data = true});
                }
        if (found) continue;
        ItemResult gone{
            .item = "volume/" + own.name, .outcome = Outcome::unchanged, .note = "it is not there"};
        if ((own.wwn.empty() && own.drives.empty()) || !all_read(there))
            gone = {
                .item = "volume/" + own.name,
                .outcome = Outcome::failed,
                .error = Error{Errc::refused,
                               "not every volume could be read, so it is not known which one '" +
                                   own.name + "' is",
                               own.name}};
        plan.settled.push_back(std::move(gone));
    }
    return plan;
}

Plan<VolumeOp> plan_spares_removal(const OwnSpares& own, const Controllers& there) {
    Plan<VolumeOp> plan;
    const std::string item = item_of(WantedSpares{.controller = own.controller});
    for (const Controller& controller : there.list) {
        std::vector<Seat> seats;
        std::string told;
        for (const Drive& drive : controller.drives) {
            if (drive.state != DriveState::hot_spare || drive.serial.empty() ||
                std::ranges::find(own.drives, drive.serial) == own.drives.end())
                continue;
            seats.push_back({drive.selector, drive.serial});
            told += (told.empty() ? "" : ", ") + drive.serial;
        }
        if (!seats.empty())
            plan.steps.push_back({item, "keep " + told + " as a spare no longer",
                                  RemoveSpares{controller.id, std::move(seats)}, true});
    }
    if (!plan.steps.empty()) return plan;
    ItemResult result{
        .item = item, .outcome = Outcome::unchanged, .note = "none of ours is a spare any more"};
    if (!all_read(there)) {
        result.outcome = Outcome::failed;
        result.error = Error{Errc::refused,
                             "not every controller could be read, so it is not known what has "
                             "become of our spares",
                             own.controller};
    }
    plan.settled.push_back(std::move(result));
    return plan;
}

}  // namespace metalwright::raid::storcli
