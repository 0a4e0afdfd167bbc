#pragma once

#include <array>
#include <string_view>

namespace metalwright {

/// Every place where a power cut is rehearsed, in the order of one operation. tests/vm walks this
/// table: the daemon is killed there (SIGKILL) and must reach the same final state after a restart.
inline constexpr std::array<std::string_view, 16> fail_points{
    "accept.before-commit",     // the document is parsed, nothing is durable
    "accept.after-commit",      // operation and token are durable, the caller is not answered
    "engine.after-identities",  // UUIDs are drawn and durable, nothing is made
    "engine.after-owned",       // what is to be ours on the network is durable, nothing is intended
    "journal.after-intent",     // a batch is intended, nothing is done
    "raid.after-create",        // the array exists, its outcome is not written
    "raid.after-init",          // a volume is being initialized, which is not remembered yet
    "raid.after-mkfs",          // the file system exists
    "journal.after-done",       // the outcome of a batch is durable
    "group.half-done",          // a step of a group is done, the others are not
    "netcfg.after-batch",       // the kernel has the addresses, the journal does not know
    "cloudinit.after-once",     // a once-per-instance item is done, not yet recorded
    "userdata.after-started",   // `started` is durable, the unit does not exist yet
    "userdata.after-launch",    // the unit runs, nobody has noted it
    "operation.before-finish",  // all is done, the operation is still open
    "link.after-reports",       // the control plane has reports, and they are in the outbox still
};

/// Nothing at all, in what is shipped. The daemon of the tests links tests/fakes/fail_point_on.cpp
/// instead: METALWRIGHT_FAIL_POINT names a point, and behind a colon what happens there: the
/// process gets SIGKILL (the default), `term` (SIGTERM, and goes on), or `abort`s; systemd is asked
/// to `restart` the unit; or from there on what is written to the store fails as on a disk that is
/// full (`enospc`) or broken (`eio`).
void fail_point(std::string_view name);

}  // namespace metalwright
