#include "agent/api/peer.hpp"

#include <grp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tests/unit/agent/api/running_server.hpp"

namespace metalwright::agent::api {
namespace {

constexpr unsigned daemon_uid = 990;
constexpr unsigned someone = 1234;
constexpr unsigned someone_else = 1235;
constexpr unsigned readers = 77;

const Peer root{.process = {.pid = 10, .uid = 0, .gid = 0}, .groups = {0}};
const Peer reader{.process = {.pid = 20, .uid = someone, .gid = someone},
                  .groups = {readers, someone}};

Senders only(const Credentials& sender) {
    Senders senders;
    senders.add(sender);
    return senders;
}

TEST(CallerOf, WhoConnectedAndSentHasAllItsGroups) {
    const Caller caller = caller_of(reader, only(reader.process), daemon_uid);
    EXPECT_EQ(caller.unsound, "");
    EXPECT_EQ(caller.process, reader.process);
    EXPECT_EQ(caller.groups, reader.groups);
}

TEST(CallerOf, AnotherProcessOfThatUserHasItsOwnGroupAlone) {
    const Caller child =
        caller_of(reader, only({.pid = 21, .uid = someone, .gid = someone}), daemon_uid);
    EXPECT_EQ(child.unsound, "");
    EXPECT_EQ(child.groups, std::vector<unsigned>{someone});
    const Caller member =
        caller_of(reader, only({.pid = 21, .uid = someone, .gid = readers}), daemon_uid);
    EXPECT_EQ(member.groups, std::vector<unsigned>{readers});
}

TEST(CallerOf, WhoGotItFromRootIsNotRoot) {
    const Credentials dropped{.pid = 11, .uid = someone, .gid = someone};
    for (const Peer& from : {root, Peer{.process = {.pid = 12, .uid = daemon_uid, .gid = 1}}}) {
        const Caller caller = caller_of(from, only(dropped), daemon_uid);
        EXPECT_EQ(caller.unsound, "");
        EXPECT_EQ(caller.process, dropped);
        EXPECT_EQ(caller.groups, std::vector<unsigned>{someone});
    }
    // The same process, which has become another user.
    EXPECT_EQ(caller_of(root, only({.pid = 10, .uid = someone, .gid = 0}), daemon_uid).process.uid,
              someone);
}

TEST(CallerOf, RootDoesNotLendItsNameToWhoConnected) {
    EXPECT_NE(caller_of(reader, only(root.process), daemon_uid).unsound, "");
    EXPECT_NE(caller_of(reader, only({.pid = 22, .uid = someone_else, .gid = readers}), daemon_uid)
                  .unsound,
              "");
}

TEST(CallerOf, SeveralSendersAreNobody) {
    Senders senders = only(root.process);
    senders.add(root.process);
    EXPECT_EQ(caller_of(root, senders, daemon_uid).unsound, "");
    senders.add(Credentials{.pid = 11, .uid = 0, .gid = 0});
    EXPECT_NE(caller_of(root, senders, daemon_uid).unsound, "");
    // What one request began with, another may not end.
    senders.next(true);
    EXPECT_EQ(caller_of(root, senders, daemon_uid).unsound, "");
    senders.add(root.process);
    EXPECT_NE(caller_of(root, senders, daemon_uid).unsound, "");
    senders.next(false);
    senders.add(root.process);
    EXPECT_EQ(caller_of(root, senders, daemon_uid).unsound, "");
}

TEST(CallerOf, WhomTheKernelDoesNotNameIsNobody) {
    Senders senders;
    senders.add(std::nullopt);
    const Caller caller = caller_of(root, senders, daemon_uid);
    EXPECT_EQ(caller.process.uid, 65534U);
    EXPECT_NE(caller_of(reader, senders, daemon_uid).unsound, "");
    EXPECT_NE(caller_of(Peer{}, senders, daemon_uid).groups, reader.groups);
}

// --- what the kernel says

/// Does `work` in a child, as this user where one is named, and waits for it.
void in_child(const std::function<void()>& work, unsigned user = 0) {
    const pid_t child = ::fork();
    if (child == 0) {
        if (user != 0 && (::setgroups(0, nullptr) != 0 || ::setresgid(user, user, user) != 0 ||
                          ::setresuid(user, user, user) != 0))
            ::_exit(1);
        work();
        ::_exit(0);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

/// "uid/number of groups" or why it is nobody's.
void who(Request request, const Respond& respond) {
    respond({.body = request.unsound.empty()
                         ? std::to_string(request.uid) + "/" + std::to_string(request.groups.size())
                         : "nobody's"});
}

std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string last_get = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n";

class SenderOfARequest : public testing::Test {
 protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "becomes another user: needs root";
    }
    Threads threads_;
    RunningServer running_{threads_, who};
    SocketClient client_{running_.socket_path};
};

TEST_F(SenderOfARequest, IsWhoWroteItNotWhoConnected) {
    in_child([&] { client_.send(last_get); }, someone);
    EXPECT_EQ(body_of(client_.read_all()), std::to_string(someone) + "/1");
}

TEST_F(SenderOfARequest, ChangesFromOneRequestToTheNext) {
    in_child([&] { client_.send(get); }, someone);
    client_.send(get);
    in_child([&] { client_.send(last_get); }, someone_else);
    const std::string answers = client_.read_all();
    const std::size_t first = answers.find(std::to_string(someone) + "/1");
    const std::size_t second = answers.find("\r\n\r\n0/", first);
    const std::size_t third = answers.find(std::to_string(someone_else) + "/1", second);
    EXPECT_NE(third, std::string::npos) << answers;
}

TEST_F(SenderOfARequest, IsNobodyWhereTwoHaveWrittenIt) {
    const std::string post = "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n";
    client_.send(post + "ab");
    in_child([&] { client_.send("cd" + get); });  // root too, and still another
    const std::string answer = client_.read_all();
    EXPECT_EQ(body_of(answer), "nobody's");
    EXPECT_NE(answer.find("Connection: close"), std::string::npos)
        << "the next one may be torn too";
}

TEST_F(SenderOfARequest, IsNobodyWhereOneBeganItAfterItsOwn) {
    in_child([&] { client_.send(get + "GET / HT"); }, someone);
    client_.send("TP/1.1\r\n\r\n");
    const std::string answers = client_.read_all();
    EXPECT_NE(answers.find(std::to_string(someone) + "/1"), std::string::npos);
    EXPECT_TRUE(answers.ends_with("nobody's")) << answers;
}

TEST_F(SenderOfARequest, CannotHandADescriptorToUs) {
    const auto open_here = [] {
        return std::ranges::distance(std::filesystem::directory_iterator("/proc/self/fd"));
    };
    client_.send(get);
    client_.read(60);
    const auto before = open_here();
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> more{};
    iovec part{.iov_base = const_cast<char*>(last_get.data()), .iov_len = last_get.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = more.data();
    message.msg_controllen = more.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    *header = {
        .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    const int handed = STDIN_FILENO;
    std::memcpy(CMSG_DATA(header), &handed, sizeof handed);
    ASSERT_EQ(::sendmsg(client_.fd(), &message, 0), static_cast<ssize_t>(last_get.size()));
    EXPECT_NE(client_.read_all().find("Connection: close"), std::string::npos);
    threads_.on_io([&] { EXPECT_LE(open_here(), before); });
}

TEST(SenderOfASocket, ThatWasHandedOverByTheServiceManagerIsKnownToo) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un nameless{.sun_family = AF_UNIX};  // the kernel gives it a name
    ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&nameless), sizeof nameless.sun_family),
              0);
    ASSERT_EQ(::listen(fd, 1), 0);
    const auto adopted = adopt_socket(fd);
    ASSERT_TRUE(adopted) << describe(adopted.error());
    int on = 0;
    socklen_t size = sizeof on;
    ASSERT_EQ(::getsockopt(adopted->fd(), SOL_SOCKET, SO_PASSCRED, &on, &size), 0);
    EXPECT_EQ(on, 1);
}

}  // namespace
}  // namespace metalwright::agent::api
