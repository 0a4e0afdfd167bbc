#pragma once

#include "netcfg/model.hpp"
#include "sys/files.hpp"

namespace metalwright::netcfg {

/// Adds to `observed.persisted` the files of ours that tell neighbours what is ours, and where
/// networkd is to be `told`, the .network file of each link. Errors: io.
Result<void> observe_neighbours(sys::Files& files, const NeighbourFiles& told, Observed& observed);

}  // namespace metalwright::netcfg
