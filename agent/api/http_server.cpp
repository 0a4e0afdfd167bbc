#include "agent/api/http_server.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <set>
#include <utility>

#include "agent/api/http_session.hpp"
#include "agent/api/status.hpp"

namespace metalwright::agent::api {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Protocol = asio::generic::stream_protocol;

constexpr std::chrono::milliseconds accept_pause{100};  // after EMFILE and its kind

}  // namespace

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
    asio::ssl::context* tls() { return tls_ ? &*tls_ : nullptr; }
    void accept();
    bool has_too_many(const std::optional<unsigned>& user) const;
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
        error_code released;
        const int fd = peer.release(released);
        if (released) return self->accept();
        const auto session =
            make_session(self->home_, fd, self->socket_.family(), full ? nullptr : self->tls());
        const bool greedy = self->has_too_many(session->user());
        self->sessions_.insert(session);
        if (full && self->tls_) {
            session->close();  // nobody has time for a handshake
        } else if (full || greedy) {
            session->refuse(error_response(
                {Errc::busy, greedy ? "too many connections at once of one user: close some"
                                    : "too many connections at once: try again in a moment"}));
        } else {
            session->start();
        }
        self->accept();
    });
}

/// Who may only look must not be able to keep all others out.
bool HttpServer::Impl::has_too_many(const std::optional<unsigned>& user) const {
    if (!user || *user == 0 || *user == ::geteuid()) return false;
    const auto of_user = [&](const auto& session) { return session->user() == user; };
    return static_cast<std::size_t>(std::ranges::count_if(sessions_, of_user)) >=
           home_->limits.of_one_user;
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
