#pragma once

#include <string>
#include <string_view>

#include "raid/storcli/wanted.hpp"

namespace metalwright::raid::storcli {

// A wanted volume against one that is there. Pure.

/// The volume that is wanted: of this name; or, once its drives are known, the one over exactly
/// these, so that one whose making was cut off is ours. Null when there is none.
const VirtualDrive* volume_for(const WantedVolume& wanted, const Controller& controller);

/// In words what differs and cannot be set: level, drives, strip; empty when nothing does.
std::string differences(const WantedVolume& wanted, const Controller& controller,
                        const VirtualDrive& volume);

/// "degraded: /c0/e8/s1 is bad"; empty when it is whole, or being rebuilt.
std::string damage(const Controller& controller, const VirtualDrive& volume);

/// "rebuilding 12 %, 5 Minutes left, usable meanwhile", or nothing.
std::string rebuild_note(const Controller& controller, const VirtualDrive& volume);
/// That; else what the controller does to the volume, in such words; or nothing.
std::string progress_note(const Controller& controller, const VirtualDrive& volume);

/// What of the wanted policy differs from the tool's "NRWTD" or "NR,WB". The drives' own cache is
/// not compared: the tools tell it in words that differ.
CachePolicy cache_to_set(const CachePolicy& wanted, std::string_view there);

}  // namespace metalwright::raid::storcli
