#pragma once

#include <barrier>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <thread>

namespace metalwright::agent::link {

/// A directory of its own, mode 0700, removed at the end.
class TempDir {
 public:
    TempDir() {
        std::string name = std::filesystem::temp_directory_path() / "metalwright-XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() { std::filesystem::remove_all(path_); }
    const std::filesystem::path& path() const { return path_; }

 private:
    std::filesystem::path path_;
};

/// An io thread and a pool, as the daemon has them.
class Threads {
 public:
    Threads() : guard_(boost::asio::make_work_guard(io)), thread_([this] { io.run(); }) {}
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;
    ~Threads() { end(); }

    /// Runs `work` on the io thread and waits for it.
    template <class Work>
    void on_io(Work work) {
        std::promise<void> done;
        boost::asio::post(io, [&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }

    /// Waits until all that the pool has been given so far is done, and the io thread has heard of
    /// it.
    void settle() {
        // Once each of its threads is in here, none is in what came before.
        const auto all = std::make_shared<std::barrier<>>(pool_threads + 1);
        for (int i = 0; i < pool_threads; ++i)
            boost::asio::post(pool, [all] { all->arrive_and_wait(); });
        all->arrive_and_wait();
        on_io([] {});
    }

    /// The pool first, as the daemon: nothing is posted to an io_context that is gone.
    void end() {
        if (!thread_.joinable()) return;
        pool.join();
        guard_.reset();
        io.stop();
        thread_.join();
    }

    static constexpr int pool_threads = 2;
    boost::asio::io_context io{1};
    boost::asio::thread_pool pool{pool_threads};

 private:
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    std::thread thread_;
};

/// Whether `holds` becomes true within a minute.
inline bool eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

}  // namespace metalwright::agent::link
