#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/engine/room_run.hpp"
#include "agent/store/store.hpp"

namespace metalwright::engine {

/// refused: that `what` ("create raid1 ...") is not done because of the lock, since when, why, and
/// the next command.
Error refused_by(const store::Lock& lock, const std::string& what, std::string where);

/// What may not be done to disks by an operation of this kind: nothing that destroys data while the
/// host is locked, nor ever at a start ("boot"). Everything else passes.
Veto disk_veto(std::string_view operation_kind, std::optional<store::Lock> lock);

}  // namespace metalwright::engine
