#include "agent/cli/commands.hpp"

#include <fstream>
#include <ostream>

#include "agent/cli/long_poll.hpp"
#include "agent/cli/step_feed.hpp"
#include "agent/cli/text.hpp"
#include "agent/cli/timeline.hpp"
#include "agent/cli/watch.hpp"

namespace metalwright::agent::cli {
namespace {

using std::chrono::seconds;

constexpr seconds quick{30};  // the daemon has it at hand
constexpr seconds looking{
    120};  // the daemon asks the machine: disks that wake up, a slow controller

std::string operation_path(std::int64_t id) {
    return "/v1/operations/" + std::to_string(id);
}

/// "operation 7 (generation 3, instance i-1)"
std::string accepted_in_words(const Json& accepted, std::int64_t id) {
    std::vector<std::string> more;
    if (const auto generation = number(accepted, "generation"))
        more.push_back("generation " + std::to_string(*generation));
    if (const std::string instance = text(accepted, "instance"); !instance.empty())
        more.push_back("instance " + printable(instance));
    const std::string brackets = more.empty() ? "" : " (" + join(more, ", ") + ")";
    return "operation " + std::to_string(id) + brackets;
}

Refusal no_operation(const Session& session) {
    return {
        Exit::failed,
        {{Errc::internal,
          "the daemon accepted the document but named no operation; see `metalwright operations`",
          session.daemon.socket_path()}}};
}

/// The status once no operation is under way. What was last known goes to `latest`.
Answer settled_status(Session& session, const Waiting& waiting, Json& latest) {
    Console& console = session.console;
    StepFeed feed({.out = console.err,
                   .style = session.error_style(),
                   .live = console.err_is_terminal && console.escapes,
                   .width = console.width,
                   .now = console.now});
    LongPoll poll(session.daemon, console, {.timeout = waiting.timeout},
                  {.tick = [&] { feed.tick(); }});
    while (text(latest, "state") == "applying") {
        const std::optional<std::int64_t> id = number(latest, "operation");
        const std::string name = id ? " " + std::to_string(*id) : "";
        feed.event({{"kind", "intent"}, {"item", "operation" + name}, {"why", "under way"}});
        Answer next = poll.get("/v1/status", /*wait=*/true);
        if (!next) return next;
        latest = *std::move(next);
        if (text(latest, "state") == "applying") poll.nothing_new();
    }
    return latest;
}

}  // namespace

Exit plan(Session& session, const std::string& file) {
    const Attempt<std::string> document = load(session.console, file);
    if (!document) return complain(session, document.error(), file);
    const Answer answer = session.daemon.post("/v1/plan", *document, looking);
    if (!answer) return complain(session, answer.error(), file);
    session.show(*answer, plan_view(*answer, file, session.look()));
    return count_outcome(*answer, "failed") > 0 ? Exit::failed : Exit::done;
}

Exit apply(Session& session, const std::string& file, const Waiting& waiting) {
    const Attempt<std::string> document = load(session.console, file);
    if (!document) return complain(session, document.error(), file);
    const Answer accepted = session.daemon.post("/v1/apply", *document, looking);
    if (!accepted) return complain(session, accepted.error(), file);
    const std::optional<std::int64_t> id = number(*accepted, "operation");
    if (!id) return complain(session, no_operation(session));

    if (!session.json) {
        session.console.out << accepted_in_words(*accepted, *id)
                            << (flag(*accepted, "repeated") ? " had this document already\n"
                                                            : " accepted\n")
                            << std::flush;
    }
    if (!waiting.wait) {
        session.show(*accepted, flag(*accepted, "finished")
                                    ? ""
                                    : "watch it with: metalwright operations " +
                                          std::to_string(*id) + " --follow\n");
        return Exit::done;
    }
    const Answer operation =
        watch(session, *id, waiting, session.json ? Telling::hidden : Telling::steps);
    if (!operation) {
        // After a wait that was too long a program still learns what became of its document.
        if (session.json) session.show(*accepted, {});
        return tell(session, operation.error());
    }
    session.show(*operation, "\n" + report_view(*operation, session.look()) + "\n" +
                                 verdict(*operation, session.look()));
    return exit_of(*operation);
}

Exit status(Session& session, const Waiting& waiting) {
    Answer answer = session.daemon.get("/v1/status", quick);
    if (answer && waiting.wait) {
        Json latest = *answer;
        answer = settled_status(session, waiting, latest);
        if (!answer && answer.error().exit == Exit::waited) {
            session.show(latest, status_view(latest, session.look()));
            return tell(session, answer.error());
        }
    }
    if (!answer) return complain(session, answer.error());
    session.show(*answer, status_view(*answer, session.look()));
    const std::string state = text(*answer, "state");
    return state == "failed" || state == "degraded" ? Exit::failed : Exit::done;
}

Exit metrics(Session& session) {
    if (session.json) {
        const Answer answer = session.daemon.get("/v1/status", quick);
        if (!answer) return complain(session, answer.error());
        session.show(*answer, {});
        return Exit::done;
    }
    const Attempt<std::string> told = session.daemon.text("/metrics", quick);
    if (!told) return complain(session, told.error());
    session.show({}, *told);
    return Exit::done;
}

Exit operations(Session& session, std::size_t limit) {
    const Answer answer =
        session.daemon.get("/v1/operations?limit=" + std::to_string(limit), quick);
    if (!answer) return complain(session, answer.error());
    session.show(*answer, operations_view(*answer, session.look()));
    return Exit::done;
}

Exit cancel(Session& session, std::int64_t id) {
    const Answer answer = session.daemon.post(operation_path(id) + "/cancel", {}, quick);
    if (!answer) return complain(session, answer.error());
    session.show(*answer, "Operation " + std::to_string(id) +
                              " ends before its next step; the document stays in force.\n"
                              "Apply it again to have the rest done.\n");
    return Exit::done;
}

Exit operation(Session& session, std::int64_t id) {
    const Answer answer = session.daemon.get(operation_path(id), quick);
    if (!answer) return complain(session, answer.error());
    session.show(*answer, operation_view(*answer, session.look()));
    return Exit::done;
}

namespace {

/// The operation that is meant: `id`, which must be there, else the newest.
Attempt<std::int64_t> meant(Session& session, std::optional<std::int64_t> id) {
    if (id) {
        const Answer known = session.daemon.get(operation_path(*id), quick);
        if (!known) return std::unexpected(known.error());
        return *id;
    }
    const Answer newest = session.daemon.get("/v1/operations?limit=1", quick);
    if (!newest) return std::unexpected(newest.error());
    const Json& found = list(*newest, "operations");
    if (!found.empty()) id = number(found.front(), "id");
    if (id) return *id;
    return std::unexpected(Refusal{
        Exit::failed,
        {{Errc::not_found, "there is no operation yet; `metalwright apply FILE` starts one"}}});
}

}  // namespace

Exit follow(Session& session, std::optional<std::int64_t> id, const Waiting& waiting) {
    const Attempt<std::int64_t> which = meant(session, id);
    if (!which) return complain(session, which.error());
    const Answer operation =
        watch(session, *which, waiting, session.json ? Telling::events : Telling::steps);
    // With -o json the lines are events: no other JSON among them.
    if (!operation) return tell(session, operation.error());
    if (!session.json)
        session.console.out << "\n"
                            << report_view(*operation, session.look()) << "\n"
                            << verdict(*operation, session.look());
    return exit_of(*operation);
}

Exit analyze(Session& session, std::optional<std::int64_t> id, const std::string& svg) {
    const Attempt<std::int64_t> which = meant(session, id);
    if (!which) return complain(session, which.error());
    const Answer operation = session.daemon.get(operation_path(*which), quick);
    if (!operation) return complain(session, operation.error());
    std::vector<Json> events;
    for (std::int64_t after = 0;;) {
        const Answer page = session.daemon.get(
            operation_path(*which) + "/events?after=" + std::to_string(after), quick);
        if (!page) return complain(session, page.error());
        for (const Json& event : list(*page, "events")) events.push_back(event);
        const std::int64_t next = std::max(after, number(*page, "next").value_or(after));
        if (next == after) break;
        after = next;
    }
    const Timeline timeline = timeline_of(
        *operation, events, session.console.booted ? session.console.booted() : std::nullopt);
    if (!svg.empty()) {
        std::ofstream file(svg, std::ios::binary);
        file << timeline_svg(timeline) << std::flush;
        if (!file)
            return complain(
                session,
                {Exit::failed, {{Errc::io, "cannot write the picture: choose another file", svg}}});
    }
    session.show(to_json(timeline), timeline_view(timeline, session.look()));
    return Exit::done;
}

Exit arm(Session& session) {
    const Answer answer = session.daemon.post("/v1/arm", "", quick);
    if (!answer) return complain(session, answer.error());
    session.show(*answer, arm_view(*answer));
    return Exit::done;
}

}  // namespace metalwright::agent::cli
