#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/cli/daemon.hpp"
#include "agent/cli/fields.hpp"

namespace metalwright::agent::cli {

/// What was heard of the daemon, and of whom it was asked.
struct Heard {
    std::string socket{};        ///< that was asked
    std::string usual_socket{};  ///< that commands ask when none is named
    bool idle = false;           ///< nobody is at work on the state directory, so nobody was asked
    Answer health{};
    Answer ready{};
    Answer status{};
};

/// How the daemon stands, as findings: {"level","check","where","message","advice","unchecked"}.
/// Pure.
Json daemon_findings(const Heard& heard);

/// One of them.
Json finding(const char* level, const char* of, const std::string& where,
             const std::string& message, const std::string& advice = {}, bool unchecked = false);

}  // namespace metalwright::agent::cli
