#pragma once

#include "core/plan.hpp"
#include "raid/model.hpp"
#include "raid/op.hpp"

namespace metalwright::raid {

/// What the plan of an array means for the file system on it.
struct Standing {
    enum class State {
        unusable,  ///< it is not there, or is another one: nothing can be done on it
        planned,   ///< the steps before make or start it
        running,
        damaged,  ///< it runs; what is on it is looked at, and left alone
    };
    State state = State::unusable;
    const Array* array = nullptr;  ///< running, damaged
    bool ours = false;             ///< metalwright made it, or is about to
};

/// Adds "filesystem/<name>" and, where wanted, "mount/<name>": steps or one settled result each.
/// `mount_shared`: another array before this one is wanted at the same mount point.
void plan_volume(const WantedArray& wanted, const Observed& observed, const Standing& standing,
                 bool mount_shared, Plan<Op>& plan);

}  // namespace metalwright::raid
