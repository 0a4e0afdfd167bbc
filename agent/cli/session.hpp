#pragma once

#include <optional>
#include <string>

#include "agent/cli/console.hpp"
#include "agent/cli/daemon.hpp"
#include "agent/cli/views.hpp"

namespace metalwright::agent::cli {

/// What every command gets: where to write and how, and the daemon.
struct Session {
    Console& console;
    Daemon daemon;
    bool json = false;   ///< -o json
    bool color = false;  ///< not refused by --no-color or NO_COLOR

    Look look() const;          ///< for stdout
    Style error_style() const;  ///< for stderr

    /// The answer as JSON, or as `view`.
    void show(const Json& answer, const std::string& view);
};

/// The document in `file` ("-" is stdin), at most 1 MiB. Refusal: wrong_document, says why.
Attempt<std::string> load(const Console& console, const std::string& file);

/// Tells the errors to people, on stderr. `file` names the document that they are about, if they
/// are about one. Returns the exit.
Exit tell(Session& session, const Refusal& refusal, const std::string& file = {});

/// The same, and with -o json {"errors":[...]} on stdout: for a command that has no other answer.
Exit complain(Session& session, const Refusal& refusal, const std::string& file = {});

/// The errors of a document, one a line, in columns, on stderr.
void tell_errors(Session& session, const Errors& errors, const std::string& file);

}  // namespace metalwright::agent::cli
