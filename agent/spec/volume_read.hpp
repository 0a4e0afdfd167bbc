#pragma once

#include <optional>

#include "agent/spec/cursor.hpp"
#include "raid/storcli/wanted.hpp"

namespace metalwright::spec {

/// One of "storage.volumes": a volume of a hardware RAID controller.
std::optional<raid::storcli::WantedVolume> read_volume(const Cursor& at);

/// All of it but its name. Shared by the spec and the catalogue.
void read_volume_rules(Fields& holder, raid::storcli::WantedVolume& volume);

/// Its "cache" in a document's words; empty where the controller decides.
Json cache_json(const raid::storcli::CachePolicy& cache);

}  // namespace metalwright::spec
