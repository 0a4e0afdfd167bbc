#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/plan.hpp"
#include "raid/storcli/choose.hpp"
#include "raid/storcli/wanted.hpp"

namespace metalwright::raid::storcli {

/// What is wrong with the wish itself, whatever is there. Errors: invalid_spec.
std::optional<Error> fault(const WantedVolume& wanted);

/// Drives in each span; 0 where the level has none.
unsigned per_span(const WantedVolume& wanted, unsigned drives);

/// One line for each wanted volume, "volume/<name>": steps; or unchanged; or failed with what an
/// operator does about it. Only drives that are provably free are taken, and each once. A volume
/// that is there is never rebuilt or reshaped: what differs of it is told, its cache policy alone
/// is set. What is taken is added to `claims`.
Plan<VolumeOp> plan_volumes(std::span<const WantedVolume> wanted, const Controllers& there,
                            Claims& claims);

/// "spares", or "spares/<controller>" where one is named.
std::string item_of(const WantedSpares& wanted);

/// One line for each: its controller gets as many more global spares as it lacks, or those that are
/// named. None is taken away. After plan_volumes: what is left is for spares.
Plan<VolumeOp> plan_spares(std::span<const WantedSpares> wanted, const Controllers& there,
                           Claims& claims);

/// Those of ours that still are spares become free drives.
Plan<VolumeOp> plan_spares_removal(const OwnSpares& own, const Controllers& there);

/// The words by which it is remembered that a volume was initialized, or was chosen to boot from:
/// no look at its controller tells. They name this very volume, so they say nothing of one that is
/// made in its place; empty for every other operation.
std::string deed_of(const VolumeOp& op, const std::string& wwn);

/// The NAA id of one of ours that was never finished: it has our name, and all its drives are among
/// those that it was planned over. Empty when there is none.
std::string half_made(const OwnVolume& ours, const Controllers& there);

/// Deletes those of ours that are there, and no other: by NAA id, since a name or a number may be
/// somebody else's by now; one that was never finished as half_made() finds it. One that is gone is
/// unchanged.
Plan<VolumeOp> plan_deletion(std::span<const OwnVolume> ours, const Controllers& there);

}  // namespace metalwright::raid::storcli
