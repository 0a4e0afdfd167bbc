#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace metalwright::sys {

// How a service talks with systemd. Where it was not started by systemd every notify_*() does
// nothing. Source: sd_notify(3), sd_listen_fds(3), sd_booted(3).

/// Whether systemd is PID 1 of this machine (false in most containers and in image builds).
bool booted_by_systemd();

/// READY=1 with a line for `systemctl status`.
void notify_ready(std::string_view status);
/// STOPPING=1: from now on the stop time-out counts.
void notify_stopping(std::string_view status);
/// The line that `systemctl status` shows; only the first line of `status` is used.
void notify_status(std::string_view status);
/// One sign of life. Send it only from where life is proved.
void notify_watchdog();

/// WatchdogSec= as this process was given it; nullopt when there is no watchdog. Send a sign of
/// life at least twice as often.
std::optional<std::chrono::microseconds> watchdog_interval();

/// A socket that systemd handed over.
struct HandedOver {
    int fd = -1;         ///< close-on-exec
    std::string name{};  ///< FileDescriptorName= of its unit; empty where none is told

    bool operator==(const HandedOver&) const = default;
};

/// All of them, in the order in which they came; empty when there are none. A second call answers
/// empty. Changes the environment: call it before any thread runs. Errors: io (LISTEN_FDS is
/// damaged).
Result<std::vector<HandedOver>> listen_fds();

}  // namespace metalwright::sys
