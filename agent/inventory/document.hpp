#pragma once

#include <string>

#include "netcfg/model.hpp"
#include "raid/controller.hpp"
#include "raid/model.hpp"

namespace metalwright::inventory {

/// What GET /v1/inventory answers, and `metalwright inventory --local` without a daemon:
///     {"disks":[...],"arrays":[...],"controllers":[...],"controllerErrors":[...],"nics":[...]}
/// UTF-8, whatever bytes a label or a tool's words hold.
std::string document(const raid::Observed& storage, const raid::Controllers& controllers,
                     const netcfg::Observed& network);

}  // namespace metalwright::inventory
