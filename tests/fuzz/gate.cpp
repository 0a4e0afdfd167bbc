// Frames of the process that faces the network, which may have been taken over: each sequence of
// bytes is one frame or none, and what is read of one is within its bounds and says so again.
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string>
#include <string_view>

#include "agent/gate/messages.hpp"
#include "tests/fuzz/target.hpp"

namespace metalwright::fuzz {
namespace {

using namespace agent::gate;

void check(bool promise, std::source_location where = std::source_location::current()) {
    if (promise) return;
    std::fprintf(stderr, "line %u\n", static_cast<unsigned>(where.line()));
    std::abort();
}

void read_requests(const Frame& frame) {
    if (const auto submission = submission_in(frame)) {
        check(submission->source.empty());
        check(to_frame(frame.id, *submission) == frame);
    }
    if (const auto limit = limit_in(frame)) {
        check(*limit > 0 && *limit <= most_rows);
        check(unsent_frame(frame.id, *limit) == frame);
    }
    if (const auto seq = seq_in(frame)) {
        check(*seq > 0);
        check(acknowledge_frame(frame.id, *seq) == frame);
    }
    if (const auto file = file_in(frame)) check(file_frame(frame.id, *file) == frame);
    if (const auto request = request_in(frame)) {
        check(request->remote && request->uid == 65534 && request->target.starts_with('/'));
        check(request->body.size() <= 256 << 10);
        for (const auto& [name, value] : request->headers)
            check(!name.empty() && value.find_first_of("\r\n") == std::string::npos);
        check(to_frame(frame.id, *request) == frame);
    }
    // Not the same frame: an error of a kind that is not known here is read as our own.
    if (const auto status = standing_in(frame))
        check(standing_in(to_frame(frame.id, *status)) == *status);
}

void read_answers(const Frame& frame) {
    (void)hello_in(frame);
    (void)submitted_in(frame);
    (void)errors_in(frame);
    (void)rows_in(frame);
    (void)last_seq_in(frame);
    (void)content_in(frame);
    (void)response_in(frame);
}

}  // namespace

void run(std::span<const std::uint8_t> input) {
    const std::string bytes(input.begin(), input.end());
    const auto frame = decode(bytes);
    if (!frame) return;
    check(encode(*frame) == bytes);
    check(frame->fields.size() <= most_fields);
    read_requests(*frame);
    read_answers(*frame);
}

std::vector<Bytes> seeds() {
    const Frame submission = to_frame(
        1,
        agent::Submission{.source = {}, .document = "{}", .generation = 17, .signature = "e..s"});
    const Frame request = to_frame(2, agent::api::Request{.method = "PUT",
                                                          .target = "/v1/x?y",
                                                          .body = "{}",
                                                          .headers = {{"Host", "h"}},
                                                          .address = "::1"});
    agent::LinkStatus status{.document_error = Error{Errc::unavailable, "away", "u", 111},
                             .refused = {{Errc::conflict, "older"}},
                             .generation = 4,
                             .certificate = agent::LinkCertificate{"0A", {}, true}};
    std::vector<Bytes> all;
    for (const Frame& frame :
         {submission, request, to_frame(6, status), unsent_frame(3, 100), acknowledge_frame(4, 9),
          file_frame(5, File::token), to_frame(Hello{.host_id = "h"})}) {
        const std::string bytes = encode(frame);
        all.emplace_back(bytes.begin(), bytes.end());
    }
    return all;
}

}  // namespace metalwright::fuzz
