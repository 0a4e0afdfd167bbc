#include "agent/gate/connection.hpp"

#include <fcntl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <string>
#include <utility>

#include "agent/gate/packet.hpp"

namespace metalwright::agent::gate {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Descriptor = asio::posix::stream_descriptor;

constexpr int packets_in_a_turn = 16;  // then whoever else waits on the io thread has one
constexpr std::chrono::milliseconds kernel_pause{
    5};  // where it is full of descriptors, which nothing tells

}  // namespace

class Connection::Impl : public std::enable_shared_from_this<Impl> {
 public:
    Impl(asio::io_context& io, sys::Fd socket, Ears ears, std::chrono::milliseconds patience)
        : ears_(std::move(ears)), patience_(patience), timer_(io), again_(io), socket_(io) {
        // Given up here, closed by the descriptor of Asio.
        const int fd = ::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0);
        error_code ignored;
        if (fd >= 0) (void)socket_.assign(fd, ignored);
    }

    void send(const Frame& frame, int with) {
        if (closed_) return;
        sys::Fd copy(with >= 0 ? ::fcntl(with, F_DUPFD_CLOEXEC, 0) : -1);
        queue_.emplace_back(encode(frame), std::move(copy));
        if (!flushing_) flush();
    }
    void read() {
        if (closed_ || paused_ || reading_) return;
        reading_ = true;
        socket_.async_wait(Descriptor::wait_read, [self = shared_from_this()](error_code ec) {
            self->reading_ = false;
            if (!ec) self->take();
        });
    }
    void pause() { paused_ = true; }
    void resume() {
        if (!std::exchange(paused_, false)) return;
        read();
    }
    void close() {
        if (std::exchange(closed_, true)) return;
        timer_.cancel();
        again_.cancel();
        error_code ignored;
        (void)socket_.close(ignored);
        queue_.clear();
    }

    std::size_t queued() const { return queue_.size(); }
    std::function<void()> room{};

 private:
    void take() {
        for (int i = 0; i < packets_in_a_turn && !closed_ && !paused_; ++i) {
            auto packet = receive_packet(socket_.native_handle());
            if (!packet) return lost(packet.error());
            if (!*packet) break;
            auto frame = decode((*packet)->bytes);
            if (!frame) return lost(frame.error());
            ears_.frame(std::move(*frame), std::move((*packet)->with));
        }
        read();
    }

    void flush() {
        flushing_ = true;
        while (!queue_.empty()) {
            const auto& [bytes, with] = queue_.front();
            const Sending how = send_packet(socket_.native_handle(), bytes, with.get());
            if (how == Sending::lost)
                return lost({Errc::unavailable, "nothing can be sent to the other end"});
            if (how == Sending::later) return wait();
            queue_.pop_front();
        }
        flushing_ = false;
        waiting_ = false;
        timer_.cancel();
        if (room) room();
    }

    /// A socket is writable also when too many descriptors are on their way, so a moment passes as
    /// well.
    void wait() {
        if (!std::exchange(waiting_, true)) {
            timer_.expires_after(patience_);
            timer_.async_wait([weak = weak_from_this()](error_code ec) {
                const auto self = weak.lock();
                if (!ec && self && self->waiting_)
                    self->lost({Errc::timed_out, "the other end takes nothing any more"});
            });
        }
        socket_.async_wait(Descriptor::wait_write, [self = shared_from_this()](error_code ec) {
            if (ec || self->closed_) return;
            self->again_.expires_after(kernel_pause);
            self->again_.async_wait([self](error_code cancelled) {
                if (!cancelled && !self->closed_) self->flush();
            });
        });
    }

    void lost(const Error& why) {
        if (closed_) return;
        close();
        // Later: whoever is sending does not lose what they stand on.
        if (ears_.lost) asio::post(socket_.get_executor(), [tell = ears_.lost, why] { tell(why); });
    }

    Ears ears_;
    std::chrono::milliseconds patience_;
    asio::steady_timer timer_;
    asio::steady_timer again_;
    Descriptor socket_;
    std::deque<std::pair<std::string, sys::Fd>> queue_{};
    bool paused_ = false;
    bool reading_ = false;
    bool flushing_ = false;
    bool waiting_ = false;
    bool closed_ = false;
};

Connection::Connection(asio::io_context& io, sys::Fd socket, Ears ears,
                       std::chrono::milliseconds patience)
    : impl_(std::make_shared<Impl>(io, std::move(socket), std::move(ears), patience)) {}

Connection::~Connection() {
    impl_->close();
}

void Connection::start() {
    impl_->read();
}

void Connection::send(const Frame& frame, int with) {
    impl_->send(frame, with);
}

std::size_t Connection::queued() const {
    return impl_->queued();
}

void Connection::on_room(std::function<void()> room) {
    impl_->room = std::move(room);
}

void Connection::pause() {
    impl_->pause();
}

void Connection::resume() {
    impl_->resume();
}

void Connection::close() {
    impl_->close();
}

}  // namespace metalwright::agent::gate
