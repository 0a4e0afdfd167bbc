#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/plan.hpp"
#include "raid/model.hpp"
#include "raid/op.hpp"
#include "raid/select.hpp"

namespace metalwright::raid {

/// Steps that wipe these disks, all of consent: first what stands on them is taken down, the
/// topmost first; then each disk. `taken_down` remembers kernel names of what earlier steps take
/// down.
void plan_wipes(const std::string& item, const std::vector<WipeDisk>& wipes,
                const Observed& observed, std::set<std::string>& taken_down, Plan<Op>& plan);

/// The one step that makes the array of what was chosen.
void plan_create(const std::string& item, const WantedArray& wanted, const Selection& chosen,
                 Plan<Op>& plan);

}  // namespace metalwright::raid
