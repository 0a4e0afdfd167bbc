// The command userdata on the command line, and what it does.

#include <ostream>
#include <string_view>

#include "agent/cli/commands.hpp"
#include "agent/cli/long_poll.hpp"
#include "agent/cli/options.hpp"
#include "agent/cli/text.hpp"

namespace metalwright::agent::cli {
namespace {

/// A tenant's bytes as they are; on a terminal without what would steer it.
void write_output(Session& session, std::string_view output) {
    if (!session.console.out_is_terminal) {
        session.console.out << output << std::flush;
        return;
    }
    std::string safe;
    for (const char c : output) {
        const auto byte = static_cast<unsigned char>(c);
        safe += byte >= 0x20 || c == '\n' || c == '\t' ? c : '?';
    }
    session.console.out << safe << std::flush;
}

Exit exit_of_run(const Json& answer) {
    if (!flag(answer, "ended")) return Exit::done;
    const bool good = text(answer, "state") == "exited" && number(answer, "exitCode") == 0;
    return good ? Exit::done : Exit::failed;
}

}  // namespace

Exit user_data_log(Session& session, std::optional<std::int64_t> bytes, bool follow) {
    if (follow && session.console.end_well_on_interrupt) session.console.end_well_on_interrupt();
    constexpr auto path = "/v1/user-data/log";
    LongPoll poll(session.daemon, session.console, {}, {});
    std::string query = bytes ? "?last=" + std::to_string(*bytes) : "?from=0";
    for (bool first = true;; first = false) {
        const Answer answer = poll.get(path + query, /*wait=*/follow && !first);
        if (!answer) return complain(session, answer.error());
        const std::string piece = text(*answer, "text");
        if (session.json)
            session.console.out << answer->dump(-1, ' ', false, Json::error_handler_t::replace)
                                << "\n"
                                << std::flush;
        else
            write_output(session, piece);
        if (!session.console.out) return Exit::failed;
        // A piece has a bound: what is there already is told to its end, also without --follow.
        if (piece.empty() && (!follow || flag(*answer, "ended"))) return exit_of_run(*answer);
        if (piece.empty()) poll.nothing_new();
        query = "?from=" + std::to_string(number(*answer, "next").value_or(0));
    }
}

void add_user_data(CLI::App& app, Options& options) {
    CLI::App* user_data = app.add_subcommand("userdata", "Look at the run of user data");
    user_data->require_subcommand(1);
    CLI::App* log = user_data->add_subcommand("log", "Show what it has put out");
    log->add_flag("--follow", options.follow, "Go on with what comes, until it has ended");
    log->add_option("--last", options.bytes, "Begin with the last so many bytes (default: all)")
        ->type_name("BYTES")
        ->check(CLI::Range(1, 65536));
    log->footer(
        examples("  metalwright userdata log --follow\n"
                 "  metalwright userdata log --last 2000\n"));
    user_data->footer(examples("  metalwright userdata log --follow\n"));
}

}  // namespace metalwright::agent::cli
