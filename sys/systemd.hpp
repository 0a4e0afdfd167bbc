#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/error.hpp"

namespace metalwright::sys {

/// A service that PID 1 makes for one run, as `systemd-run` does. Source: systemd-run(1) and
/// org.freedesktop.systemd1(5), StartTransientUnit().
struct TransientService {
    /// Of a D-Bus property: a string, a number or a time span in microseconds, a list.
    using Value = std::variant<std::string, std::uint64_t, std::vector<std::string>>;

    std::string name;                        ///< "metalwright-userdata-i-1.service"
    std::vector<std::string> command;        ///< the program by its absolute path, and arguments
    std::vector<std::string> after_the_end;  ///< ExecStopPost=, likewise; none where it is empty
    /// In D-Bus' own names: {"KillMode", "process"}, {"RuntimeMaxUSec", 3'600'000'000}.
    std::vector<std::pair<std::string, Value>> properties;

    bool operator==(const TransientService&) const = default;
};

/// For properties that count: no limit.
constexpr std::uint64_t unlimited = UINT64_MAX;

/// What systemd says of a service.
struct UnitState {
    bool loaded = false;       ///< there is such a unit
    bool busy = false;         ///< a job is queued, or it is activating, active, deactivating...
    std::string result{};      ///< "success", "exit-code", "signal", "timeout"...
    int exec_main_code = 0;    ///< CLD_EXITED (1), CLD_KILLED (2), CLD_DUMPED (3); 0: none
    int exec_main_status = 0;  ///< exit code or signal

    bool operator==(const UnitState&) const = default;
};

/// The door to PID 1, where that is systemd. Real: PrivateSystemd. Fake: tests/fakes.
class Systemd {
 public:
    virtual ~Systemd() = default;

    /// Queues its start and returns; that is as good as a start, but for what the unit itself waits
    /// for. Errors: unavailable (systemd cannot be reached), command_failed (it says no): nothing
    /// was started. timed_out, io: it may have been.
    virtual Result<void> start(const TransientService& service) = 0;

    /// Errors: unavailable, command_failed, timed_out, io.
    virtual Result<UnitState> state(const std::string& unit) = 0;
};

/// Over the socket that systemctl uses as root: no broker has to run, and nothing has to be started
/// for a question. Safe from any thread.
class PrivateSystemd final : public Systemd {
 public:
    explicit PrivateSystemd(std::filesystem::path socket = "/run/systemd/private",
                            std::chrono::milliseconds timeout = std::chrono::seconds(30))
        : socket_(std::move(socket)), timeout_(timeout) {}

    Result<void> start(const TransientService& service) override;
    Result<UnitState> state(const std::string& unit) override;

 private:
    std::filesystem::path socket_;
    std::chrono::milliseconds timeout_;
};

}  // namespace metalwright::sys
