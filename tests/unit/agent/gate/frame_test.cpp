#include "agent/gate/frame.hpp"

#include <gmock/gmock.h>

#include "agent/gate/messages.hpp"

namespace metalwright::agent::gate {
namespace {

/// What came back after the way over the wire.
Frame over(const Frame& frame) {
    return decode(encode(frame)).value();
}

TEST(GateFrame, GoesOverTheWireByteForByte) {
    const std::string all_bytes = [] {
        std::string bytes;
        for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
        return bytes;
    }();
    const Frame frame{Kind::submit, 0xfedcba98, {"", all_bytes, std::string(1, '\0'), ""}};
    EXPECT_EQ(over(frame), frame);
    EXPECT_EQ(over({}), Frame{});
}

TEST(GateFrame, NoOtherBytesAreOne) {
    const std::string good = encode({Kind::content, 7, {"abc", ""}});
    ASSERT_TRUE(decode(good));
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(decode(good.substr(0, size))) << size;
    EXPECT_FALSE(decode(good + '\0'));
    for (int kind = 0; kind < 256; ++kind) {
        std::string other = good;
        other[0] = static_cast<char>(kind);
        const bool known = (kind >= 1 && kind <= 9) || (kind >= 32 && kind <= 37);
        EXPECT_EQ(decode(other).has_value(), known) << kind;
    }
    std::string longer = good;
    longer[7] = 4;  // of the first field, which has three bytes
    EXPECT_FALSE(decode(longer));
    EXPECT_FALSE(decode(encode({Kind::content, 7, std::vector<std::string>(most_fields + 1)})));
    EXPECT_FALSE(decode(encode({Kind::content, 7, {std::string(most_frame, 'x')}})));
}

TEST(GateMessages, ADocumentAndItsSignatureStayWhatTheyAre) {
    const std::string document = "{ \"a\" :\t1 }\r\n\n";
    const Submission plain{.source = {}, .document = document};
    const Submission full{.source = {}, .document = document, .generation = 0, .signature = "e..s"};
    const Submission empty_signature{.source = {}, .document = {}, .signature = ""};
    for (const Submission& one : {plain, full, empty_signature}) {
        const auto read = submission_in(over(to_frame(1, one))).value();
        EXPECT_EQ(read.document, one.document);
        EXPECT_EQ(read.generation, one.generation);
        EXPECT_EQ(read.signature, one.signature);
    }
}

TEST(GateMessages, WhoSubmitsDoesNotSayAsWhom) {
    const auto read =
        submission_in(to_frame(1, Submission{.source = "admin", .document = "{}"})).value();
    EXPECT_EQ(read.source, "");
}

TEST(GateMessages, AnswersComeBackAsTheyWere) {
    const Accepted accepted{.operation = 7,
                            .generation = UINT64_MAX,
                            .instance = "i-1",
                            .repeated = true,
                            .finished = false,
                            .sealed_password = "for the control plane"};
    const auto taken = submitted_in(over(to_frame(3, accepted))).value();
    EXPECT_EQ(taken->operation, 7);
    EXPECT_EQ(taken->generation, UINT64_MAX);
    EXPECT_EQ(taken->instance, "i-1");
    EXPECT_TRUE(taken->repeated);
    EXPECT_FALSE(taken->finished);
    EXPECT_EQ(taken->sealed_password, "") << "it goes out with the report";
    const Errors errors{{Errc::invalid_spec, "wrong", "/a/b", 0}, {Errc::io, "full", "/x", 28}};
    EXPECT_EQ(submitted_in(over(to_frame(3, errors))).value().error(), errors);
    const std::vector<OutboxRow> rows{{5, R"({"seq":5})"}, {6, ""}};
    const auto told = rows_in(over(to_frame(3, rows))).value();
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0].seq, 5);
    EXPECT_EQ(told[0].body, R"({"seq":5})");
    EXPECT_EQ(last_seq_in(to_frame(3, rows)), 6);
    EXPECT_EQ(last_seq_in(to_frame(3, std::vector<OutboxRow>())), 0);
}

TEST(GateMessages, ReportsThatFitIntoNoFrameWaitForTheNext) {
    const std::vector<OutboxRow> rows{
        {1, std::string(most_frame / 2, 'a')}, {2, std::string(most_frame / 2, 'b')}, {3, "c"}};
    const auto told = rows_in(over(to_frame(3, rows))).value();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].seq, 1);
}

TEST(GateMessages, TheHelloSaysAllThatTheLinkIsConfiguredAs) {
    const Hello hello{.host_id = "host 7",
                      .https = HttpsTerms{.urls = {"https://a", "https://b/x"},
                                          .proxy = "http://p:1",
                                          .enrols = true,
                                          .reports = false,
                                          .batch = 3,
                                          .wait_s = 5,
                                          .backoff_least_ms = 7,
                                          .backoff_most_ms = 11},
                      .tcp = true,
                      .named = {File::token, File::tcp_key, File::enrolment, File::crl}};
    EXPECT_EQ(hello_in(over(to_frame(hello))).value(), hello);
    EXPECT_EQ(hello_in(over(to_frame(Hello{}))).value(), Hello{});
    Frame other = to_frame(hello);
    other.fields[0] = "2";
    EXPECT_EQ(hello_in(other).error().code, Errc::unsupported);
}

TEST(GateMessages, AnHttpRequestIsWhatHttpAllows) {
    const api::Request request{.method = "PUT",
                               .target = "/v1/x?y=%20",
                               .body = std::string("\0body", 5),
                               .headers = {{"Host", "h"}, {"x-a", ""}},
                               .head = false,
                               .remote = true,
                               .address = "2001:db8::7"};
    const auto read = request_in(over(to_frame(1, request))).value();
    EXPECT_EQ(read.method, request.method);
    EXPECT_EQ(read.target, request.target);
    EXPECT_EQ(read.body, request.body);
    EXPECT_EQ(read.headers, request.headers);
    EXPECT_EQ(read.address, request.address);
    EXPECT_TRUE(read.remote);
    EXPECT_EQ(read.uid, 65534u);
    const auto refused = [&](const auto& change) {
        api::Request other = request;
        change(other);
        return !request_in(to_frame(1, other)).has_value();
    };
    EXPECT_TRUE(refused([](auto& r) { r.method = "P T"; }));
    EXPECT_TRUE(refused([](auto& r) { r.method = ""; }));
    EXPECT_TRUE(refused([](auto& r) { r.target = "x"; }));
    EXPECT_TRUE(refused([](auto& r) { r.target = "/a b"; }));
    EXPECT_TRUE(refused([](auto& r) { r.target = "/a\n"; }));
    EXPECT_TRUE(refused([](auto& r) { r.headers[0].first = "Ho:st"; }));
    EXPECT_TRUE(refused([](auto& r) { r.headers[0].second = "h\r\nx: y"; }));
    EXPECT_TRUE(refused([](auto& r) { r.address = "somewhere"; }));
    EXPECT_TRUE(refused([](auto& r) { r.body.resize((256 << 10) + 1); }));
    EXPECT_TRUE(refused([](auto& r) { r.headers[0].second.assign(33 << 10, 'x'); }));
}

TEST(GateMessages, ReadsNothingThatIsNotInItsOneForm) {
    const auto limit = [](std::string text) {
        return limit_in({Kind::unsent, 1, {std::move(text)}}).has_value();
    };
    EXPECT_TRUE(limit("1000"));
    for (const char* text : {"", "0", "1001", "-1", "+1", "01", "1 ", "1x", "99999999999999999999"})
        EXPECT_FALSE(limit(text)) << text;
    EXPECT_FALSE(limit_in({Kind::unsent, 1, {"1", "2"}}));
    EXPECT_FALSE(limit_in({Kind::acknowledge, 1, {"1"}}));
    EXPECT_FALSE(seq_in({Kind::acknowledge, 1, {"0"}}));
    EXPECT_FALSE(seq_in({Kind::acknowledge, 1, {"9223372036854775808"}}));
    for (const File file : files) EXPECT_EQ(file_in(file_frame(1, file)).value(), file);
    for (const char* name : {"", "tokens", "/etc/shadow", "tcp-keys"})
        EXPECT_FALSE(file_in({Kind::file, 1, {name}})) << name;
    EXPECT_FALSE(submission_in({Kind::submit, 1, {"{}", "", "0", "a signature"}}));
    EXPECT_FALSE(submission_in({Kind::submit, 1, {"{}", "", "2", ""}}));
    EXPECT_FALSE(submission_in({Kind::submit, 1, {"{}", ""}}));
}

}  // namespace
}  // namespace metalwright::agent::gate
