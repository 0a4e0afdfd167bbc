#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "agent/cli/console.hpp"
#include "agent/cli/daemon.hpp"

namespace metalwright::agent::cli {

/// Asks a daemon, which has answered already, through its restarts, until a deadline.
class LongPoll {
 public:
    struct Limits {
        std::optional<std::chrono::milliseconds> timeout{};  ///< --timeout; none is for ever
        /// How long a daemon may be gone, where there is no timeout.
        std::chrono::milliseconds away{60'000};
    };
    struct Hooks {
        std::function<void()> tick{};              ///< while waiting
        std::function<void(const Error&)> lost{};  ///< once, when the daemon is gone
        std::function<void()> back{};              ///< once, when it answers again
    };

    /// The time runs from here.
    LongPoll(const Daemon& daemon, const Console& console, Limits limits, Hooks hooks);

    /// GET `target`; with `wait` the query gets a `wait` that suits the time left, so that the
    /// daemon holds the answer back until there is news. An unreachable daemon is asked again until
    /// --timeout has passed or, without one, `away`.
    /// Refusals: those of the daemon; Exit::waited.
    Answer get(const std::string& target, bool wait);

    /// To be called when an answer brought nothing new, so that a daemon which does not hold its
    /// answers back is not asked without pause.
    void nothing_new();

 private:
    std::optional<std::chrono::milliseconds> left() const;

    const Daemon& daemon_;
    const Console& console_;
    Limits limits_;
    Hooks hooks_;
    std::chrono::steady_clock::time_point start_;
};

}  // namespace metalwright::agent::cli
