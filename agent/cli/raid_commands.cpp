#include "agent/cli/raid_commands.hpp"

#include <ostream>

#include "agent/cli/text.hpp"
#include "agent/cli/watch.hpp"

namespace metalwright::agent::cli {

Exit raid_locate(Session& session, const std::string& disk, bool on) {
    const Json request{{"disk", disk}, {"on", on}};
    const Answer answer = session.daemon.post(
        "/v1/raid/locate", request.dump(-1, ' ', false, Json::error_handler_t::replace),
        std::chrono::seconds(150));  // a controller's tool at its leisure
    if (!answer) return complain(session, answer.error());
    session.show(
        *answer,
        "The locate LED of " + printable(disk) + (on ? " is lit" : " is out") + " (" +
            printable(text(*answer, "place")) + ")." +
            (on ? " `metalwright raid locate " + printable(disk) + " --off` puts it out." : "") +
            "\n");
    return Exit::done;
}

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
    return follow_change(session, *answer, view, waiting);
}

}  // namespace metalwright::agent::cli
