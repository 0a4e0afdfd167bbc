#include "agent/cli/client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "agent/cli/text.hpp"

namespace metalwright::agent::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::uint64_t longest_answer = 64U << 20U;
constexpr milliseconds between_ticks{100};

class Socket {
 public:
    explicit Socket(int fd) : fd_(fd) {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const noexcept { return fd_; }

 private:
    int fd_;
};

/// One request and its answer; `path` is for the errors.
class Exchange {
 public:
    Exchange(const std::string& path, milliseconds timeout, const std::function<void()>& tick)
        : path_(path), timeout_(timeout), deadline_(Clock::now() + timeout), tick_(tick) {}

    Result<void> connect(int fd) const;
    Result<void> write(int fd, std::string_view bytes) const;
    Result<Reply> read(int fd) const;

 private:
    std::unexpected<Error> unreachable(int number) const;
    std::unexpected<Error> cut_off(std::string_view when) const;
    /// The events that `fd` is ready for. Errors: timed_out.
    Result<short> wait(int fd, short events) const;

    const std::string& path_;
    milliseconds timeout_;
    Clock::time_point deadline_;
    const std::function<void()>& tick_;
};

std::unexpected<Error> Exchange::unreachable(int number) const {
    constexpr auto look = "see `systemctl status metalwright`";
    std::string why;
    switch (number) {
        case ENOENT:
            why = "no such socket; is it running? See `systemctl status metalwright`";
            break;
        case ECONNREFUSED: why = "nobody listens on its socket; " + std::string(look); break;
        case EACCES:
        case EPERM: why = "permission denied; run this as root"; break;
        case ENAMETOOLONG: why = "this path is too long for a socket; check --socket"; break;
        case EAGAIN: why = "the daemon is busy with other callers; try again"; break;
        default: why = std::string(std::strerror(number)) + "; " + look; break;
    }
    return fail(Errc::unavailable, "cannot reach metalwrightd: " + why, path_, number);
}

std::unexpected<Error> Exchange::cut_off(std::string_view when) const {
    return fail(Errc::unavailable,
                "metalwrightd closed the connection " + std::string(when) +
                    "; see `systemctl status metalwright`",
                path_);
}

Result<short> Exchange::wait(int fd, short events) const {
    while (true) {
        const auto left = std::chrono::ceil<milliseconds>(deadline_ - Clock::now());
        if (left.count() <= 0)
            return fail(Errc::timed_out,
                        "metalwrightd did not answer within " + time_in_words(timeout_) +
                            "; see what it is at with `journalctl -u metalwright`",
                        path_);
        const milliseconds slice = tick_ ? std::min(left, between_ticks) : left;
        pollfd ready{.fd = fd, .events = events, .revents = 0};
        constexpr milliseconds longest{1 << 30};  // poll takes an int
        const int count = ::poll(&ready, 1, static_cast<int>(std::min(slice, longest).count()));
        if (count > 0) return ready.revents;
        if (count < 0 && errno != EINTR) return unreachable(errno);
        if (count == 0 && tick_) tick_();
    }
}

Result<void> Exchange::connect(int fd) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof(address.sun_path)) return unreachable(ENAMETOOLONG);
    std::memcpy(address.sun_path, path_.data(), path_.size());
    // The socket does not block: a full queue of a Unix socket answers EAGAIN at once.
    while (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        if (errno != EINTR) return unreachable(errno);
    }
    return {};
}

Result<void> Exchange::write(int fd, std::string_view bytes) const {
    while (!bytes.empty()) {
        Result<short> ready = wait(fd, POLLOUT | POLLIN);
        if (!ready) return std::unexpected(std::move(ready).error());
        // A daemon that answers before it has read everything says why: too large, not allowed.
        if ((*ready & POLLIN) != 0) return {};
        const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return {};
        } else if (errno != EAGAIN && errno != EINTR) {
            return unreachable(errno);
        }
    }
    return {};
}

Result<Reply> Exchange::read(int fd) const {
    namespace http = boost::beast::http;
    http::response_parser<http::string_body> parser;
    parser.body_limit(longest_answer);
    parser.eager(true);

    const auto not_http = [&](std::string_view why) {
        return fail(Errc::internal,
                    "what answers on this socket is no metalwrightd (" + std::string(why) +
                        "); check --socket and METALWRIGHT_SOCKET",
                    path_);
    };
    std::string pending;
    std::array<char, 16384> chunk{};
    while (!parser.is_done()) {
        if (Result<short> ready = wait(fd, POLLIN); !ready)
            return std::unexpected(std::move(ready).error());
        const ssize_t got = ::recv(fd, chunk.data(), chunk.size(), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (got < 0 && errno != ECONNRESET) return unreachable(errno);
        if (got <= 0)
            return cut_off(parser.got_some() ? "in the middle of its answer" : "without an answer");
        pending.append(chunk.data(), static_cast<std::size_t>(got));

        boost::beast::error_code error;
        while (!pending.empty() && !parser.is_done()) {
            const std::size_t used =
                parser.put(boost::asio::buffer(pending.data(), pending.size()), error);
            pending.erase(0, used);
            if (error == http::error::need_more) break;
            if (error) return not_http(error.message());
        }
        // An answer that only the end of the connection ends could be half of one.
        if (parser.is_header_done() && !parser.is_done() && parser.need_eof())
            return not_http("an answer without a length");
    }
    return Reply{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
}

}  // namespace

Result<Reply> Client::send(const Request& request, milliseconds timeout,
                           const std::function<void()>& tick) const {
    const Exchange exchange(path_, timeout, tick);
    const Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket.get() < 0) return fail(Errc::io, "cannot open a socket", path_, errno);
    if (Result<void> connected = exchange.connect(socket.get()); !connected)
        return std::unexpected(std::move(connected).error());

    std::string bytes = request.method + " " + request.target +
                        " HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
                        "Connection: close\r\n";
    if (request.method != "GET")
        bytes += "Content-Type: application/json\r\nContent-Length: " +
                 std::to_string(request.body.size()) + "\r\n";
    bytes += "\r\n" + request.body;
    if (Result<void> written = exchange.write(socket.get(), bytes); !written)
        return std::unexpected(std::move(written).error());
    return exchange.read(socket.get());
}

}  // namespace metalwright::agent::cli
