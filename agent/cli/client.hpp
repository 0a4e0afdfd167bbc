#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "core/error.hpp"

namespace metalwright::agent::cli {

struct Request {
    std::string method = "GET";
    std::string target;  ///< path and query, escaped already
    std::string body{};  ///< JSON; sent with POST only
};

struct Reply {
    int status = 0;
    std::string body;
};

/// HTTP/1.1 to the daemon's Unix socket: one connection a request, so a restart of the daemon
/// between two of them goes unnoticed.
class Client {
 public:
    explicit Client(std::string socket_path) : path_(std::move(socket_path)) {}

    const std::string& socket_path() const noexcept { return path_; }

    /// Sends and reads the whole answer, in at most `timeout`. `tick` is called some ten times a
    /// second meanwhile. Errors: unavailable (no socket, nobody listens, no permission, the
    /// connection was cut before the answer was whole; says what to do), timed_out, internal (what
    /// answered does not speak HTTP).
    Result<Reply> send(const Request& request, std::chrono::milliseconds timeout,
                       const std::function<void()>& tick = {}) const;

 private:
    std::string path_;
};

}  // namespace metalwright::agent::cli
