#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "agent/api/listen_socket.hpp"
#include "agent/api/message.hpp"

namespace boost::asio {
class io_context;
}

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace metalwright::agent::api {

struct ServerLimits {
    std::size_t body = 1 << 20;              ///< bytes; more is answered 413
    std::size_t header = 16 << 10;           ///< bytes; more is answered 431
    std::size_t connections = 1500;          ///< one more is answered 503 and closed
    std::size_t of_one_user = 64;            ///< so of one local user, but for root and ourselves
    std::chrono::milliseconds idle{30'000};  ///< without a byte while one is expected: closed
};

/// HTTP/1.1 (and 1.0) on a listening stream socket, for one thread of `io`; over TLS where `tls` is
/// given, which it takes over (make_server_tls). Keep-alive; requests of one connection are
/// answered in order. A HEAD is answered as a GET without its body. An answer with a Feed is sent
/// in chunks as it comes (HTTP/1.0: until the connection closes). What is not HTTP is answered 400
/// with the problem body of status.hpp, then closed.
class HttpServer {
 public:
    HttpServer(boost::asio::io_context& io, ListenSocket socket, Handler handler,
               ServerLimits limits = {}, ssl_ctx_st* tls = nullptr);
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    ~HttpServer();  ///< closes everything at once, on the io thread or after it

    /// Starts to accept. On the io thread, or before it runs.
    void start();

    /// No more connections; idle ones are closed; requests in hand are answered with `Connection:
    /// close`, those still open after `bound` with 503. Then calls `stopped`, once. On the io
    /// thread.
    void stop(std::chrono::milliseconds bound, std::function<void()> stopped);

 private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace metalwright::agent::api
