#include "agent/api/http_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <set>
#include <utility>

#include "agent/api/status.hpp"

namespace metalwright::agent::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using UnixSocket = asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::chrono::milliseconds accept_pause{100};  // after EMFILE and its kind
constexpr std::chrono::seconds farewell{2};             // to read what a refused caller still sends
constexpr std::size_t farewell_bytes = 8 << 20;

std::string serialize(const Response& answer, bool head, bool keep, unsigned version) {
    std::string out = "HTTP/1.1 " + std::to_string(answer.status) + ' ';
    out += std::string_view(http::obsolete_reason(static_cast<http::status>(answer.status)));
    out += "\r\nContent-Type: application/json\r\n";
    if (!answer.allow.empty()) out += "Allow: " + answer.allow + "\r\n";
    out += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
    if (!keep) {
        out += "Connection: close\r\n";
    } else if (version == 10) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
    if (!head) out += answer.body;
    return out;
}

ucred peer_of(int fd) {
    ucred who{.pid = 0, .uid = 65534, .gid = 65534};
    socklen_t size = sizeof who;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return {0, 65534, 65534};
    return who;
}

// A caller that only closed its sending half still waits for the answer; POLLHUP means both halves.
bool hung_up(int fd) {
    pollfd state{.fd = fd, .events = 0, .revents = 0};
    return ::poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLERR)) != 0;
}

Response too_large(const ServerLimits& limits) {
    return error_response(
        413, {Errc::invalid_spec,
              "the body is larger than " + std::to_string(limits.body) + " bytes: send less"});
}

/// What a failed read deserves; nothing when the caller simply went away.
std::optional<Response> answer_to(error_code ec, const ServerLimits& limits) {
    if (ec == http::error::body_limit) return too_large(limits);
    if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
        return error_response(
            431, {Errc::invalid_spec, "the request's header is larger than " +
                                          std::to_string(limits.header) + " bytes: send less"});
    }
    if (ec == http::error::end_of_stream || ec == http::error::partial_message) return std::nullopt;
    if (ec.category() == http::make_error_code(http::error::bad_method).category()) {
        return error_response(
            400, {Errc::invalid_spec, "this is not an HTTP/1.1 request: " + ec.message()});
    }
    return std::nullopt;
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
    Impl(asio::io_context& io, ListenSocket socket, Handler handler, ServerLimits limits)
        : io_(io),
          socket_(std::move(socket)),
          handler_(std::move(handler)),
          limits_(limits),
          acceptor_(io),
          timer_(io) {}

    void start();
    void stop(std::chrono::milliseconds bound, std::function<void()> stopped);
    void close();

 private:
    class Session;
    void accept();
    void left(const std::shared_ptr<Session>& session);
    void finish();

    asio::io_context& io_;
    ListenSocket socket_;
    Handler handler_;
    ServerLimits limits_;
    UnixSocket::acceptor acceptor_;
    asio::steady_timer timer_;
    std::set<std::shared_ptr<Session>> sessions_{};
    bool stopping_ = false;
    std::function<void()> stopped_{};
};

/// One connection: read, hand over, answer, again. Everything happens on the io thread.
class HttpServer::Impl::Session : public std::enable_shared_from_this<Session> {
 public:
    Session(UnixSocket::socket socket, std::shared_ptr<Impl> server)
        : stream_(std::move(socket)),
          server_(std::move(server)),
          peer_(peer_of(stream_.socket().native_handle())) {}

    void read();
    void refuse(const Response& answer);
    void stop();
    void give_up();
    void close();

 private:
    enum class State { reading, in_hand, writing, closed };

    void on_header(error_code ec);
    void read_body();
    void on_body(error_code ec);
    void read_failed(error_code ec);
    void hand_over();
    void watch();
    void answer(const Response& answer);
    void write(std::string bytes, bool keep);
    void drain();

    beast::basic_stream<UnixSocket> stream_;
    std::shared_ptr<Impl> server_;
    ucred peer_;
    beast::flat_buffer buffer_{};
    std::optional<http::request_parser<http::string_body>> parser_{};
    std::string out_{};
    State state_ = State::reading;
    bool began_ = false;
    bool head_ = false;
    bool keep_ = false;
    unsigned version_ = 11;
    std::size_t drained_ = 0;
    std::array<char, 16384> scrap_{};
};

void HttpServer::Impl::Session::read() {
    state_ = State::reading;
    began_ = buffer_.size() > 0;
    keep_ = false;
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(server_->limits_.header));
    parser_->body_limit(server_->limits_.body);
    stream_.expires_after(server_->limits_.idle);
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code ec, std::size_t) { self->on_header(ec); });
}

void HttpServer::Impl::Session::on_header(error_code ec) {
    if (state_ == State::closed) return;
    if (ec) return read_failed(ec);
    version_ = parser_->get().version();
    if (const auto length = parser_->content_length(); length && *length > server_->limits_.body) {
        return refuse(too_large(server_->limits_));
    }
    if (version_ == 11 && beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
        out_ = "HTTP/1.1 100 Continue\r\n\r\n";
        asio::async_write(stream_, asio::buffer(out_),
                          [self = shared_from_this()](error_code failed, std::size_t) {
                              if (failed) return self->close();
                              self->read_body();
                          });
        return;
    }
    read_body();
}

void HttpServer::Impl::Session::read_body() {
    if (state_ == State::closed) return;
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code ec, std::size_t) { self->on_body(ec); });
}

void HttpServer::Impl::Session::on_body(error_code ec) {
    if (state_ == State::closed) return;
    if (ec) return read_failed(ec);
    hand_over();
}

void HttpServer::Impl::Session::read_failed(error_code ec) {
    if (const auto answer = answer_to(ec, server_->limits_)) return refuse(*answer);
    close();
}

void HttpServer::Impl::Session::hand_over() {
    state_ = State::in_hand;
    keep_ = parser_->keep_alive();
    auto message = parser_->release();
    head_ = message.method() == http::verb::head;
    Request request{.method = head_ ? "GET" : std::string(message.method_string()),
                    .target = std::string(message.target()),
                    .body = std::move(message.body()),
                    .uid = peer_.uid,
                    .gid = peer_.gid,
                    .caller = weak_from_this()};
    stream_.expires_never();
    watch();
    Respond respond = [weak = weak_from_this(), &io = server_->io_](Response response) {
        asio::post(io, [weak, response = std::move(response)] {
            if (const auto self = weak.lock()) self->answer(response);
        });
    };
    server_->handler_(std::move(request), std::move(respond));
}

void HttpServer::Impl::Session::watch() {
    stream_.socket().async_wait(UnixSocket::socket::wait_read,
                                [self = shared_from_this()](error_code ec) {
                                    if (ec || self->state_ != State::in_hand) return;
                                    if (hung_up(self->stream_.socket().native_handle())) {
                                        self->close();
                                    }
                                });
}

void HttpServer::Impl::Session::answer(const Response& answer) {
    if (state_ != State::in_hand) return;
    error_code ignored;
    (void)stream_.socket().cancel(ignored);  // ends watch()
    const bool keep = keep_ && !server_->stopping_;
    write(serialize(answer, head_, keep, version_), keep);
}

void HttpServer::Impl::Session::refuse(const Response& answer) {
    head_ = false;
    write(serialize(answer, false, false, 11), false);
}

void HttpServer::Impl::Session::write(std::string bytes, bool keep) {
    state_ = State::writing;
    out_ = std::move(bytes);
    stream_.expires_after(server_->limits_.idle);
    asio::async_write(
        stream_, asio::buffer(out_), [self = shared_from_this(), keep](error_code ec, std::size_t) {
            if (self->state_ == State::closed) return;
            if (ec) return self->close();
            if (keep && !self->server_->stopping_) return self->read();
            error_code ignored;
            (void)self->stream_.socket().shutdown(UnixSocket::socket::shutdown_send, ignored);
            self->stream_.expires_after(farewell);
            self->drain();
        });
}

// Closing with unread bytes resets the connection, and a caller still sending would never see why.
void HttpServer::Impl::Session::drain() {
    if (server_->stopping_) return close();
    stream_.async_read_some(asio::buffer(scrap_),
                            [self = shared_from_this()](error_code ec, std::size_t count) {
                                if (self->state_ == State::closed) return;
                                self->drained_ += count;
                                if (ec || self->drained_ > farewell_bytes) return self->close();
                                self->drain();
                            });
}

void HttpServer::Impl::Session::stop() {
    if (state_ == State::reading && !began_ && !(parser_ && parser_->got_some())) close();
}

void HttpServer::Impl::Session::give_up() {
    if (state_ == State::in_hand) {
        return answer(error_response(
            {Errc::unavailable, "metalwrightd is stopping: ask again when it is back"}));
    }
    close();
}

void HttpServer::Impl::Session::close() {
    if (state_ == State::closed) return;
    state_ = State::closed;
    stream_.close();
    server_->left(shared_from_this());
}

void HttpServer::Impl::start() {
    const int copy = ::fcntl(socket_.fd(), F_DUPFD_CLOEXEC, 0);  // the acceptor closes its own
    error_code ec;
    (void)acceptor_.assign(UnixSocket(), copy, ec);
    if (!ec) accept();
}

void HttpServer::Impl::accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code ec, UnixSocket::socket peer) {
        if (self->stopping_ || ec == asio::error::operation_aborted) return;
        if (ec) {
            self->timer_.expires_after(accept_pause);
            self->timer_.async_wait([self](error_code cancelled) {
                if (!cancelled && !self->stopping_) self->accept();
            });
            return;
        }
        const bool full = self->sessions_.size() >= self->limits_.connections;
        auto session = std::make_shared<Session>(std::move(peer), self);
        self->sessions_.insert(session);
        if (full) {
            session->refuse(error_response(
                {Errc::busy, "too many connections to the admin socket: try again in a moment"}));
        } else {
            session->read();
        }
        self->accept();
    });
}

void HttpServer::Impl::left(const std::shared_ptr<Session>& session) {
    sessions_.erase(session);
    if (stopping_ && sessions_.empty()) finish();
}

void HttpServer::Impl::finish() {
    timer_.cancel();
    if (!stopped_) return;
    asio::post(io_, std::exchange(stopped_, {}));
}

void HttpServer::Impl::stop(std::chrono::milliseconds bound, std::function<void()> stopped) {
    if (stopping_) return;
    stopping_ = true;
    stopped_ = std::move(stopped);
    error_code ignored;
    (void)acceptor_.close(ignored);
    socket_ = {};
    const auto now = sessions_;
    for (const auto& session : now) session->stop();
    if (sessions_.empty()) return finish();
    timer_.expires_after(bound);
    timer_.async_wait([self = shared_from_this()](error_code ec) {
        if (ec) return;
        const auto left = self->sessions_;
        for (const auto& session : left) session->give_up();
        self->timer_.expires_after(accept_pause);  // for the last bytes to leave
        self->timer_.async_wait([self](error_code cancelled) {
            if (cancelled) return;
            const auto stuck = self->sessions_;
            for (const auto& session : stuck) session->close();
        });
    });
}

void HttpServer::Impl::close() {
    stopping_ = true;
    stopped_ = {};
    error_code ignored;
    (void)acceptor_.close(ignored);
    socket_ = {};
    timer_.cancel();
    const auto left = sessions_;
    for (const auto& session : left) session->close();
    handler_ = nullptr;  // what it holds must not wait for the io_context's end
}

HttpServer::HttpServer(asio::io_context& io, ListenSocket socket, Handler handler,
                       ServerLimits limits)
    : impl_(std::make_shared<Impl>(io, std::move(socket), std::move(handler), limits)) {}

HttpServer::~HttpServer() {
    impl_->close();
}

void HttpServer::start() {
    impl_->start();
}

void HttpServer::stop(std::chrono::milliseconds bound, std::function<void()> stopped) {
    impl_->stop(bound, std::move(stopped));
}

}  // namespace metalwright::agent::api
