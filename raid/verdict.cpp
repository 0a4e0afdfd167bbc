#include "raid/verdict.hpp"

#include <algorithm>

#include "raid/identity.hpp"
#include "raid/select.hpp"
#include "raid/stack.hpp"

namespace metalwright::raid {

bool is_claimed(const Disk& disk, const Grounds& grounds) {
    const auto claims = [&](const Disk& one) { return grounds.claimed.contains(one.identity()); };
    return claims(disk) || std::ranges::any_of(grounds.observed.disks, [&](const Disk& other) {
               const bool related =
                   disk.is_partition() ? other.name == disk.whole : other.whole == disk.name;
               return related && claims(other);
           });
}

Verdict judge(const Disk& disk, const Grounds& grounds) {
    const Observed& observed = grounds.observed;
    if (under_system(disk, observed.system))
        return {.refusal = tell(disk) + (disk.is_partition() ? " is on a disk of the system volume"
                                                             : " is under the system volume")};
    if (is_claimed(disk, grounds)) return {.refusal = tell(disk) + " belongs to another array"};
    if (disks_named(disk.identity(), observed.disks).size() > 1)
        return {.refusal = tell(disk) +
                           " is not the only disk with this serial: they may be paths to one disk"};
    if (disk.blank()) return {};
    std::string refusal = tell_obstacles(disk);
    const WipeConsent* given = consent_for(disk, grounds.consent);
    if (given == nullptr) return {.refusal = std::move(refusal)};
    if (!disk.mounts.empty())
        return {.refusal = refusal + ": it is in use, so the consent to wipe it does not count"};
    if (disk.signatures.empty() || !disk.probe_error.empty() || disk.read_only || disk.bytes == 0)
        return {.refusal = std::move(refusal)};
    if (const std::vector<std::string> missing = not_named(disk, *given); !missing.empty())
        return {.refusal = refusal + ": the consent to wipe it does not name " + tell(missing)};
    if (const std::string why = standing(disk, observed, grounds.consent); !why.empty())
        return {.refusal = refusal + ": " + why};
    return {.wipe = WipeDisk{disk.identity(), types_on(disk)}};
}

}  // namespace metalwright::raid
