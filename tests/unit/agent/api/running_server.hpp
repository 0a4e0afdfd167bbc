#pragma once

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "agent/api/http_server.hpp"
#include "tests/unit/agent/api/socket_client.hpp"

namespace metalwright::agent::api {

/// A directory of its own, removed at the end.
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

    void end() {
        if (!thread_.joinable()) return;
        pool.join();
        guard_.reset();
        io.stop();
        thread_.join();
    }

    boost::asio::io_context io{1};
    static constexpr std::size_t pool_size = 2;
    boost::asio::thread_pool pool{pool_size};

 private:
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    std::thread thread_;
};

/// A server on a socket in a directory of its own.
class RunningServer {
 public:
    RunningServer(Threads& threads, Handler handler, ServerLimits limits = {})
        : threads_(threads), socket_path(dir_.path() / "admin.sock") {
        auto socket = bind_socket(socket_path);
        EXPECT_TRUE(socket) << describe(socket.error());
        server = std::make_unique<HttpServer>(threads.io, std::move(*socket), std::move(handler),
                                              limits);
        threads.on_io([&] { server->start(); });
    }
    ~RunningServer() {
        threads_.on_io([&] { server.reset(); });
    }

 private:
    Threads& threads_;
    TempDir dir_;

 public:
    const std::filesystem::path socket_path;
    std::unique_ptr<HttpServer> server;
};

}  // namespace metalwright::agent::api
