#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/link/tls.hpp"
#include "agent/link/url.hpp"
#include "core/error.hpp"

namespace boost::asio {
class io_context;
}

namespace metalwright::agent::link {

struct ClientOptions {
    TlsFiles tls{};              ///< read anew for each connection
    std::optional<Url> proxy{};  ///< CONNECT goes there; not used for plain http (loopback)
    std::chrono::milliseconds connect_timeout{10'000};  ///< name, each address, proxy, TLS: each
    std::size_t body_limit = 1 << 20;                   ///< bytes of an answer's body
    std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
};

/// One request. `path` is appended to the base URL's own; header values must hold no line breaks.
struct Call {
    std::string method;
    Url base;
    std::string path;  ///< "/v1/..." with its query, encoded
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
    std::chrono::milliseconds timeout{30'000};  ///< to send it and have the whole answer
    std::string content_type = "application/json";
    std::string accept = "application/json";
    std::optional<TlsFiles> tls{};  ///< those of the client from now on; none: as they were
};

struct Reply {
    unsigned status = 0;
    std::string body{};
    std::string etag{};  ///< these as sent; empty when absent
    std::string retry_after{};
    std::string date{};
    std::string signature{};  ///< "Metalwright-Signature"; several of them joined by ", "

    bool operator==(const Reply&) const = default;
};

/// HTTP/1.1 over TLS, or plain to this machine's loopback. One connection, kept open and used
/// again; when the server has closed it meanwhile, the call is made once more on a new one, so
/// calls must be repeatable. One call at a time. No redirect is followed. What was sent as
/// Authorization is wiped afterwards.
/// All of it on the io thread.
class HttpClient {
 public:
    HttpClient(boost::asio::io_context& io, ClientOptions options);
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    ~HttpClient();  ///< close()

    /// Calls `done` once, later, on the io thread; any HTTP status is a Reply.
    /// Errors: unavailable (name, connection, TLS, cut, no HTTP), timed_out, and those of
    /// make_tls_context(). Each says what to do.
    void send(Call call, std::function<void(Result<Reply>)> done);

    /// From the next call on: a new connection, with these files.
    void renew(TlsFiles files);

    /// Whether the last call failed since the server said, in TLS, that our certificate is revoked.
    bool revoked() const;

    /// Ends the call in hand (its `done` gets unavailable) and the connection. No call after this.
    void close();

 private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace metalwright::agent::link
