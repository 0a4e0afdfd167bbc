#pragma once

#include <optional>
#include <string>

#include "agent/link/courier.hpp"
#include "agent/link/submit.hpp"

namespace metalwright::agent::link {

/// The long poll for the host's document. Internal to HttpsLink.
class HttpsLink::SpecPoll : public std::enable_shared_from_this<SpecPoll> {
 public:
    SpecPoll(boost::asio::io_context& io, boost::asio::thread_pool& pool, LinkDesk& desk,
             std::shared_ptr<const HttpsOptions> options, std::shared_ptr<LinkBoard> board);

    void start();
    void stop();

 private:
    using Clock = Courier::Clock;

    void poll();
    void answered(std::optional<Reply> reply);
    void document(Reply reply);
    void submitted(std::uint64_t generation, const Submitted& result);

    boost::asio::io_context& io_;
    boost::asio::thread_pool& pool_;
    LinkDesk& desk_;
    std::shared_ptr<const HttpsOptions> options_;
    std::shared_ptr<LinkBoard> board_;
    std::shared_ptr<Courier> courier_;
    Backoff absent_;
    std::optional<std::uint64_t> known_{};            // goes into If-None-Match
    std::optional<Clock::time_point> known_until_{};  // set when it was refused
    bool stopped_ = false;
};

}  // namespace metalwright::agent::link
