#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "raid/model.hpp"
#include "raid/op.hpp"
#include "raid/verdict.hpp"

namespace metalwright::raid {

/// Which disks an array will be made of, as identities.
struct Selection {
    std::vector<std::string> members;
    std::vector<std::string> spares;
    std::string journal{};        ///< empty: none
    std::vector<WipeDisk> wipes;  ///< those of them that have consent to be wiped first
    /// Why these, where a rule chose them: "the smallest 2 of 4 blank disks"; else empty.
    std::string why{};

    bool operator==(const Selection&) const = default;
};

/// Chooses blank disks for a new array, the same ones every time: by id in the order of the ids, by
/// rule in the rule's order of size, then serial. Disks under the system volume and those of
/// `claimed` (identities) are never taken. A disk that is not blank is taken only when `consent`
/// names it and everything found on it, and what stands on it can be taken down (judge()). The
/// journal device is named, never chosen.
///
/// By rule: blank disks first, then those with consent; partitions never. With count 0 a disk that
/// passes the rule but is not blank stops everything, since leaving it out would silently make a
/// smaller array.
/// Errors: refused (a disk is in the way, all of them are named), not_found (no such disk, too few:
/// it tells how many each rule left, and which was the first to leave too few).
Result<Selection> select(const WantedArray& wanted, const Observed& observed,
                         std::span<const WipeConsent> consent,
                         const std::set<std::string>& claimed);

/// The same by rule alone, without the journal.
Result<Selection> select_by_rule(const WantedArray& wanted, const Grounds& grounds);

/// The last of these disks are the spares.
Selection split(std::span<const Disk* const> disks, unsigned spares);

/// Whether the running system stands on this disk, or on the disk of this partition.
bool under_system(const Disk& disk, const SystemVolume& system);

}  // namespace metalwright::raid
