#pragma once

#include <optional>

#include "agent/spec/cursor.hpp"
#include "raid/model.hpp"

namespace metalwright::spec {

/// {"system":{"level"},"arrays":[...],"volumes":[...],"globalSpares":[...],"bootKernel"}
raid::Wanted read_storage(Fields& storage);

/// "raid0" ... "raid10", or "none" (then `none` is set and nothing answered).
std::optional<raid::Level> read_level(Fields& holder, bool& none);

/// "members", "spares", the geometry ("chunkKiB", "layout", ...) and "filesystem" into `array`, and
/// its level, where that was readable. Shared by the spec and the catalogue.
void read_array_rules(Fields& holder, std::optional<raid::Level> level, raid::WantedArray& array);

/// "filesystem" of an array or a volume.
raid::WantedFilesystem read_filesystem(Fields& holder);

}  // namespace metalwright::spec
