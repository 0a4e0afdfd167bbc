#include <algorithm>
#include <cstring>

#include "agent/daemon/doctor/judge.hpp"
#include "agent/daemon/doctor/notes.hpp"

namespace metalwright::daemon::doctor {
namespace {

using agent::link::Validity;

std::string two_digits(unsigned number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

/// "2027-01-31"
std::string day(std::chrono::sys_seconds moment) {
    const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(moment));
    return std::to_string(static_cast<int>(date.year())) + "-" +
           two_digits(static_cast<unsigned>(date.month())) + "-" +
           two_digits(static_cast<unsigned>(date.day()));
}

void judge_urls(const Seen& seen, Notes& note) {
    for (const NamedUrl& one : seen.urls) {
        if (one.url)
            note.ok(one.key, agent::link::to_string(*one.url));
        else
            note.problem(one.key, one.text + ": " + one.url.error().message,
                         "correct it: the daemon does not start with it");
    }
    for (const NamedHost& host : seen.hosts) {
        if (!host.addresses) {
            note.problem(host.name, host.addresses.error().message,
                         "without it the control plane is not reached");
            continue;
        }
        const std::vector<std::string>& found = *host.addresses;
        if (found.size() == 1 && found.front() == host.name) continue;  // it is an address
        note.ok(host.name,
                "is " + (found.empty() ? "no address" : found.front()) +
                    (found.size() > 1 ? " and " + std::to_string(found.size() - 1) + " more" : ""));
    }
}

/// The chain is as good as the certificate that ends first; authorities, as the one that lasts.
void judge_certificates(const Seen& seen, const Certificates& these, Notes& note) {
    const std::string path = these.file.native();
    if (!these.validities) {
        const Error& error = these.validities.error();
        if (error.sys == EACCES || error.sys == EPERM)
            return note.unchecked(path, these.key + " may be read by root alone");
        return note.problem(path, these.key + ": " + error.message,
                            "put the certificate there, PEM, or correct " + these.key);
    }
    const auto ends = [](const Validity& a, const Validity& b) { return a.to < b.to; };
    const Validity& one = these.authorities ? *std::ranges::max_element(*these.validities, ends)
                                            : *std::ranges::min_element(*these.validities, ends);
    const std::string whose = these.authorities ? "the authority's certificate" : "the certificate";
    if (one.to <= seen.now)
        return note.problem(path, whose + " has expired on " + day(one.to),
                            "have a new one issued, and put it there");
    if (one.from > seen.now)
        return note.problem(path, whose + " is valid from " + day(one.from) + " on",
                            "set the time if the clock is wrong, or put another one there");
    if (one.to - seen.now < soon)
        return note.warning(path, whose + " expires on " + day(one.to),
                            "have a new one issued, and put it there before that day");
    note.ok(path, whose + " is valid until " + day(one.to));
}

void judge_directory(const Seen& seen, Notes& note) {
    if (!seen.watched_directory) return;
    const File& directory = *seen.watched_directory;
    const std::string path = directory.path.native();
    if (directory.hidden()) return note.unchecked(path, "root alone may look into it");
    if (!directory.there() || directory.kind != File::Kind::directory)
        return note.problem(path,
                            directory.there() ? std::string("is no directory")
                                              : std::strerror(directory.error) +
                                                    std::string(": no document can come from it"),
                            "make it, or correct [link.file] directory");
    if ((directory.mode & 0022) != 0)
        return note.problem(path,
                            "others than its owner may write here, and documents in it are "
                            "carried out as root",
                            "chmod go-w " + path);
    note.ok(path, "documents are taken from here");
}

/// Which process reads what comes from the network.
void judge_gate(const Seen& seen, Notes& note) {
    if (seen.config.urls.empty() && seen.config.tcp_address.empty()) return;
    if (seen.gate.there())
        note.ok("metalwright-link", "faces the network, without privileges");
    else if (seen.systemd)
        note.warning("metalwright-link",
                     "is not met at " + seen.gate.path.native() +
                         ": the daemon, which is root, faces the network itself",
                     "systemctl enable --now metalwright-link.socket, then restart the daemon");
    else
        note.ok("metalwright-link", "is a unit of systemd's: here the daemon faces the network");
}

}  // namespace

void judge_link(const Seen& seen, Findings& all) {
    Notes note(all, "link");
    const Config& config = seen.config;
    const bool https = !config.urls.empty() || !config.enrolment_file.empty(),
               file = !config.watched_directory.empty();
    if (config.reporting_link == "https" && !https)
        note.problem("link.report", "reports are to go over https, and no URL is named",
                     "name [link.https] urls: the daemon does not start without");
    if (config.reporting_link == "file" && !file)
        note.problem("link.report", "reports are to go to files, and no directory is named",
                     "name [link.file] directory: the daemon does not start without");
    if (!https && !file && config.reporting_link != "https" && config.reporting_link != "file")
        note.ok("",
                "none is configured: documents come from `metalwright apply` alone, reports "
                "stay on this host");
    judge_urls(seen, note);
    judge_gate(seen, note);
    judge_directory(seen, note);
    const std::size_t before = all.size();
    for (const Certificates& these : seen.certificates) judge_certificates(seen, these, note);
    // What is told of the files themselves says it better.
    if (std::any_of(
            all.begin() + static_cast<std::ptrdiff_t>(before), all.end(),
            [](const Finding& one) { return one.level == Level::problem || one.unchecked; }))
        return;
    for (const Result<void>* tls : {&seen.link_tls, &seen.api_tls}) {
        if (*tls) continue;
        const Error& error = tls->error();
        note.problem(error.where, error.message, "put the certificate and its own key there, PEM");
    }
}

}  // namespace metalwright::daemon::doctor
