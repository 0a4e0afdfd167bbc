#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan.hpp"
#include "raid/model.hpp"
#include "raid/op.hpp"

namespace metalwright::raid {

/// Wanted + observed -> steps. Pure; the same input gives the same plan.
///
/// Items: "volume/<name>" for each wanted volume of a controller; "raid/system" when a system level
/// is wanted; "raid/<name>" and, where a file system or a mount is wanted, "filesystem/<name>" and
/// "mount/<name>" for each array; "raid/data" when the list of arrays is explicitly empty; for what
/// a release takes away "raid/<name>" alone; and "replace/<disk>" for a replacement that is no
/// array's. Each has steps or one settled result:
///   unchanged  it is so already, also while it is being built (then `note` tells how far)
///   skipped    it waits for another item, named in the error
///   failed     refused (a disk is not blank; it is damaged; it once existed and is gone), conflict
///              (something else has its name; every difference is told), not_found (no such disk,
///              too few), invalid_spec, unsupported (the system volume is another one)
///
/// Only disks that are blank, that carry nothing but half-made work of this very array, or that
/// have wipe consent are ever named in a step that writes to them.
Plan<Op> plan(const Wanted& wanted, const Observed& observed);

/// Parts of a plan that touch nothing in common: each array with what stands on it. All of it in
/// one where something is wiped or taken down first, since that may lie under several arrays.
std::vector<Plan<Op>> independent_parts(Plan<Op> plan);

/// The disks that `plan` makes array `name` of, spares last, as identities: what the engine
/// remembers in WantedArray::known_members before anything is made. Empty when it makes none. When
/// an order changed before anything was made, they differ from the known ones: remember them again.
/// Of a volume, as "volume/<name>", and of global spares, as their item: the serial numbers of the
/// drives.
std::vector<std::string> members_of(const Plan<Op>& plan, std::string_view name);

/// The members of array `name`, or drives of "volume/<name>", that `plan` replaces, each with what
/// takes its place: what the engine remembers before the first step.
std::map<std::string, std::string> replacements_of(const Plan<Op>& plan, std::string_view name);

}  // namespace metalwright::raid
