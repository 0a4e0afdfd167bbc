#include <cerrno>

#include "agent/daemon/doctor/judge.hpp"
#include "agent/daemon/doctor/notes.hpp"
#include "agent/link/retry_after.hpp"

namespace metalwright::daemon::doctor {
namespace {

constexpr const char* new_token =
    "have the control plane draw a one-time token for this host, and put it into the enrolment "
    "file: nothing has to be restarted";

std::string day(std::chrono::sys_seconds moment) {
    return agent::link::to_iso8601(moment).substr(0, 10);
}

void judge_absent(const IdentitySeen& identity, Notes& note) {
    const std::string where = identity.directory.native();
    const std::string file = identity.token_file.path.native();
    if (identity.token_file.hidden()) return note.unchecked(file, "root alone may read it");
    if (!identity.token_file.there())
        return note.problem(where, "this host has no certificate yet, and no token is in " + file,
                            new_token);
    if (identity.token_used)
        return note.problem(
            where, "this host has no certificate, and the token in " + file + " has been used",
            new_token);
    note.warning(where,
                 "this host has no certificate yet" +
                     (identity.trouble.empty() ? std::string() : ": " + identity.trouble),
                 "see to what is said; the daemon asks for it by itself");
}

void judge_certificate(const IdentitySeen& identity, std::chrono::sys_seconds now, Notes& note) {
    const agent::link::HostCertificate& own = *identity.certificate;
    const std::string where = identity.directory.native();
    const std::string whose = own.subject + ", serial " + own.serial + ",";
    const auto rotation = agent::link::rotation_of(own);
    if (identity.revoked)
        return note.problem(
            where,
            "the control plane has revoked the certificate " + whose + " and no document is taken",
            new_token);
    if (now >= own.valid.to)
        return note.problem(where, whose + " has expired on " + day(own.valid.to),
                            std::string("set the time if the clock is wrong; else ") + new_token);
    if (now < own.valid.from)
        return note.problem(where, whose + " is valid from " + day(own.valid.from) + " on",
                            "set the time: the clock is wrong, here or on the control plane");
    if (now >= rotation)
        return note.warning(where,
                            whose + " is valid until " + day(own.valid.to) +
                                ", and is to be renewed since " + day(rotation) +
                                (identity.trouble.empty() ? "" : ": " + identity.trouble),
                            "see to what is said, or that the daemon runs, before it ends");
    note.ok(where, whose + " is valid until " + day(own.valid.to) + ", and is renewed from " +
                       day(rotation) + " on");
}

}  // namespace

void judge_identity(const Seen& seen, Findings& all) {
    if (!seen.identity) return;
    Notes note(all, "identity");
    const IdentitySeen& identity = *seen.identity;
    if (identity.error) {
        const Error& error = *identity.error;
        if (error.sys == EACCES || error.sys == EPERM)
            return note.unchecked(error.where, "root alone may look into it");
        return note.problem(error.where, error.message,
                            "see to what is said; the control plane is not reached before");
    }
    if (!identity.certificate) return judge_absent(identity, note);
    judge_certificate(identity, seen.now, note);
    if (identity.token_used)
        note.ok(identity.token_file.path.native(),
                "the token in it has been used: the file can be deleted");
}

}  // namespace metalwright::daemon::doctor
