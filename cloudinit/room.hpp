#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cloudinit/host.hpp"
#include "cloudinit/model.hpp"
#include "cloudinit/op.hpp"
#include "core/journal.hpp"
#include "core/plan.hpp"
#include "sys/exec.hpp"
#include "sys/files.hpp"
#include "sys/programs.hpp"

namespace metalwright::cloudinit {

// The once-per-instance items: "hostname", "machineId", "hostKeys", "password", "authorizedKeys".
// User data has a life of its own: cloudinit/userdata.hpp.

struct Doors {
    sys::Files& files;
    Host& host;
    /// With it the distribution's own tools are used where they are there; null: in an image.
    sys::Exec* exec = nullptr;
    std::function<Result<std::string>(std::string_view)> find_program = sys::find_program;
};

/// What the machine has now; a file that is absent is empty. Errors: io.
Result<Observed> observe(Doors& doors);

/// An item in wanted.done is settled as unchanged without a look at the machine: after the first
/// time it is the tenant's. One that cannot be (a bad name, a hash that is none, root without a
/// line in /etc/shadow) is settled as failed.
Plan<Op> plan(const Wanted& wanted, const Observed& observed);

/// Nothing of the instance lets anybody in any more: our keys, and root's password where it was
/// ordered; what its user data has left goes. The host name stays until another instance comes.
Plan<Op> plan_leaving(const Leaving& leaving, const Observed& observed);

/// One result per step. Reads each file again before it edits it, so that what others changed
/// since `observed` stays. Errors: io, busy (accounts locked), not_found, invalid_spec.
std::vector<Result<void>> apply(std::span<const Step<Op>> steps, const Observed& observed,
                                Doors& doors, Journal& journal);

}  // namespace metalwright::cloudinit
