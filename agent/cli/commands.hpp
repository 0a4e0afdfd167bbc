#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "agent/cli/session.hpp"

/// One function a subcommand; each writes its answer and says how the program ends.
namespace metalwright::agent::cli {

struct Waiting {
    bool wait = false;
    std::optional<std::chrono::milliseconds> timeout{};  ///< none: for ever
};

/// Checks a document without the daemon. `catalogue` is a file, empty for none; `host` the id that
/// the document must name, empty for any.
Exit validate(Session& session, const std::string& file, const std::string& catalogue,
              const std::string& host);
Exit plan(Session& session, const std::string& file);
Exit apply(Session& session, const std::string& file, const Waiting& waiting);
Exit status(Session& session, const Waiting& waiting);
/// The status for a monitoring system, whatever it says.
Exit metrics(Session& session);
Exit cancel(Session& session, std::int64_t id);
Exit operations(Session& session, std::size_t limit);
Exit operation(Session& session, std::int64_t id);
/// Without an id: the newest.
Exit follow(Session& session, std::optional<std::int64_t> id, const Waiting& waiting);
/// Where the time of an operation went, step by step; without an id: of the newest. `svg`: a file
/// to draw it into, empty for none.
Exit analyze(Session& session, std::optional<std::int64_t> id, const std::string& svg);
/// What user data has put out: all of it, or its last `bytes`; with `follow` also what comes, until
/// it has ended. Ends like it: done only when it exited 0, or has not ended.
Exit user_data_log(Session& session, std::optional<std::int64_t> bytes, bool follow);
struct Cleaning {
    std::string root = "/";
    bool dry_run = false;
    bool yes = false;
};
/// daemon/clean.hpp, by the daemon's program. This host itself has to be meant.
Exit clean(Session& session, const Cleaning& cleaning);
/// daemon/doctor, by the daemon's program, and how the daemon stands. `config`: the file to look
/// at, empty for the daemon's own. `named`: the socket was named, so it is asked whoever listens.
Exit doctor(Session& session, const std::string& config, bool named);
struct AuditQuestion {
    std::size_t limit = 20;
    std::string since{};   ///< a time, or for how long back; empty: as far as it goes
    bool verify = false;   ///< only whether it is whole
    std::string config{};  ///< the daemon's configuration, empty for its own
};
/// Who asked for what (agent/audit), by the daemon's program.
Exit audit(Session& session, const AuditQuestion& question);
struct BundleWish {
    std::string file{};    ///< empty: metalwright-support.tar.gz, here
    std::string config{};  ///< the daemon's configuration, empty for its own
    bool force = false;
};
/// What a supporter needs to see of this host, redacted, as one file of root's.
Exit support_bundle(Session& session, const BundleWish& wish);
/// Takes away the lock on what destroys data.
Exit arm(Session& session);

}  // namespace metalwright::agent::cli
