#pragma once

#include "cloudinit/model.hpp"
#include "sys/systemd.hpp"

namespace metalwright::cloudinit {

/// What the unit tells when the run left no result. Without a claim the script never began, so an
/// exit code is the runner's, not the script's: interrupted.
ScriptStatus status_of(const sys::UnitState& unit, bool claimed);

}  // namespace metalwright::cloudinit
