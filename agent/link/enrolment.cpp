#include "agent/link/enrolment.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/link/enrolment_file.hpp"
#include "agent/link/on_pool.hpp"
#include "agent/link/retry_after.hpp"
#include "agent/link/signing_request.hpp"
#include "core/fail_point.hpp"

namespace metalwright::agent::link {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t largest_answer = 64 << 10;

/// On the pool.
Result<Bootstrap> handed(const EnrolmentOptions& options) {
    if (!options.content) return read_enrolment_file(options.file);
    auto content = options.content();
    if (!content) return std::unexpected(content.error());
    return enrolment_in(std::move(*content), options.file);
}

/// Whom to believe; on the pool. What else is shown is the identity's.
Result<Credentials> trust(const HttpsOptions& options) {
    if (options.credentials) return options.credentials();
    return Credentials{.tls = options.tls};
}

/// The file's token by its fingerprint, or why there is none.
void read_token_into(EnrolmentSituation& into, const EnrolmentOptions& options) {
    const auto read = handed(options);
    if (read)
        into.token = fingerprint(read->token.view());
    else
        into.token_error = read.error();
}

}  // namespace

struct HttpsLink::Enrolment::Timer {
    explicit Timer(boost::asio::io_context& io) : until(io) {}
    boost::asio::steady_timer until;
};

/// What the files say.
struct HttpsLink::Enrolment::Look {
    Result<StoredIdentity> stored{};
    EnrolmentSituation token{};  // of it the token alone
};

/// What goes out.
struct HttpsLink::Enrolment::Ready {
    Result<void> fine{};
    std::shared_ptr<PendingRequest> pending{};
    std::shared_ptr<SecretText> token{};
    IdentityRecord record{};
    Credentials trust{};
    bool pinned = false;
};

HttpsLink::Enrolment::Enrolment(boost::asio::io_context& io, boost::asio::thread_pool& pool,
                                std::shared_ptr<const HttpsOptions> options,
                                std::shared_ptr<LinkBoard> board)
    : io_(io),
      pool_(pool),
      options_(std::move(options)),
      board_(std::move(board)),
      files_(std::make_shared<IdentityFiles>(options_->enrolment->directory, options_->host_id)),
      turns_(new_turns()),
      renewals_(options_->backoff, options_->seed.value_or(0) + 3000),
      timer_(std::make_unique<Timer>(io)) {}

HttpsLink::Enrolment::~Enrolment() = default;

Turns HttpsLink::Enrolment::new_turns() const {
    return {options_->bases.size(), options_->backoff, options_->seed.value_or(0) + 2000};
}

void HttpsLink::Enrolment::start() {
    options_->admission->hear(
        [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->heard(/*revoked=*/true);
        },
        [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->heard(/*revoked=*/false);
        });
    look();
}

void HttpsLink::Enrolment::stop() {
    stopped_ = true;
    timer_->until.cancel();
    if (client_) client_->close();
}

void HttpsLink::Enrolment::heard(bool revoked) {
    if (stopped_ || (!revoked && record_.revoked.empty())) return;
    revoked_ = revoked;
    if (revoked) trial_at_ = Clock::now() + options_->enrolment->long_wait;
    if (revoked) options_->admission->set(false, {}, certificate_ ? certificate_->serial : "");
    if (resting_) arm(milliseconds(0));
}

void HttpsLink::Enrolment::look() {
    on_pool(
        pool_, io_,
        [files = files_, options = options_, revoked = std::exchange(revoked_, std::nullopt)] {
            Look found{.stored = files->open(), .token = {.file = options->enrolment->file}};
            if (found.stored && revoked) {
                IdentityRecord& record = found.stored->record;
                record.revoked =
                    *revoked && found.stored->certificate ? found.stored->certificate->serial : "";
                if (auto kept = files->keep_record(record); !kept)
                    found.stored = std::unexpected(kept.error());
            }
            read_token_into(found.token, *options->enrolment);
            return found;
        },
        [weak = weak_from_this()](Look found) {
            const auto self = weak.lock();
            if (self && !self->stopped_) self->seen(std::move(found));
        });
}

EnrolmentSituation HttpsLink::Enrolment::situation(const Look& found) const {
    EnrolmentSituation s = found.token;
    const auto now = Clock::now();
    s.certificate = found.stored->certificate;
    s.revoked = s.certificate && s.certificate->serial == record_.revoked;
    s.trial = now >= trial_at_;
    s.spent = record_.spent;
    s.denied = record_.denied;
    s.denied_is_due = now >= denied_at_;
    s.due = turns_.next(now).at <= now;
    s.now = std::chrono::floor<std::chrono::seconds>(options_->now());
    return s;
}

void HttpsLink::Enrolment::seen(Look found) {
    if (!found.stored) {  // what cannot be read is not written either
        options_->admission->set(false, {}, "");
        board_->trouble(Talk::documents, found.stored.error());
        return arm(options_->enrolment->look_every);
    }
    if (found.stored->damage) board_->trouble(Talk::documents, *found.stored->damage);
    record_ = on_disk_ = found.stored->record;
    certificate_ = found.stored->certificate;
    // Somebody has done something about it.
    if (found.token.token && *found.token.token != last_token_) {
        turns_ = new_turns();
        last_token_ = *found.token.token;
        denied_at_ = Clock::now() + (last_token_ == record_.denied ? options_->enrolment->long_wait
                                                                   : std::chrono::seconds(0));
    }
    const EnrolmentSituation s = situation(found);
    const EnrolmentStep step = next_step(s);
    talks_ = step.talk;
    options_->admission->set(step.talk, files(found.stored->pinned, /*with_identity=*/true),
                             certificate_ ? certificate_->serial : "");
    if (step.act != Act::wait) return prepare(step.act, found);
    if (step.talk && s.due) renewals_.reset();
    milliseconds most = step.talk ? options_->enrolment->rest : options_->enrolment->look_every;
    if (step.again && *step.again > s.now) most = std::min<milliseconds>(most, *step.again - s.now);
    const auto now = Clock::now();
    if (!s.due) most = std::min(most, std::chrono::ceil<milliseconds>(turns_.next(now).at - now));
    // While a request waits for its next turn, what was wrong with the last one still stands.
    rest(step.talk, step.trouble || s.due ? step.trouble : told_, most);
}

TlsFiles HttpsLink::Enrolment::files(bool pinned, bool with_identity) const {
    TlsFiles made = options_->tls;
    if (made.ca_file.empty() && pinned) made.ca_file = files_->authorities();
    made.cert_file = with_identity ? files_->identity().string() : std::string();
    made.key_file.clear();
    return made;
}

void HttpsLink::Enrolment::prepare(Act act, const Look& found) {
    act_ = act;
    token_ = act == Act::enrol ? *found.token.token : std::string();
    index_ = turns_.next(Clock::now()).index;
    const std::string purpose =
        act == Act::enrol ? purpose_of_token(token_) : purpose_of_rotation(certificate_->serial);
    on_pool(
        pool_, io_,
        [files = files_, options = options_, purpose, token = token_, record = record_] {
            Ready ready{.record = record};
            const auto attempt = [&]() -> Result<void> {
                auto believed = trust(*options);
                if (!believed) return std::unexpected(believed.error());
                ready.trust = std::move(*believed);
                if (!token.empty()) {
                    auto read = handed(*options->enrolment);
                    if (!read) return std::unexpected(read.error());
                    if (fingerprint(read->token.view()) != token)
                        return fail(Errc::busy, "the file is being written",
                                    options->enrolment->file);
                    if (!read->authority.empty() && ready.trust.tls.ca_file.empty())
                        if (auto kept = files->keep_authorities(read->authority); !kept)
                            return kept;
                    if (!read->urls.empty()) ready.record.urls = read->urls;
                    if (ready.record != record)
                        if (auto kept = files->keep_record(ready.record); !kept) return kept;
                    ready.token = std::make_shared<SecretText>(std::move(read->token));
                }
                auto stored = files->look();
                if (!stored) return std::unexpected(stored.error());
                ready.pinned = stored->pinned;
                if (!stored->pending || stored->pending->purpose != purpose) {
                    auto made = make_signing_request(options->host_id);
                    if (!made) return std::unexpected(made.error());
                    stored->pending = PendingRequest{.purpose = purpose,
                                                     .key = std::move(made->key),
                                                     .request = std::move(made->request)};
                    if (auto kept = files->keep_pending(*stored->pending); !kept) return kept;
                }
                ready.pending = std::make_shared<PendingRequest>(std::move(*stored->pending));
                fail_point("enrol.after-request");
                return {};
            };
            ready.fine = attempt();
            return ready;
        },
        [weak = weak_from_this()](Ready ready) {
            const auto self = weak.lock();
            if (self && !self->stopped_) self->send(std::move(ready));
        });
}

void HttpsLink::Enrolment::send(Ready ready) {
    record_ = on_disk_ = ready.record;
    trust_ = ready.trust;
    if (!ready.fine) return failed(ready.fine.error());
    pending_ = ready.pending;
    client_ = std::make_unique<HttpClient>(
        io_, ClientOptions{.tls = with_trust_of(trust_, files(ready.pinned, act_ == Act::rotate)),
                           .proxy = options_->proxy,
                           .connect_timeout = options_->connect_timeout,
                           .body_limit = largest_answer,
                           .now = options_->now});
    Call call{.method = "POST",
              .base = options_->bases[index_],
              .path = "/v1/hosts/" + encode_segment(options_->host_id) + "/certificate",
              .body = pending_->request,
              .timeout = options_->answer_timeout,
              .content_type = "application/pkcs10",
              .accept = "application/pem-certificate-chain"};
    if (ready.token) {
        std::string bearer;
        bearer.reserve(8 + ready.token->view().size());  // none that grows leaves a piece behind
        (bearer += "Bearer ") += ready.token->view();
        call.headers.emplace_back("Authorization", std::move(bearer));
    }
    client_->send(std::move(call), [weak = weak_from_this()](const Result<Reply>& reply) {
        const auto self = weak.lock();
        if (self && !self->stopped_) self->answered(reply);
    });
}

void HttpsLink::Enrolment::answered(const Result<Reply>& reply) {
    const bool alert = !reply && act_ == Act::rotate && client_->revoked();
    if (!reply && !alert) return failed(named(reply.error(), trust_));
    EnrolmentAnswer answer{.kind = EnrolmentAnswer::Kind::revoked};
    if (reply)
        answer = judge_answer(*reply, act_, options_->enrolment->file,
                              to_string(options_->bases[index_]),
                              std::chrono::floor<std::chrono::seconds>(options_->now()),
                              options_->enrolment->approval);
    switch (answer.kind) {
        case EnrolmentAnswer::Kind::certificate: return keep(reply->body);
        case EnrolmentAnswer::Kind::revoked:
            turns_.failed(index_, Clock::now(), {});
            resting_ = true;
            return heard(/*revoked=*/true);
        case EnrolmentAnswer::Kind::denied:
            record_.denied = token_;
            denied_at_ = Clock::now() + options_->enrolment->long_wait;
            break;
        case EnrolmentAnswer::Kind::later: break;
    }
    failed(*answer.trouble, answer.least);
}

void HttpsLink::Enrolment::keep(const std::string& body) {
    on_pool(
        pool_, io_,
        [files = files_, options = options_, pending = pending_, record = record_,
         body]() -> Result<HostCertificate> {
            const std::string chain = certificates_in(body);
            auto read = read_host_certificate(chain, pending->key.view(), options->host_id);
            if (!read) return read;
            const auto now = std::chrono::floor<std::chrono::seconds>(options->now());
            if (auto timely = check_time(*read, now); !timely)
                return std::unexpected(timely.error());
            fail_point("enrol.after-answer");
            IdentityRecord ended = record;
            if (auto kept = files->keep_identity(*pending, chain, ended); !kept)
                return std::unexpected(kept.error());
            if (auto gone = files->remove_token(options->enrolment->file); !gone)
                return std::unexpected(gone.error());
            return read;
        },
        [weak = weak_from_this()](const Result<HostCertificate>& result) {
            const auto self = weak.lock();
            if (self && !self->stopped_) self->kept(result);
        });
}

void HttpsLink::Enrolment::kept(const Result<HostCertificate>& result) {
    if (!result) {
        Error error = result.error();
        if (error.where.empty()) error.where = to_string(options_->bases[index_]);
        error.message = "the control plane's answer is not taken: " + error.message;
        return failed(error);
    }
    spdlog::info("link: this host has a certificate: {}, serial {}, valid until {}",
                 result->subject, result->serial, to_iso8601(result->valid.to));
    turns_.succeeded(index_);
    turns_.hold(Clock::now() + renewals_.next());
    pending_.reset();
    client_.reset();
    told_.reset();
    look();
}

void HttpsLink::Enrolment::failed(const Error& error, milliseconds least) {
    turns_.failed(index_, Clock::now(), least);
    pending_.reset();
    rest(talks_, error, talks_ ? options_->enrolment->rest : options_->enrolment->look_every);
}

void HttpsLink::Enrolment::rest(bool talks, const std::optional<Error>& trouble,
                                milliseconds most) {
    if (trouble && talks && told_ != trouble && record_.revoked.empty())
        spdlog::warn("link: the next certificate is not there yet: {}", describe(*trouble));
    if (trouble && !talks) board_->trouble(Talk::documents, *trouble);
    told_ = trouble;
    show();
    record_.trouble = trouble ? describe(*trouble) : "";
    const auto now = Clock::now();
    const auto turn = std::max<milliseconds>(
        std::chrono::ceil<milliseconds>(turns_.next(now).at - now), milliseconds(0));
    const milliseconds wait = turn > milliseconds(0) ? std::min(most, turn) : most;
    if (record_ == on_disk_) return arm(wait);
    on_pool(
        pool_, io_, [files = files_, record = record_] { return files->keep_record(record); },
        [weak = weak_from_this(), wait](const Result<void>& kept) {
            const auto self = weak.lock();
            if (!self || self->stopped_) return;
            if (!kept) self->board_->trouble(Talk::documents, kept.error());
            self->arm(wait);
        });
}

/// For the status.
void HttpsLink::Enrolment::show() const {
    std::optional<LinkCertificate> shown;
    if (certificate_)
        shown = LinkCertificate{certificate_->serial, certificate_->valid.to,
                                certificate_->serial == record_.revoked};
    board_->certificate(shown, told_);
}

void HttpsLink::Enrolment::arm(milliseconds wait) {
    resting_ = true;
    timer_->until.expires_after(revoked_ ? milliseconds(0) : wait);
    timer_->until.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
        const auto self = weak.lock();
        // One whose time had come before it was set anew is called all the same.
        if (cancelled || !self || self->stopped_ || !self->resting_) return;
        self->resting_ = false;
        self->look();
    });
}

}  // namespace metalwright::agent::link
