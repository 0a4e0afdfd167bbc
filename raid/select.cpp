#include "raid/select.hpp"

#include <algorithm>

#include "raid/identity.hpp"

namespace metalwright::raid {
namespace {

Result<Selection> select_by_id(const WantedArray& wanted, std::span<const std::string> ids,
                               const Grounds& grounds) {
    const std::vector<Disk>& all = grounds.observed.disks;
    std::vector<const Disk*> disks;
    std::vector<std::string> refusals, absent;
    std::vector<WipeDisk> wipes;
    std::string where;
    for (const std::string& id : ids) {
        const std::vector<const Disk*> found = disks_named(id, all);
        if (found.empty()) {
            absent.push_back(id);
            continue;
        }
        const Disk& disk = *found.front();
        Verdict verdict = judge(disk, grounds);
        if (verdict.refusal.empty() && std::ranges::find(disks, &disk) != disks.end())
            verdict.refusal = tell(disk) + " is named twice, by serial and by WWN";
        disks.push_back(&disk);
        if (!verdict.refusal.empty()) {
            if (where.empty()) where = disk.identity();
            refusals.push_back(std::move(verdict.refusal));
        }
        if (verdict.wipe) wipes.push_back(std::move(*verdict.wipe));
    }
    if (!absent.empty()) {
        std::vector<std::string> present;
        for (const Disk& disk : all) present.push_back(tell(disk));
        refusals.push_back("there is no disk with serial or WWN " + tell(absent) + "; here are " +
                           (present.empty() ? "none" : tell(present)));
    }
    if (!refusals.empty()) {
        std::string text;
        for (const std::string& refusal : refusals)
            text.append(text.empty() ? "" : "; ").append(refusal);
        return fail(where.empty() ? Errc::not_found : Errc::refused,
                    "array '" + wanted.name + "' cannot be made: " + text,
                    where.empty() ? absent.front() : where);
    }
    Selection chosen = split(disks, wanted.spares);
    chosen.wipes = std::move(wipes);
    return chosen;
}

Result<void> add_journal(const WantedArray& wanted, const Grounds& grounds, Selection& chosen) {
    WantedArray one = wanted;
    one.spares = 0;
    const Result<Selection> journal = select_by_id(one, {&wanted.journal, 1}, grounds);
    if (!journal) return std::unexpected(journal.error());
    chosen.journal = journal->members.front();
    chosen.wipes.insert(chosen.wipes.end(), journal->wipes.begin(), journal->wipes.end());
    for (const std::vector<std::string>* group : {&chosen.members, &chosen.spares})
        if (std::ranges::find(*group, chosen.journal) != group->end())
            return fail(Errc::refused,
                        "array '" + wanted.name + "' cannot be made: " + chosen.journal +
                            " cannot be its journal and a member of it",
                        chosen.journal);
    return {};
}

/// A disk and a partition of it at once: wiping the one would take the other away.
std::string overlap(const Selection& chosen, const Observed& observed) {
    std::vector<const Disk*> disks;
    const auto add = [&](const std::string& identity) {
        for (const Disk* disk : disks_named(identity, observed.disks)) disks.push_back(disk);
    };
    for (const std::vector<std::string>* group : {&chosen.members, &chosen.spares})
        for (const std::string& identity : *group) add(identity);
    if (!chosen.journal.empty()) add(chosen.journal);
    for (const Disk* part : disks)
        for (const Disk* disk : disks)
            if (part->whole == disk->name)
                return tell(*part) + " is a partition of " + tell(*disk) +
                       ", which is taken as well";
    return {};
}

}  // namespace

Selection split(std::span<const Disk* const> disks, unsigned spares) {
    Selection chosen;
    const std::size_t members = disks.size() - std::min<std::size_t>(disks.size(), spares);
    for (std::size_t i = 0; i < disks.size(); ++i)
        (i < members ? chosen.members : chosen.spares).push_back(disks[i]->identity());
    return chosen;
}

Result<Selection> select(const WantedArray& wanted, const Observed& observed,
                         std::span<const WipeConsent> consent,
                         const std::set<std::string>& claimed) {
    const Grounds grounds{observed, consent, claimed};
    const std::vector<std::string>& known = wanted.known_members;
    const std::vector<std::string>& ids = known.empty() ? wanted.members.ids : known;
    std::set<std::string> taken = claimed;
    for (const Disk* disk : disks_named(wanted.journal, observed.disks))
        taken.insert(disk->identity());  // no rule may choose it
    Result<Selection> chosen = ids.empty() ? select_by_rule(wanted, {observed, consent, taken})
                                           : select_by_id(wanted, ids, grounds);
    if (!chosen) return chosen;
    if (!wanted.journal.empty())
        if (const Result<void> added = add_journal(wanted, grounds, *chosen); !added)
            return std::unexpected(added.error());
    if (const std::string both = overlap(*chosen, observed); !both.empty())
        return fail(Errc::refused, "array '" + wanted.name + "' cannot be made: " + both,
                    wanted.name);
    return chosen;
}

bool under_system(const Disk& disk, const SystemVolume& system) {
    const std::string& whole = disk.is_partition() ? disk.whole : disk.name;
    return std::ranges::find(system.disks, whole) != system.disks.end();
}

}  // namespace metalwright::raid
