#include "agent/cli/watch.hpp"

#include <algorithm>
#include <ostream>

#include "agent/cli/long_poll.hpp"
#include "agent/cli/step_feed.hpp"

namespace metalwright::agent::cli {
namespace {

StepFeed::Screen screen_for(Session& session, Telling telling) {
    Console& console = session.console;
    const bool to_out = telling == Telling::steps;
    return {.out = to_out ? console.out : console.err,
            .style = to_out ? session.look().style : session.error_style(),
            .live = console.escapes && (to_out ? console.out_is_terminal : console.err_is_terminal),
            .width = console.width,
            .now = console.now};
}

}  // namespace

Answer watch(Session& session, std::int64_t id, const Waiting& waiting, Telling telling) {
    const std::string target = "/v1/operations/" + std::to_string(id);
    StepFeed feed(screen_for(session, telling));
    const bool steps = telling == Telling::steps ||
                       (telling == Telling::hidden && session.console.err_is_terminal);
    LongPoll::Hooks hooks{.tick = [&] { feed.tick(); }};
    if (steps) {
        hooks.lost = [&](const Error& why) {
            feed.say("waiting for metalwrightd to come back (" + why.message + ")", Tone::warning);
        };
        hooks.back = [&] { feed.say("metalwrightd is back"); };
    }
    LongPoll poll(session.daemon, session.console, {.timeout = waiting.timeout}, std::move(hooks));

    const auto refused = [&](Refusal refusal) {
        feed.end();
        if (refusal.exit == Exit::waited) {
            refusal.errors.front().where = "operation " + std::to_string(id);
            refusal.errors.front().message += "; it goes on: `metalwright operations " +
                                              std::to_string(id) + " --follow` watches it";
        }
        return std::unexpected(std::move(refusal));
    };

    std::int64_t after = 0;
    for (bool finished = false;;) {
        Answer answer =
            poll.get(target + "/events?after=" + std::to_string(after), /*wait=*/!finished);
        if (!answer) return refused(std::move(answer).error());
        const Json& events = list(*answer, "events");
        for (const Json& event : events) {
            if (telling == Telling::events)
                session.console.out << event.dump(-1, ' ', false, Json::error_handler_t::replace)
                                    << "\n";
            else if (steps)
                feed.event(event);
        }
        if (telling == Telling::events) session.console.out << std::flush;
        const std::int64_t next = std::max(after, number(*answer, "next").value_or(after));
        finished = flag(*answer, "finished");
        // The last page says `finished` too, but so may one before it.
        if (finished && (events.empty() || next == after)) break;
        if (next == after) poll.nothing_new();
        after = next;
    }
    feed.end();
    // The work is done: --timeout has no say in reading how.
    LongPoll last(session.daemon, session.console, {.away = std::chrono::seconds(10)}, {});
    return last.get(target, /*wait=*/false);
}

Exit exit_of(const Json& operation) {
    return text(operation, "state") == "done" ? Exit::done : Exit::failed;
}

Exit follow_change(Session& session, const Json& answer, const std::string& view,
                   const Waiting& waiting) {
    const std::optional<std::int64_t> id = number(answer, "operation");
    if (!id || !waiting.wait) {
        session.show(answer, view);
        return Exit::done;
    }
    if (!session.json) session.console.out << view << std::flush;
    const Answer operation =
        watch(session, *id, waiting, session.json ? Telling::hidden : Telling::steps);
    if (!operation) {
        // After a wait that was too long a program still learns what became of its request.
        if (session.json) session.show(answer, {});
        return tell(session, operation.error());
    }
    session.show(*operation, "\n" + verdict(*operation, session.look()));
    return exit_of(*operation);
}

}  // namespace metalwright::agent::cli
