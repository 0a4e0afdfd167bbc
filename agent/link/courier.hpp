#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "agent/link/https_link.hpp"
#include "agent/link/on_pool.hpp"

namespace metalwright::agent::link {

/// One of the link's two conversations with the control plane: whose turn it is among the base
/// URLs, when, with which token; and what an answer means for the next turn. Internal to the link;
/// on the io thread.
class Courier : public std::enable_shared_from_this<Courier> {
 public:
    using Clock = std::chrono::steady_clock;

    Courier(boost::asio::io_context& io, boost::asio::thread_pool& pool,
            std::shared_ptr<const HttpsOptions> options, std::shared_ptr<LinkBoard> board,
            Talk talk);

    ~Courier();

    /// Sends one request when its turn has come (that may be long). `done` gets a reply of status
    /// 2xx, 304, 404 or 413; or nothing: then the failure is noted, told on the board, and the next
    /// ask() will wait as long as is right.
    void ask(Call call, std::function<void(std::optional<Reply>)> done);

    /// The answer to the last ask() made sense.
    void worked();
    /// It did not: as if the request had failed.
    void failed(const Error& error, std::chrono::milliseconds least = {});
    /// The next ask() waits until `when`, whichever URL it goes to.
    void hold(Clock::time_point when) { turns_.hold(when); }

    /// When the last request was sent.
    Clock::time_point sent() const { return sent_; }

    /// `done` of an ask() in hand is not called any more.
    void stop();

 private:
    void admitted(Call call);
    void token(Call call);
    void told_revoked(const std::function<void(std::optional<Reply>)>& done);
    void send(Call call, const Result<Credentials>& shown);
    void answered(Result<Reply> reply);

    boost::asio::io_context& io_;
    boost::asio::thread_pool& pool_;
    std::shared_ptr<const HttpsOptions> options_;
    std::shared_ptr<LinkBoard> board_;
    Talk talk_;
    Turns turns_;
    HttpClient client_;
    struct Timer;
    std::unique_ptr<Timer> timer_;
    std::size_t index_ = 0;
    unsigned edition_ = 0;  // of the admission that the client's files are from
    Credentials shown_{};   // with the request in hand
    Clock::time_point sent_{};
    std::function<void(std::optional<Reply>)> done_{};
    bool stopped_ = false;
};

}  // namespace metalwright::agent::link
