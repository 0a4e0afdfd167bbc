// The command doctor: what is wrong on this host, in words. The daemon's own program looks, which
// knows the configuration and the store, so that nothing has to listen; the daemon, where one is at
// work, is asked here.

#include <algorithm>

#include "agent/cli/commands.hpp"
#include "agent/cli/daemon_findings.hpp"
#include "agent/cli/daemon_program.hpp"
#include "agent/cli/options.hpp"
#include "agent/cli/text.hpp"

namespace metalwright::agent::cli {
namespace {

using std::chrono::seconds;

// RAID tools may take half a minute each.
constexpr seconds looking{300};
constexpr seconds asking{10};

std::size_t count(const Json& findings, const char* level) {
    return static_cast<std::size_t>(std::ranges::count_if(
        findings, [&](const Json& one) { return text(one, "level") == level; }));
}

/// A socket that systemd listens on starts the daemon when it is asked. That is not for us to do,
/// so it is asked only where a daemon is at work already, or where somebody has named it.
Json ask_daemon(const Session& session, const Json& seen, bool named) {
    const std::string configured = text(seen, "socket");
    Heard heard{.socket = session.daemon.socket_path(),
                .usual_socket = session.daemon.socket_path()};
    heard.idle = !named && seen.contains("pid") && !number(seen, "pid");
    if (heard.idle) return daemon_findings(heard);
    const auto ask = [&](const Daemon& daemon) {
        heard.health = daemon.get("/healthz", asking);
        if (!heard.health) return;
        heard.ready = daemon.get("/readyz", asking);
        heard.status = daemon.get("/v1/status", asking);
    };
    ask(session.daemon);
    if (!heard.health && !named && !configured.empty() && configured != heard.socket) {
        const Heard usual = heard;
        heard.socket = configured;
        ask(Daemon(configured));
        if (!heard.health) heard = usual;
    }
    return daemon_findings(heard);
}

std::string doctor_view(const Json& findings, const Look& look) {
    Table table({{"LEVEL"}, {"CHECK"}, {"FINDING"}});
    for (const Json& one : findings) {
        const std::string level = text(one, "level");
        const std::string where = text(one, "where");
        const std::string advice = text(one, "advice");
        table.row({{level, tone_of(level)},
                   {text(one, "check")},
                   {(where.empty() ? "" : where + ": ") + text(one, "message") +
                    (advice.empty() ? "" : " -> " + advice)}});
    }
    return table.render(look.style, look.width);
}

std::string verdict(std::size_t problems, std::size_t warnings) {
    if (problems + warnings == 0) return "\nAll is well.\n";
    return "\n" + counted(problems, "problem", "problems") + ", " +
           counted(warnings, "warning", "warnings") + ".\n";
}

}  // namespace

Exit doctor(Session& session, const std::string& config, bool named) {
    std::vector<std::string> arguments{"--doctor"};
    if (!config.empty()) arguments.insert(arguments.end(), {"--config", config});
    const Answer seen = ask_daemon_program(std::move(arguments), looking);
    Json findings = seen ? list(*seen, "findings") : Json::array();
    if (!seen)
        for (const Error& error : seen.error().errors)
            findings.push_back(finding("problem", "installation", error.where,
                                       "the daemon's program cannot look at this host: " +
                                           describe({error.code, error.message, {}, error.sys}),
                                       "install metalwright again"));
    // What the store has said is not said again by its daemon.
    for (const Json& one : ask_daemon(session, seen ? *seen : Json::object(), named))
        if (std::ranges::none_of(findings, [&](const Json& other) {
                return text(other, "message") == text(one, "message");
            }))
            findings.push_back(one);
    const std::size_t problems = count(findings, "problem");
    const std::size_t warnings = count(findings, "warning");
    const std::string view = doctor_view(findings, session.look()) + verdict(problems, warnings);
    session.show(
        {{"findings", std::move(findings)}, {"problems", problems}, {"warnings", warnings}}, view);
    return problems == 0 ? Exit::done : Exit::failed;
}

void add_doctor(CLI::App& app, Options& options) {
    CLI::App* doctor = app.add_subcommand(
        "doctor", "Say what is wrong on this host, and what to do; needs no daemon");
    doctor->add_option("--config", options.config, "The daemon's configuration")->type_name("FILE");
    doctor->footer(
        examples("  metalwright doctor\n"
                 "  metalwright doctor -o json | jq -r '.findings[] | select(.level != \"ok\")'\n"
                 "  metalwright doctor --config ./metalwright.toml\n"));
}

}  // namespace metalwright::agent::cli
