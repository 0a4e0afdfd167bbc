#include "agent/link/on_pool.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

namespace metalwright::agent::link {

void work_then(boost::asio::thread_pool& pool, boost::asio::io_context& io,
               std::function<void()> work, std::function<void()> then) {
    boost::asio::post(pool, [&io, work = std::move(work), then = std::move(then)]() mutable {
        work();
        boost::asio::post(io, std::move(then));
    });
}

}  // namespace metalwright::agent::link
