#include "agent/cli/daemon_findings.hpp"

#include <cerrno>

#include "agent/cli/text.hpp"

namespace metalwright::agent::cli {
namespace {

constexpr auto check = "daemon";

const Error& first(const Refusal& refusal) {
    static const Error none{Errc::internal, "it does not say why"};
    return refusal.errors.empty() ? none : refusal.errors.front();
}

Json silent(const Heard& heard) {
    const Error& error = first(heard.health.error());
    if (error.sys == EACCES || error.sys == EPERM)
        return finding("warning", check, heard.socket, "not checked: only root may ask the daemon",
                       "run this as root", true);
    return finding("problem", check, heard.socket, error.message,
                   "start it (systemctl start metalwright), and see why it ended: journalctl -u "
                   "metalwright");
}

void add_standing(const Json& status, const std::string& socket, Json& all) {
    const std::string state = text(status, "state");
    const std::string instance = text(status, "instance");
    const std::string who = "host " + text(status, "host") +
                            (instance.empty() ? "" : ", instance " + instance) + ", is " + state;
    const auto why = error(status, "error");
    if (state == "failed")
        all.push_back(finding("problem", check, socket, who + (why ? ": " + describe(*why) : ""),
                              "see which item failed, and why: metalwright status"));
    else if (state == "degraded")
        all.push_back(finding("warning", check, socket, who,
                              "see which item failed, and why: metalwright status"));
    else
        all.push_back(finding("ok", check, socket, who));
    if (const Json& locked = part(status, "locked"); locked.is_object())
        all.push_back(finding("warning", check, socket,
                              "what destroys data is locked: " + text(locked, "reason"),
                              "look at what is on the disks (metalwright inventory), then "
                              "metalwright arm"));
    for (const char* scope : {"network", "storage"})
        if (const std::string until = text(part(status, "hold"), scope); !until.empty())
            all.push_back(finding(
                "warning", check, socket,
                std::string("the ") + scope + " is held until " + moment_in_words(until) +
                    ": operations that would touch it wait",
                std::string("end it when the work is done: metalwright hold ") + scope + " --end"));
    // As many as an operation at work has are no sign of anything.
    constexpr std::int64_t few = 20;
    if (const auto waiting = number(status, "reportsWaiting").value_or(0); waiting >= few)
        all.push_back(finding("warning", check, socket,
                              counted(static_cast<std::size_t>(waiting), "report", "reports") +
                                  " wait for the control plane",
                              "see what the link says: journalctl -u metalwright"));
}

}  // namespace

Json finding(const char* level, const char* of, const std::string& where,
             const std::string& message, const std::string& advice, bool unchecked) {
    return {{"level", level},     {"check", of},      {"where", where},
            {"message", message}, {"advice", advice}, {"unchecked", unchecked}};
}

Json daemon_findings(const Heard& heard) {
    Json all = Json::array();
    if (heard.idle) {
        all.push_back(finding("problem", check, heard.socket,
                              "the daemon does not run: no order is taken, nothing is put back",
                              "start it: systemctl enable --now metalwright.socket "
                              "metalwright.service"));
        return all;
    }
    if (!heard.health) {
        all.push_back(silent(heard));
        return all;
    }
    if (heard.socket != heard.usual_socket)
        all.push_back(finding("warning", check, heard.socket,
                              "commands ask " + heard.usual_socket +
                                  " unless told otherwise, and the daemon listens here",
                              "say --socket " + heard.socket + ", or set METALWRIGHT_SOCKET"));
    if (!heard.ready)
        all.push_back(finding("problem", check, heard.socket,
                              "it is not ready for orders: " + first(heard.ready.error()).message,
                              "see journalctl -u metalwright"));
    if (heard.status)
        add_standing(*heard.status, heard.socket, all);
    else
        all.push_back(finding("problem", check, heard.socket,
                              "it does not tell its status: " + first(heard.status.error()).message,
                              "see journalctl -u metalwright"));
    return all;
}

}  // namespace metalwright::agent::cli
