#pragma once

#include <functional>
#include <memory>

#include "agent/gate/messages.hpp"
#include "core/error.hpp"
#include "sys/fd.hpp"

namespace boost::asio {
class io_context;
}

namespace metalwright::agent::gate {

/// What the part that faces the network hears of the other, on the io thread.
struct ChannelEars {
    std::function<void(Hello hello)> hello{};
    std::function<void(sys::Fd listener)> listener{};
    std::function<void()> changed{};
    /// The last: nothing is answered any more. unsupported: another version is at the other end.
    std::function<void(const Error& why)> lost{};
};

/// The other end of a Gate: asks, and hands each answer to whoever has asked.
class Channel {
 public:
    using Answered = std::function<void(Result<Frame>)>;

    Channel(boost::asio::io_context& io, sys::Fd socket, ChannelEars ears);
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;
    ~Channel();  ///< close()

    void start();  ///< on the io thread

    /// Sends the frame under an id of its own. `answered` is called once, on the io thread. Errors:
    /// unavailable (the connection is gone: whether it was done is not known). From any thread.
    void ask(Frame frame, Answered answered);
    /// The same, waiting for it. On the pool, never on the io thread.
    Result<Frame> ask_and_wait(Frame frame);

    /// All that was asked is answered with unavailable. On the io thread.
    void close();

 private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace metalwright::agent::gate
