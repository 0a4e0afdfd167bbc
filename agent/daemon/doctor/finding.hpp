#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace metalwright::daemon::doctor {

enum class Level { ok, warning, problem };

std::string_view to_string(Level level) noexcept;  ///< "ok", "warning", "problem"

/// One thing that was looked at, and what is to be said of it.
struct Finding {
    Level level = Level::ok;
    std::string check;    ///< "configuration", "store", "link", "clock"...
    std::string where{};  ///< a path, a file with its line, a NIC, an array; empty: all of the host
    std::string message{};   ///< what is so, a clause
    std::string advice{};    ///< what to do about it; empty where all is well
    bool unchecked = false;  ///< it could not be looked at: nothing is known of it

    bool operator==(const Finding&) const = default;
};

using Findings = std::vector<Finding>;

/// {"findings":[{"level","check","where","message","advice","unchecked"}]}, and beside it what the
/// command line needs to ask the daemon: "socket", and "pid" where one is at work (null: nobody is;
/// absent: not known).
struct Diagnosis {
    Findings findings{};
    std::string socket{};
    bool pid_known = false;
    int pid = 0;
};
std::string to_json(const Diagnosis& diagnosis);

}  // namespace metalwright::daemon::doctor
