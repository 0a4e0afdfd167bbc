#include "agent/gate/channel.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <map>
#include <utility>

#include "agent/gate/connection.hpp"

namespace metalwright::agent::gate {
namespace {

Error gone() {
    return {Errc::unavailable, "metalwrightd is away: it is asked again when it is back"};
}

}  // namespace

class Channel::Impl : public std::enable_shared_from_this<Impl> {
 public:
    Impl(boost::asio::io_context& io, ChannelEars ears) : io_(io), ears_(std::move(ears)) {}

    void open(sys::Fd socket) {
        const std::weak_ptr<Impl> weak = weak_from_this();
        connection_ = std::make_unique<Connection>(io_, std::move(socket),
                                                   Ears{.frame =
                                                            [weak](Frame frame, sys::Fd with) {
                                                                if (const auto self = weak.lock())
                                                                    self->hear(std::move(frame),
                                                                               std::move(with));
                                                            },
                                                        .lost =
                                                            [weak](const Error& why) {
                                                                if (const auto self = weak.lock())
                                                                    self->lost(why);
                                                            }});
    }
    void start() { connection_->start(); }

    void ask(Frame frame, Answered answered) {
        boost::asio::post(io_, [self = shared_from_this(), frame = std::move(frame),
                                answered = std::move(answered)]() mutable {
            if (self->closed_) return answered(std::unexpected(gone()));
            do {
                ++self->last_id_;
            } while (self->last_id_ == 0 || self->asked_.contains(self->last_id_));
            frame.id = self->last_id_;
            self->asked_[frame.id] = std::move(answered);
            self->connection_->send(frame);
        });
    }

    void close() {
        if (std::exchange(closed_, true)) return;
        connection_->close();
        for (auto& [id, answered] : std::exchange(asked_, {})) answered(std::unexpected(gone()));
    }

 private:
    void hear(Frame frame, sys::Fd with) {
        if (closed_) return;
        switch (frame.kind) {
            case Kind::hello: {
                auto hello = hello_in(frame);
                if (!hello) return lost(hello.error());
                return ears_.hello(std::move(*hello));
            }
            case Kind::listener: return ears_.listener(std::move(with));
            case Kind::changed: return ears_.changed();
            default: break;
        }
        const auto asked = asked_.find(frame.id);
        if (asked == asked_.end())
            return lost({Errc::invalid_spec, "an answer comes to what was not asked"});
        const Answered answered = std::move(asked->second);
        asked_.erase(asked);
        answered(std::move(frame));
    }

    void lost(const Error& why) {
        if (closed_) return;
        close();
        ears_.lost(why);
    }

    boost::asio::io_context& io_;
    ChannelEars ears_;
    std::unique_ptr<Connection> connection_{};
    std::map<std::uint32_t, Answered> asked_{};
    std::uint32_t last_id_ = 0;
    bool closed_ = false;
};

Channel::Channel(boost::asio::io_context& io, sys::Fd socket, ChannelEars ears)
    : impl_(std::make_shared<Impl>(io, std::move(ears))) {
    impl_->open(std::move(socket));
}

Channel::~Channel() {
    impl_->close();
}

void Channel::start() {
    impl_->start();
}

void Channel::ask(Frame frame, Answered answered) {
    impl_->ask(std::move(frame), std::move(answered));
}

Result<Frame> Channel::ask_and_wait(Frame frame) {
    std::promise<Result<Frame>> promise;
    auto answer = promise.get_future();
    impl_->ask(std::move(frame),
               [&promise](Result<Frame> got) { promise.set_value(std::move(got)); });
    return answer.get();
}

void Channel::close() {
    impl_->close();
}

}  // namespace metalwright::agent::gate
