#include "agent/cli/raid_commands.hpp"

#include <ostream>

#include "agent/cli/options.hpp"
#include "agent/cli/text.hpp"
#include "agent/cli/watch.hpp"

namespace metalwright::agent::cli {

Exit raid_replace(Session& session, const std::string& disk, const std::string& with,
                  const Waiting& waiting) {
    Json request{{"disk", disk}};
    if (!with.empty()) request["with"] = with;
    const Answer answer = session.daemon.post(
        "/v1/raid/replace", request.dump(-1, ' ', false, Json::error_handler_t::replace),
        std::chrono::seconds(30));
    if (!answer) return complain(session, answer.error());
    const std::optional<std::int64_t> id = number(*answer, "operation");
    const std::string follow = id ? std::to_string(*id) : std::string();
    const std::string view =
        "operation " + follow + " replaces " + printable(disk) +
        (waiting.wait ? "" : ": metalwright operations " + follow + " --follow tells how it goes") +
        "\n";
    if (!id || !waiting.wait) {
        session.show(*answer, view);
        return Exit::done;
    }
    if (!session.json) session.console.out << view << std::flush;
    const Answer operation =
        watch(session, *id, waiting, session.json ? Telling::hidden : Telling::steps);
    if (!operation) {
        if (session.json) session.show(*answer, {});
        return tell(session, operation.error());
    }
    session.show(*operation, "\n" + verdict(*operation, session.look()));
    return exit_of(*operation);
}

void add_raid(CLI::App& app, Options& options) {
    CLI::App* raid = app.add_subcommand("raid", "Replace a disk of an array");
    raid->require_subcommand(1);
    raid->footer(examples("  metalwright raid replace S3Z8NB0K\n"));

    CLI::App* replace = raid->add_subcommand("replace", "Put a new disk in a member's place");
    replace->add_option("DISK", options.disk, "The member's serial number or WWN; it may be gone")
        ->required()
        ->type_name("");
    replace->add_option("--with", options.with_disk, "The new disk (default: chosen by rule)")
        ->type_name("DISK");
    replace->add_flag("--wait", options.wait, "Watch it until it is done, then show the report");
    add_timeout(replace, options, "Watch it for so long at most (implies --wait)");
    replace->footer(
        examples("  metalwright raid replace S3Z8NB0K --wait\n"
                 "  metalwright raid replace S3Z8NB0K --with S3Z8NB1M\n"));
}

Exit dispatch_raid(Session& session, const CLI::App&, const Options& options) {
    return raid_replace(session, options.disk, options.with_disk, options.waiting());
}

}  // namespace metalwright::agent::cli
