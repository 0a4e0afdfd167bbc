#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "agent/link/host_certificate.hpp"
#include "agent/link/http_client.hpp"
#include "core/error.hpp"

/// What enrolment does next, and what an answer to it means. Pure: no I/O, the clocks are
/// parameters.
namespace metalwright::agent::link {

/// All that the decision stands on.
struct EnrolmentSituation {
    std::string file{};                            ///< of the one-time token, for messages
    std::optional<HostCertificate> certificate{};  ///< in force
    bool revoked = false;                          ///< and the control plane has revoked it
    bool trial = false;                            ///< it may be shown once more all the same
    std::optional<std::string> token{};            ///< fingerprint() of what the file holds
    std::optional<Error> token_error{};            ///< why it holds none
    std::string spent{};                           ///< of IdentityRecord
    std::string denied{};
    bool denied_is_due = false;  ///< the refused token may be tried once more
    bool due = true;             ///< the back-off after the last failure has passed
    std::chrono::sys_seconds now{};
};

struct EnrolmentStep {
    enum class Act { wait, enrol, rotate };
    Act act = Act::wait;
    bool talk = false;  ///< documents and reports may pass, with the certificate in force
    std::optional<Error> trouble{};                   ///< why they do not, and what to do
    std::optional<std::chrono::sys_seconds> again{};  ///< what the wall clock has to say by then

    bool operator==(const EnrolmentStep&) const = default;
};

EnrolmentStep next_step(const EnrolmentSituation& situation);

/// What an answer to the request for a certificate means.
struct EnrolmentAnswer {
    enum class Kind {
        certificate,  ///< it is in the body, and to be checked
        later,        ///< ask again, `least` from now at the earliest
        denied,       ///< not with this token
        revoked,      ///< not with this certificate
    };
    Kind kind = Kind::later;
    std::chrono::milliseconds least{};
    std::optional<Error> trouble{};  ///< set unless it is a certificate

    bool operator==(const EnrolmentAnswer&) const = default;
};

/// `act` is enrol or rotate; `where` names the base URL; `approval` is waited for an approval
/// where the answer does not say how long.
EnrolmentAnswer judge_answer(const Reply& reply, EnrolmentStep::Act act, const std::string& file,
                             const std::string& where, std::chrono::sys_seconds now,
                             std::chrono::milliseconds approval);

/// Whether an answer says that the certificate which was shown is revoked: 403 and a problem of the
/// code `revoked`.
bool says_revoked(const Reply& reply);

}  // namespace metalwright::agent::link
