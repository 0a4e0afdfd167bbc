#include "agent/daemon/doctor/judge.hpp"

#include <algorithm>
#include <cstring>
#include <set>

#include "agent/daemon/doctor/notes.hpp"

namespace metalwright::daemon::doctor {
namespace {

constexpr unsigned group_may_read = 0040, others_may = 0006, others_may_write = 0022;

/// Whoever may change it is root in all but name.
void judge_owner(const File& file, unsigned us, Notes& note) {
    if ((file.mode & others_may_write) != 0)
        note.problem(file.path.native(),
                     "others than its owner may write it, and what it says is "
                     "done as root",
                     "chmod go-w " + file.path.native());
    if (file.uid != 0 && file.uid != us)
        note.problem(
            file.path.native(),
            "belongs to uid " + std::to_string(file.uid) + ", who may change what is done as root",
            "chown root " + file.path.native());
}

void judge_secret(const Secret& secret, unsigned us, Notes& note) {
    const File& file = secret.file;
    const std::string path = file.path.native();
    if (file.hidden()) return note.unchecked(path, secret.key + " may be read by root alone");
    if (!file.there())
        return note.problem(path, secret.key + " cannot be read: " + std::strerror(file.error),
                            "put it there, mode 0600");
    if (!secret.content)
        return note.problem(path, secret.content.error().message,
                            "see " + secret.key + " in metalwright.toml(5)");
    if ((file.mode & others_may) != 0)
        return note.problem(path,
                            "everybody on this host can read or write this secret, so it is "
                            "not used",
                            "chmod 0600 " + path + ", and replace the secret");
    if ((file.mode & (group_may_read | others_may_write)) != 0)
        return note.warning(path, "a group may read or write this secret", "chmod 0600 " + path);
    if (file.uid != 0 && file.uid != us)
        return note.warning(path, "this secret belongs to uid " + std::to_string(file.uid),
                            "chown root " + path);
    note.ok(path, secret.key + " is its owner's alone");
}

}  // namespace

std::string_view to_string(Level level) noexcept {
    switch (level) {
        case Level::ok: return "ok";
        case Level::warning: return "warning";
        case Level::problem: return "problem";
    }
    return "problem";
}

void judge_configuration(const Seen& seen, Findings& all) {
    Notes note(all, "configuration");
    const File& file = seen.config_file;
    const std::string path = file.path.native();
    if (file.hidden()) {
        note.unchecked(path, "it may be read by root alone");
        return note.unchecked("", "what follows is looked at as if every key had its default");
    }
    if (!file.there()) {
        if (seen.config_named)
            note.problem(path, std::string("cannot be read: ") + std::strerror(file.error),
                         "name another one with --config");
        else
            note.ok(path, "is not there, so every key has its default");
        return;
    }
    for (const Error& error : seen.config_errors)
        note.problem(error.where, error.message,
                     "correct it: the daemon does not start with it (metalwright.toml(5))");
    if (!seen.config_errors.empty())
        note.warning("", "what follows is looked at as if every key had its default",
                     "correct the configuration, then look again");
    else
        note.ok(path, "is right");
    judge_owner(file, seen.uid, note);
    for (const Error& error : seen.catalogue_errors)
        note.problem(error.where.empty() ? seen.config.catalogue.native() : error.where,
                     "the catalogue: " + error.message,
                     "correct it: orders that use a vendor's ids are refused until then");
    for (const Secret& secret : seen.secrets) judge_secret(secret, seen.uid, note);
}

void judge_clock(const Seen& seen, Findings& all) {
    Notes note(all, "clock");
    const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(seen.now));
    const int year = static_cast<int>(today.year());
    if (year < seen.built_in)
        return note.problem("",
                            "it says that this is " + std::to_string(year) +
                                ", before this program was built: no certificate is valid then",
                            "set the time: timedatectl set-ntp true, or the firmware's clock");
    if (!seen.synchronized)
        return note.unchecked("", "the kernel does not tell whether it is synchronized",
                              "compare `date -u` with another clock");
    if (!*seen.synchronized)
        return note.warning("", "the kernel says that it is not synchronized",
                            "start a time service: timedatectl set-ntp true, or install chrony");
    note.ok("", "is synchronized");
}

void judge_tools(const Seen& seen, Findings& all) {
    Notes note(all, "tools");
    std::string here;
    const bool has_arrays = seen.arrays && !seen.arrays->empty();
    for (const Tool& tool : seen.tools) {
        if (tool.path) {
            here += (here.empty() ? "" : ", ") + tool.name;
            continue;
        }
        // "mdadm is not on this host, install it: apt-get install mdadm"
        const std::string& message = tool.path.error().message;
        const std::size_t comma = std::min(message.find(", "), message.size());
        const std::string advice =
            comma == message.size() ? "install it" : message.substr(comma + 2);
        const std::string absent = message.substr(0, comma) + ", and is needed for ";
        if (tool.name == "mdadm" && has_arrays)
            note.problem("", absent + "the arrays that are here", advice);
        else if (tool.optional)
            note.ok("", message.substr(0, comma) + "; it is needed only for " + tool.needed_for);
        else
            note.warning("", absent + tool.needed_for, advice);
    }
    if (!here.empty()) note.ok("", "there are " + here);
    if (!seen.systemd)
        note.warning("systemd",
                     "did not start this host: nothing is mounted at boot, and user data "
                     "has no unit of its own",
                     "run the agent on a host that systemd starts");
    if (seen.runner.hidden())
        note.unchecked(seen.runner.path.native(), "root alone may look at the runner of user data");
    else if (!seen.runner.there())
        note.problem(seen.runner.path.native(),
                     "the runner of user data is not there: no script is "
                     "run",
                     "install metalwright again, or correct [user_data] runner");
}

void judge_permissions(const Seen& seen, Findings& all) {
    std::set<std::string> areas;
    for (const Finding& finding : all)
        if (finding.unchecked) areas.insert(finding.check);
    Notes note(all, "permissions");
    if (seen.uid == 0) return note.ok("", "run as root: everything can be looked at");
    std::string list;
    for (const std::string& area : areas) list += (list.empty() ? "" : ", ") + area;
    note.warning("",
                 list.empty() ? "not run as root, which hid nothing this time"
                              : "not run as root: not everything could be looked at (" + list + ")",
                 "run this as root");
}

Findings judge(const Seen& seen) {
    Findings all;
    for (const auto part : {judge_configuration, judge_state, judge_link, judge_identity,
                            judge_clock, judge_tools, judge_network, judge_raid, judge_permissions})
        part(seen, all);
    return all;
}

}  // namespace metalwright::daemon::doctor
