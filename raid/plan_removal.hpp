#pragma once

#include "core/plan.hpp"
#include "raid/model.hpp"
#include "raid/op.hpp"

namespace metalwright::raid {

/// Adds "raid/<name>": the steps that take down an array of ours with its mount and all that is on
/// it, and make its members blank, or one settled result. It is known by its md UUID alone. Nothing
/// that somebody else has mounted is touched, nor anything that also stands on other disks.
void plan_removal(const WantedArray& removed, const Observed& observed, Plan<Op>& plan);

}  // namespace metalwright::raid
