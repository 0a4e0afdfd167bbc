#include "agent/cli/raid_commands.hpp"

#include <ostream>

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

}  // namespace metalwright::agent::cli
