#include "agent/link/enrolment_step.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/link/retry_after.hpp"

namespace metalwright::agent::link {
namespace {

using Act = EnrolmentStep::Act;
using Kind = EnrolmentAnswer::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds retry_after_most{3'600};
constexpr milliseconds denied_wait{60'000};

/// The day is enough, and the message is not another one with each look.
std::string day_of(std::chrono::sys_seconds now) {
    return to_iso8601(now).substr(0, 10);
}

Error no_token(const EnrolmentSituation& s) {
    if (s.token_error) return *s.token_error;
    if (s.token && *s.token == s.spent)
        return {Errc::refused,
                "the one-time token in this file has been used: put a new one there, drawn by the "
                "control plane for this host",
                s.file};
    return {Errc::refused,
            "the control plane has refused the one-time token in this file (used, expired, or "
            "another host's): put a new one there, drawn by the control plane for this host",
            s.file};
}

/// Why the certificate is no use, before what is to be said of the token.
Error with_reason(const std::string& reason, const EnrolmentSituation& s) {
    return {Errc::refused,
            reason +
                "; the host stays as it is, and no document is taken until a new one-time "
                "token is in the enrolment file",
            s.file};
}

std::optional<Error> reason_of(const EnrolmentSituation& s) {
    if (!s.certificate) return std::nullopt;
    const HostCertificate& own = *s.certificate;
    if (s.revoked)
        return with_reason(
            "the control plane has revoked this host's certificate (serial " + own.serial + ")", s);
    if (s.now >= own.valid.to)
        return with_reason("the certificate of this host (serial " + own.serial +
                               ") was valid until " + to_iso8601(own.valid.to) +
                               ", and its clock says " + day_of(s.now) +
                               ": set the time if it is wrong",
                           s);
    return std::nullopt;
}

std::string code_of(const Reply& reply) {
    const auto problem = nlohmann::json::parse(reply.body, nullptr, false);
    if (!problem.is_object() || !problem.contains("code") || !problem["code"].is_string())
        return {};
    return problem["code"].get<std::string>();
}

EnrolmentAnswer later(milliseconds least, Errc code, std::string message,
                      const std::string& where) {
    return {.kind = Kind::later, .least = least, .trouble = Error{code, std::move(message), where}};
}

EnrolmentAnswer refused(bool enrols, const std::string& number, milliseconds asked,
                        const std::string& file, const std::string& where) {
    if (!enrols)
        return later(std::max(asked, denied_wait), Errc::refused,
                     "the control plane does not renew this host's certificate (" + number +
                         "): see its log; the certificate in force is used until it ends",
                     where);
    return {.kind = Kind::denied,
            .trouble = Error{Errc::refused,
                             number == "409"
                                 ? "the control plane has another certificate in force for this "
                                   "host (409): revoke that one there, or see whether two hosts "
                                   "have one id; then put a new token here"
                                 : "the control plane refuses the one-time token (" + number +
                                       "): it is used, expired, or another host's: put a new one "
                                       "here",
                             file}};
}

}  // namespace

EnrolmentStep next_step(const EnrolmentSituation& s) {
    const auto reason = reason_of(s);
    if (s.certificate && !reason) {
        const auto rotation = rotation_of(*s.certificate);
        if (s.now < rotation) return {.talk = true, .again = rotation};
        return {
            .act = s.due ? Act::rotate : Act::wait, .talk = true, .again = s.certificate->valid.to};
    }
    EnrolmentStep step{.talk = s.revoked && s.trial};
    const bool denied = s.token && *s.token == s.denied && !s.denied_is_due;
    if (s.token && *s.token != s.spent && !denied) {
        step.act = s.due ? Act::enrol : Act::wait;
        return step;
    }
    step.trouble = reason ? *reason : no_token(s);
    return step;
}

EnrolmentAnswer judge_answer(const Reply& reply, Act act, const std::string& file,
                             const std::string& where, std::chrono::sys_seconds now,
                             milliseconds approval) {
    const bool enrols = act == Act::enrol;
    const std::string number = std::to_string(reply.status);
    const milliseconds asked =
        retry_after(reply.retry_after, reply.date, now, retry_after_most).value_or(seconds(0));
    switch (reply.status) {
        case 200:
        case 201: return {.kind = Kind::certificate};
        case 202:
            return later(asked > milliseconds(0) ? asked : approval, Errc::unavailable,
                         "the control plane has this host's request, and somebody has to approve "
                         "it there",
                         where);
        case 401:
        case 403:
        case 409:
            if (!enrols && says_revoked(reply))
                return {.kind = Kind::revoked,
                        .trouble =
                            Error{Errc::refused,
                                  "the control plane has revoked this host's certificate", where}};
            return refused(enrols, number, asked, file, where);
        case 404:
        case 405:
            return later(std::max(asked, denied_wait), Errc::unavailable,
                         "the control plane issues no certificate for this host (" + number +
                             "): does it know the host id, and enrolment",
                         where);
        case 429:
            return later(asked, Errc::unavailable,
                         "the control plane asks for fewer requests (429)", where);
        default:
            return later(asked, Errc::unavailable,
                         "the control plane does not answer the request for a certificate (" +
                             number + "): see its log",
                         where);
    }
}

bool says_revoked(const Reply& reply) {
    return reply.status == 403 && code_of(reply) == "revoked";
}

}  // namespace metalwright::agent::link
