#include "raid/plan.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "raid/compare.hpp"
#include "raid/identity.hpp"
#include "raid/mdadm_conf.hpp"
#include "raid/plan_create.hpp"
#include "raid/plan_filesystem.hpp"
#include "raid/plan_removal.hpp"
#include "raid/plan_replace.hpp"
#include "raid/plan_volumes.hpp"
#include "raid/remains.hpp"
#include "raid/select.hpp"
#include "raid/superblock.hpp"
#include "raid/wishes.hpp"

namespace metalwright::raid {
namespace {

class Planner {
 public:
    Planner(const Wanted& wanted, const Observed& observed)
        : wanted_(wanted), observed_(observed) {}

    Plan<Op> run();

 private:
    void system();
    void claim();
    void arrays();
    Ground array(const WantedArray& wanted);
    Ground running(const WantedArray& wanted, const Array& array);
    Ground remaining(const WantedArray& wanted);
    Ground fresh(const WantedArray& wanted);
    void filesystem(const Ground& ground, const std::optional<WantedFilesystem>& wanted);
    void create(const WantedArray& wanted, const Selection& chosen);
    void list_in_conf(const WantedArray& wanted, const std::string& metadata);
    void replacements();
    std::string trouble_at_boot() const;

    std::set<std::string> claimed_by_others(const WantedArray& wanted) const;
    const Array* named(const std::string& name) const;
    Ground failed(const std::string& item, Errc code, std::string message, std::string where);
    Ground failed(const std::string& item, Error error);
    void step(std::string item, std::string why, Op op, bool destroys_data = false) {
        plan_.steps.push_back({std::move(item), std::move(why), std::move(op), destroys_data});
    }

    const Wanted& wanted_;
    const Observed& observed_;
    Plan<Op> plan_;
    std::map<std::string, std::string> claims_;  ///< disk -> array that has or is to get it
    std::set<std::string> taken_down_;           ///< kernel names of holders that go first
    std::set<std::string> replaced_;             ///< replacements that are some array's
    std::set<std::string> names_;                ///< of arrays and volumes
    std::set<std::string> mounts_;               ///< mount points that are wanted
};

std::string item_of(const WantedArray& wanted) {
    return "raid/" + wanted.name;
}

/// What the kernel shows of an array, for the file system on it.
Ground ground_of(const WantedArray& wanted, Standing standing, bool ours,
                 const Array* array = nullptr) {
    Ground ground{.name = wanted.name,
                  .noun = "array",
                  .item = item_of(wanted),
                  .md_uuid = wanted.uuid,
                  .memory = wanted.memory,
                  .standing = standing,
                  .ours = ours};
    if (array == nullptr) return ground;
    ground.path = array->path;
    ground.signatures = array->signatures;
    ground.probe_error = array->probe_error;
    ground.mounts = array->mounts;
    return ground;
}

Plan<Op> Planner::run() {
    system();
    for (const WantedArray& removed : wanted_.removed) plan_removal(removed, observed_, plan_);
    for (const storcli::OwnVolume& own : wanted_.removed_volumes)
        plan_volume_removal(own, observed_, plan_);
    for (const storcli::OwnSpares& own : wanted_.removed_spares)
        plan_spares_removal(own, observed_, plan_);
    if (wanted_.volumes || !wanted_.spares.empty())
        plan_volumes(
            wanted_, observed_, plan_,
            [this](const Ground& ground, const auto& wanted) {
                names_.insert(ground.name);
                filesystem(ground, wanted);
            },
            replaced_);
    if (wanted_.arrays) arrays();
    replacements();
    return std::move(plan_);
}

void Planner::filesystem(const Ground& ground, const std::optional<WantedFilesystem>& wanted) {
    if (!wanted) return;
    const std::string& at = wanted->mount_point;
    const bool shared = !at.empty() && !mounts_.insert(at).second;
    plan_filesystem(ground, *wanted, observed_, shared, plan_);
}

void Planner::arrays() {
    if (wanted_.arrays->empty()) {
        std::vector<std::string> left;
        for (const Array& array : observed_.arrays)
            if (array.kernel_name != observed_.system.array) left.push_back(array.name);
        plan_.settled.push_back(
            {.item = "raid/data",
             .outcome = Outcome::unchanged,
             .note = left.empty() ? "no arrays are wanted and none are there"
                                  : "no arrays are wanted; left as they are: " + tell(left)});
        return;
    }
    claim();
    for (const WantedArray& wanted : *wanted_.arrays) {
        if (!names_.insert(wanted.name).second) {
            failed(item_of(wanted), Errc::invalid_spec,
                   "two arrays or volumes are called '" + wanted.name + '\'', wanted.name);
            continue;
        }
        Ground ground = array(wanted);
        if (ground.standing == Standing::unusable)
            ground = ground_of(wanted, Standing::unusable, false);
        filesystem(ground, wanted.filesystem);
    }
}

/// Those that are nobody's.
void Planner::replacements() {
    for (const Replacement& replacement : wanted_.replace)
        if (!replaced_.contains(replacement.disk))
            failed("replace/" + replacement.disk, Errc::not_found,
                   replacement.disk +
                       " is in no array and no volume of this host's order that is there and was "
                       "made by metalwright",
                   replacement.disk);
}

void Planner::system() {
    if (!wanted_.system && !wanted_.system_plain) return;
    ItemResult result{.item = "raid/system", .outcome = Outcome::unchanged};
    const auto it =
        std::ranges::find(observed_.arrays, observed_.system.array, &Array::kernel_name);
    const Array* array =
        observed_.system.array.empty() || it == observed_.arrays.end() ? nullptr : &*it;
    const std::string is = array == nullptr ? "no array" : array->level;
    const std::string wish = wanted_.system ? std::string(to_string(*wanted_.system)) : "no array";
    if (is != wish) {
        result.outcome = Outcome::failed;
        result.error =
            Error{Errc::unsupported,
                  "the system volume (" + observed_.system.source + ") is on " + is +
                      ", the order says " + wish + "; it cannot be rebuilt under a running system",
                  observed_.system.source};
    } else if (array != nullptr && !damage(*array).empty()) {
        result.outcome = Outcome::failed;
        result.error = Error{Errc::refused,
                             "the system array is " + damage(*array) +
                                 "; it is not touched: replace the disk and rebuild it",
                             array->path};
    } else if (array != nullptr) {
        result.note = sync_note(*array);
    }
    plan_.settled.push_back(std::move(result));
}

/// Who has or names which disk, before anybody chooses by rule.
void Planner::claim() {
    const auto take = [&](std::string_view id, const std::string& name) {
        for (const Disk* disk : disks_named(id, observed_.disks))
            claims_.try_emplace(disk->identity(), name);
    };
    for (const WantedArray& wanted : *wanted_.arrays) {
        const Array* there = array_with(wanted.uuid, observed_.arrays);
        if (there == nullptr) there = named(wanted.name);
        if (there != nullptr)
            for (const Array::Member& member : there->members)
                take(member.partition.empty() ? member.disk : member.partition, wanted.name);
        for (const std::string& id : wanted.known_members) take(id, wanted.name);
    }
    for (const WantedArray& wanted : *wanted_.arrays) {
        for (const std::string& id : wanted.members.ids) take(id, wanted.name);
        take(wanted.journal, wanted.name);
    }
    // A volume's device is a disk like any other to the kernel.
    if (wanted_.volumes)
        for (const storcli::WantedVolume& wanted : *wanted_.volumes)
            if (const VirtualDrive* there = volume_there(wanted, observed_.controllers))
                take(there->wwn, raid::item_of(wanted));
}

std::set<std::string> Planner::claimed_by_others(const WantedArray& wanted) const {
    std::set<std::string> disks;
    for (const auto& [disk, owner] : claims_)
        if (owner != wanted.name) disks.insert(disk);
    return disks;
}

const Array* Planner::named(const std::string& name) const {
    const auto it = std::ranges::find_if(
        observed_.arrays, [&](const Array& a) { return a.name == name && a.level != "container"; });
    return it == observed_.arrays.end() ? nullptr : &*it;
}

Ground Planner::failed(const std::string& item, Error error) {
    plan_.settled.push_back({.item = item, .outcome = Outcome::failed, .error = std::move(error)});
    return {};
}

Ground Planner::failed(const std::string& item, Errc code, std::string message, std::string where) {
    return failed(item, Error{code, std::move(message), std::move(where)});
}

Ground Planner::array(const WantedArray& wanted) {
    if (std::optional<Error> error = fault(wanted)) return failed(item_of(wanted), *error);
    const Array* ours = array_with(wanted.uuid, observed_.arrays);
    const Array* there = ours != nullptr ? ours : named(wanted.name);
    if (there != nullptr && there->kernel_name == observed_.system.array)
        return failed(item_of(wanted), Errc::conflict,
                      "the array '" + wanted.name + "' here is the system volume", there->path);
    if (ours == nullptr && there != nullptr && wanted.memory != Memory::never_made)
        return failed(item_of(wanted), Errc::conflict,
                      "another array is called '" + wanted.name + "' (UUID " + there->uuid +
                          "); ours (UUID " + wanted.uuid + ") is absent",
                      there->path);
    if (there != nullptr && runs(*there)) return running(wanted, *there);
    if (ours == nullptr && there != nullptr)
        return failed(item_of(wanted), Errc::conflict,
                      "an array called '" + wanted.name +
                          "' is there but does not run: assemble it, or stop it and wipe its disks",
                      there->path);
    return wanted.memory == Memory::never_made && ours == nullptr ? fresh(wanted)
                                                                  : remaining(wanted);
}

Ground Planner::running(const WantedArray& wanted, const Array& array) {
    const std::string item = item_of(wanted);
    const bool ours = same_uuid(wanted.uuid, array.uuid);
    for (const Replacement& replacement : wanted_.replace) {
        if (!ours || !concerns(replacement, wanted, array, observed_)) continue;
        replaced_.insert(replacement.disk);
        const std::set<std::string> claimed = claimed_by_others(wanted);
        plan_replace(replacement, wanted, array, {observed_, wanted_.consent, claimed}, plan_);
        const bool damaged = !damage(array).empty();
        return ground_of(wanted, damaged ? Standing::damaged : Standing::running, true, &array);
    }
    if (const std::vector<std::string> told = differences(wanted, array, observed_); !told.empty())
        return failed(item, Errc::conflict,
                      "array '" + wanted.name + "' is there, but " + tell(told) +
                          "; an array with data is not rebuilt: remove it or change the order",
                      array.path);
    if (const std::string broken = damage(array); !broken.empty()) {
        failed(item, Errc::refused,
               "array '" + wanted.name + "' is " + broken +
                   "; it is not touched: put a new disk in, then `metalwright raid replace`",
               array.path);
        return ground_of(wanted, Standing::damaged, ours, &array);
    }
    if (ours && !lists_array(observed_.mdadm_conf, wanted.name, wanted.uuid)) {
        list_in_conf(wanted, array.metadata.empty() ? metadata_of(wanted) : array.metadata);
    } else {
        std::string note = sync_note(array);
        if (!ours && note.empty()) note = "it was there before and was not made by metalwright";
        plan_.settled.push_back(
            {.item = item, .outcome = Outcome::unchanged, .note = std::move(note)});
    }
    return ground_of(wanted, Standing::running, ours, &array);
}

/// It was begun or complete, and does not run now.
Ground Planner::remaining(const WantedArray& wanted) {
    const std::string item = item_of(wanted);
    Result<Remains> remains = remains_of(wanted, observed_);
    if (!remains) return failed(item, std::move(remains).error());
    const bool begun = wanted.memory == Memory::begun;
    if (remains->way == Remains::Way::nothing && begun) return fresh(wanted);
    if (remains->way != Remains::Way::assemble && !begun)
        return failed(item, Errc::refused,
                      "array '" + wanted.name +
                          "' once existed and is absent now: it will not be made anew, since its "
                          "data would be lost; bring its disks back or release the host",
                      wanted.name);
    if (remains->way == Remains::Way::redo && !known_members_fit(wanted))
        return failed(item, Errc::conflict,
                      "array '" + wanted.name + "' was begun over " + tell(remains->disks) +
                          " and the order has changed since: take it back, or take the superblocks "
                          "off with mdadm --zero-superblock",
                      wanted.name);
    if (remains->way == Remains::Way::redo)
        if (const std::string why = trouble_at_boot(); !why.empty())
            return failed(item, Errc::unsupported, why, wanted.name);
    if (remains->stop_first)
        step(item, "stop '" + wanted.name + "', which does not run", StopArray{wanted.uuid});
    if (remains->way == Remains::Way::assemble) {
        std::vector<std::string> disks = remains->disks;
        if (!remains->journal.empty()) disks.push_back(remains->journal);
        step(item, "assemble '" + wanted.name + "' from " + tell(disks),
             AssembleArray{wanted.name, wanted.uuid, disks});
        list_in_conf(wanted, metadata_of(wanted));
        return ground_of(wanted, Standing::planned, true);
    }
    step(
        item,
        "take the superblocks of the unfinished '" + wanted.name + "' off " + tell(remains->forget),
        ForgetMembers{wanted.uuid, remains->forget}, true);
    const std::size_t members =
        remains->disks.size() - std::min<std::size_t>(remains->disks.size(), wanted.spares);
    Selection chosen;
    for (std::size_t i = 0; i < remains->disks.size(); ++i)
        (i < members ? chosen.members : chosen.spares).push_back(remains->disks[i]);
    chosen.journal = remains->journal;
    create(wanted, chosen);
    return ground_of(wanted, Standing::planned, true);
}

/// Why no array can be made that starts when the host boots.
std::string Planner::trouble_at_boot() const {
    return superblock_trouble(observed_.kernel, wanted_.boot_kernel);
}

Ground Planner::fresh(const WantedArray& wanted) {
    if (const std::string why = trouble_at_boot(); !why.empty())
        return failed(item_of(wanted), Errc::unsupported, why, wanted.name);
    WantedArray now = wanted;
    // Nothing of it was made, so an order that has changed meanwhile chooses afresh.
    if (!known_members_fit(wanted)) now.known_members.clear();
    Result<Selection> chosen = select(now, observed_, wanted_.consent, claimed_by_others(wanted));
    if (!chosen) return failed(item_of(wanted), std::move(chosen).error());
    plan_wipes(item_of(wanted), chosen->wipes, observed_, taken_down_, plan_);
    create(wanted, *chosen);
    return ground_of(wanted, Standing::planned, true);
}

void Planner::create(const WantedArray& wanted, const Selection& chosen) {
    for (const std::vector<std::string>* disks : {&chosen.members, &chosen.spares})
        for (const std::string& disk : *disks) claims_.insert_or_assign(disk, wanted.name);
    plan_create(item_of(wanted), wanted, chosen, plan_);
    list_in_conf(wanted, metadata_of(wanted));
}

void Planner::list_in_conf(const WantedArray& wanted, const std::string& metadata) {
    if (!wanted.uuid.empty() && lists_array(observed_.mdadm_conf, wanted.name, wanted.uuid)) return;
    step(item_of(wanted), "list '" + wanted.name + "' in mdadm.conf",
         ListInMdadmConf{wanted.name, wanted.uuid, metadata});
}

}  // namespace

Plan<Op> plan(const Wanted& wanted, const Observed& observed) {
    return Planner(wanted, observed).run();
}

}  // namespace metalwright::raid
