#include "agent/api/routes.hpp"

#include <grp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/url/parse.hpp>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "agent/api/entity_tag.hpp"
#include "agent/api/event_stream.hpp"
#include "agent/api/long_poll.hpp"
#include "agent/api/metrics.hpp"
#include "agent/api/status.hpp"
#include "agent/api/vendor_route.hpp"
#include "agent/api/witness.hpp"

namespace metalwright::agent::api {
namespace {

constexpr std::int64_t longest_wait = 300;  // seconds
constexpr std::int64_t default_operations = 20;
constexpr std::int64_t most_operations = 1000;
constexpr std::int64_t most_output = 64 << 10;
constexpr std::int64_t last_event = std::numeric_limits<std::int64_t>::max();

Response ok(std::string body) {
    return {.status = 200, .body = std::move(body)};
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

/// A whole number from the query. Errors: invalid_spec, with the range.
Result<std::int64_t> parameter(const Call& call, const std::string& name, std::int64_t otherwise,
                               std::int64_t most) {
    const auto found = call.query.find(name);
    if (found == call.query.end()) return otherwise;
    const auto value = number(found->second);
    if (!value || *value > most) {
        return fail(Errc::invalid_spec, "must be a whole number from 0 to " + std::to_string(most),
                    name);
    }
    return *value;
}

Result<std::int64_t> operation_id(const std::string& text) {
    if (const auto id = number(text)) return *id;
    return fail(Errc::not_found, "no such operation: GET /v1/operations lists them",
                "operation " + text);
}

/// A member of what the Desk said; nothing when it is not there.
template <class T>
std::optional<T> member(const std::string& json, const char* name) {
    const auto value = nlohmann::json::parse(json, nullptr, false);
    if (!value.is_object() || !value.contains(name)) return std::nullopt;
    const auto& found = value[name];
    if constexpr (std::is_same_v<T, std::int64_t>) {
        if (!found.is_number_integer()) return std::nullopt;
    } else if constexpr (std::is_same_v<T, bool>) {
        if (!found.is_boolean()) return std::nullopt;
    } else {
        if (!found.is_string()) return std::nullopt;
    }
    return found.template get<T>();
}

std::optional<Response> health(Desk&, const Call&, bool) {
    return ok(R"({"status":"ok"})");
}

std::optional<Response> status(Desk& desk, const Call& call, bool last) {
    const auto named = call.query.find("operation");
    if (named == call.query.end()) {
        std::string now = desk.status();
        if (!last && member<std::string>(now, "state") == "applying") return std::nullopt;
        return ok(std::move(now));
    }
    const auto id = operation_id(named->second);
    if (!id) return error_response(id.error());
    const auto events = desk.events(*id, last_event);
    if (!events) return error_response(events.error());
    if (!last && !member<bool>(*events, "finished").value_or(true)) return std::nullopt;
    return ok(desk.status());
}

std::optional<Response> status_at_hand(Desk& desk, const Call& call) {
    if (call.query.contains("operation")) return std::nullopt;
    auto now = desk.status_at_hand();
    if (!now) return std::nullopt;
    return ok(std::move(*now));
}

std::optional<Response> ready(Desk& desk, const Call&, bool) {
    const auto is = desk.ready();
    return is ? ok(R"({"status":"ok"})") : error_response(503, is.error());
}

std::optional<Response> metrics(Desk& desk, const Call&, bool) {
    auto told = metrics_text(desk.status());
    if (!told) return error_response(told.error());
    return Response{.body = std::move(*told), .type = "text/plain; version=0.0.4"};
}

std::optional<Response> get_spec(Desk& desk, const Call& call, bool) {
    const auto source = call.query.find("source");
    auto found = desk.in_force(source == call.query.end() ? "admin" : source->second);
    if (!found) return error_response(found.error());
    Response response = has_already(call.request, found->generation)
                            ? Response{.status = 304}
                            : ok(std::move(found->document));
    response.headers = {{"ETag", entity_tag(found->generation)}};
    return response;
}

Response accepted_response(const Accepted& accepted);

/// As apply(), where what is in force is what its author has seen.
std::optional<Response> put_spec(Desk& desk, const Call& call, bool) {
    auto replaces = replaces_of(call.request);
    if (!replaces) return error_response(replaces.error());
    const auto accepted = desk.submit(
        {.source = "admin", .document = call.request.body, .replaces = std::move(*replaces)});
    if (!accepted) {
        constexpr unsigned precondition_failed = 412;
        const Error& first = accepted.error().front();
        return first.where == not_replaced ? error_response(precondition_failed, first)
                                           : error_response(accepted.error());
    }
    Response response = accepted_response(*accepted);
    response.headers = {{"ETag", entity_tag(accepted->generation)}};
    return response;
}

std::optional<Response> apply(Desk& desk, const Call& call, bool) {
    const Submission submission{.source = "admin", .document = call.request.body};
    const auto accepted = desk.submit(submission);
    return accepted ? accepted_response(*accepted) : error_response(accepted.error());
}

Response accepted_response(const Accepted& accepted) {
    nlohmann::ordered_json body;
    body["operation"] = accepted.operation;
    body["generation"] = accepted.generation;
    body["instance"] = accepted.instance;
    body["repeated"] = accepted.repeated;
    body["finished"] = accepted.finished;
    if (!accepted.sealed_password.empty()) body["encryptedPassword"] = accepted.sealed_password;
    return {.status = accepted.repeated ? 200u : 202u, .body = body.dump()};
}

std::optional<Response> plan(Desk& desk, const Call& call, bool) {
    const Submission submission{.source = "admin", .document = call.request.body};
    auto planned = desk.plan(submission);
    if (!planned) return error_response(planned.error());
    return ok(std::move(*planned));
}

std::optional<Response> operations(Desk& desk, const Call& call, bool) {
    const auto limit = parameter(call, "limit", default_operations, most_operations);
    if (!limit) return error_response(limit.error());
    return ok(desk.operations(static_cast<std::size_t>(*limit)));
}

std::optional<Response> operation(Desk& desk, const Call& call, bool) {
    const auto id = operation_id(call.path[0]);
    if (!id) return error_response(id.error());
    auto found = desk.operation(*id);
    if (!found) return error_response(found.error());
    return ok(std::move(*found));
}

std::optional<Response> cancel(Desk& desk, const Call& call, bool) {
    const auto id = operation_id(call.path[0]);
    if (!id) return error_response(id.error());
    auto ending = desk.cancel(*id);
    if (!ending) return error_response(ending.error());
    return Response{.status = 202, .body = std::move(*ending)};
}

std::optional<Response> leases(Desk& desk, const Call&, bool) {
    auto found = desk.leases();
    if (!found) return error_response(found.error());
    return ok(std::move(*found));
}

std::optional<Response> events_of(Desk& desk, const Call& call, std::int64_t id, bool last) {
    const auto after = parameter(call, "after", 0, last_event);
    if (!after) return error_response(after.error());
    auto found = desk.events(id, *after);
    if (!found) return error_response(found.error());
    if (!last) {
        const auto page = nlohmann::json::parse(*found, nullptr, false);
        const bool news = !page.is_object() || page.value("finished", false) ||
                          !page.contains("events") || !page["events"].empty();
        if (!news) return std::nullopt;
    }
    return ok(std::move(*found));
}

std::optional<Response> events(Desk& desk, const Call& call, bool last) {
    const auto id = operation_id(call.path[0]);
    if (!id) return error_response(id.error());
    return events_of(desk, call, *id, last);
}

std::optional<Response> host_events(Desk& desk, const Call& call, bool last) {
    return events_of(desk, call, 0, last);
}

std::optional<Response> inventory(Desk& desk, const Call&, bool) {
    auto found = desk.inventory();
    if (!found) return error_response(found.error());
    return ok(std::move(*found));
}

std::optional<Response> arm(Desk& desk, const Call&, bool) {
    auto armed = desk.arm();
    if (!armed) return error_response(armed.error());
    return ok(std::move(*armed));
}

std::optional<Response> hold(Desk& desk, const Call& call, bool) {
    auto held = desk.set_hold(call.request.body);
    if (!held) return error_response(held.error());
    return ok(std::move(*held));
}

std::optional<Response> addresses(Desk& desk, const Call&, bool) {
    auto found = desk.addresses();
    if (!found) return error_response(found.error());
    return ok(std::move(*found));
}

std::optional<Response> edit_addresses(Desk& desk, const Call& call, bool) {
    auto edited = desk.edit_addresses(call.request.body);
    if (!edited) return error_response(edited.error());
    const bool begun = member<std::int64_t>(*edited, "operation").has_value();
    return Response{.status = begun ? 202u : 200u, .body = std::move(*edited)};
}

std::optional<Response> replace_disk(Desk& desk, const Call& call, bool) {
    auto replaced = desk.replace_disk(call.request.body);
    if (!replaced) return error_response(replaced.error());
    return Response{.status = 202, .body = std::move(*replaced)};
}

std::optional<Response> locate_disk(Desk& desk, const Call& call, bool) {
    auto located = desk.locate_disk(call.request.body);
    if (!located) return error_response(located.error());
    return ok(std::move(*located));
}

std::optional<Response> script_log(Desk& desk, const Call& call, bool last) {
    const auto from = parameter(call, "from", 0, last_event);
    if (!from) return error_response(from.error());
    const auto back = parameter(call, "last", 0, most_output);
    if (!back) return error_response(back.error());
    auto found = desk.script_log(*back != 0 ? -*back : *from);
    if (!found) return error_response(found.error());
    const bool nothing_yet =
        member<std::string>(*found, "text") == "" && !member<bool>(*found, "ended").value_or(true);
    if (!last && nothing_yet) return std::nullopt;
    return ok(std::move(*found));
}

struct Route {
    std::string_view method;
    std::string_view pattern;  ///< "*" stands for one segment
    Answer answer;
    bool waits = false;    ///< takes ?wait=S
    bool roots = false;    ///< what it tells may be the tenant's own: root's alone to read
    bool streams = false;  ///< as events too, where the caller wants them so
    /// What can be answered on the io thread where nobody waits; nothing: it must be asked for.
    std::optional<Response> (*at_hand)(Desk& desk, const Call& call) = nullptr;
};

constexpr std::array table{
    Route{"GET", "/healthz", health},
    Route{"GET", "/readyz", ready},
    Route{"GET", "/metrics", metrics},
    Route{"GET", "/v1/health", health},
    Route{"GET", "/v1/spec", get_spec, false, true},
    Route{"PUT", "/v1/spec", put_spec},
    Route{"GET", "/v1/status", status, true, false, false, status_at_hand},
    Route{"POST", "/v1/apply", apply},
    Route{"POST", "/v1/plan", plan},
    Route{"POST", "/v1/arm", arm},
    Route{"POST", "/v1/hold", hold},
    Route{"GET", "/v1/events", host_events, true, false, true},
    Route{"GET", "/v1/leases", leases},
    Route{"GET", "/v1/addresses", addresses},
    Route{"POST", "/v1/addresses", edit_addresses},
    Route{"GET", "/v1/operations", operations},
    Route{"GET", "/v1/operations/*", operation},
    Route{"GET", "/v1/operations/*/events", events, true, false, true},
    Route{"POST", "/v1/operations/*/cancel", cancel},
    Route{"GET", "/v1/inventory", inventory},
    Route{"GET", "/v1/user-data/log", script_log, true, true},
    Route{"POST", "/v1/raid/replace", replace_disk},
    Route{"POST", "/v1/raid/locate", locate_disk},
};

struct Found {
    const Route* route = nullptr;
    std::string allow{};  ///< the methods of this path; empty when there is no such path
    std::vector<std::string> caught{};
};

Found find(const std::string& method, const std::vector<std::string>& segments) {
    Found found;
    for (const Route& route : table) {
        std::vector<std::string> caught;
        if (!vendor::matches(route.pattern, segments, caught)) continue;
        if (!found.allow.empty()) found.allow += ", ";
        found.allow += route.method == "GET" ? "GET, HEAD" : std::string(route.method);
        if (route.method != method) continue;
        found.route = &route;
        found.caught = std::move(caught);
    }
    return found;
}

struct Door {
    Desk& desk;
    std::shared_ptr<LongPoll> polls;
    unsigned owner;
    Readers readers;
    Witness witness;

    bool may_change(const Request& request) const {
        return request.unsound.empty() && (request.uid == 0 || request.uid == owner);
    }
    bool may_read(const Request& request) const {
        if (may_change(request)) return true;
        if (!request.unsound.empty()) return false;
        const std::optional<unsigned> group = readers();
        return group && std::ranges::find(request.groups, *group) != request.groups.end();
    }

    /// Behind a TCP socket its signature has been verified.
    void vendor(VendorPath path, Request& request, const Respond& answer) const {
        const bool reads =
            request.unsound.empty() && path.found.route != nullptr && !path.found.route->changes;
        const Respond respond =
            reads ? answer
                  : witness.before(answer, request, !request.remote && !may_change(request));
        if (!request.remote && !(reads ? may_read(request) : may_change(request)))
            return respond(refusal_of(
                path,
                vendor::unauthorized(
                    *path.found.dialect, signature::Fault::absent,
                    !request.unsound.empty() ? request.unsound
                    : reads ? "only root and members of the group metalwright may ask this host"
                            : "only root may change this host")));
        if (path.found.route == nullptr)
            return respond(refusal_of(path, vendor::no_route(path.found, path.request)));
        polls->run({.request = std::move(request)}, vendor_call, vendor_patience, respond);
    }

    void operator()(Request request, const Respond& answer) const {
        if (auto path = vendor_path(request)) return vendor(std::move(*path), request, answer);
        const auto url = boost::urls::parse_origin_form(request.target);
        std::vector<std::string> segments;
        if (url)
            for (const auto& segment : url->segments()) segments.push_back(segment);
        Found found = find(request.method, segments);
        const bool stranger = !may_change(request);
        const bool reads = request.unsound.empty() && request.method == "GET" &&
                           !(found.route && found.route->roots);
        const Respond respond = reads ? answer : witness.before(answer, request, stranger);
        if (!request.unsound.empty())
            return respond(error_response(403, {Errc::refused, request.unsound}));
        if (!url) {
            return respond(error_response(
                400, {Errc::invalid_spec, "the request's path is not a valid one: encode it"}));
        }
        if (request.method == "GET" && !may_read(request))
            return respond(
                error_response(403, {Errc::refused,
                                     "only root and members of the group metalwright may ask this "
                                     "host: use sudo"}));
        if (found.allow.empty()) {
            return respond(error_response(
                404,
                {Errc::not_found, "there is nothing under this path: see the API's description"}));
        }
        // Before 405, so that a stranger's POST learns nothing.
        if (request.method != "GET" && stranger) {
            return respond(
                error_response(403, {Errc::refused, "only root may change this host: use sudo"}));
        }
        if (found.route != nullptr && found.route->roots && stranger) {
            return respond(error_response(
                403, {Errc::refused, "only root may read what may be the tenant's: use sudo"}));
        }
        if (found.route == nullptr) {
            Response no = error_response(
                405, {Errc::unsupported,
                      "this path does not take " + request.method + ": it takes " + found.allow});
            no.allow = found.allow;
            return respond(std::move(no));
        }
        Call call{.request = std::move(request), .path = std::move(found.caught)};
        for (const auto& parameter : url->params()) call.query[parameter.key] = parameter.value;
        if (found.route->streams && wants_stream(call.request))
            return stream_events(polls, std::move(call), found.route->answer, respond);
        std::int64_t wait = 0;
        if (found.route->waits) {
            const auto asked = parameter(call, "wait", 0, longest_wait);
            if (!asked) return respond(error_response(asked.error()));
            wait = *asked;
        }
        if (wait == 0 && found.route->at_hand != nullptr)
            if (auto now = found.route->at_hand(desk, call)) return respond(std::move(*now));
        polls->run(std::move(call), found.route->answer, static_cast<int>(wait), respond);
    }
};

}  // namespace

Handler routes(Desk& desk, boost::asio::io_context& io, boost::asio::thread_pool& pool,
               unsigned owner_uid, Readers readers, audit::Trail* trail) {
    return Door{desk, LongPoll::make(desk, io, pool), owner_uid, std::move(readers),
                Witness(trail, pool)};
}

Handler routes(Desk& desk, boost::asio::io_context& io, boost::asio::thread_pool& pool,
               audit::Trail* trail) {
    // Looked up when somebody else than root asks for the first time, which is never on most hosts.
    const Readers readers = [] {
        static const std::optional<unsigned> gid = [] {
            const ::group* found = ::getgrnam("metalwright");
            return found == nullptr ? std::nullopt : std::optional<unsigned>(found->gr_gid);
        }();
        return gid;
    };
    return routes(desk, io, pool, ::geteuid(), readers, trail);
}

}  // namespace metalwright::agent::api
