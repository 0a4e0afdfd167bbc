#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "agent/link/courier.hpp"

namespace metalwright::agent::link {

/// The reports on their way up, in order, at least once. Internal to HttpsLink.
class HttpsLink::Outbox : public std::enable_shared_from_this<Outbox> {
 public:
    Outbox(boost::asio::io_context& io, boost::asio::thread_pool& pool, LinkDesk& desk,
           std::shared_ptr<const HttpsOptions> options, std::shared_ptr<LinkBoard> board);

    void start();
    void stop();

 private:
    using Rows = std::vector<OutboxRow>;

    void look();
    void post(Rows rows);
    void answered(const Rows& rows, std::optional<Reply> reply);
    void acknowledged(const Result<void>& result);

    boost::asio::io_context& io_;
    boost::asio::thread_pool& pool_;
    LinkDesk& desk_;
    std::shared_ptr<const HttpsOptions> options_;
    std::shared_ptr<Courier> courier_;
    std::size_t batch_;  // halved by 413, doubled again by success
    std::uint64_t subscription_ = 0;
    bool busy_ = false;   // from look() until nothing is left
    bool again_ = false;  // something changed while busy
    bool started_ = false;
    bool stopped_ = false;
};

}  // namespace metalwright::agent::link
