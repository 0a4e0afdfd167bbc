#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "agent/api/http_server.hpp"

namespace boost::asio {
class io_context;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace metalwright::agent::api {

class SessionBase;

/// What the sessions of a server share; on its io thread.
struct SessionHome {
    boost::asio::io_context& io;
    ServerLimits limits;
    Handler handler;
    bool stopping = false;
    std::function<void(const std::shared_ptr<SessionBase>&)> left{};
};

/// One connection.
class SessionBase : public std::enable_shared_from_this<SessionBase> {
 public:
    virtual ~SessionBase() = default;
    /// The local user at the other end; nothing over TCP.
    virtual std::optional<unsigned> user() const = 0;
    virtual void start() = 0;
    virtual void refuse(const Response& answer) = 0;
    virtual void stop() = 0;     ///< closes it if nothing is under way
    virtual void give_up() = 0;  ///< answers what is in hand with 503
    virtual void close() = 0;
};

/// Takes over the connected socket `fd` of this family; over TLS where `tls` is given.
std::shared_ptr<SessionBase> make_session(std::shared_ptr<SessionHome> home, int fd, int family,
                                          boost::asio::ssl::context* tls);

}  // namespace metalwright::agent::api
