#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "core/plan.hpp"
#include "raid/model.hpp"
#include "raid/op.hpp"
#include "raid/plan_filesystem.hpp"

namespace metalwright::raid {

/// "volume/<name>"
std::string item_of(const storcli::WantedVolume& wanted);

/// The volume of some controller that is the wanted one (storcli::volume_for); null when there is
/// none.
const VirtualDrive* volume_there(const storcli::WantedVolume& wanted,
                                 const Controllers& controllers);

using PlanContent =
    std::function<void(const Ground& ground, const std::optional<WantedFilesystem>& filesystem)>;

/// Adds "volume/<name>" for each wanted volume, and has `content` add what stands on it; "volumes"
/// alone when none is wanted; "spares" of each controller that is to have some. `replaced`: gets
/// the disks of those wanted replacements that are a volume's.
void plan_volumes(const Wanted& wanted, const Observed& observed, Plan<Op>& plan,
                  const PlanContent& content, std::set<std::string>& replaced);

/// Adds "volume/<name>": our mount of it is ended and the volume deleted; or why not. Only the one
/// with this NAA id.
void plan_volume_removal(const storcli::OwnVolume& own, const Observed& observed, Plan<Op>& plan);

/// Adds "spares/<controller>": those of ours are free drives again.
void plan_spares_removal(const storcli::OwnSpares& own, const Observed& observed, Plan<Op>& plan);

}  // namespace metalwright::raid
