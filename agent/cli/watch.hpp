#pragma once

#include <cstdint>

#include "agent/cli/commands.hpp"

namespace metalwright::agent::cli {

/// How the events of an operation are told while it runs.
enum class Telling {
    steps,   ///< lines for people
    events,  ///< each event as one line of JSON
    hidden,  ///< only a line on stderr where that is a terminal: stdout is for the final JSON
};

/// Follows an operation, which the daemon has just named, to its end through restarts of the
/// daemon. The answer is the operation as GET /v1/operations/{id} has it. Refusals: Exit::waited,
/// the daemon's own.
Answer watch(Session& session, std::int64_t id, const Waiting& waiting, Telling telling);

/// done -> 0; failed and degraded -> 1.
Exit exit_of(const Json& operation);

/// The end of every command that asks for one change and got `answer`: shows `view` and, when told
/// to wait, how the operation ends. An answer without "operation" had nothing to change.
Exit follow_change(Session& session, const Json& answer, const std::string& view,
                   const Waiting& waiting);

}  // namespace metalwright::agent::cli
