#include "sys/notify.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "sys/fd.hpp"

namespace metalwright::sys {
namespace {

namespace fs = std::filesystem;

/// Stands where systemd does: a datagram socket named by NOTIFY_SOCKET.
class Notify : public ::testing::Test {
 protected:
    Notify() {
        std::string name = (fs::temp_directory_path() / "metalwright-notify-XXXXXX").string();
        directory = ::mkdtemp(name.data());
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = (directory / "notify").string();
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        socket = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                  0);
        ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    }
    ~Notify() override {
        for (const char* name :
             {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID"})
            ::unsetenv(name);
        fs::remove_all(directory);
    }

    std::string heard() {
        std::array<char, 1024> message;
        const ssize_t n = ::recv(socket.get(), message.data(), message.size(), 0);
        return n < 0 ? "nothing" : std::string(message.data(), static_cast<std::size_t>(n));
    }

    fs::path directory;
    Fd socket;
};

TEST_F(Notify, TellsItsState) {
    notify_ready("waiting for an order");
    EXPECT_EQ(heard(), "READY=1\nSTATUS=waiting for an order");
    notify_status("applying");
    EXPECT_EQ(heard(), "STATUS=applying");
    notify_watchdog();
    EXPECT_EQ(heard(), "WATCHDOG=1");
    notify_stopping("parking");
    EXPECT_EQ(heard(), "STOPPING=1\nSTATUS=parking");
}

TEST_F(Notify, AStatusCannotSmuggleInAnotherField) {
    notify_status("bad\nMAINPID=1");
    EXPECT_EQ(heard(), "STATUS=bad");
}

TEST_F(Notify, AnAbstractSocketIsHeardToo) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = "metalwright-notify-" + std::to_string(::getpid());
    std::strncpy(address.sun_path + 1, name.c_str(), sizeof address.sun_path - 2);
    socket = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
    notify_watchdog();
    EXPECT_EQ(heard(), "WATCHDOG=1");
}

TEST_F(Notify, WithoutSystemdNothingHappens) {
    ::unsetenv("NOTIFY_SOCKET");
    notify_ready("alone");
    EXPECT_EQ(heard(), "nothing");
}

TEST_F(Notify, KnowsTheWatchdogOnlyWhenItIsOurs) {
    EXPECT_FALSE(watchdog_interval());
    ::setenv("WATCHDOG_USEC", "60000000", 1);
    EXPECT_EQ(watchdog_interval(), std::chrono::microseconds(60'000'000));
    ::setenv("WATCHDOG_PID", "1", 1);
    EXPECT_FALSE(watchdog_interval());
}

TEST_F(Notify, TakesTheSocketsThatWereHandedOverOnce) {
    EXPECT_TRUE(listen_fds().value().empty());
    const Fd keep(::fcntl(3, F_DUPFD_CLOEXEC, 10));  // whatever the test program has there
    ASSERT_EQ(::dup2(socket.get(), 3), 3);
    ::setenv("LISTEN_FDS", "1", 1);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    EXPECT_EQ(listen_fds().value(), (std::vector<HandedOver>{{3, ""}}));
    EXPECT_NE(::fcntl(3, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_TRUE(listen_fds().value().empty()) << "a child must not take them again";
    EXPECT_EQ(::getenv("LISTEN_FDS"), nullptr);
    ::setenv("LISTEN_FDS", "1", 1);
    ::setenv("LISTEN_PID", "1", 1);
    EXPECT_TRUE(listen_fds().value().empty()) << "they were handed to another process";
    if (keep)
        ::dup2(keep.get(), 3);
    else
        ::close(3);
}

TEST_F(Notify, ASocketThatIsHandedOverHasTheNameOfItsUnit) {
    const Fd keep(::fcntl(3, F_DUPFD_CLOEXEC, 10)), keep_next(::fcntl(4, F_DUPFD_CLOEXEC, 10));
    ASSERT_EQ(::dup2(socket.get(), 3), 3);
    ASSERT_EQ(::dup2(socket.get(), 4), 4);
    ::setenv("LISTEN_FDS", "2", 1);
    ::setenv("LISTEN_FDNAMES", "metalwright.socket:link", 1);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    EXPECT_EQ(listen_fds().value(),
              (std::vector<HandedOver>{{3, "metalwright.socket"}, {4, "link"}}));
    EXPECT_EQ(::getenv("LISTEN_FDNAMES"), nullptr);
    keep ? (void)::dup2(keep.get(), 3) : (void)::close(3);
    keep_next ? (void)::dup2(keep_next.get(), 4) : (void)::close(4);
}

TEST_F(Notify, ADamagedHandoverIsTold) {
    ::setenv("LISTEN_FDS", "many", 1);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    EXPECT_FALSE(listen_fds());
    ::setenv("LISTEN_FDS", "500", 1);  // none of them is open
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    EXPECT_FALSE(listen_fds());
}

}  // namespace
}  // namespace metalwright::sys
