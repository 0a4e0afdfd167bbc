#include "raid/watch.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "raid/blind_doors.hpp"
#include "raid/block_tree.hpp"
#include "raid/compare.hpp"
#include "raid/identity.hpp"

namespace metalwright::raid {
namespace {

std::string device_of(const Array::Member& member) {
    return member.partition.empty() ? member.disk : member.partition;
}

std::set<std::string> devices(const Array& array, std::string_view role = {}) {
    std::set<std::string> all;
    for (const Array::Member& member : array.members)
        if (role.empty() || member.role == role) all.insert(device_of(member));
    return all;
}

std::vector<std::string> only_in(const std::set<std::string>& these,
                                 const std::set<std::string>& others) {
    std::vector<std::string> rest;
    std::ranges::set_difference(these, others, std::back_inserter(rest));
    return rest;
}

/// What there is to be said of it now, with what has come and gone.
std::string note_of(const Array& array, const Turn& turn) {
    std::string note = damage(array);
    if (note.empty()) note = sync_note(array);
    const auto add = [&](const std::vector<std::string>& who, const char* one, const char* many) {
        if (who.empty()) return;
        note += (note.empty() ? "" : "; ") + tell(who) + (who.size() == 1 ? one : many);
    };
    if (array.building()) add(turn.failed, " is faulty", " are faulty");
    add(turn.gone, " is no member any more", " are no members any more");
    add(turn.added, " is a member now", " are members now");
    return note;
}

const Array* same(const Array& array, const std::vector<Array>& arrays) {
    const auto it = std::ranges::find_if(arrays, [&](const Array& other) {
        return array.uuid.empty() ? other.kernel_name == array.kernel_name
                                  : same_uuid(other.uuid, array.uuid);
    });
    return it == arrays.end() ? nullptr : &*it;
}

}  // namespace

Result<std::vector<Array>> glance(Doors& doors) {
    BlindDoors blind(doors);
    Result<BlockMap> map = block_map(blind.doors);
    if (!map) return std::unexpected(std::move(map).error());
    Result<std::vector<Disk>> disks = disks_in(*map, blind.doors);
    if (!disks) return std::unexpected(std::move(disks).error());
    return arrays_in(*map, *disks, blind.doors);
}

std::string_view health(const Array& array) {
    if (array.array_state == "broken") return "failed";
    // A container of an external format never runs itself.
    if (!runs(array)) return array.metadata.starts_with("external:") ? "optimal" : "inactive";
    if (array.sync_action == "recover") return "recovering";
    if (array.sync_action == "resync") return "resyncing";
    if (array.sync_action == "reshape") return "reshaping";
    return array.degraded != 0 && !damage(array).empty() ? "degraded" : "optimal";
}

std::vector<Turn> turns(const std::vector<Array>& before, const std::vector<Array>& after) {
    std::vector<Turn> all;
    for (const Array& array : after) {
        const Array* last = same(array, before);
        Turn turn{.array = array.name, .uuid = array.uuid, .is = std::string(health(array))};
        const std::set<std::string> faulty = devices(array, "faulty");
        if (last != nullptr) {
            turn.was = health(*last);
            turn.failed = only_in(faulty, devices(*last, "faulty"));
            turn.gone = only_in(devices(*last), devices(array));
            turn.added = only_in(devices(array), devices(*last));
        } else {
            turn.failed = only_in(faulty, {});
            if (turn.is == "optimal" && turn.failed.empty()) continue;
        }
        if (turn.was == turn.is && turn.failed.empty() && turn.gone.empty() && turn.added.empty())
            continue;
        turn.note = note_of(array, turn);
        all.push_back(std::move(turn));
    }
    for (const Array& array : before)
        if (same(array, after) == nullptr)
            all.push_back({.array = array.name,
                           .uuid = array.uuid,
                           .was = std::string(health(array)),
                           .is = "gone",
                           .note = "it was stopped, or all its members are gone"});
    return all;
}

}  // namespace metalwright::raid
