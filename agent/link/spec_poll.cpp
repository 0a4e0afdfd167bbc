#include "agent/link/spec_poll.hpp"

#include <nlohmann/json.hpp>

namespace metalwright::agent::link {

HttpsLink::SpecPoll::SpecPoll(boost::asio::io_context& io, boost::asio::thread_pool& pool,
                              LinkDesk& desk, std::shared_ptr<const HttpsOptions> options,
                              std::shared_ptr<LinkBoard> board)
    : io_(io),
      pool_(pool),
      desk_(desk),
      options_(std::move(options)),
      board_(std::move(board)),
      courier_(std::make_shared<Courier>(io, pool, options_, board_, Talk::documents)),
      absent_({options_->backoff.least, options_->absent_most}, options_->seed.value_or(0)) {}

void HttpsLink::SpecPoll::start() {
    poll();
}

void HttpsLink::SpecPoll::stop() {
    stopped_ = true;
    courier_->stop();
}

void HttpsLink::SpecPoll::poll() {
    if (known_until_ && Clock::now() >= *known_until_) {
        known_.reset();
        known_until_.reset();
    }
    Call call{.method = "GET",
              .path = "/v1/hosts/" + encode_segment(options_->host_id) +
                      "/spec?wait=" + std::to_string(options_->wait.count()),
              .timeout = options_->wait + options_->answer_timeout};
    if (known_) call.headers.emplace_back("If-None-Match", '"' + std::to_string(*known_) + '"');
    courier_->ask(std::move(call), [weak = weak_from_this()](std::optional<Reply> reply) {
        const auto self = weak.lock();
        if (self && !self->stopped_) self->answered(std::move(reply));
    });
}

void HttpsLink::SpecPoll::answered(std::optional<Reply> reply) {
    if (!reply) return poll();
    // A server that answers at once instead of waiting must not turn this into a tight loop.
    courier_->hold(courier_->sent() + options_->pace);
    if (reply->status == 304 && known_) {
        absent_.reset();
        courier_->worked();
        return poll();
    }
    if (reply->status == 404) {
        courier_->worked();
        courier_->hold(Clock::now() + absent_.next());
        board_->absent();
        return poll();
    }
    document(std::move(*reply));
}

void HttpsLink::SpecPoll::document(Reply reply) {
    const auto generation = generation_of(reply.etag);
    if (reply.status != 200 || !generation || !nlohmann::json::accept(reply.body)) {
        courier_->failed(
            {Errc::unavailable,
             reply.status != 200 ? "the answer " + std::to_string(reply.status) + " is not foreseen"
             : !generation       ? std::string("a document came without its generation in the "
                                                     "ETag: it is not taken")
                                 : std::string("what came is not JSON: it is not taken"),
             "GET spec"});
        return poll();
    }
    absent_.reset();
    courier_->worked();
    if (known_ == generation) return poll();  // it does not know If-None-Match

    Submission submission{
        .source = "link", .document = std::move(reply.body), .generation = generation};
    if (!reply.signature.empty()) submission.signature = std::move(reply.signature);
    on_pool(
        pool_, io_,
        [&desk = desk_, options = options_, submission = std::move(submission)] {
            Submitted result = submit(desk, submission);
            if (options->told) options->told(submission, result);
            return result;
        },
        [weak = weak_from_this(), generation = *generation](const Submitted& result) {
            const auto self = weak.lock();
            if (self && !self->stopped_) self->submitted(generation, result);
        });
}

void HttpsLink::SpecPoll::submitted(std::uint64_t generation, const Submitted& result) {
    if (result) {
        board_->taken(generation);
        known_ = generation;
        known_until_.reset();
        return poll();
    }
    board_->refused(generation, result.error());
    if (told_for_good(result.error())) {
        known_ = generation;
        known_until_ = Clock::now() + options_->refused;
    } else {
        courier_->hold(Clock::now() + absent_.next());
    }
    poll();
}

}  // namespace metalwright::agent::link
