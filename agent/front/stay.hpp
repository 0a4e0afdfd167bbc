#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/api/http_server.hpp"
#include "agent/gate/far_desk.hpp"
#include "agent/link/https_link.hpp"
#include "core/error.hpp"

namespace metalwright::agent::front {

/// One connection to metalwrightd and what is done while it stands. On the io thread.
class Stay : public std::enable_shared_from_this<Stay> {
 public:
    /// `desk` must live until the pool is joined.
    /// What this host is issued is kept under `state`.
    Stay(boost::asio::io_context& io, boost::asio::thread_pool& pool, gate::FarDesk& desk,
         std::filesystem::path state);
    ~Stay();

    /// `lost` hears why it is over, once, unless end() comes first.
    void begin(sys::Fd socket, std::function<void(const Error&)> lost);
    /// Whoever waits for an answer over TCP gets 503.
    void end();

 private:
    void hear(gate::Hello hello);
    void begin_link();
    void try_link_again(const Error& why);
    void listen(sys::Fd socket);
    void serve(api::ListenSocket socket, ssl_ctx_st* tls);
    void hand_on(const api::Request& request, const api::Respond& respond);

    boost::asio::io_context& io_;
    boost::asio::thread_pool& pool_;
    gate::FarDesk& desk_;
    std::filesystem::path state_;
    struct Timer;
    std::unique_ptr<Timer> timer_;
    std::string told_{};  ///< why there is no link yet
    std::shared_ptr<gate::Channel> channel_{};
    std::function<void(const Error&)> lost_{};
    gate::Hello hello_{};
    std::optional<link::HttpsLink> https_{};
    std::shared_ptr<api::HttpServer> tcp_{};
    std::size_t under_way_ = 0;  ///< requests over TCP
    bool ended_ = false;
};

}  // namespace metalwright::agent::front
