// What passes through the gate, and that it is the same on both sides.

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/unit/agent/gate/gate_fixture.hpp"

namespace metalwright::agent::gate {
namespace {

using testing::ElementsAre;

TEST_F(GateTest, GreetsWithWhatThereIsToDo) {
    options_.hello.https = HttpsTerms{.urls = {"https://cp.example"}};
    options_.hello.named = {File::token};
    serve();
    come();
    EXPECT_EQ(hello_, options_.hello);
}

TEST_F(GateTest, ADocumentOfFiveMebibytesArrivesByteForByteWithItsSignature) {
    serve();
    come();
    std::string document(std::size_t{5} << 20, '\0');
    for (std::size_t i = 0; i < document.size(); ++i)
        document[i] = static_cast<char>(i * 2654435761U >> 13);
    const Submission sent{
        .source = "admin", .document = document, .generation = 17, .signature = "eyJh..c2ln"};
    const auto result = far_.submit(sent);
    ASSERT_FALSE(result) << "the FakeDesk takes JSON alone";
    EXPECT_EQ(result.error().front().code, Errc::invalid_spec);
    ASSERT_EQ(desk_.submissions().size(), 1u);
    const Submission got = desk_.submissions().front();
    EXPECT_TRUE(got.document == document);
    EXPECT_EQ(got.signature, sent.signature);
    EXPECT_EQ(got.generation, 17u);
    EXPECT_EQ(got.source, "link") << "whoever comes does not choose it";
}

TEST_F(GateTest, WhatBecameOfADocumentComesBackAndIsTold) {
    std::vector<std::string> told;
    options_.told = [&](const Submission& what, const link::Submitted& result) {
        told.push_back(what.source + (result ? " taken" : " refused"));
    };
    serve();
    come();
    const auto taken = far_.submit({.source = "", .document = "{}", .generation = 4});
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->generation, 4u);
    EXPECT_EQ(taken->instance, "i-1");
    const Errors errors{{Errc::conflict, "another", "/a"}, {Errc::refused, "no", "disk S1", 16}};
    desk_.refuse(errors);
    EXPECT_EQ(far_.submit({.source = "", .document = "{}"}).error(), errors);
    EXPECT_THAT(told, ElementsAre("link taken", "link refused"));
}

TEST_F(GateTest, ReportsGoOutInOrderAndAreAcknowledged) {
    serve();
    come();
    std::atomic<int> changes = 0;
    const auto subscription = far_.on_change([&] { ++changes; });
    EXPECT_TRUE(far_.unsent(10).empty());
    for (int i = 0; i < 3; ++i) desk_.add_report();
    ASSERT_TRUE(eventually([&] { return changes > 0; })) << "nobody was told of a report";
    const auto rows = far_.unsent(2);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].seq, 1);
    EXPECT_EQ(rows[1].body, R"({"seq":2,"what":"x"})");
    EXPECT_TRUE(far_.acknowledge(2));
    EXPECT_THAT(desk_.acknowledged(), ElementsAre(2));
    EXPECT_EQ(far_.unsent(9).front().seq, 3);
    desk_.fail_acknowledge(Error{Errc::io, "the disk is full"});
    EXPECT_EQ(far_.acknowledge(3).error().message, "the disk is full");
    far_.forget(subscription);
}

TEST_F(GateTest, HowTheLinkIsDoingIsToldAndThatItIsNotThere) {
    options_.hello.https = HttpsTerms{.urls = {"https://cp.example"}};
    serve();
    const auto says = [&](const std::string& words) {
        return eventually([&] {
            const auto error = desk_.link("link").document_error;
            return error && error->message.find(words) != std::string::npos;
        });
    };
    EXPECT_TRUE(says("metalwright-link is not there"));
    come();
    const std::chrono::sys_seconds end_of_time{std::chrono::seconds(253'402'300'799)};
    LinkStatus sent{
        .name = "admin",
        .last_contact = std::chrono::sys_time<milliseconds>(milliseconds(1'700'000'000'123)),
        .document_error = Error{Errc::unavailable, "nobody answers", "https://cp.example", 111},
        .refused = {{Errc::conflict, "older than 5"}, {Errc::invalid_spec, "no", "/a/b"}},
        .generation = 4,
        .certificate = LinkCertificate{"0A1B", end_of_time, true},
        .certificate_error = Error{Errc::refused, "not yet", "file"}};
    far_.link_changed(sent);
    ASSERT_TRUE(says("nobody answers"));
    EXPECT_EQ(desk_.link("admin"), LinkStatus()) << "whoever comes does not choose it";
    sent.name = "link";
    EXPECT_EQ(desk_.link("link"), sent);

    // More of them than one at a time, and larger than a status may be: the last one counts.
    for (int i = 0; i < 50; ++i) {
        sent.generation = static_cast<std::uint64_t>(i);
        sent.refused = Errors(40, {Errc::internal, std::string(1 << 20, 'x')});
        far_.link_changed(sent);
    }
    ASSERT_TRUE(eventually([&] { return desk_.link("link").generation == 49U; }));
    EXPECT_EQ(desk_.link("link").refused,
              Errors(16, {Errc::internal, std::string(std::size_t{1} << 10, 'x')}));
    EXPECT_FALSE(lost_);
    threads_.on_io([&] { leave(); });
    EXPECT_TRUE(says("metalwright-link is not there"));
}

TEST_F(GateTest, AFileIsReadWhenItIsAskedForAndOnlyWhereItIsSafe) {
    const auto token = dir_.path() / "token", ca = dir_.path() / "ca";
    const auto put = [](const std::filesystem::path& path, const char* text, unsigned mode) {
        std::ofstream(path) << text;
        std::filesystem::permissions(path, static_cast<std::filesystem::perms>(mode));
    };
    put(token, "first\n", 0600);
    put(ca, "authority", 0644);
    options_.paths = {{File::token, token}, {File::ca, ca}};
    options_.hello.named = {File::token, File::ca};
    serve();
    come();
    EXPECT_EQ(far_.content(File::token), "first\n");
    EXPECT_EQ(far_.content(File::ca), "authority");
    put(token, "second\n", 0600);
    EXPECT_EQ(far_.content(File::token), "second\n") << "it was exchanged in place";
    put(token, "open\n", 0644);
    EXPECT_EQ(far_.content(File::token).error().code, Errc::refused);
    put(ca, "anybody's", 0666);
    EXPECT_EQ(far_.content(File::ca).error().code, Errc::refused);
    std::filesystem::remove(token);
    const auto gone = far_.content(File::token);
    EXPECT_EQ(gone.error().code, Errc::not_found);
    EXPECT_EQ(gone.error().where, "link.https.token_file") << "no path is told";
}

TEST_F(GateTest, ARequestOverTcpIsAnsweredByWhatStandsBehind) {
    std::atomic<bool> remote = false;
    options_.requests = [&](const api::Request& request, const api::Respond& respond) {
        remote = request.remote && !request.caller.expired() && request.address == "192.0.2.7";
        respond({.status = 201, .body = request.method + request.target, .headers = {{"A", "b"}}});
    };
    serve();
    come();
    const auto answer = channel_->ask_and_wait(to_frame(0, api::Request{.method = "PUT",
                                                                        .target = "/v1/x",
                                                                        .headers = {{"Host", "h"}},
                                                                        .address = "192.0.2.7"}));
    ASSERT_TRUE(answer);
    EXPECT_EQ(response_in(*answer).value(),
              (api::Response{.status = 201, .body = "PUT/v1/x", .headers = {{"A", "b"}}}));
    EXPECT_TRUE(remote);
}

TEST_F(GateTest, WhoeverWaitsWhenTheConnectionGoesIsTold) {
    options_.requests = [](const api::Request&, const api::Respond&) {};  // never
    serve();
    come();
    std::promise<Result<Frame>> answer;
    auto got = answer.get_future();
    channel_->ask(to_frame(0, api::Request{.method = "GET", .target = "/"}),
                  [&](Result<Frame> what) { answer.set_value(std::move(what)); });
    threads_.on_io([&] { gate_.reset(); });
    EXPECT_EQ(got.get().error().code, Errc::unavailable);
    ASSERT_TRUE(eventually([&] { return lost_.load(); }));
    EXPECT_EQ(far_.submit({.source = "", .document = "{}"}).error().front().code,
              Errc::unavailable);
    EXPECT_EQ(far_.acknowledge(1).error().code, Errc::unavailable);
    EXPECT_TRUE(far_.unsent(1).empty());
    EXPECT_EQ(desk_.subscribers(), 0u) << "the gate still waits for changes";
}

TEST_F(GateTest, OneAtATimeAndTheNextWhenThatIsGone) {
    serve();
    {
        const sys::Fd first = greeted();
        const sys::Fd second = dial();
        EXPECT_EQ(next(second), std::nullopt) << "a second one is let in";
        say(first, unsent_frame(1, 1));
        EXPECT_EQ(next(first)->kind, Kind::reports) << "the first one was put out";
    }
    (void)greeted();
}

TEST_F(GateTest, NobodyElseOnThisHostIsLetIn) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be somebody else";
    serve();
    std::filesystem::permissions(dir_.path(), static_cast<std::filesystem::perms>(0755));
    std::filesystem::permissions(dir_.path() / "link.sock",
                                 static_cast<std::filesystem::perms>(0666));
    const auto is_let_in_as = [&](unsigned uid) {
        const pid_t child = ::fork();
        if (child == 0) {
            char byte = 0;
            const int socket = ::socket(AF_UNIX, SOCK_SEQPACKET, 0);
            const bool came = ::setresuid(uid, uid, uid) == 0 &&
                              ::connect(socket, name(), sizeof name_) == 0 &&
                              ::recv(socket, &byte, 1, 0) == 1;
            ::_exit(came ? 0 : 1);
        }
        int status = -1;
        ::waitpid(child, &status, 0);
        return status == 0;
    };
    EXPECT_FALSE(is_let_in_as(4242));
    threads_.on_io([&] { gate_.reset(); });
    std::filesystem::remove(dir_.path() / "link.sock");
    options_.user = 4242;
    serve();
    std::filesystem::permissions(dir_.path() / "link.sock",
                                 static_cast<std::filesystem::perms>(0666));
    EXPECT_TRUE(is_let_in_as(4242));
    EXPECT_FALSE(is_let_in_as(4243));
}

}  // namespace
}  // namespace metalwright::agent::gate
