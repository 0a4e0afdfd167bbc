#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/api/message.hpp"
#include "agent/desk/desk.hpp"

namespace boost::asio {
class io_context;
class thread_pool;
}  // namespace boost::asio

namespace metalwright::agent::api {

/// A request with its target taken apart, percent-decoded.
struct Call {
    Request request;
    std::vector<std::string> path{};             ///< what matched the pattern's "*", in order
    std::map<std::string, std::string> query{};  ///< the last one wins
    /// A vendor's call on its way: it is handed in by whoever asks first.
    mutable std::shared_ptr<Desk::VendorCall> handed_in{};
};

/// One route's work, on the pool. nothing means "not yet": it is called again at the next change,
/// and when `last` is true it must answer.
using Answer = std::optional<Response> (*)(Desk& desk, const Call& call, bool last);

/// Runs Answers on the pool until they answer, waking them by Desk::on_change.
class LongPoll : public std::enable_shared_from_this<LongPoll> {
 public:
    static std::shared_ptr<LongPoll> make(Desk& desk, boost::asio::io_context& io,
                                          boost::asio::thread_pool& pool);
    virtual ~LongPoll() = default;

    /// On the io thread. `seconds` is how long the answer may be waited for; 0 asks once.
    virtual void run(Call call, Answer answer, int seconds, Respond respond) = 0;
};

}  // namespace metalwright::agent::api
