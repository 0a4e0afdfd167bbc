#include <chrono>

#include "agent/cli/table.hpp"
#include "agent/cli/text.hpp"
#include "agent/cli/views.hpp"

namespace metalwright::agent::cli {
namespace {

std::string took_of(const Json& item) {
    const std::optional<std::int64_t> took = number(item, "tookMs");
    return took ? time_in_words(std::chrono::milliseconds(*took)) : "";
}

std::string note_of(const Json& item) {
    const std::optional<Error> why = error(item, "error");
    return why ? describe(*why) : text(item, "note");
}

std::string id_of(const Json& operation) {
    const std::optional<std::int64_t> id = number(operation, "id");
    return id ? std::to_string(*id) : "";
}

/// Numbers here begin at 1: 0 is none.
std::string number_in_words(const Json& object, const char* key) {
    const std::optional<std::int64_t> value = number(object, key);
    return value && *value != 0 ? std::to_string(*value) : "";
}

std::string lasted(const Json& operation) {
    const auto from = parse_time(text(operation, "acceptedAt"));
    const auto to = parse_time(text(operation, "finishedAt"));
    return from && to ? time_in_words(*to - *from) : "";
}

/// What is locked, since when, why, and the next command; empty when nothing is.
std::string lock_in_words(const Json& lock) {
    const std::string reason = text(lock, "reason");
    if (reason.empty()) return "";
    return "what destroys data, since " + moment_in_words(text(lock, "since")) + ": " + reason +
           "; unlock it with `metalwright arm`";
}

std::string held(const Json& status) {
    const std::string hold = hold_in_words(part(status, "hold"));
    return hold.empty() ? "" : hold + "; `metalwright hold --end` ends it";
}

std::string restored(const Json& status) {
    const std::int64_t count = number(status, "restored").value_or(0);
    if (count <= 0) return "";
    return counted(static_cast<std::size_t>(count), "item", "items") +
           " since metalwrightd was started";
}

/// Nothing while there are as few as an operation at work has.
std::string reports(const Json& status) {
    constexpr std::int64_t few = 20;
    const std::int64_t waiting = number(status, "reportsWaiting").value_or(0);
    if (waiting < few) return "";
    return counted(static_cast<std::size_t>(waiting), "report waits", "reports wait") +
           " for the control plane to take them";
}

/// Every array that is not as it should be, in words; empty when all are.
Cell arrays_in_words(const Json& status) {
    std::vector<std::string> lines;
    Tone tone = Tone::warning;
    for (const Json& array : list(status, "arrays")) {
        const std::string health = text(array, "health");
        if (health == "optimal") continue;
        if (health == "degraded" || health == "failed") tone = Tone::bad;
        const std::string note = text(array, "note");
        lines.push_back(text(array, "name") + " " + (note.empty() ? health : note));
    }
    return {join(lines, "; "), tone};
}

/// Every volume, drive and controller that is not as it should be; empty when all are.
Cell controllers_in_words(const Json& status) {
    std::vector<std::string> lines;
    Tone tone = Tone::warning;
    for (const Json& controller : list(status, "controllers")) {
        const std::string id = text(controller, "id");
        if (const std::string health = text(controller, "health"); health != "optimal") {
            const std::string flags = join(texts(controller, "flags"), ", ");
            const std::string note = text(controller, "note");
            lines.push_back(id + " " + (note.empty() ? "needs attention: " + flags : note));
        }
        for (const Json& volume : list(controller, "volumes")) {
            const std::string state = text(volume, "state");
            if (state == "optimal" && text(volume, "note").empty()) continue;
            if (state != "recovery" && state != "optimal") tone = Tone::bad;
            const std::string note = text(volume, "note");
            lines.push_back("volume " + text(volume, "name") + " " + (note.empty() ? state : note));
        }
        for (const Json& drive : list(controller, "drives")) {
            const std::string selector = text(drive, "selector");
            const std::string state = text(drive, "state");
            if (selector.empty() || state == "rebuilding") continue;
            std::string line = "drive " + text(drive, "serial");
            lines.push_back(line.append(" (").append(selector).append(") is ").append(state));
        }
    }
    return {join(lines, "; "), tone};
}

/// What keeps a link from its work, and when it was heard last; empty where there is no link.
Cell links_in_words(const Json& status) {
    std::vector<std::string> lines;
    Tone tone = Tone::plain;
    for (const Json& link : list(status, "links")) {
        std::vector<std::string> wrong;
        const auto keeps = [&](const char* what, const std::optional<Error>& why) {
            if (why) wrong.push_back(what + describe(*why));
        };
        keeps("no documents come: ", error(link, "documents"));
        keeps("no reports go out: ", error(link, "reports"));
        keeps("no next certificate: ", error(link, "renewal"));
        if (flag(part(link, "certificate"), "revoked"))
            wrong.push_back("the certificate is revoked");
        if (const std::size_t count = list(link, "refused").size(); count > 0)
            wrong.push_back("the last document was refused for " +
                            counted(count, "error", "errors"));
        if (!wrong.empty()) tone = Tone::warning;
        const std::string heard = moment_in_words(text(link, "lastContact"));
        wrong.push_back(heard.empty() ? "not heard yet" : "heard " + heard);
        lines.push_back((text(link, "name") == "file" ? "watched directory: " : "control plane: ") +
                        join(wrong, "; "));
    }
    return {join(lines, "; "), tone};
}

}  // namespace

Cell user_data_in_words(const Json& user_data) {
    const std::string state = text(user_data, "state");
    if (state == "none") return {};
    if (const auto code = number(user_data, "exitCode"); state == "exited" && code)
        return {"exited with " + std::to_string(*code), *code == 0 ? Tone::good : Tone::bad};
    if (const auto signal = number(user_data, "signal"); state == "killed" && signal)
        return {"killed by signal " + std::to_string(*signal), Tone::bad};
    return {state, tone_of(state)};
}

std::size_t count_outcome(const Json& holder, const char* outcome) {
    std::size_t count = 0;
    for (const Json& item : list(holder, "items"))
        if (text(item, "outcome") == outcome) ++count;
    return count;
}

std::string report_view(const Json& operation, const Look& look) {
    Table table({{"ITEM"}, {"OUTCOME"}, {"TOOK", true, true}, {"NOTE", false, true}});
    for (const Json& item : list(operation, "items")) {
        const std::string outcome = text(item, "outcome");
        table.row(
            {{text(item, "item")}, {outcome, tone_of(outcome)}, {took_of(item)}, {note_of(item)}});
    }
    const Cell user_data = user_data_in_words(part(operation, "userData"));
    if (!user_data.text.empty()) table.row({{"user data"}, user_data, {}, {}});
    return table.empty() ? "" : table.render(look.style, look.width);
}

std::string status_view(const Json& status, const Look& look) {
    const std::string state = text(status, "state");
    const std::optional<Error> why = error(status, "error");
    std::string view = facts({{"host", {text(status, "host")}},
                              {"instance", {text(status, "instance")}},
                              {"state", {state, tone_of(state)}},
                              {"locked", {lock_in_words(part(status, "locked")), Tone::bad}},
                              {"held", {held(status), Tone::warning}},
                              {"put back", {restored(status)}},
                              {"arrays", arrays_in_words(status)},
                              {"controllers", controllers_in_words(status)},
                              {"links", links_in_words(status)},
                              {"reports", {reports(status), Tone::warning}},
                              {"generation", {number_in_words(status, "generation")}},
                              {"operation", {number_in_words(status, "operation")}},
                              {"error", {why ? describe(*why) : "", Tone::bad}}},
                             look.style);
    if (const std::string report = report_view(status, look); !report.empty())
        view += "\n" + report;
    return view;
}

std::string arm_view(const Json& armed) {
    if (!flag(armed, "wasLocked")) return "This host was not locked: nothing has been changed.\n";
    std::string view = "Armed. It was locked since " + moment_in_words(text(armed, "since")) +
                       ", because " + printable(text(armed, "reason")) +
                       ".\nFrom the next operation on this may be done again:\n";
    for (const std::string& what : texts(armed, "unlocks")) view += "  " + printable(what) + "\n";
    return view +
           "Wipe consent and all other safety rules hold as before. Now apply the order again; one "
           "with a\ntoken or a generation needs a new one.\n";
}

std::string operation_view(const Json& operation, const Look& look) {
    const std::string state = text(operation, "state");
    std::string view = facts({{"operation", {id_of(operation)}},
                              {"state", {state, tone_of(state)}},
                              {"kind", {text(operation, "kind")}},
                              {"source", {text(operation, "source")}},
                              {"generation", {number_in_words(operation, "generation")}},
                              {"instance", {text(operation, "instance")}},
                              {"accepted", {moment_in_words(text(operation, "acceptedAt"))}},
                              {"finished", {moment_in_words(text(operation, "finishedAt"))}},
                              {"took", {lasted(operation)}}},
                             look.style);
    if (const std::string report = report_view(operation, look); !report.empty())
        view += "\n" + report;
    return view;
}

std::string operations_view(const Json& operations, const Look& look) {
    Table table({{"ID", true},
                 {"STATE"},
                 {"KIND", false, true},
                 {"SOURCE", false, true},
                 {"GENERATION", true, true},
                 {"ACCEPTED"},
                 {"TOOK", true, true},
                 {"INSTANCE", false, true}});
    for (const Json& one : list(operations, "operations")) {
        const std::string state = text(one, "state");
        table.row({{id_of(one)},
                   {state, tone_of(state)},
                   {text(one, "kind")},
                   {text(one, "source")},
                   {number_in_words(one, "generation")},
                   {moment_in_words(text(one, "acceptedAt"))},
                   {lasted(one)},
                   {text(one, "instance")}});
    }
    if (table.empty()) return "No operations yet: `metalwright apply FILE` starts one.\n";
    return table.render(look.style, look.width);
}

std::string verdict(const Json& operation, const Look& look) {
    const std::string state = text(operation, "state");
    const std::size_t all = list(operation, "items").size();
    const std::size_t failed = count_outcome(operation, "failed");
    std::string line = "operation " + id_of(operation) + " " + look.style(tone_of(state), state);
    if (failed > 0)
        line += ": " + std::to_string(failed) + " of " + counted(all, "item", "items") + " failed";
    else if (const std::size_t changed = count_outcome(operation, "changed"); changed > 0)
        line +=
            ": " + std::to_string(changed) + " of " + counted(all, "item", "items") + " changed";
    else if (state == "done")
        line += ": nothing had to be changed";
    if (const std::string time = lasted(operation); !time.empty()) line += ", after " + time;
    return line + "\n";
}

}  // namespace metalwright::agent::cli
