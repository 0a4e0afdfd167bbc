#include "agent/cli/network_commands.hpp"

#include <algorithm>
#include <ostream>

#include "agent/cli/long_poll.hpp"
#include "agent/cli/text.hpp"
#include "agent/cli/watch.hpp"

namespace metalwright::agent::cli {
namespace {

using std::chrono::seconds;

constexpr seconds quick{30};
constexpr seconds looking{120};  // the daemon asks the kernel, and may plan the disks too

// Beyond every event there can be: the daemon answers which one is the newest.
constexpr auto newest = "9007199254740991";

std::string as_request(const AddressChange& change, bool dry_run) {
    Json request;
    if (change.count > 0) request["count"][change.ipv6 ? "ipv6" : "ipv4"] = change.count;
    Json& list = request[change.remove ? "remove" : "add"] = Json::array();
    for (const std::string& cidr : change.cidrs) {
        if (change.remove) {
            list.push_back(cidr);
            continue;
        }
        Json one{{"cidr", cidr}};
        if (!change.id.empty()) one["id"] = change.id;
        if (!change.kind.empty()) one["kind"] = change.kind;
        if (change.routed) one["routed"] = true;
        if (change.adopt) one["adopt"] = true;
        list.push_back(std::move(one));
    }
    request["dryRun"] = dry_run;
    return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A pointer into the request says nothing to whoever typed the words.
Refusal in_words(Refusal refusal, const AddressChange& change) {
    for (Error& error : refusal.errors)
        for (std::size_t i = 0; i < change.cidrs.size(); ++i) {
            const std::string at = (change.remove ? "/remove/" : "/add/") + std::to_string(i);
            if (error.where == at || error.where.starts_with(at + "/"))
                error.where = change.cidrs[i];
        }
    return refusal;
}

std::string command_of(const AddressChange& change) {
    std::string command = std::string("metalwright ip ") + (change.remove ? "del" : "add");
    for (const std::string& cidr : change.cidrs) command += " " + printable(cidr);
    if (!change.kind.empty()) command += " --kind " + change.kind;
    if (!change.id.empty()) command += " --id " + printable(change.id);
    if (change.routed) command += " --routed";
    if (change.adopt) command += " --adopt";
    if (change.count > 0) command += " --count " + std::to_string(change.count);
    if (change.ipv6) command += " --ipv6";
    return command;
}

}  // namespace

Exit hold(Session& session, const std::string& scope, std::chrono::seconds length) {
    const Json request{{"scope", scope}, {"seconds", length.count()}};
    const Answer answer = session.daemon.post("/v1/hold", request.dump(), quick);
    if (!answer) return complain(session, answer.error());
    session.show(*answer, hold_view(*answer, scope, length.count() == 0));
    return Exit::done;
}

Exit ip_list(Session& session) {
    const Answer answer = session.daemon.get("/v1/addresses", looking);
    if (!answer) return complain(session, answer.error());
    session.show(*answer, addresses_view(*answer, session.look()));
    return Exit::done;
}

Exit ip_change(Session& session, const AddressChange& change, const Waiting& waiting) {
    const Answer answer =
        session.daemon.post("/v1/addresses", as_request(change, /*dry_run=*/false), looking);
    if (!answer) return complain(session, in_words(answer.error(), change));
    return follow_change(session, *answer, address_change_view(*answer, !waiting.wait), waiting);
}

Exit ip_plan(Session& session, const AddressChange& change) {
    const Answer answer =
        session.daemon.post("/v1/addresses", as_request(change, /*dry_run=*/true), looking);
    if (!answer) return complain(session, in_words(answer.error(), change));
    session.show(*answer, address_plan_view(*answer, command_of(change), session.look()));
    return count_outcome(*answer, "failed") > 0 ? Exit::failed : Exit::done;
}

Exit ip_watch(Session& session, const Waiting& waiting) {
    if (session.console.end_well_on_interrupt) session.console.end_well_on_interrupt();
    const Answer now = session.daemon.get(std::string("/v1/events?after=") + newest, quick);
    if (!now) return complain(session, now.error());
    std::int64_t after = number(*now, "next").value_or(0);
    LongPoll poll(session.daemon, session.console, {.timeout = waiting.timeout}, {});
    for (;;) {
        const Answer answer = poll.get("/v1/events?after=" + std::to_string(after), /*wait=*/true);
        if (!answer) {
            // It has watched for as long as it was told to; but not while nobody was there.
            const Refusal& refusal = answer.error();
            if (refusal.exit == Exit::waited && refusal.errors.size() == 1) return Exit::done;
            return tell(session, refusal);
        }
        for (const Json& event : list(*answer, "events")) {
            const std::string line =
                session.json ? event.dump(-1, ' ', false, Json::error_handler_t::replace)
                             : host_event_line(event, session.look());
            session.console.out << line + "\n" << std::flush;
        }
        if (!session.console.out) return Exit::failed;
        const std::int64_t next = std::max(after, number(*answer, "next").value_or(after));
        if (next == after) poll.nothing_new();
        after = next;
    }
}

}  // namespace metalwright::agent::cli
