// The command audit: who asked this host for what. The daemon's own program reads it, which knows
// where the state is kept, so that nothing has to listen.

#include <array>
#include <ctime>

#include "agent/cli/commands.hpp"
#include "agent/cli/daemon_program.hpp"
#include "agent/cli/options.hpp"
#include "agent/cli/text.hpp"
#include "core/utc.hpp"

namespace metalwright::agent::cli {
namespace {

constexpr std::chrono::seconds reading{60};

/// "2026-11-28T09:30", or "2h" for two hours before now.
Result<std::string> beginning(const std::string& since) {
    if (since.empty() || since.find('-') != std::string::npos) return since;
    const auto ago = parse_duration(since);
    if (!ago)
        return fail(Errc::invalid_spec,
                    "is neither a time in UTC (2026-11-28, 2026-11-28T09:30) nor how long ago (2h)",
                    since);
    const auto then = std::chrono::system_clock::now() - *ago;
    const auto since_1970 = std::chrono::floor<std::chrono::milliseconds>(then).time_since_epoch();
    std::string text = utc_seconds(since_1970.count());
    text.pop_back();  // any moment of that second begins like this
    return text;
}

std::string who_in_words(const Json& who) {
    std::string door = text(who, "door");
    if (const auto uid = number(who, "uid"))
        return "uid " + std::to_string(*uid) + ", pid " +
               std::to_string(number(who, "pid").value_or(0));
    if (door != "tcp") return door;
    const std::string key = text(who, "key");
    const std::string address = text(who, "address");
    return (key.empty() ? "unsigned" : text(who, "vendor") + " " + key) +
           (address.empty() ? "" : " from " + address);
}

Cell outcome(const Json& line) {
    const std::string code = text(line, "code");
    const auto status = number(line, "status");
    const std::string said =
        status ? std::to_string(*status) + (code.empty() ? "" : " " + code) : code;
    if (!code.empty() || status.value_or(0) >= 400) return {said, Tone::bad};
    if (status) return {said};
    return {text(line, "did") == "document" ? "accepted" : "not answered"};
}

/// What is not there, before this line.
std::string gaps(const Json& line) {
    std::string said;
    const auto add = [&](const std::string& what) { said += (said.empty() ? "" : ", ") + what; };
    if (const auto missing = number(line, "missing"))
        add(std::to_string(*missing) + " before it could not be written");
    if (const auto left_out = number(line, "leftOut"))
        add(std::to_string(*left_out) + " left out before it");
    if (line.contains("torn")) add("the one before it was cut off");
    return said;
}

std::string lines_view(const Json& answer, const Look& look) {
    Table table(
        {{"AT"}, {"WHO"}, {"DID"}, {"OUTCOME"}, {"OPERATION", true, true}, {"NOTE", false, true}});
    for (const Json& line : list(answer, "lines")) {
        const auto operation = number(line, "operation");
        const auto who = line.find("who");
        table.row({{moment_in_words(text(line, "at"))},
                   {who == line.end() ? "" : who_in_words(*who)},
                   {text(line, "did")},
                   outcome(line),
                   {operation ? std::to_string(*operation) : ""},
                   {gaps(line)}});
    }
    return table.empty() ? "Nobody has asked for anything.\n"
                         : table.render(look.style, look.width);
}

std::string check_view(const Json& answer, bool whole) {
    const auto at = [&](const char* name) { return number(answer, name).value_or(0); };
    std::string said = whole ? "Whole: " : "";
    if (!whole && answer.contains("misfit"))
        said = text(answer["misfit"], "file") + ", line " +
               std::to_string(number(answer["misfit"], "line").value_or(0)) + ": " +
               text(answer["misfit"], "what") + "\nUp to there: ";
    said += counted(static_cast<std::size_t>(at("lines")), "line", "lines");
    if (at("lines") > 0)
        said += ", number " + std::to_string(at("from")) + " to " + std::to_string(at("to"));
    if (at("missing") > 0) said += "; " + std::to_string(at("missing")) + " could not be written";
    if (at("leftOut") > 0) said += "; " + std::to_string(at("leftOut")) + " were left out";
    if (at("torn") > 0) said += "; " + std::to_string(at("torn")) + " cut off";
    said += ".\n";
    if (at("lines") > 0) said += "chain " + text(answer, "chain") + "\n";
    return said;
}

}  // namespace

Exit audit(Session& session, const AuditQuestion& question) {
    const auto since = beginning(question.since);
    if (!since) return complain(session, Refusal{Exit::usage, {since.error()}});
    std::vector<std::string> arguments{"--audit"};
    if (!question.config.empty()) arguments.insert(arguments.end(), {"--config", question.config});
    if (question.verify)
        arguments.emplace_back("--verify");
    else
        arguments.insert(arguments.end(), {"--limit", std::to_string(question.limit)});
    if (!since->empty()) arguments.insert(arguments.end(), {"--since", *since});
    const Answer answer = ask_daemon_program(std::move(arguments), reading);
    if (!answer) return complain(session, answer.error());
    if (!question.verify) {
        session.show(*answer, lines_view(*answer, session.look()));
        return Exit::done;
    }
    const bool whole = answer->value("whole", false);
    session.show(*answer, check_view(*answer, whole));
    return whole ? Exit::done : Exit::failed;
}

void add_audit(CLI::App& app, Options& options) {
    CLI::App* audit = app.add_subcommand(
        "audit", "Show who asked this host for what, and how it ended; needs no daemon");
    audit->add_option("--limit", options.limit, "How many, newest last")
        ->capture_default_str()
        ->type_name("N")
        ->check(CLI::Range(1, 10000).description(""));
    audit->add_option("--since", options.since, "None that is older: 2026-11-28T09:30 (UTC), or 2h")
        ->type_name("TIME");
    audit->add_flag("--verify", options.verify,
                    "Tell whether a line was changed, taken out or put in");
    audit->add_option("--config", options.config, "The daemon's configuration")->type_name("FILE");
    audit->footer(
        examples("  metalwright audit --since 2h\n"
                 "  metalwright audit --verify\n"
                 "  metalwright audit --limit 1000 -o json | jq -r '.lines[] | select(.code)'\n"));
}

}  // namespace metalwright::agent::cli
