#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <memory>
#include <string>

#include "agent/gate/far_desk.hpp"
#include "agent/gate/gate.hpp"
#include "agent/gate/packet.hpp"
#include "tests/fakes/fake_desk.hpp"
#include "tests/unit/agent/link/threads.hpp"

namespace metalwright::agent::gate {

using link::eventually;
using std::chrono::milliseconds;

/// A gate before a FakeDesk, and whoever comes to it.
class GateTest : public testing::Test {
 protected:
    GateTest() {
        name_.sun_family = AF_UNIX;
        const std::string path = dir_.path() / "link.sock";
        std::memcpy(name_.sun_path, path.c_str(), path.size() + 1);
        options_.hello.host_id = "host 7";
        options_.after_nonsense = milliseconds(1);
        options_.between = milliseconds(1);
    }
    ~GateTest() override {
        threads_.on_io([&] {
            leave();
            gate_.reset();
        });
        threads_.end();
    }

    sockaddr* name() { return reinterpret_cast<sockaddr*>(&name_); }

    void serve() {
        sys::Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
        ASSERT_EQ(::bind(socket.get(), name(), sizeof name_), 0);
        ASSERT_EQ(::listen(socket.get(), 8), 0);
        ASSERT_TRUE(is_gate(socket.get()));
        threads_.on_io([&] {
            gate_ = std::make_unique<Gate>(threads_.io, threads_.pool, desk_, std::move(socket),
                                           options_);
            gate_->start();
        });
    }

    /// A socket that is connected; one that waits when it is read.
    sys::Fd dial() {
        sys::Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::connect(socket.get(), name(), sizeof name_), 0);
        const timeval patience{.tv_sec = 20, .tv_usec = 0};
        ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        return socket;
    }

    /// The next frame that comes; nothing at the end of the connection.
    static std::optional<Frame> next(const sys::Fd& socket) {
        char peek = 0;
        if (::recv(socket.get(), &peek, 1, MSG_PEEK) <= 0) return std::nullopt;
        auto packet = receive_packet(socket.get());
        if (!packet || !*packet) return std::nullopt;
        return decode((*packet)->bytes).value();
    }
    static void say(const sys::Fd& socket, const Frame& frame, int with = -1) {
        ASSERT_EQ(send_packet(socket.get(), encode(frame), with), Sending::sent);
    }
    /// One that has been greeted.
    sys::Fd greeted() {
        sys::Fd socket = dial();
        const auto hello = next(socket);
        EXPECT_TRUE(hello && hello->kind == Kind::hello);
        return socket;
    }
    /// Whether the gate ends the connection, whatever it says before: not whether it is silent.
    static bool is_hung_up_on(const sys::Fd& socket) {
        while (next(socket)) {
        }
        char peek = 0;
        const ssize_t count = ::recv(socket.get(), &peek, 1, MSG_PEEK | MSG_DONTWAIT);
        return count == 0 || (count < 0 && errno == ECONNRESET);
    }

    /// The gate's own other end.
    void come() {
        std::promise<Hello> greeting;
        auto told = greeting.get_future();
        threads_.on_io([&] {
            channel_ = std::make_shared<Channel>(
                threads_.io, dial(),
                ChannelEars{.hello = [&](const Hello& hello) { greeting.set_value(hello); },
                            .listener = [](const sys::Fd&) {},
                            .changed = [this] { far_.changed(); },
                            .lost = [this](const Error&) { lost_ = true; }});
            far_.attach(channel_);
            channel_->start();
        });
        hello_ = told.get();
    }
    void leave() {
        far_.detach();
        if (channel_) channel_->close();
        channel_.reset();
    }

    link::TempDir dir_;
    sockaddr_un name_{};
    FakeDesk desk_;
    link::Threads threads_;
    GateOptions options_{};
    std::unique_ptr<Gate> gate_;
    FarDesk far_{};
    std::shared_ptr<Channel> channel_;
    Hello hello_{};
    std::atomic<bool> lost_ = false;
};

}  // namespace metalwright::agent::gate
