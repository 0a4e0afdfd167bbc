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

/// Whether an operation of this kind makes no host of an order, but looks after one that is there:
/// at a start, or with a new password. It destroys nothing, and begins no user data.
bool only_verifies(std::string_view operation_kind);

/// What may not be done to disks by an operation of this kind: nothing that destroys data while the
/// host is locked, nor ever where an operation only verifies. Everything else passes.
Veto disk_veto(std::string_view operation_kind, std::optional<store::Lock> lock);

}  // namespace metalwright::engine
