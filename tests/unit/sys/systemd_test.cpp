#include "sys/systemd.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "sys/dbus.hpp"
#include "sys/fd.hpp"

namespace metalwright::sys {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Unref {
    void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};

/// Plays PID 1 to one connection, by systemd's own library; or says whatever it is told to.
class Pid1 {
 public:
    /// Answers one call after the other.
    using Answer = std::function<int(sd_bus_message*)>;
    explicit Pid1(Answer answer) : Pid1() {
        serve_ = std::jthread([this, answer = std::move(answer)](const std::stop_token& stop) {
            const Fd connection = accept(stop);
            if (connection) serve(connection.get(), answer, stop);
        });
    }
    /// Says these bytes once it is spoken to; `heard` is what it was told until then.
    explicit Pid1(std::string bytes) : Pid1() {
        serve_ = std::jthread([this, bytes = std::move(bytes)](const std::stop_token& stop) {
            const Fd connection = accept(stop);
            if (!connection) return;
            std::string piece(4096, '\0');
            const ssize_t got = ::recv(connection.get(), piece.data(), piece.size(), 0);
            heard = piece.substr(0, static_cast<std::size_t>(std::max(got, ssize_t{0})));
            ::send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            while (!stop.stop_requested() && readable(connection.get()))
                if (::recv(connection.get(), piece.data(), piece.size(), 0) <= 0) return;
        });
    }
    ~Pid1() {
        end();
        fs::remove_all(folder_);
    }
    void end() {
        serve_.request_stop();
        if (serve_.joinable()) serve_.join();
    }

    fs::path socket() const { return folder_ / "private"; }
    /// What was asked, as systemd's library reads it.
    std::string heard;

 private:
    Pid1() {
        char name[] = "/tmp/metalwright-pid1-XXXXXX";
        folder_ = ::mkdtemp(name);
        listening_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::ranges::copy(socket().native(), address.sun_path);
        EXPECT_EQ(
            ::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            0);
        EXPECT_EQ(::listen(listening_.get(), 1), 0);
    }

    static bool readable(int fd) {
        pollfd news{fd, POLLIN, 0};
        return ::poll(&news, 1, 20) >= 0;
    }

    Fd accept(const std::stop_token& stop) const {
        while (!stop.stop_requested()) {
            pollfd news{listening_.get(), POLLIN, 0};
            if (::poll(&news, 1, 20) > 0)
                return Fd(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        }
        return Fd();
    }

    void serve(int connection, const Answer& answer, const std::stop_token& stop) {
        sd_bus* made = nullptr;
        sd_bus_new(&made);
        const std::unique_ptr<sd_bus, Unref> bus(made);
        sd_id128_t id;
        sd_id128_randomize(&id);
        sd_bus_set_fd(made, ::dup(connection), ::dup(connection));
        sd_bus_set_server(made, 1, id);
        ASSERT_GE(sd_bus_start(made), 0);
        while (!stop.stop_requested()) {
            sd_bus_message* call = nullptr;
            const int done = sd_bus_process(made, &call);
            if (done < 0) return;
            if (call != nullptr && sd_bus_message_is_method_call(call, nullptr, nullptr) > 0) {
                hear(call);
                EXPECT_GE(answer(call), 0);
            }
            sd_bus_message_unref(call);
            if (done == 0) sd_bus_wait(made, 20'000);
        }
    }

    void hear(sd_bus_message* call) {
        char* text = nullptr;
        std::size_t size = 0;
        FILE* file = ::open_memstream(&text, &size);
        EXPECT_GE(sd_bus_message_dump(call, file, SD_BUS_MESSAGE_DUMP_WITH_HEADER), 0);
        std::fclose(file);
        // One line a value, without what it is drawn with.
        std::string line;
        for (const char c : std::string(text, size)) {
            if (c == '\n') line += ' ';
            if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e)
                continue;
            if (c != ' ' || (!line.empty() && line.back() != ' ')) line += c;
        }
        heard += line + "\n";
        ::free(text);
        sd_bus_message_rewind(call, 1);
    }

    fs::path folder_;
    Fd listening_;
    std::jthread serve_;
};

const TransientService service{
    .name = "metalwright-userdata-i-1.service",
    .command = {"/usr/bin/run", "run", "/state/i-1", "--log", ""},
    .after_the_end = {"/usr/bin/run", "record", "/state/i-1"},
    .properties = {{"Description", "User data of instance i-1"},
                   {"TasksMax", unlimited},
                   {"RuntimeMaxUSec", std::uint64_t{3'660'000'000}},
                   {"After", std::vector<std::string>{"network-online.target", "x.service"}},
                   {"KillMode", "process"}}};

int job(sd_bus_message* call) {
    return sd_bus_reply_method_return(call, "o", "/org/freedesktop/systemd1/job/7");
}

TEST(Systemd, AServiceIsStartedAsItsOwnLibraryReadsIt) {
    Pid1 pid1(job);
    const Result<void> started = PrivateSystemd(pid1.socket()).start(service);
    ASSERT_TRUE(started) << describe(started.error());
    for (const char* part :
         {"Path=/org/freedesktop/systemd1 ", "Interface=org.freedesktop.systemd1.Manager ",
          "Member=StartTransientUnit ", "MESSAGE \"ssa(sv)a(sa(sv))\"",
          "STRING \"metalwright-userdata-i-1.service\"; STRING \"fail\";",
          "STRING \"Description\"; VARIANT \"s\" { STRING \"User data of instance i-1\";",
          "STRING \"TasksMax\"; VARIANT \"t\" { UINT64 18446744073709551615;",
          "STRING \"RuntimeMaxUSec\"; VARIANT \"t\" { UINT64 3660000000;",
          "STRING \"After\"; VARIANT \"as\" { ARRAY \"s\" { STRING \"network-online.target\"; "
          "STRING \"x.service\";",
          "STRING \"KillMode\"; VARIANT \"s\" { STRING \"process\";",
          "STRING \"ExecStart\"; VARIANT \"a(sasb)\" { ARRAY \"(sasb)\" { STRUCT \"sasb\" { STRING "
          "\"/usr/bin/run\"; ARRAY \"s\" { STRING \"/usr/bin/run\"; STRING \"run\"; STRING "
          "\"/state/i-1\"; STRING \"--log\"; STRING \"\"; }; BOOLEAN false;",
          "STRING \"ExecStopPost\"; VARIANT \"a(sasb)\" { ARRAY \"(sasb)\" { STRUCT \"sasb\" { "
          "STRING \"/usr/bin/run\"; ARRAY \"s\" { STRING \"/usr/bin/run\"; STRING \"record\";",
          "ARRAY \"(sa(sv))\" { };"})
        EXPECT_THAT(pid1.heard, HasSubstr(part));
}

TEST(Systemd, WhatItRefusesIsTold) {
    Pid1 pid1([](sd_bus_message* call) {
        return sd_bus_reply_method_errorf(call, "org.freedesktop.systemd1.UnitExists",
                                          "Unit %s was already loaded.", "a.service");
    });
    const Result<void> started = PrivateSystemd(pid1.socket()).start(service);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Errc::command_failed);
    EXPECT_EQ(started.error().message, "Unit a.service was already loaded.");
    EXPECT_EQ(started.error().where, "org.freedesktop.systemd1.UnitExists");
}

TEST(Systemd, NewsOfOtherThingsAreNoAnswer) {
    Pid1 pid1([](sd_bus_message* call) {
        sd_bus* bus = sd_bus_message_get_bus(call);
        for (int i = 0; i < 100; ++i)
            sd_bus_emit_signal(bus, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                               "UnitNew", "so", std::string(100, 'x').c_str(), "/a");
        return job(call);
    });
    EXPECT_TRUE(PrivateSystemd(pid1.socket()).start(service));
}

/// Tells properties; "Job" as what is queued.
Pid1::Answer properties(const char* load, const char* active, std::uint32_t queued) {
    return [=](sd_bus_message* call) {
        const char *interface = nullptr, *name = nullptr;
        if (sd_bus_message_read(call, "ss", &interface, &name) < 0) return -1;
        const std::string property = name;
        if (property == "Job") return sd_bus_reply_method_return(call, "v", "(uo)", queued, "/job");
        if (property == "ExecMainCode") return sd_bus_reply_method_return(call, "v", "i", 2);
        if (property == "ExecMainStatus") return sd_bus_reply_method_return(call, "v", "i", 9);
        const char* text = property == "LoadState"     ? load
                           : property == "ActiveState" ? active
                                                       : "signal";
        return sd_bus_reply_method_return(call, "v", "s", text);
    };
}

TEST(Systemd, TellsWhatBecameOfAService) {
    Pid1 pid1(properties("loaded", "failed", 0));
    const auto state = PrivateSystemd(pid1.socket()).state("metalwright-userdata-i_2d1.service");
    ASSERT_TRUE(state) << describe(state.error());
    EXPECT_EQ(*state,
              (UnitState{
                  .loaded = true, .result = "signal", .exec_main_code = 2, .exec_main_status = 9}));
    EXPECT_THAT(pid1.heard, HasSubstr("Path=/org/freedesktop/systemd1/unit/"
                                      "metalwright_2duserdata_2di_5f2d1_2eservice "));
}

TEST(Systemd, IsBusyWhileItRunsOrWaitsForItsTurn) {
    for (const auto& [active, queued, busy] :
         {std::tuple{"active", 0U, true}, std::tuple{"deactivating", 0U, true},
          std::tuple{"inactive", 17U, true}, std::tuple{"inactive", 0U, false},
          std::tuple{"failed", 0U, false}}) {
        Pid1 pid1(properties("loaded", active, queued));
        EXPECT_EQ(PrivateSystemd(pid1.socket()).state("a.service").value().busy, busy)
            << active << ' ' << queued;
    }
    Pid1 pid1(properties("not-found", "inactive", 0));
    EXPECT_FALSE(PrivateSystemd(pid1.socket()).state("a.service").value().loaded);
}

TEST(Systemd, WhereThereIsNoneThatIsSaid) {
    const Result<void> started = PrivateSystemd("/nowhere/private").start(service);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Errc::unavailable);
    EXPECT_EQ(started.error().where, "/nowhere/private");
    EXPECT_EQ(started.error().sys, ENOENT);
}

TEST(Systemd, WhoeverIsNotLetInHasStartedNothing) {
    Pid1 pid1(std::string("REJECTED EXTERNAL\r\n"));
    EXPECT_EQ(PrivateSystemd(pid1.socket()).start(service).error().code, Errc::unavailable);
}

TEST(Systemd, BeginGoesAlongAndTheCallOnlyAfterTheAnswer) {
    std::string heard;
    {
        Pid1 pid1(std::string("OK 0123\r\n"));
        PrivateSystemd impatient(pid1.socket(), std::chrono::milliseconds(30));
        EXPECT_FALSE(impatient.start(service));
        pid1.end();
        heard = pid1.heard;
    }
    std::string uid;
    for (const char digit : std::to_string(::getuid())) uid += std::string("3") + digit;
    EXPECT_EQ(heard, std::string(1, '\0') + "AUTH EXTERNAL " + uid + "\r\nBEGIN\r\n");
}

TEST(Systemd, ASilentOneIsNotWaitedForForEver) {
    Pid1 pid1(std::string("OK 0123\r\n"));
    const PrivateSystemd impatient(pid1.socket(), std::chrono::milliseconds(30));
    EXPECT_EQ(PrivateSystemd(impatient).start(service).error().code, Errc::timed_out);
}

TEST(Systemd, WhatIsNoAnswerIsToldAsDamaged) {
    for (const std::string& rubbish :
         {std::string(64, 'x'), std::string("l\2\0\1\xff\xff\xff\xff\1\0\0\0\0\0\0\0", 16),
          std::string("l\2\0\1\0\0\0\0\1\0\0\0\x08\0\0\x7f\x05\1u\0\1\0\0", 24),
          std::string("l\2\0\1\0\0\0\0\1\0\0\0\x08\0\0\0\x05\7uuuuu", 24)}) {
        Pid1 pid1("OK 0123\r\n" + rubbish);
        const Result<void> started =
            PrivateSystemd(pid1.socket(), std::chrono::milliseconds(200)).start(service);
        ASSERT_FALSE(started);
        EXPECT_EQ(started.error().code, Errc::io) << describe(started.error());
    }
}

}  // namespace
}  // namespace metalwright::sys
