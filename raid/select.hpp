#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "raid/model.hpp"
#include "raid/op.hpp"

namespace metalwright::raid {

/// Which disks an array will be made of, as identities.
struct Selection {
    std::vector<std::string> members;
    std::vector<std::string> spares;
    std::vector<WipeDisk> wipes;  ///< those of them that have consent to be wiped first

    bool operator==(const Selection&) const = default;
};

/// Chooses blank disks for a new array, the same ones every time: by id in the order of the ids, by
/// rule in the order of size, then serial. Disks under the system volume and those of `claimed`
/// (identities) are never taken. A disk that is not blank is taken only when `consent` names it and
/// everything found on it, and nothing holds or mounts it.
///
/// By rule: blank disks first, then those with consent. With count 0 a disk that passes the rule
/// but is not blank stops everything, since leaving it out would silently make a smaller array.
/// Errors: refused (a disk is in the way, all of them are named), not_found (no such disk, too
/// few).
Result<Selection> select(const WantedArray& wanted, const Observed& observed,
                         std::span<const WipeConsent> consent,
                         const std::set<std::string>& claimed);

/// Whether the running system stands on this disk.
bool under_system(const Disk& disk, const SystemVolume& system);

}  // namespace metalwright::raid
