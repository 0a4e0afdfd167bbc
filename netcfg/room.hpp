#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/journal.hpp"
#include "core/plan.hpp"
#include "netcfg/plan.hpp"
#include "netcfg/prober.hpp"
#include "netcfg/rtnl.hpp"
#include "sys/exec.hpp"
#include "sys/files.hpp"

namespace metalwright::netcfg {

// netcfg brings one NIC's addresses, routes and name servers to what the spec says, through
// rtnetlink, and writes down what the next boot needs before the agent is there. What the engine
// calls is here; plan() and owned_after() are in netcfg/plan.hpp.

/// Everything of the machine that this room touches.
struct Doors {
    Rtnl& rtnl;
    sys::Exec& exec;
    sys::Files& files;
    /// Who sets NICs up at boot, by configuration; unset: systemd-networkd where it is enabled or
    /// runs, else ifupdown where it is installed, else nobody.
    std::optional<Persister> persister{};
    std::string networkctl = "/usr/bin/networkctl";
    std::string wait_online = "/usr/lib/systemd/systemd-networkd-wait-online";
    std::string systemctl = "/usr/bin/systemctl";
    std::string nmcli = "/usr/bin/nmcli";
    Prober* prober = nullptr;  ///< none: a SocketProber
};

/// The kernel's network, where each NIC is plugged in, and the boot files. Changes nothing and runs
/// no program. Errors: of Rtnl::dump(), io.
Result<Observed> observe(Doors& doors);

/// The same, but for foreign routes in table local where plan(wanted, ...) does not look at them:
/// where no alias is to be a local route. Reading them takes as long as reading the addresses.
/// Qdiscs are read here alone, and where shaping is wanted only.
Result<Observed> observe(Doors& doors, const Wanted& wanted);

/// Does the steps in order, those for the kernel in packed batches, and answers one result per
/// step. `where` of a kernel's refusal is the NIC's name.
/// Errors, per step: of Rtnl::apply(), io, command_failed, timed_out, not_found.
std::vector<Result<void>> apply(std::span<const Step<Op>> steps, const Observed& observed,
                                Doors& doors, Journal& journal);

/// Takes back a group that a crash has cut off: `undo` are texts of journal_form(), done in this
/// order, each tried. Errors: the first; internal (a text that is none of ours).
Result<void> take_back(std::span<const std::string> undo, Doors& doors);

}  // namespace metalwright::netcfg
