#include "agent/link/courier.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/link/admission.hpp"
#include "agent/link/enrolment_step.hpp"
#include "agent/link/retry_after.hpp"
#include "agent/link/secret_file.hpp"

namespace metalwright::agent::link {
namespace {

std::uint64_t seed_of(const HttpsOptions& options, Talk talk) {
    return options.seed.value_or(0) + (talk == Talk::documents ? 0 : 1000);
}

ClientOptions client_options(const HttpsOptions& options) {
    return {.tls = options.tls,
            .proxy = options.proxy,
            .connect_timeout = options.connect_timeout,
            .now = options.now};
}

/// On the pool.
Result<Credentials> credentials(const HttpsOptions& options) {
    if (options.credentials) return options.credentials();
    auto token = read_token(options.token_file);
    if (!token) return std::unexpected(token.error());
    return Credentials{.token = std::move(*token)};
}

/// Why a status is no answer, and who has to do something.
Error status_error(const Reply& reply, const Url& base, const std::string& token_file) {
    const std::string number = std::to_string(reply.status);
    const std::string where = to_string(base);
    if (reply.status == 401 || reply.status == 403) {
        return {Errc::refused,
                "the control plane does not let this host in (" + number + "): check " +
                    (token_file.empty() ? "the link's client certificate"
                                        : "the token in " + token_file) +
                    " and the host id",
                where};
    }
    if (reply.status / 100 == 3) {
        return {Errc::unavailable,
                "the control plane redirects (" + number +
                    "), which is not followed: put the final URL into the configuration",
                where};
    }
    if (reply.status == 429) {
        return {Errc::unavailable, "the control plane asks for fewer requests (429)", where};
    }
    if (reply.status / 100 == 4) {
        return {Errc::unavailable,
                "the control plane does not take the request (" + number +
                    "): are both sides of the same version",
                where};
    }
    return {Errc::unavailable, "the control plane answers " + number + ": see its log", where};
}

}  // namespace

struct Courier::Timer {
    explicit Timer(boost::asio::io_context& io) : until(io) {}
    boost::asio::steady_timer until;
};

Courier::Courier(boost::asio::io_context& io, boost::asio::thread_pool& pool,
                 std::shared_ptr<const HttpsOptions> options, std::shared_ptr<LinkBoard> board,
                 Talk talk)
    : io_(io),
      pool_(pool),
      options_(std::move(options)),
      board_(std::move(board)),
      talk_(talk),
      turns_(options_->bases.size(), options_->backoff, seed_of(*options_, talk)),
      client_(io, client_options(*options_)),
      timer_(std::make_unique<Timer>(io)) {}

Courier::~Courier() = default;

void Courier::ask(Call call, std::function<void(std::optional<Reply>)> done) {
    if (stopped_) return;
    done_ = std::move(done);
    const auto now = Clock::now();
    const auto turn = turns_.next(now);
    index_ = turn.index;
    call.base = options_->bases[index_];
    timer_->until.expires_at(turn.at);
    timer_->until.async_wait([self = shared_from_this(),
                              call = std::move(call)](boost::system::error_code cancelled) mutable {
        if (!cancelled && !self->stopped_) self->admitted(std::move(call));
    });
}

void Courier::admitted(Call call) {
    if (!options_->admission) return token(std::move(call));
    options_->admission->when_open([weak = weak_from_this(), call = std::move(call)] {
        const auto self = weak.lock();
        if (self && !self->stopped_) self->token(call);
    });
}

void Courier::token(Call call) {
    if (options_->token_file.empty() && !options_->credentials)
        return send(std::move(call), Credentials{});
    on_pool(
        pool_, io_, [options = options_] { return credentials(*options); },
        [self = shared_from_this(), call = std::move(call)](Result<Credentials> shown) mutable {
            if (!self->stopped_) self->send(std::move(call), shown);
        });
}

void Courier::send(Call call, const Result<Credentials>& shown) {
    if (!shown) return answered(std::unexpected(shown.error()));
    shown_ = *shown;
    if (!shown_.token.empty()) call.headers.emplace_back("Authorization", "Bearer " + shown_.token);
    if (options_->credentials) call.tls = shown_.tls;
    if (const auto& admission = options_->admission) {
        const TlsFiles files = with_trust_of(shown_, admission->files());
        if (std::exchange(edition_, admission->edition()) != admission->edition())
            client_.renew(files);
        call.tls = files;
    }
    sent_ = Clock::now();
    client_.send(std::move(call), [weak = weak_from_this()](Result<Reply> reply) {
        const auto self = weak.lock();
        if (self && !self->stopped_) self->answered(std::move(reply));
    });
}

void Courier::answered(Result<Reply> reply) {
    const auto done = std::exchange(done_, {});
    const bool enrolled = options_->admission != nullptr;
    if (enrolled && (reply ? says_revoked(*reply) : client_.revoked())) return told_revoked(done);
    if (!reply) {
        failed(named(reply.error(), shown_));
        return done(std::nullopt);
    }
    const unsigned status = reply->status;
    if (status / 100 == 2 || status == 304 || status == 404 || status == 413)
        return done(std::move(*reply));

    const auto now = std::chrono::floor<std::chrono::seconds>(options_->now());
    const auto asked =
        retry_after(reply->retry_after, reply->date, now, options_->retry_after_most);
    std::chrono::milliseconds least = asked.value_or(std::chrono::seconds(0));
    if (status == 401 || status == 403) least = std::max(least, options_->denied);
    failed(status_error(*reply, options_->bases[index_], options_->token_file), least);
    done(std::nullopt);
}

/// Enrolment tells of it, and opens again when there is another certificate.
void Courier::told_revoked(const std::function<void(std::optional<Reply>)>& done) {
    turns_.failed(index_, Clock::now(), {});
    options_->admission->revoked(edition_);
    done(std::nullopt);
}

void Courier::worked() {
    if (options_->admission) options_->admission->worked(edition_);
    turns_.succeeded(index_);
    board_->contact(talk_);
}

void Courier::failed(const Error& error, std::chrono::milliseconds least) {
    turns_.failed(index_, Clock::now(), least);
    board_->trouble(talk_, error);
}

void Courier::stop() {
    stopped_ = true;
    done_ = {};
    timer_->until.cancel();
    client_.close();
}

}  // namespace metalwright::agent::link
