#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "agent/gate/frame.hpp"
#include "core/error.hpp"
#include "sys/fd.hpp"

namespace boost::asio {
class io_context;
}

namespace metalwright::agent::gate {

/// What one end of a connection hears, on the io thread.
struct Ears {
    /// A frame; `with` is a descriptor that came along, or nothing. May close the connection.
    std::function<void(Frame frame, sys::Fd with)> frame{};
    /// The last: why there is nothing more, unless close() was called. unavailable: the other end
    /// is gone; invalid_spec: it sent what is no frame; timed_out: it takes nothing any more.
    std::function<void(const Error& why)> lost{};
};

/// Frames over a connected SOCK_SEQPACKET Unix socket, both ways, in order. All of it on the io
/// thread.
class Connection {
 public:
    /// `patience`: how long the other end may take to make room for what is queued.
    Connection(boost::asio::io_context& io, sys::Fd socket, Ears ears,
               std::chrono::milliseconds patience = std::chrono::seconds(30));
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();  ///< close()

    /// Begins to read.
    void start();
    /// Queues a frame. Whoever sends sees to it that `queued()` stays small.
    void send(const Frame& frame, int with = -1);
    /// How many frames wait for room.
    std::size_t queued() const;
    /// Called whenever `queued()` has become 0 again.
    void on_room(std::function<void()> room);
    /// Leaves what comes with the kernel, and so whoever sends waiting; and goes on.
    void pause();
    void resume();
    /// Nothing is heard or sent after this.
    void close();

 private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace metalwright::agent::gate
