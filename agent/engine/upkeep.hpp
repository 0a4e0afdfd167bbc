#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "core/plan.hpp"
#include "netcfg/model.hpp"

namespace metalwright::engine {

/// What one look at the network between operations came to.
struct Upkeep {
    std::vector<ItemResult> items{};     ///< what was put back, or could not be; usually empty
    std::vector<netcfg::Prefix> ours{};  ///< whose disappearance is worth another look
    /// An operator holds the network, for so long from now on: then another look is due.
    std::optional<std::chrono::milliseconds> held_for{};
};

}  // namespace metalwright::engine
