#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "raid/may_have_controllers.hpp"
#include "raid/room.hpp"
#include "raid/storcli/ask.hpp"

namespace metalwright::raid {
namespace {

struct Found {
    std::string pci, driver;
};

/// Devices that a driver of the family has.
std::vector<Found> driven(Doors& doors) {
    std::vector<Found> found;
    for (const char* driver : {"megaraid_sas", "mpi3mr"}) {
        const Result<std::vector<std::string>> names =
            doors.files.list(doors.roots.sys / "bus/pci/drivers" / driver);
        if (!names) continue;
        for (const std::string& name : *names)  // beside "bind", "module", ...
            if (name.contains(':')) found.push_back({name, driver});
    }
    return found;
}

std::vector<std::string> tools_of(Doors& doors) {
    return doors.raid_tools ? *doors.raid_tools : storcli::installed_tools(doors.files);
}

/// Controllers of hardware RAID that have a driver, but that no tool shows: without one nothing is
/// known of their drives and volumes, and an operator should know that.
void add_unshown(Controllers& all, Doors& doors) {
    const auto shown = [&](const std::string& pci) {
        return std::ranges::find(all.list, pci, &Controller::pci) != all.list.end();
    };
    std::vector<Found> unshown = driven(doors);
    std::erase_if(unshown, [&](const Found& one) { return shown(one.pci); });
    // An old tool does not tell where its controllers are.
    const auto unplaced = std::ranges::count(all.list, std::string(), &Controller::pci);
    if (std::cmp_less_equal(unshown.size(), unplaced)) return;
    for (const Found& one : unshown)
        all.list.push_back(
            {.id = one.pci,
             .model = one.driver,
             .pci = one.pci,
             .errors = {{Errc::not_found,
                         "a controller of the driver " + one.driver +
                             " that no RAID tool shows: install storcli, perccli or storcli2, or "
                             "name one ([raid] storcli in metalwright.toml)",
                         one.pci}}});
}

}  // namespace

Controllers observe_controllers(Doors& doors) {
    const std::vector<std::string> tools = tools_of(doors);
    Controllers all = storcli::observe_controllers(doors.exec, tools);
    add_unshown(all, doors);
    return all;
}

bool may_have_controllers(Doors& doors) {
    return !tools_of(doors).empty() || !driven(doors).empty();
}

}  // namespace metalwright::raid
