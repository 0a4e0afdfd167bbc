#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace boost::asio {
class io_context;
class thread_pool;
}  // namespace boost::asio

namespace metalwright::agent::link {

/// Runs `work` on the pool, then `then` on the io thread.
void work_then(boost::asio::thread_pool& pool, boost::asio::io_context& io,
               std::function<void()> work, std::function<void()> then);

/// The same, with the result of `work` handed to `then`.
template <class Work, class Then>
void on_pool(boost::asio::thread_pool& pool, boost::asio::io_context& io, Work work, Then then) {
    auto result = std::make_shared<std::optional<decltype(work())>>();
    work_then(
        pool, io, [result, work = std::move(work)] { result->emplace(work()); },
        [result, then = std::move(then)]() mutable { then(std::move(**result)); });
}

}  // namespace metalwright::agent::link
