#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace metalwright::agent::api {

/// One request as it came over a socket.
struct Request {
    std::string method;  ///< "GET", "POST"; a HEAD arrives as GET, the server drops the body
    std::string target;  ///< path and query as sent, still percent-encoded
    std::string body{};
    std::vector<std::pair<std::string, std::string>> headers{};  ///< as sent, in their order
    bool head = false;                                           ///< it was a HEAD
    bool remote = false;   ///< it came over TCP: who it is says its signature alone
    unsigned uid = 65534;  ///< of the process that sent it (peer.hpp); not of a remote one
    unsigned gid = 65534;  ///< and so are these
    int pid = 0;
    std::vector<unsigned> groups{};      ///< its groups, as far as the kernel tells them for sure
    std::string unsound{};               ///< why it cannot be told whose it is; empty: it can
    std::string address{};               ///< of a remote one
    std::string vendor{};                ///< whose signature of a remote one was verified
    std::string key{};                   ///< the id of the key that it is by
    std::weak_ptr<const void> caller{};  ///< expired once the connection is gone
};

/// The value of a header, by its name in lower case; empty when it is not there.
std::string_view header_of(const Request& request, std::string_view name);

struct Response;

/// The rest of an answer that comes piece by piece.
class Feed {
 public:
    virtual ~Feed() = default;
    /// On the io thread. Calls `respond` once, from any thread, with the next piece as a body; the
    /// last piece is the one without a feed.
    virtual void next(std::function<void(Response)> respond) = 0;
};

/// What goes back. `body` is JSON; the server adds length, type and connection headers.
struct Response {
    unsigned status = 200;
    std::string body{};
    std::string allow{};  ///< value of the Allow header of a 405; else empty
    std::string type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers{};  ///< more of them
    std::shared_ptr<Feed> feed{};  ///< more of the body follows; null: this is all of it

    bool operator==(const Response&) const = default;
};

/// Called once, from any thread.
using Respond = std::function<void(Response)>;

/// Called on the io thread; must not block. A Respond that is dropped uncalled leaves the caller
/// waiting until it hangs up.
using Handler = std::function<void(Request, Respond)>;

}  // namespace metalwright::agent::api
