#include "raid/locate.hpp"

#include <filesystem>
#include <utility>
#include <vector>

#include "raid/blind_doors.hpp"
#include "raid/block_tree.hpp"
#include "raid/identity.hpp"
#include "raid/storcli/apply.hpp"
#include "raid/storcli/choose.hpp"

namespace metalwright::raid {
namespace {

Result<std::vector<Disk>> disks_unread(Doors& doors) {
    BlindDoors blind(doors);
    Result<BlockMap> map = block_map(blind.doors);
    if (!map) return std::unexpected(std::move(map).error());
    return disks_in(*map, blind.doors);
}

Result<std::string> by_its_controller(Doors& doors, const std::string& id, bool on) {
    const Controllers all = observe_controllers(doors);
    const Controller* at = nullptr;
    const Drive* found = nullptr;
    for (const Controller& controller : all.list)
        for (const Drive& drive : controller.drives) {
            if (drive.selector.empty() || !storcli::means(id, drive)) continue;
            if (found != nullptr) return fail(Errc::refused, id + " means more than one drive", id);
            at = &controller;
            found = &drive;
        }
    if (found == nullptr) return fail(Errc::not_found, "there is no disk or drive " + id, id);
    const storcli::LocateDrive op{at->id, {found->selector, found->serial}, on};
    if (Result<void> done = storcli::apply(op, all, doors.exec); !done)
        return std::unexpected(std::move(done).error());
    return std::filesystem::path(at->tool).filename().string() + " " + found->selector;
}

}  // namespace

Result<std::string> locate(Doors& doors, const std::string& id, bool on) {
    const Result<std::vector<Disk>> disks = disks_unread(doors);
    if (!disks) return std::unexpected(disks.error());
    const std::vector<const Disk*> named = disks_named(id, *disks);
    if (named.size() > 1)
        return fail(Errc::refused, id + " is not the only disk with this serial", id);
    if (named.empty() || named.front()->led.empty()) {
        Result<std::string> place = by_its_controller(doors, id, on);
        if (place || named.empty() || place.error().code != Errc::not_found) return place;
        return fail(Errc::unsupported,
                    "no enclosure tells the kernel in which of its slots " + tell(*named.front()) +
                        " is, and no RAID tool shows it: find it by its "
                        "serial number",
                    id);
    }
    const std::filesystem::path led = named.front()->led;
    if (Result<void> lit = doors.files.set_attribute(led, on ? "1" : "0"); !lit)
        return std::unexpected(std::move(lit).error());
    return led.parent_path().string();
}

}  // namespace metalwright::raid
