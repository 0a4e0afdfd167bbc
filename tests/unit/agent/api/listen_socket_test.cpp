#include "agent/api/listen_socket.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/unit/agent/api/running_server.hpp"

namespace metalwright::agent::api {
namespace {

TEST(ListenSocket, HasMode0660WhateverTheUmask) {
    const TempDir dir;
    const auto path = dir.path() / "s";
    const mode_t before = ::umask(0);
    const auto wide = bind_socket(path);
    ::umask(before);
    ASSERT_TRUE(wide) << describe(wide.error());
    struct stat made{};
    ASSERT_EQ(::stat(path.c_str(), &made), 0);
    EXPECT_EQ(made.st_mode & 07777u, 0660u);
}

TEST(ListenSocket, TakesThePlaceOfAStaleSocket) {
    const TempDir dir;
    const auto path = dir.path() / "s";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(::bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(dead);

    const auto socket = bind_socket(path);
    ASSERT_TRUE(socket) << describe(socket.error());
    EXPECT_TRUE(SocketClient(path).connected());
}

TEST(ListenSocket, RefusesToStealFromALiveDaemon) {
    const TempDir dir;
    const auto path = dir.path() / "s";
    const auto first = bind_socket(path);
    ASSERT_TRUE(first);
    const auto second = bind_socket(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::busy);
    EXPECT_EQ(second.error().where, path.string());
    EXPECT_TRUE(SocketClient(path).connected());
}

TEST(ListenSocket, NeverRemovesWhatIsNoSocket) {
    const TempDir dir;
    const auto path = dir.path() / "precious";
    std::ofstream(path) << "data";
    const auto socket = bind_socket(path);
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error().code, Errc::conflict);
    EXPECT_TRUE(std::filesystem::is_regular_file(path));
}

TEST(ListenSocket, SaysThatThePathIsTooLong) {
    const auto socket = bind_socket("/" + std::string(200, 'x'));
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error().code, Errc::invalid_spec);
}

TEST(ListenSocket, RemovesItsOwnFileAndNoOther) {
    const TempDir dir;
    const auto path = dir.path() / "s";
    {
        const auto socket = bind_socket(path);
    }
    EXPECT_FALSE(std::filesystem::exists(path));

    auto socket = bind_socket(path);
    ASSERT_TRUE(socket);
    std::filesystem::remove(path);
    std::ofstream(path) << "somebody else's";
    *socket = ListenSocket{};
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(ListenSocket, AdoptsAListeningSocketAndLeavesItsFile) {
    const TempDir dir;
    const auto path = dir.path() / "s";
    const auto systemd = bind_socket(path);
    ASSERT_TRUE(systemd);
    {
        const auto adopted = adopt_socket(::dup(systemd->fd()));
        ASSERT_TRUE(adopted) << describe(adopted.error());
    }
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(ListenSocket, AdoptsATcpSocketOfAnotherProcessAndNothingElse) {
    const auto bound = bind_tcp("127.0.0.1", 0);
    ASSERT_TRUE(bound);
    const auto adopted = adopt_tcp(::dup(bound->fd()));
    ASSERT_TRUE(adopted) << describe(adopted.error());
    EXPECT_EQ(adopted->port(), bound->port());
    EXPECT_FALSE(adopt_tcp(::socket(AF_INET, SOCK_STREAM, 0))) << "it does not listen";
    EXPECT_FALSE(adopt_tcp(::socket(AF_UNIX, SOCK_STREAM, 0)));
    EXPECT_FALSE(adopt_tcp(::open("/dev/null", O_RDONLY)));
}

TEST(ListenSocket, RefusesADescriptorOfAnotherKind) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    EXPECT_FALSE(adopt_socket(ends[0]));
    const int idle = ::socket(AF_UNIX, SOCK_STREAM, 0);  // not listening: Accept=yes
    EXPECT_FALSE(adopt_socket(idle));
    const int tcp = ::socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_EQ(::listen(tcp, 1), 0);
    EXPECT_FALSE(adopt_socket(tcp));
    for (const int fd : {ends[0], ends[1], idle, tcp}) ::close(fd);
}

}  // namespace
}  // namespace metalwright::agent::api
