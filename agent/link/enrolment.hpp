#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/link/admission.hpp"
#include "agent/link/enrolment_step.hpp"
#include "agent/link/https_link.hpp"
#include "agent/link/identity.hpp"

namespace metalwright::agent::link {

/// Where a daemon is killed while it gets its certificate, in their order; the tests of enrolment
/// walk this table.
inline constexpr std::array<std::string_view, 4> enrolment_fail_points{
    "enrol.after-request",  // key and request are durable, nothing is asked for
    "enrol.after-answer",   // the control plane has signed, nothing of it is stored
    "enrol.after-stored",   // the identity is in force, the token not known as spent
    "enrol.after-spent",    // all is known, the pending request still there
};

/// This host's certificate: got for a one-time token, renewed before it ends, given up when it is
/// revoked. Opens and shuts the Admission of the two conversations; next_step() decides. Internal
/// to HttpsLink; on the io thread, files on the pool.
class HttpsLink::Enrolment : public std::enable_shared_from_this<Enrolment> {
 public:
    Enrolment(boost::asio::io_context& io, boost::asio::thread_pool& pool,
              std::shared_ptr<const HttpsOptions> options, std::shared_ptr<LinkBoard> board);
    ~Enrolment();

    void start();
    void stop();

 private:
    using Clock = std::chrono::steady_clock;
    using Act = EnrolmentStep::Act;
    struct Look;
    struct Ready;

    void look();
    void seen(Look found);
    EnrolmentSituation situation(const Look& found) const;
    void prepare(Act act, const Look& found);
    void send(Ready ready);
    void answered(const Result<Reply>& reply);
    void keep(const std::string& body);
    void kept(const Result<HostCertificate>& result);
    void failed(const Error& error, std::chrono::milliseconds least = {});
    /// Tells why nothing comes of it, if so, and rests.
    void rest(bool talks, const std::optional<Error>& trouble, std::chrono::milliseconds most);
    void arm(std::chrono::milliseconds wait);
    void show() const;
    Turns new_turns() const;
    void heard(bool revoked);
    TlsFiles files(bool pinned, bool with_identity) const;

    boost::asio::io_context& io_;
    boost::asio::thread_pool& pool_;
    std::shared_ptr<const HttpsOptions> options_;
    std::shared_ptr<LinkBoard> board_;
    std::shared_ptr<IdentityFiles> files_;
    Turns turns_;
    Backoff
        renewals_;  // against an authority whose certificates are due for renewal when they come
    struct Timer;
    std::unique_ptr<Timer> timer_;
    std::unique_ptr<HttpClient> client_{};
    Credentials trust_{};  // of the request in hand
    std::size_t index_ = 0;
    Act act_ = Act::wait;
    std::shared_ptr<PendingRequest> pending_{};
    std::string token_{};       // fingerprint of the one that is being exchanged
    std::string last_token_{};  // and of the one seen last: another one waits for no back-off
    IdentityRecord record_{};
    IdentityRecord on_disk_{};
    std::optional<HostCertificate> certificate_{};
    std::optional<Error> told_{};
    Clock::time_point trial_at_{};   // a revoked certificate, and
    Clock::time_point denied_at_{};  // a refused token, are tried once more, long after
    std::optional<bool> revoked_{};  // what a conversation was told, and is not written down yet
    bool talks_ = false;
    bool resting_ = false;
    bool stopped_ = false;
};

}  // namespace metalwright::agent::link
