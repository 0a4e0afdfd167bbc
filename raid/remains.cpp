#include "raid/remains.hpp"

#include <algorithm>

#include "raid/compare.hpp"
#include "raid/identity.hpp"
#include "raid/select.hpp"

namespace metalwright::raid {
namespace {

/// Nothing but our superblock on it, and nobody but our array that does not run holds it.
bool half_made(const Disk& disk, const WantedArray& wanted, const Array* inactive) {
    const bool only_ours = std::ranges::all_of(disk.signatures, [&](const Signature& s) {
        return s.type == "linux_raid_member" && same_uuid(s.uuid, wanted.uuid);
    });
    const bool held_by_us = std::ranges::all_of(disk.holders, [&](const std::string& holder) {
        return inactive != nullptr && holder == inactive->kernel_name;
    });
    return only_ours && held_by_us && disk.mounts.empty() && disk.partitions.empty() &&
           disk.probe_error.empty() && !disk.read_only && disk.bytes != 0;
}

}  // namespace

Result<Remains> remains_of(const WantedArray& wanted, const Observed& observed) {
    Remains remains;
    const Array* inactive = array_with(wanted.uuid, observed.arrays);
    std::set<std::string> carriers;
    for (const Disk& disk : observed.disks)
        if (carries(disk, wanted.uuid)) carriers.insert(disk.identity());
    if (carriers.empty() && inactive == nullptr) return remains;
    remains.stop_first = inactive != nullptr;

    const std::string ours = "array '" + wanted.name + "' does not run; ";
    const std::vector<std::string>& members =
        wanted.known_members.empty() ? wanted.members.ids : wanted.known_members;
    if (members.empty())
        return fail(Errc::refused,
                    ours + "its superblock is on " +
                        tell(std::vector<std::string>(carriers.begin(), carriers.end())) +
                        ", but nobody remembers all its members: assemble it by hand",
                    wanted.name);
    std::vector<std::string> wrong;
    for (const std::string& id : members) {
        const std::vector<const Disk*> found = disks_named(id, observed.disks);
        if (found.empty()) {
            wrong.push_back("its member " + id + " is absent");
            continue;
        }
        const Disk& disk = *found.front();
        remains.disks.push_back(disk.identity());
        const bool carrier = carriers.erase(disk.identity()) != 0;
        if (carrier) remains.forget.push_back(disk.identity());
        if (found.size() > 1)
            wrong.push_back(tell(disk) + " is not the only disk with this serial");
        else if (under_system(disk, observed.system))
            wrong.push_back(tell(disk) + " is under the system volume");
        else if (carrier ? !half_made(disk, wanted, inactive) : !disk.blank())
            wrong.push_back(tell_obstacles(disk));
    }
    if (!wanted.journal.empty()) {
        const std::vector<const Disk*> found = disks_named(wanted.journal, observed.disks);
        const Disk* disk = found.size() == 1 ? found.front() : nullptr;
        const bool carrier = disk != nullptr && carriers.erase(disk->identity()) != 0;
        if (disk != nullptr &&
            std::ranges::find(remains.disks, disk->identity()) != remains.disks.end())
            wrong.push_back(tell(*disk) + " cannot be its journal and a member of it");
        else if (disk == nullptr)
            wrong.push_back("its journal " + wanted.journal + " is absent");
        else if (under_system(*disk, observed.system))
            wrong.push_back(tell(*disk) + " is under the system volume");
        else if (carrier ? !half_made(*disk, wanted, inactive) : !disk->blank())
            wrong.push_back(tell_obstacles(*disk));
        if (disk != nullptr) remains.journal = disk->identity();
        if (carrier) remains.forget.push_back(remains.journal);
    }
    for (const std::string& stray : carriers)
        wrong.push_back(stray + " carries its superblock and was never its member");
    if (!wrong.empty()) {
        std::string text = ours;
        for (const std::string& one : wrong) text += one + "; ";
        return fail(Errc::refused, text + "nothing is touched: put it right or wipe its disks",
                    wanted.name);
    }
    const bool whole =
        remains.forget.size() == remains.disks.size() + (remains.journal.empty() ? 0U : 1U);
    remains.way = whole ? Remains::Way::assemble : Remains::Way::redo;
    if (whole) remains.forget.clear();
    return remains;
}

}  // namespace metalwright::raid
