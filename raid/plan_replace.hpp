#pragma once

#include "core/plan.hpp"
#include "raid/model.hpp"
#include "raid/op.hpp"
#include "raid/verdict.hpp"

namespace metalwright::raid {

/// Whether this replacement is about a member that the array has, or is remembered to have had.
bool concerns(const Replacement& replacement, const WantedArray& wanted, const Array& array,
              const Observed& observed);

/// Adds "raid/<name>": the old member fails, leaves, and a blank disk takes its place; or one
/// settled result. Named, or else the smallest blank whole disk of the members' kind that is large
/// enough. Refused where the array would lose data by it.
void plan_replace(const Replacement& replacement, const WantedArray& wanted, const Array& array,
                  const Grounds& grounds, Plan<Op>& plan);

}  // namespace metalwright::raid
