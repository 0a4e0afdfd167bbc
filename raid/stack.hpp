#pragma once

#include <span>
#include <string>
#include <vector>

#include "raid/model.hpp"

namespace metalwright::raid {

// What stands on a disk: arrays, LVM and dm-crypt volumes, one on the other. Before a disk is wiped
// all of it is taken down, the topmost first.

/// Everything that stands, over whatever storeys, on one of these disks (identities), each before
/// what it stands on itself.
std::vector<Holder> stack_over(std::span<const std::string> disks, const Observed& observed);

/// Which consent names this disk; null when none does.
const WipeConsent* consent_for(const Disk& disk, std::span<const WipeConsent> consent);

/// The signature types on the disk and its partitions, each once, in their order.
std::vector<std::string> types_on(const Disk& disk);

/// The types on it that this consent does not name.
std::vector<std::string> not_named(const Disk& disk, const WipeConsent& consent);

/// Why what stands on this disk cannot be taken down with this consent; empty when it can, or when
/// nothing stands on it. Nothing that is mounted, swapped on, or also stands on a disk without
/// consent is ever taken down.
std::string standing(const Disk& disk, const Observed& observed,
                     std::span<const WipeConsent> consent);

/// Why what stands on something of ours cannot be taken down with it; empty when it can. Nothing
/// that is in use, or stands on other disks than `disks` (identities) as well, is taken down.
std::string in_the_way(std::span<const Holder> above, std::span<const std::string> disks);

/// "md127 'old'", "dm-0 'vg-data'".
std::string tell(const Holder& holder);

}  // namespace metalwright::raid
