#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/spec/cursor.hpp"
#include "raid/storcli/wanted.hpp"

namespace metalwright::spec {

/// One of "storage.globalSpares": hot spares for all volumes of a controller.
std::optional<raid::storcli::WantedSpares> read_spares(const Cursor& at);

/// One of "storage.volumes": a volume of a hardware RAID controller.
std::optional<raid::storcli::WantedVolume> read_volume(const Cursor& at);

/// All of it but its name. Shared by the spec and the catalogue.
void read_volume_rules(Fields& holder, raid::storcli::WantedVolume& volume);

/// The fields of its "cache" with a document's words for them; none where the controller decides.
std::vector<std::pair<std::string_view, std::string_view>> cache_fields(
    const raid::storcli::CachePolicy& cache);

}  // namespace metalwright::spec
