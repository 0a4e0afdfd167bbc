#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "agent/api/message.hpp"
#include "agent/audit/trail.hpp"

namespace boost::asio {
class io_context;
class thread_pool;
}  // namespace boost::asio

namespace metalwright::agent::api {

struct SignedDoorOptions {
    std::filesystem::path keys_file{};  ///< read anew with each request: keys are changed in place
    std::int64_t skew_ms = 15LL * 60 * 1000;
    std::size_t most_nonces = 100'000;
    /// Where those that were seen outlive this process; empty: nowhere.
    std::filesystem::path nonces_file{};
    std::function<std::int64_t()> clock{};  ///< milliseconds since 1970, UTC
    audit::Trail* trail = nullptr;          ///< where it is told who is refused; null: nowhere
};

/// What stands behind a socket that everybody may reach: hands on to `behind` what is a vendor's
/// operation and carries that vendor's signature by a key of this host; everything else is refused
/// in the vendor's words. Verifies on `pool`.
Handler signed_door(Handler behind, boost::asio::io_context& io, boost::asio::thread_pool& pool,
                    SignedDoorOptions options);

}  // namespace metalwright::agent::api
