// Spoken here, not through libsystemd: these protocols are small and promised to stay, and the
// library would bring liblzma, libzstd, liblz4, libgcrypt, libgpg-error and libcap into a root
// daemon.

#include "sys/notify.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>
#include <system_error>

#include "sys/datagram.hpp"

namespace metalwright::sys {
namespace {

constexpr int first_handed_over = 3;  // sd_listen_fds(3)

/// A line break would start another field of the datagram.
std::string one_line(std::string_view text) {
    return std::string(text.substr(0, text.find_first_of("\r\n")));
}

void notify(std::string_view state) {
    if (const char* address = std::getenv("NOTIFY_SOCKET")) (void)send_datagram(address, state);
}

template <class T>
std::optional<T> number(std::string_view text) {
    T value{};
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, value);
    if (error != std::errc{} || end != last) return std::nullopt;
    return value;
}

/// Whether the variable names this process: what systemd says to a service is inherited by every
/// program that the service runs.
bool is_us(const char* pid) {
    return pid != nullptr && number<pid_t>(pid) == ::getpid();
}

}  // namespace

bool booted_by_systemd() {
    return ::access("/run/systemd/system/", F_OK) == 0;
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
    const char* interval = std::getenv("WATCHDOG_USEC");
    const char* pid = std::getenv("WATCHDOG_PID");
    if (interval == nullptr || (pid != nullptr && !is_us(pid))) return std::nullopt;
    const auto microseconds = number<std::chrono::microseconds::rep>(interval);
    if (!microseconds || *microseconds <= 0) return std::nullopt;
    return std::chrono::microseconds(*microseconds);
}

Result<std::vector<HandedOver>> listen_fds() {
    const bool ours = is_us(std::getenv("LISTEN_PID"));
    const char* given = std::getenv("LISTEN_FDS");
    const std::string count_text = given == nullptr ? "0" : given;
    const char* told = std::getenv("LISTEN_FDNAMES");
    std::string names = told == nullptr ? "" : told;
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
    std::vector<HandedOver> fds;
    if (!ours) return fds;
    const auto damaged = [](int error) {
        return fail(Errc::io, "the sockets handed over by systemd cannot be taken", "LISTEN_FDS",
                    error);
    };
    const auto count = number<int>(count_text);
    if (!count || *count < 0) return damaged(EINVAL);
    for (int fd = first_handed_over; fd - first_handed_over < *count; ++fd) {
        const int flags = ::fcntl(fd, F_GETFD);
        if (flags < 0 || ::fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0) return damaged(errno);
        const std::size_t end = std::min(names.find(':'), names.size());
        fds.push_back({fd, names.substr(0, end)});
        names.erase(0, end + 1);
    }
    return fds;
}

}  // namespace metalwright::sys
