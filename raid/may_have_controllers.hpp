#pragma once

#include "raid/room.hpp"

namespace metalwright::raid {

/// Whether it makes sense to ask for controllers of hardware RAID: a tool is named or installed, or
/// a driver of the family has a device. Runs no program.
bool may_have_controllers(Doors& doors);

}  // namespace metalwright::raid
