// The part that faces the network may be taken over: nothing that it can send harms the part that
// is root, and whoever comes after it is served.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>

#include "tests/unit/agent/gate/gate_fixture.hpp"

namespace metalwright::agent::gate {
namespace {

class HostileTest : public GateTest {
 protected:
    /// A packet as it is, with these descriptors.
    static void throw_in(const sys::Fd& socket, std::string bytes, const std::vector<int>& fds) {
        iovec part{bytes.data(), bytes.size()};
        std::vector<char> control(CMSG_SPACE(fds.size() * sizeof(int)));
        msghdr message{.msg_iov = &part, .msg_iovlen = 1};
        if (!fds.empty()) {
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            cmsghdr* const header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
            std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
        }
        ASSERT_GE(::sendmsg(socket.get(), &message, MSG_NOSIGNAL), 0) << std::strerror(errno);
    }
    static sys::Fd memory(const std::string& bytes, unsigned seals) {
        sys::Fd fd(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        EXPECT_EQ(::write(fd.get(), bytes.data(), bytes.size()),
                  static_cast<ssize_t>(bytes.size()));
        EXPECT_EQ(::fcntl(fd.get(), F_ADD_SEALS, seals), 0);
        return fd;
    }
    static std::size_t open_descriptors() {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& one :
             std::filesystem::directory_iterator("/proc/self/fd"))
            ++count;
        return count;
    }
    static std::string packet(const Frame& frame) { return std::string(1, '\0') + encode(frame); }
    static constexpr unsigned all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
};

TEST_F(HostileTest, WhatIsNoRequestEndsTheConnectionAndTheNextOneIsServed) {
    options_.hello.named = {File::token};
    options_.paths = {{File::token, "/dev/null"}};
    serve();
    const std::vector<std::pair<const char*, Frame>> wrong{
        {"a hello", to_frame(Hello{})},
        {"an answer", {Kind::done, 1, {}}},
        {"no id", unsent_frame(0, 1)},
        {"no limit", {Kind::unsent, 1, {}}},
        {"a file that is not named", file_frame(1, File::key)},
        {"a path", {Kind::file, 1, {"/etc/shadow"}}},
        {"a report that was not handed out", acknowledge_frame(1, 1)},
        {"a request nobody listens for", to_frame(1, api::Request{.method = "GET", .target = "/"})},
        {"half a submission", {Kind::submit, 1, {"{}"}}}};
    for (const auto& [what, frame] : wrong) {
        const sys::Fd socket = greeted();
        say(socket, frame);
        EXPECT_TRUE(is_hung_up_on(socket)) << what;
    }
    for (const std::string& bytes :
         {std::string("\0", 1), std::string("\7abc", 4),
          std::string(1, '\0') + std::string(9, '\xff'), std::string(60'000, '\0')}) {
        const sys::Fd socket = greeted();
        throw_in(socket, bytes, {});
        EXPECT_TRUE(is_hung_up_on(socket)) << bytes.size();
    }
    EXPECT_TRUE(desk_.submissions().empty());
    EXPECT_TRUE(desk_.acknowledged().empty());
    const sys::Fd socket = greeted();
    say(socket, unsent_frame(1, 1));
    EXPECT_EQ(next(socket)->kind, Kind::reports);
}

TEST_F(HostileTest, DescriptorsThatBelongToNothingAreClosed) {
    serve();
    const std::string ask = packet(unsent_frame(1, 1));
    const std::string in_memory = "\1", with_socket = "\2" + ask.substr(1);
    const std::string frame = encode(unsent_frame(1, 1));
    const sys::Fd whole = memory(frame, all_seals), loose = memory(frame, F_SEAL_WRITE),
                  growing = memory(frame, all_seals & ~unsigned{F_SEAL_GROW}),
                  writable = memory(frame, all_seals & ~unsigned{F_SEAL_WRITE}),
                  huge = memory(std::string(most_frame + 1, 'x'), all_seals),
                  null(::open("/dev/null", O_RDONLY));
    const std::vector<std::pair<std::string, std::vector<int>>> wrong{
        {ask, {null.get()}},
        {ask, std::vector<int>(253, null.get())},
        {in_memory, {}},
        {in_memory, {null.get()}},
        {in_memory, {loose.get()}},
        {in_memory, {growing.get()}},
        {in_memory, {writable.get()}},
        {in_memory, {huge.get()}},
        {in_memory, {whole.get(), whole.get()}},
        {in_memory + "more", {whole.get()}},
        {with_socket, {null.get()}}};
    const std::size_t before = open_descriptors();
    for (std::size_t i = 0; i < wrong.size(); ++i) {
        const sys::Fd socket = greeted();
        throw_in(socket, wrong[i].first, wrong[i].second);
        EXPECT_TRUE(is_hung_up_on(socket)) << i;
    }
    {
        const sys::Fd socket = greeted();
        throw_in(socket, in_memory, {whole.get()});
        EXPECT_EQ(next(socket)->kind, Kind::reports) << "a frame in sealed memory is one";
    }
    EXPECT_TRUE(eventually([&] { return open_descriptors() == before; }))
        << before << " were open, now " << open_descriptors();
}

TEST_F(HostileTest, AnIdIsNotUnderWayTwice) {
    options_.requests = [](const api::Request&, const api::Respond&) {};  // never answered
    serve();
    const sys::Fd socket = greeted();
    const Frame request = to_frame(5, api::Request{.method = "GET", .target = "/"});
    say(socket, request);
    say(socket, unsent_frame(6, 1));
    EXPECT_EQ(next(socket)->id, 6u);
    say(socket, unsent_frame(6, 1));  // that one is answered
    EXPECT_EQ(next(socket)->id, 6u);
    say(socket, request);
    EXPECT_TRUE(is_hung_up_on(socket));
}

TEST_F(HostileTest, AFloodWaitsWithTheKernel) {
    options_.requests = [](const api::Request&, const api::Respond&) {};  // never answered
    options_.most_under_way = 8;
    std::atomic<int> taken = 0;
    options_.requests = [&](const api::Request&, const api::Respond&) { ++taken; };
    serve();
    const sys::Fd socket = greeted();
    std::uint32_t id = 0;
    while (send_packet(socket.get(),
                       encode(to_frame(++id, api::Request{.method = "GET", .target = "/"}))) ==
           Sending::sent) {
    }
    EXPECT_GT(id, 16u);
    ASSERT_TRUE(eventually([&] { return taken == 8; }));
    threads_.on_io([] {});
    EXPECT_EQ(taken, 8) << "more are taken than may be under way";
}

TEST_F(HostileTest, WhoeverTakesNoAnswersIsLeftInTheEnd) {
    options_.patience = milliseconds(200);
    for (int i = 0; i < 100; ++i) desk_.add_report(std::string(1000, 'x'));
    serve();
    const sys::Fd socket = greeted();
    std::uint32_t id = 0;
    // Without reading a single answer, until the gate has hung up.
    ASSERT_TRUE(eventually([&] {
        const Sending how = send_packet(socket.get(), encode(unsent_frame(++id, 10)));
        return how == Sending::lost;
    }));
    (void)greeted();
}

TEST_F(HostileTest, NoDocumentBreaksIt) {
    class Breaking final : public std::runtime_error {
        using runtime_error::runtime_error;
    };
    options_.told = [](const Submission&, const link::Submitted&) { throw Breaking("told"); };
    serve();
    const sys::Fd socket = greeted();
    say(socket, to_frame(1, Submission{.source = {}, .document = "\xff\xfe garbage"}));
    const auto answer = next(socket);
    ASSERT_TRUE(answer && answer->kind == Kind::refused);
    EXPECT_EQ(errors_in(*answer)->front().code, Errc::internal);
    say(socket, unsent_frame(2, 1));
    EXPECT_EQ(next(socket)->kind, Kind::reports) << "it is served on";
}

TEST_F(HostileTest, ChangesArePushedOnceUntilItHasLooked) {
    serve();
    const sys::Fd socket = greeted();
    for (int i = 0; i < 1000; ++i) desk_.add_report();
    EXPECT_EQ(next(socket)->kind, Kind::changed);
    for (int i = 0; i < 1000; ++i) desk_.add_report();
    threads_.on_io([] {});
    say(socket, unsent_frame(1, 1));
    EXPECT_EQ(next(socket)->kind, Kind::reports) << "it was told twice";
    desk_.add_report();
    EXPECT_EQ(next(socket)->kind, Kind::changed);
}

}  // namespace
}  // namespace metalwright::agent::gate
