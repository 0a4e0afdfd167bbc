#include "sys/notify.hpp"

#include <systemd/sd-daemon.h>

#include <string>

namespace metalwright::sys {
namespace {

/// A line break would start another field of the datagram.
std::string one_line(std::string_view text) {
    return std::string(text.substr(0, text.find_first_of("\r\n")));
}

void notify(const std::string& state) {
    ::sd_notify(0, state.c_str());
}

}  // namespace

bool booted_by_systemd() {
    return ::sd_booted() > 0;
}

void notify_ready(std::string_view status) {
    notify("READY=1\nSTATUS=" + one_line(status));
}

void notify_stopping(std::string_view status) {
    notify("STOPPING=1\nSTATUS=" + one_line(status));
}

void notify_status(std::string_view status) {
    notify("STATUS=" + one_line(status));
}

void notify_watchdog() {
    notify("WATCHDOG=1");
}

std::optional<std::chrono::microseconds> watchdog_interval() {
    std::uint64_t microseconds = 0;
    if (::sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
    return std::chrono::microseconds(microseconds);
}

Result<std::vector<int>> listen_fds() {
    const int count = ::sd_listen_fds(1);
    if (count < 0)
        return fail(Errc::io, "the sockets handed over by systemd cannot be taken", "LISTEN_FDS",
                    -count);
    std::vector<int> fds;
    for (int i = 0; i < count; ++i) fds.push_back(SD_LISTEN_FDS_START + i);
    return fds;
}

}  // namespace metalwright::sys
