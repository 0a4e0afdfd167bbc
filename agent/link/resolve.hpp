#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace boost::asio {
class io_context;
}

namespace metalwright::agent::link {

/// A name on its way to addresses, in a thread of its own: getaddrinfo(3) may block for half a
/// minute and cannot be interrupted, and asio's resolver would wait for it when the daemon stops.
class Lookup {
 public:
    using Addresses =
        std::vector<std::string>;  ///< "192.0.2.1", "2001:db8::1", in the order to try

    /// Calls `done` later on the io thread unless cancelled before.
    /// Errors: unavailable (the resolver's own text in it).
    static std::shared_ptr<Lookup> start(boost::asio::io_context& io, const std::string& host,
                                         std::function<void(Result<Addresses>)> done);

    /// On the io thread: `done` will not be called, and `io` not touched, after this.
    void cancel();

 private:
    struct State;
    explicit Lookup(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
};

}  // namespace metalwright::agent::link
