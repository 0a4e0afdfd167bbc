#include "raid/compare.hpp"

#include <algorithm>
#include <set>

#include "raid/identity.hpp"
#include "raid/wishes.hpp"

namespace metalwright::raid {
namespace {

bool is_slot(const std::string& role) {
    return !role.empty() && std::ranges::all_of(role, [](char c) { return c >= '0' && c <= '9'; });
}

std::size_t slots_filled(const Array& array) {
    std::set<std::string> slots;
    for (const Array::Member& member : array.members)
        if (is_slot(member.role)) slots.insert(member.role);
    return slots.size();
}

std::size_t spares_of(const Array& array) {
    return static_cast<std::size_t>(
        std::ranges::count(array.members, "spare", &Array::Member::role));
}

/// "50 s", "12 min", "3 h": a guess needs no more.
std::string in_words(int seconds) {
    if (seconds < 90) return std::to_string(seconds) + " s";
    const int minutes = (seconds + 30) / 60;
    return minutes < 90 ? std::to_string(minutes) + " min"
                        : std::to_string((minutes + 30) / 60) + " h";
}

bool is(const Array::Member& member, const std::string& identity) {
    return member.disk == identity || member.partition == identity;
}

void compare_journal(const WantedArray& wanted, const Array& array, const Observed& observed,
                     std::vector<std::string>& told) {
    const std::vector<const Disk*> named = disks_named(wanted.journal, observed.disks);
    const std::string identity = named.empty() ? wanted.journal : named.front()->identity();
    const auto it = std::ranges::find(array.members, "journal", &Array::Member::role);
    if (it == array.members.end())
        told.push_back("it has no journal device, not " + wanted.journal);
    else if (!is(*it, identity))
        told.push_back("its journal is " + it->disk + ", not " + wanted.journal);
}

/// What the order says of geometry and consistency; what it leaves open, or the kernel does not
/// tell, is no difference.
void compare_geometry(const WantedArray& wanted, const Array& array,
                      std::vector<std::string>& told) {
    const auto differ = [&](const std::string& what, const std::string& there,
                            const std::string& want) {
        if (!want.empty() && !there.empty() && want != there)
            told.push_back("its " + what + " is " + there + ", not " + want);
    };
    if (wanted.chunk_kib != 0 && wanted.chunk_kib != array.chunk_kib)
        told.push_back("its chunk is " + std::to_string(array.chunk_kib) + " KiB, not " +
                       std::to_string(wanted.chunk_kib));
    differ("layout", array.layout, wanted.layout);
    differ("metadata", array.metadata, wanted.metadata);
    if (wanted.consistency)
        differ("consistency policy", array.consistency,
               std::string(to_string(*wanted.consistency)));
    // mdadm rounds down to whole chunks.
    const std::uint64_t slack =
        std::max<std::uint64_t>(std::uint64_t{array.chunk_kib} * 1024, least_member_bytes);
    const std::uint64_t used = array.component_bytes;
    if (wanted.member_bytes != 0 && used != 0 &&
        (used > wanted.member_bytes || used + slack < wanted.member_bytes))
        told.push_back("it uses " + std::to_string(used) + " bytes of each member, not " +
                       std::to_string(wanted.member_bytes));
}

/// Which of the ids of the order are no members, and which members no id names.
void compare_ids(const WantedArray& wanted, const Array& array, const Observed& observed,
                 std::vector<std::string>& told) {
    std::vector<std::string> missing, strange;
    std::set<std::string> named;
    for (const std::string& id : wanted.members.ids) {
        std::vector<const Disk*> disks = disks_named(id, observed.disks);
        auto instead = wanted.replaced.find(id);
        if (instead == wanted.replaced.end() && !disks.empty())
            instead = wanted.replaced.find(disks.front()->identity());
        if (instead != wanted.replaced.end()) disks = disks_named(instead->second, observed.disks);
        const std::string identity = disks.empty() ? id : disks.front()->identity();
        named.insert(identity);
        if (std::ranges::none_of(array.members,
                                 [&](const Array::Member& m) { return is(m, identity); }))
            missing.push_back(id);
    }
    for (const Array::Member& member : array.members)
        if (member.role != "journal" && !named.contains(member.disk) &&
            !named.contains(member.partition))
            strange.push_back(member.partition.empty() ? member.disk : member.partition);
    // A member that has gone is damage as long as nobody has taken its place.
    if (!missing.empty() && (!strange.empty() || damage(array).empty()))
        told.push_back(tell(missing) + (missing.size() == 1 ? " is" : " are") + " not in it");
    if (!strange.empty()) told.push_back("the order does not name its members " + tell(strange));
}

}  // namespace

bool runs(const Array& array) {
    return !array.level.empty() && array.array_state != "inactive" && array.array_state != "clear";
}

std::vector<std::string> differences(const WantedArray& wanted, const Array& array,
                                     const Observed& observed) {
    std::vector<std::string> told;
    const std::string level(to_string(wanted.level));
    if (array.level != level) told.push_back("its level is " + array.level + ", not " + level);
    if (const std::optional<unsigned> devices = devices_wanted(wanted);
        devices && *devices != array.raid_devices)
        told.push_back("it is made of " + std::to_string(array.raid_devices) + " disks, not " +
                       std::to_string(*devices));
    compare_geometry(wanted, array, told);
    // While a spare fills in for a lost member it has a slot, and is none for now.
    if (const std::size_t spares = spares_of(array);
        spares != wanted.spares && (!array.building() || spares > wanted.spares) &&
        damage(array).empty())
        told.push_back("it has " + std::to_string(spares) + " spares, not " +
                       std::to_string(wanted.spares));
    if (!wanted.members.ids.empty()) compare_ids(wanted, array, observed, told);
    if (!wanted.journal.empty()) compare_journal(wanted, array, observed, told);
    return told;
}

std::string damage(const Array& array) {
    std::vector<std::string> faulty;
    for (const Array::Member& member : array.members)
        if (member.role == "faulty") faulty.push_back(member.disk);
    const std::string culprits =
        faulty.empty() ? ""
                       : ", " + tell(faulty) + (faulty.size() == 1 ? " is" : " are") + " faulty";
    if (array.array_state == "broken") return "broken: too many members have failed" + culprits;
    const std::size_t filled = slots_filled(array);
    if (filled < array.raid_devices && !array.building())
        return "degraded: " + std::to_string(filled) + " of " + std::to_string(array.raid_devices) +
               " members are there" + culprits;
    if (filled >= array.raid_devices && !faulty.empty() && !array.building())
        return "whole, but without a spare that was lost: " + tell(faulty) +
               (faulty.size() == 1 ? " is" : " are") + " faulty";
    return {};
}

std::string sync_note(const Array& array) {
    if (!array.building()) {
        const bool pending = array.degraded != 0 && damage(array).empty();
        return pending ? "it is built from its first write on, usable meanwhile" : "";
    }
    std::string text = array.sync_action;
    if (array.sync_percent >= 0)
        text += ' ' + std::to_string(static_cast<int>(array.sync_percent)) + " %" +
                (array.sync_eta_s < 0 ? "" : ", done in " + in_words(array.sync_eta_s));
    else
        text += " waits for its turn";
    return text + ", usable meanwhile";
}

}  // namespace metalwright::raid
