#pragma once

#include <functional>
#include <optional>

#include "agent/api/message.hpp"
#include "agent/audit/trail.hpp"
#include "agent/desk/desk.hpp"

namespace boost::asio {
class io_context;
class thread_pool;
}  // namespace boost::asio

namespace metalwright::agent::api {

/// The group that may read, by its id; nothing where there is none.
using Readers = std::function<std::optional<unsigned>()>;

/// The admin API (schema/admin.openapi.yaml) and the vendors': every route, over the Desk,
/// whose calls run on `pool`. Root and `owner_uid` may do everything, members of the group
/// `readers` read, nobody else anything (403). Long polls (`wait`, 0 to 300 s) wake by
/// Desk::on_change. `desk` must outlive the pool's threads, `io` and `pool` the handler.
///
/// What changes something, or would have, and what reads secrets is written to `trail` before it is
/// answered; null: nowhere. It must outlive `io`.
Handler routes(Desk& desk, boost::asio::io_context& io, boost::asio::thread_pool& pool,
               unsigned owner_uid, Readers readers, audit::Trail* trail = nullptr);
/// With the daemon's own uid, and the group metalwright where there is one.
Handler routes(Desk& desk, boost::asio::io_context& io, boost::asio::thread_pool& pool,
               audit::Trail* trail = nullptr);

}  // namespace metalwright::agent::api
