#include "agent/api/http_server.hpp"

#include <fcntl.h>

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <set>

#include "agent/api/http_session.hpp"
#include "agent/api/status.hpp"

namespace metalwright::agent::api {
namespace {

using Protocol = asio::generic::stream_protocol;

constexpr std::chrono::milliseconds accept_pause{100};  // after EMFILE and its kind

}  // namespace

std::string serialize(const Response& answer, bool head, bool keep, unsigned version) {
    std::string out = "HTTP/1.1 " + std::to_string(answer.status) + ' ';
    out += std::string_view(http::obsolete_reason(static_cast<http::status>(answer.status)));
    out += "\r\nContent-Type: " + answer.type + "\r\n";
    if (!answer.allow.empty()) out += "Allow: " + answer.allow + "\r\n";
    for (const auto& [name, value] : answer.headers) out += name + ": " + value + "\r\n";
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

Peer peer_of(int fd) {
    Peer peer;
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) == 0 &&
        name.ss_family != AF_UNIX) {
        peer.remote = true;
        return peer;
    }
    ucred who{.pid = 0, .uid = 65534, .gid = 65534};
    size = sizeof who;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return peer;
    peer.uid = who.uid;
    // The second time with as much room as the kernel has asked for.
    peer.groups.resize(32);
    for (int time = 0; time < 2; ++time) {
        size = static_cast<socklen_t>(peer.groups.size() * sizeof(gid_t));
        const bool told =
            ::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &size) == 0;
        const bool again = !told && errno == ERANGE;
        peer.groups.resize(told || again ? size / sizeof(gid_t) : 0);
        if (!again) break;
    }
    peer.groups.push_back(who.gid);
    peer.groups.shrink_to_fit();
    return peer;
}

Response too_large(const ServerLimits& limits) {
    return error_response(
        413, {Errc::invalid_spec,
              "the body is larger than " + std::to_string(limits.body) + " bytes: send less"});
}

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

template <class Stream>
Response Session<Stream>::stopping_answer() {
    return error_response(
        {Errc::unavailable, "metalwrightd is stopping: ask again when it is back"});
}

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
    Impl(asio::io_context& io, ListenSocket socket, Handler handler, ServerLimits limits,
         ssl_ctx_st* tls)
        : home_(std::make_shared<SessionHome>(SessionHome{io, limits, std::move(handler)})),
          socket_(std::move(socket)),
          acceptor_(io),
          timer_(io) {
        if (tls != nullptr) tls_.emplace(tls);
    }

    void start();
    void stop(std::chrono::milliseconds bound, std::function<void()> stopped);
    void close();

 private:
    void accept();
    void left(const std::shared_ptr<SessionBase>& session);
    void finish();

    std::shared_ptr<SessionHome> home_;
    ListenSocket socket_;
    std::optional<asio::ssl::context> tls_{};
    asio::basic_socket_acceptor<Protocol> acceptor_;
    asio::steady_timer timer_;
    std::set<std::shared_ptr<SessionBase>> sessions_{};
    std::function<void()> stopped_{};
};

void HttpServer::Impl::start() {
    home_->left = [weak = weak_from_this()](const std::shared_ptr<SessionBase>& session) {
        if (const auto self = weak.lock()) self->left(session);
    };
    const int copy = ::fcntl(socket_.fd(), F_DUPFD_CLOEXEC, 0);  // the acceptor closes its own
    error_code ec;
    (void)acceptor_.assign(Protocol(socket_.family(), 0), copy, ec);
    if (!ec) accept();
}

void HttpServer::Impl::accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code ec, Protocol::socket peer) {
        if (self->home_->stopping || ec == asio::error::operation_aborted) return;
        if (ec) {
            self->timer_.expires_after(accept_pause);
            self->timer_.async_wait([self](error_code cancelled) {
                if (!cancelled && !self->home_->stopping) self->accept();
            });
            return;
        }
        const bool full = self->sessions_.size() >= self->home_->limits.connections;
        std::shared_ptr<SessionBase> session;
        if (self->tls_ && !full)
            session = std::make_shared<Session<TlsStream>>(
                self->home_, PlainStream(std::move(peer)), *self->tls_);
        else
            session = std::make_shared<Session<PlainStream>>(self->home_, std::move(peer));
        self->sessions_.insert(session);
        if (full && self->tls_) {
            session->close();  // nobody has time for a handshake
        } else if (full) {
            session->refuse(error_response(
                {Errc::busy, "too many connections at once: try again in a moment"}));
        } else {
            session->start();
        }
        self->accept();
    });
}

void HttpServer::Impl::left(const std::shared_ptr<SessionBase>& session) {
    sessions_.erase(session);
    if (home_->stopping && sessions_.empty()) finish();
}

void HttpServer::Impl::finish() {
    timer_.cancel();
    if (!stopped_) return;
    asio::post(home_->io, std::exchange(stopped_, {}));
}

void HttpServer::Impl::stop(std::chrono::milliseconds bound, std::function<void()> stopped) {
    if (home_->stopping) return;
    home_->stopping = true;
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
    home_->stopping = true;
    stopped_ = {};
    error_code ignored;
    (void)acceptor_.close(ignored);
    socket_ = {};
    timer_.cancel();
    const auto left = sessions_;
    for (const auto& session : left) session->close();
    home_->handler = nullptr;  // what it holds must not wait for the io_context's end
}

HttpServer::HttpServer(asio::io_context& io, ListenSocket socket, Handler handler,
                       ServerLimits limits, ssl_ctx_st* tls)
    : impl_(std::make_shared<Impl>(io, std::move(socket), std::move(handler), limits, tls)) {}

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
