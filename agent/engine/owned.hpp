#pragma once

#include <string>
#include <utility>
#include <vector>

#include "netcfg/model.hpp"

namespace metalwright::engine {

/// What the network room says is ours, as rows of the store, and back.
std::vector<std::pair<std::string, std::string>> owned_rows(const netcfg::Owned& owned);
Result<netcfg::Owned> owned_from(const std::vector<std::pair<std::string, std::string>>& rows);

}  // namespace metalwright::engine
