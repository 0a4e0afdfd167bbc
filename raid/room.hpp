#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/journal.hpp"
#include "core/plan.hpp"
#include "raid/model.hpp"
#include "raid/op.hpp"
#include "raid/plan.hpp"
#include "sys/eraser.hpp"
#include "sys/exec.hpp"
#include "sys/files.hpp"
#include "sys/programs.hpp"
#include "sys/signatures.hpp"

namespace metalwright::raid {

/// Where the kernel and udev tell about the machine; all are read through Doors::files.
struct Roots {
    std::filesystem::path sys = "/sys";
    std::filesystem::path proc = "/proc";
    std::filesystem::path run = "/run";
    std::filesystem::path dev = "/dev";
};

/// What the room needs of the machine. It keeps references: they must outlive each call.
struct Doors {
    sys::Exec& exec;
    sys::Files& files;
    sys::Signatures& signatures;
    sys::Eraser& eraser;
    Roots roots{};
    /// The tools of hardware RAID, absolute paths; none: those that are installed.
    std::optional<std::vector<std::string>> raid_tools{};
    std::function<Result<std::string>(std::string_view)> find_program = sys::find_program;
    /// Makes durable what was done to an item and is never to be done again, though no look at the
    /// machine tells that it was: storcli::deed_of(). Called from several threads. Errors: io.
    std::function<Result<void>(const std::string& item, const std::string& deed)> keep_deed =
        [](const std::string&, const std::string&) { return Result<void>(); };
    /// Waits before something that was busy is tried again.
    std::function<void(std::chrono::milliseconds)> pause = [](std::chrono::milliseconds bound) {
        std::this_thread::sleep_for(bound);
    };
};

/// What one look is for.
struct Look {
    bool controllers = false;  ///< ask the tools of hardware RAID as well, which takes seconds each
    /// Read what is on the disks of the system volume too. To plan it is not needed: nothing is
    /// ever done to them, and as the system runs their content changes from look to look.
    bool system_content = true;
};

/// Looks at disks, arrays, mounts and our files; changes nothing. Runs `mdadm --detail --export`
/// once per array of which udev has not kept the answer, and no program when there is none.
/// Errors: io (no /sys/block), not_found (there are arrays, but no mdadm).
Result<Observed> observe(Doors& doors, Look look = {});

/// What these tools show, and those controllers with a driver of the family that none of them
/// shows; what of it cannot be read is among its errors.
Controllers observe_controllers(Doors& doors);

/// The disks alone, without running a program. `only`: ids of those of interest, with their
/// partitions; all others are left out. Reading costs, disk by disk.
Result<std::vector<Disk>> observe_disks(Doors& doors, std::span<const std::string> only = {});

/// One result per step, in order. Before a disk is written to it is found again by its identity and
/// looked at again: one that is no longer as planned, or that the kernel does not give out O_EXCL,
/// is refused. What is busy is tried again for some six seconds. Destructive steps end with
/// fail_point("raid.after-create") and fail_point("raid.after-mkfs").
/// Errors: refused, busy, not_found (a disk or an array has gone, a program is missing),
/// command_failed
/// and timed_out (the tool's own last line is in the message), unsupported (no systemd), io,
/// internal (a dry plan without UUIDs).
std::vector<Result<void>> apply(std::span<const Step<Op>> steps, const Observed& observed,
                                Doors& doors, Journal& journal);

}  // namespace metalwright::raid
