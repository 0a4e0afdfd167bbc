#pragma once

#include "agent/api/message.hpp"
#include "agent/desk/desk.hpp"

namespace boost::asio {
class io_context;
class thread_pool;
}  // namespace boost::asio

namespace metalwright::agent::api {

/// The admin API (schema/admin-api.openapi.yaml): every route, over the Desk, whose calls run on
/// `pool`. Anything but GET is for root and for `owner_uid` (403). Long polls (`wait`, 0 to 300 s)
/// wake by Desk::on_change.
/// `desk` must outlive the pool's threads, `io` and `pool` the handler.
Handler routes(Desk& desk, boost::asio::io_context& io, boost::asio::thread_pool& pool,
               unsigned owner_uid);
/// With the daemon's own uid.
Handler routes(Desk& desk, boost::asio::io_context& io, boost::asio::thread_pool& pool);

}  // namespace metalwright::agent::api
