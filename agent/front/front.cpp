#include "agent/front/front.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "agent/front/stay.hpp"

namespace metalwright::agent::front {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Errors: unavailable, refused (we may not).
Result<sys::Fd> connect_to(const std::filesystem::path& path) {
    sockaddr_un name{.sun_family = AF_UNIX};
    if (path.native().size() >= sizeof name.sun_path)
        return fail(Errc::invalid_spec, "this path is too long for a socket", path.native());
    std::memcpy(name.sun_path, path.c_str(), path.native().size());
    sys::Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket &&
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0)
        return socket;
    const bool denied = errno == EACCES || errno == EPERM;
    return fail(denied ? Errc::refused : Errc::unavailable,
                std::string("metalwrightd is not reached: ") + std::strerror(errno), path.native(),
                errno);
}

class Front {
 public:
    explicit Front(FrontOptions options)
        : options_(std::move(options)), timer_(io_), signals_(io_, SIGTERM, SIGINT) {}

    int run() {
        signals_.async_wait([this](error_code, int) { stop(); });
        connect();
        io_.run();
        joiner_.join();
        spdlog::info("stopped");
        return status_;
    }

 private:
    void connect() {
        auto socket = connect_to(options_.gate);
        if (!socket) return again(socket.error());
        told_.clear();
        stay_ = std::make_shared<Stay>(io_, pool_, desk_, options_.state);
        stay_->begin(std::move(*socket), [this](const Error& why) { lost(why); });
    }

    void lost(const Error& why) {
        stay_->end();
        stay_.reset();
        if (why.code == Errc::unsupported) {
            // The package was replaced under us; systemd starts the program that belongs to it.
            spdlog::error("{}", why.message);
            status_ = 1;
            return stop();
        }
        again(why);
    }

    void again(const Error& why) {
        if (stopped_) return;
        if (std::exchange(told_, why.message) != why.message)
            spdlog::warn("{}; it is tried again and again", describe(why));
        timer_.expires_after(options_.again);
        timer_.async_wait([this](error_code cancelled) {
            if (!cancelled && !stopped_) connect();
        });
    }

    void stop() {
        if (std::exchange(stopped_, true)) return;
        timer_.cancel();
        signals_.cancel();
        if (stay_) stay_->end();
        stay_.reset();
        // Whoever is on the pool still asks, and is answered that nobody is there.
        joiner_ = std::thread([this] {
            pool_.join();
            io_.stop();
        });
    }

    FrontOptions options_;
    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard_{io_.get_executor()};
    gate::FarDesk desk_{};
    asio::thread_pool pool_{3};
    asio::steady_timer timer_;
    asio::signal_set signals_;
    std::shared_ptr<Stay> stay_{};
    std::thread joiner_{};
    std::string told_{};  ///< why we are not connected
    int status_ = 0;
    bool stopped_ = false;
};

}  // namespace

int run(const FrontOptions& options) {
    std::signal(SIGPIPE, SIG_IGN);
    Front front(options);
    return front.run();
}

}  // namespace metalwright::agent::front
