#include "agent/gate/gate.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "agent/gate/visit.hpp"

namespace metalwright::agent::gate {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

int option(int fd, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

bool is_gone(int fd) {
    pollfd state{.fd = fd, .events = 0, .revents = 0};
    return ::poll(&state, 1, 0) != 0 && (state.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

}  // namespace

Result<void> is_gate(int fd) {
    if (option(fd, SO_DOMAIN) == AF_UNIX && option(fd, SO_TYPE) == SOCK_SEQPACKET &&
        option(fd, SO_ACCEPTCONN) == 1)
        return {};
    return fail(Errc::invalid_spec,
                "the descriptor handed over as `link` is not a listening Unix socket of packets: "
                "metalwright-link.socket needs ListenSequentialPacket=/path and Accept=no",
                "fd " + std::to_string(fd));
}

class Gate::Impl : public std::enable_shared_from_this<Impl> {
 public:
    Impl(asio::io_context& io, asio::thread_pool& pool, LinkDesk& desk, sys::Fd socket,
         GateOptions options)
        : io_(io),
          pool_(pool),
          desk_(desk),
          options_(std::make_shared<const GateOptions>(std::move(options))),
          socket_(std::move(socket)),
          acceptor_(io),
          timer_(io) {}

    void start() {
        if (options_->hello.https) tell_away();
        // Asio closes its own.
        const int copy = ::fcntl(socket_.get(), F_DUPFD_CLOEXEC, 0);
        const int flags = ::fcntl(socket_.get(), F_GETFL);
        (void)::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK);
        error_code ec;
        if (copy >= 0) (void)acceptor_.assign(copy, ec);
        if (copy < 0 || ec) return spdlog::error("nobody can come to the gate: {}", ec.message());
        wait();
    }

    void stop() {
        if (std::exchange(stopped_, true)) return;
        timer_.cancel();
        error_code ignored;
        (void)acceptor_.close(ignored);
        if (visit_) visit_->end();
        visit_.reset();
    }

 private:
    void tell_away() {
        desk_.link_changed({.name = "link",
                            .document_error = Error{Errc::unavailable,
                                                    "metalwright-link is not there: see "
                                                    "`systemctl status metalwright-link`"}});
    }

    void wait() {
        acceptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                             [weak = weak_from_this()](error_code ec) {
                                 const auto self = weak.lock();
                                 if (!ec && self && !self->stopped_) self->accept();
                             });
    }

    void wait_after(std::chrono::milliseconds pause) {
        timer_.expires_after(pause);
        timer_.async_wait([weak = weak_from_this()](error_code ec) {
            const auto self = weak.lock();
            if (!ec && self && !self->stopped_) self->wait();
        });
    }

    void accept() {
        sys::Fd peer(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!peer) return wait_after(std::chrono::milliseconds(100));
        if (const auto why = refusal(peer.get())) {
            spdlog::warn("somebody is not let in at the gate of metalwright-link: {}", *why);
            return wait_after(options_->after_nonsense);
        }
        if (visit_) visit_->end();
        visiting_ = sys::Fd(::fcntl(peer.get(), F_DUPFD_CLOEXEC, 0));
        visit_ = std::make_shared<Visit>(io_, pool_, desk_, options_);
        visit_->begin(std::move(peer), [weak = weak_from_this()](const Error& why) {
            if (const auto self = weak.lock()) self->ended(why);
        });
        spdlog::info("metalwright-link is there");
        wait_after(options_->between);
    }

    /// Why whoever has connected may not come in.
    std::optional<std::string> refusal(int peer) const {
        ucred who{.pid = 0, .uid = 65534, .gid = 65534};
        socklen_t size = sizeof who;
        if (::getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return "it is gone";
        if (who.uid != 0 && who.uid != ::geteuid() && who.uid != options_->user)
            return "uid " + std::to_string(who.uid) + " is not metalwright-link";
        if (visit_ && !is_gone(visiting_.get())) return "there is one already";
        return std::nullopt;
    }

    void ended(const Error& why) {
        // By a post: what has called us stands on it.
        const auto visit = std::exchange(visit_, nullptr);
        visiting_.close();
        if (options_->hello.https) tell_away();
        asio::post(io_, [visit] { visit->end(); });
        if (why.code == Errc::unavailable) return spdlog::info("metalwright-link is gone");
        spdlog::error("metalwright-link is disconnected: {}", why.message);
        error_code ignored;
        (void)acceptor_.cancel(ignored);
        wait_after(options_->after_nonsense);
    }

    asio::io_context& io_;
    asio::thread_pool& pool_;
    LinkDesk& desk_;
    std::shared_ptr<const GateOptions> options_;
    sys::Fd socket_;
    asio::posix::stream_descriptor acceptor_;
    asio::steady_timer timer_;
    std::shared_ptr<Visit> visit_{};
    sys::Fd visiting_{};  ///< the visit's socket, to see whether it is there still
    bool stopped_ = false;
};

Gate::Gate(asio::io_context& io, asio::thread_pool& pool, LinkDesk& desk, sys::Fd socket,
           GateOptions options)
    : impl_(std::make_shared<Impl>(io, pool, desk, std::move(socket), std::move(options))) {}

Gate::~Gate() {
    impl_->stop();
}

void Gate::start() {
    impl_->start();
}

void Gate::stop() {
    impl_->stop();
}

}  // namespace metalwright::agent::gate
