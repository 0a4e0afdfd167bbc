#pragma once

#include <string>

#include "raid/room.hpp"

namespace metalwright::raid {

/// Lights the locate LED of a disk, or puts it out: of the slot that its enclosure tells the
/// kernel, else by the tool of the controller that it is behind. Nothing is read off the disk,
/// which may be dying. `id`: serial number or WWN; of a drive of a controller its place ("252:3")
/// as well. Where it shines: "/sys/block/sdb/device/enclosure_device:Slot 03", "storcli64
/// /c0/e252/s3". Errors: not_found, refused (several answer to it), unsupported (nothing there that
/// could light one), kernel_refused, command_failed (the tool's own words), timed_out.
Result<std::string> locate(Doors& doors, const std::string& id, bool on);

}  // namespace metalwright::raid
