#pragma once

#include <string>

#include "core/plan.hpp"
#include "raid/storcli/choose.hpp"
#include "raid/storcli/wanted.hpp"

namespace metalwright::raid::storcli {

/// A drive of a volume is to be replaced: named by its serial number, WWN or place, and what takes
/// its place (empty: chosen by rule).
struct DriveReplacement {
    std::string drive;
    std::string with{};
};

/// Whether the drive is, or was, one of this volume.
bool concerns(const DriveReplacement& replacement, const WantedVolume& wanted,
              const Controller& controller, const VirtualDrive& volume);

/// "volume/<name>": takes the old drive out of use where it still works, gives the volume a new one
/// to rebuild on, and lights the LED of the old one; unchanged where that was done; or why not.
void plan_replace(const DriveReplacement& replacement, const WantedVolume& wanted,
                  const Controller& controller, const VirtualDrive& volume, Claims& claims,
                  Plan<VolumeOp>& plan);

}  // namespace metalwright::raid::storcli
