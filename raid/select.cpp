#include "raid/select.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include "raid/identity.hpp"
#include "raid/wishes.hpp"

namespace metalwright::raid {
namespace {

std::vector<std::string> types_on(const Disk& disk) {
    std::vector<std::string> types;
    for (const Signature& signature : disk.signatures)
        if (std::ranges::find(types, signature.type) == types.end())
            types.push_back(signature.type);
    return types;
}

/// What may be done with one disk for one array.
struct Verdict {
    std::string refusal{};           ///< in words; empty: it may be taken
    std::optional<WipeDisk> wipe{};  ///< after this
};

class Selector {
 public:
    Selector(const WantedArray& wanted, const Observed& observed,
             std::span<const WipeConsent> consent, const std::set<std::string>& claimed)
        : wanted_(wanted), observed_(observed), consent_(consent), claimed_(claimed) {}

    Result<Selection> by_id(std::span<const std::string> ids) const;
    Result<Selection> by_rule() const;

 private:
    Verdict judge(const Disk& disk) const;
    bool passes(const Disk& disk) const;
    std::string rule() const;
    Selection split(std::span<const Disk* const> disks) const;

    const WantedArray& wanted_;
    const Observed& observed_;
    std::span<const WipeConsent> consent_;
    const std::set<std::string>& claimed_;
};

Verdict Selector::judge(const Disk& disk) const {
    if (under_system(disk, observed_.system))
        return {.refusal = tell(disk) + " is under the system volume"};
    if (claimed_.contains(disk.identity()))
        return {.refusal = tell(disk) + " belongs to another array"};
    if (disks_named(disk.identity(), observed_.disks).size() > 1)
        return {.refusal = tell(disk) +
                           " is not the only disk with this serial: they may be paths to one disk"};
    if (disk.blank()) return {};
    const auto given =
        std::ranges::find_if(consent_, [&](const WipeConsent& c) { return names(c.disk, disk); });
    std::string refusal = tell_obstacles(disk);
    if (given == consent_.end()) return {.refusal = refusal};
    if (!disk.holders.empty() || !disk.mounts.empty())
        return {.refusal = refusal + ": it is in use, so the consent to wipe it does not count"};
    if (disk.signatures.empty() || !disk.probe_error.empty() || disk.read_only || disk.bytes == 0)
        return {.refusal = std::move(refusal)};
    WipeDisk wipe{disk.identity(), types_on(disk)};
    for (const std::string& type : wipe.found)
        if (std::ranges::find(given->found, type) == given->found.end())
            return {.refusal = refusal + ": the consent to wipe it does not name " + type};
    return {.wipe = std::move(wipe)};
}

Result<Selection> Selector::by_id(std::span<const std::string> ids) const {
    std::vector<const Disk*> disks;
    std::vector<std::string> refusals, absent, wiped;
    std::vector<WipeDisk> wipes;
    std::string where;
    for (const std::string& id : ids) {
        const std::vector<const Disk*> found = disks_named(id, observed_.disks);
        if (found.empty()) {
            absent.push_back(id);
            continue;
        }
        const Disk& disk = *found.front();
        Verdict verdict = judge(disk);
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
        for (const Disk& disk : observed_.disks) present.push_back(tell(disk));
        refusals.push_back("there is no disk with serial or WWN " + tell(absent) + "; here are " +
                           (present.empty() ? "none" : tell(present)));
    }
    if (!refusals.empty()) {
        std::string text;
        for (const std::string& refusal : refusals)
            text.append(text.empty() ? "" : "; ").append(refusal);
        return fail(where.empty() ? Errc::not_found : Errc::refused,
                    "array '" + wanted_.name + "' cannot be made: " + text,
                    where.empty() ? absent.front() : where);
    }
    Selection chosen = split(disks);
    chosen.wipes = std::move(wipes);
    return chosen;
}

bool Selector::passes(const Disk& disk) const {
    const MemberRule& rule = wanted_.members;
    if (disk.removable || disk.read_only || disk.bytes == 0) return false;
    if (rule.media == Media::hdd && !disk.rotational) return false;
    if (rule.media == Media::ssd && disk.rotational) return false;
    return disk.bytes >= rule.min_bytes && (rule.max_bytes == 0 || disk.bytes <= rule.max_bytes);
}

std::string Selector::rule() const {
    const MemberRule& rule = wanted_.members;
    std::string text = rule.count == 0 ? "every disk" : std::to_string(rule.count) + " disks";
    if (rule.media == Media::hdd) text += " that turn";
    if (rule.media == Media::ssd) text += " that do not turn";
    if (rule.min_bytes != 0) text += " of at least " + std::to_string(rule.min_bytes) + " bytes";
    if (rule.max_bytes != 0) text += " of at most " + std::to_string(rule.max_bytes) + " bytes";
    if (wanted_.spares != 0) text += " and " + std::to_string(wanted_.spares) + " spares";
    return text;
}

Result<Selection> Selector::by_rule() const {
    std::vector<const Disk*> blank, wipeable;
    std::vector<std::string> dirty;
    std::vector<WipeDisk> wipes;
    std::string where;
    std::size_t system = 0, taken = 0, other = 0;
    for (const Disk& disk : observed_.disks) {
        if (under_system(disk, observed_.system)) {
            ++system;
        } else if (claimed_.contains(disk.identity())) {
            ++taken;
        } else if (!passes(disk)) {
            ++other;
        } else {
            Verdict verdict = judge(disk);
            if (!verdict.refusal.empty()) {
                if (where.empty()) where = disk.identity();
                dirty.push_back(std::move(verdict.refusal));
            } else if (verdict.wipe) {
                wipeable.push_back(&disk);
                wipes.push_back(std::move(*verdict.wipe));
            } else {
                blank.push_back(&disk);
            }
        }
    }
    const auto order = [](const Disk* a, const Disk* b) {
        return std::tuple(a->bytes, a->identity()) < std::tuple(b->bytes, b->identity());
    };
    std::ranges::sort(blank, order);
    std::ranges::sort(wipeable, order);
    std::vector<const Disk*> disks = blank;
    disks.insert(disks.end(), wipeable.begin(), wipeable.end());

    const bool all = wanted_.members.count == 0;
    const std::size_t need =
        std::size_t{all ? fewest_members(wanted_.level) : wanted_.members.count} + wanted_.spares;
    if (disks.size() < need || (all && !dirty.empty())) {
        std::string text = "array '" + wanted_.name + "' cannot be made: it wants " + rule() +
                           " (at least " + std::to_string(need) + " in all); of " +
                           std::to_string(observed_.disks.size()) + " disks here " +
                           std::to_string(disks.size()) + " may be taken";
        if (system != 0) text += ", " + std::to_string(system) + " carry the system";
        if (taken != 0) text += ", " + std::to_string(taken) + " belong to other arrays";
        if (other != 0) text += ", " + std::to_string(other) + " do not pass the rule";
        if (!dirty.empty()) text += ", " + std::to_string(dirty.size()) + " are not blank";
        for (const std::string& refusal : dirty) text += "; " + refusal;
        return fail(dirty.empty() ? Errc::not_found : Errc::refused, std::move(text),
                    where.empty() ? wanted_.name : where);
    }
    if (!all) disks.resize(need);
    if (all) std::ranges::sort(disks, order);
    Selection chosen = split(disks);
    for (const Disk* disk : disks)
        for (const WipeDisk& wipe : wipes)
            if (wipe.disk == disk->identity()) chosen.wipes.push_back(wipe);
    return chosen;
}

/// The last disks are the spares.
Selection Selector::split(std::span<const Disk* const> disks) const {
    Selection chosen;
    const std::size_t members = disks.size() - std::min<std::size_t>(disks.size(), wanted_.spares);
    for (std::size_t i = 0; i < disks.size(); ++i)
        (i < members ? chosen.members : chosen.spares).push_back(disks[i]->identity());
    return chosen;
}

}  // namespace

Result<Selection> select(const WantedArray& wanted, const Observed& observed,
                         std::span<const WipeConsent> consent,
                         const std::set<std::string>& claimed) {
    const Selector selector(wanted, observed, consent, claimed);
    if (!wanted.known_members.empty()) return selector.by_id(wanted.known_members);
    if (!wanted.members.ids.empty()) return selector.by_id(wanted.members.ids);
    return selector.by_rule();
}

bool under_system(const Disk& disk, const SystemVolume& system) {
    return std::ranges::find(system.disks, disk.name) != system.disks.end();
}

}  // namespace metalwright::raid
