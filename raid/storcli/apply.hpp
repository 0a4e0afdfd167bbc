#pragma once

#include <span>
#include <vector>

#include "core/journal.hpp"
#include "core/plan.hpp"
#include "raid/storcli/wanted.hpp"
#include "sys/exec.hpp"

namespace metalwright::raid::storcli {

/// Does one step. Before it its controller is looked at again: a drive that
/// is no longer free, or is another one than planned, is refused; a volume is found by what it is.
/// After a volume was made or deleted the controller is looked at once more, and only what is seen
/// then counts: the tools say "succeeded" and exit 0 when nothing was done, and die after having
/// done it.
/// Creating ends with fail_point("raid.after-create").
/// Errors: refused, not_found (the controller or a volume has gone), command_failed (the tool's own
/// words), timed_out, io, unsupported, busy (AwaitInit: it is being initialized; look again).
/// `seen`: set to what CreateVolume left behind, as it was read back; to the volume that AwaitInit,
/// StartInit or SetBootDrive was for.
Result<void> apply(const VolumeOp& op, const Controllers& planned, sys::Exec& exec,
                   VirtualDrive* seen = nullptr);

/// One result per step, in order.
std::vector<Result<void>> apply(std::span<const Step<VolumeOp>> steps, const Controllers& planned,
                                sys::Exec& exec, Journal& journal);

}  // namespace metalwright::raid::storcli
