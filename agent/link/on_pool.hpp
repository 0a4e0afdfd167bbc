#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <utility>

namespace metalwright::agent::link {

/// Runs `work` on the pool, then `then` with its result on the io thread.
template <class Work, class Then>
void on_pool(boost::asio::thread_pool& pool, boost::asio::io_context& io, Work work, Then then) {
    boost::asio::post(pool, [&io, work = std::move(work), then = std::move(then)]() mutable {
        auto result = work();
        boost::asio::post(io, [result = std::move(result), then = std::move(then)]() mutable {
            then(std::move(result));
        });
    });
}

}  // namespace metalwright::agent::link
