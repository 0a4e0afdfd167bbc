#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/api/message.hpp"
#include "agent/desk/desk.hpp"
#include "agent/gate/frame.hpp"
#include "core/error.hpp"

/// What the fields of each kind of frame are. Pure. Reading is strict: exactly the fields that
/// belong there, each in its one form and within its bound. Errors of reading: invalid_spec.
namespace metalwright::agent::gate {

/// The files that the part that is root reads for the other; it takes no other name.
enum class File { token, ca, cert, key, tcp_cert, tcp_key, enrolment, crl };
inline constexpr std::array files{File::token,    File::ca,      File::cert,      File::key,
                                  File::tcp_cert, File::tcp_key, File::enrolment, File::crl};
std::string_view to_string(File file) noexcept;  ///< "token", "ca", ... "tcp-key"

/// The https link as it is configured: link::HttpsOptions without what is read from files.
struct HttpsTerms {
    std::vector<std::string> urls{};  ///< none: where it was enrolled
    std::string proxy{};              ///< empty: none
    bool enrols = false;              ///< gets its certificate for what File::enrolment holds
    bool reports = true;
    std::uint64_t batch = 64;
    std::uint64_t wait_s = 60;
    std::uint64_t backoff_least_ms = 500;
    std::uint64_t backoff_most_ms = 60'000;

    bool operator==(const HttpsTerms&) const = default;
};

/// What the part that faces the network is there for.
struct Hello {
    std::string host_id{};
    std::optional<HttpsTerms> https{};
    bool tcp = false;           ///< a listening socket follows
    std::vector<File> named{};  ///< those that the configuration names

    bool operator==(const Hello&) const = default;
    bool names(File file) const;
};

Frame to_frame(const Hello& hello);
/// Errors also: unsupported (the other part is of another version).
Result<Hello> hello_in(const Frame& frame);

// What is asked of the part that is root.

Frame to_frame(std::uint32_t id, const Submission& submission);
/// Without a source: that is not the peer's to say.
Result<Submission> submission_in(const Frame& frame);

Frame unsent_frame(std::uint32_t id, std::size_t limit);
constexpr std::size_t most_rows = 1000;
Result<std::size_t> limit_in(const Frame& frame);  ///< 1 to most_rows

Frame acknowledge_frame(std::uint32_t id, std::int64_t seq);
Result<std::int64_t> seq_in(const Frame& frame);  ///< from 1 up

Frame file_frame(std::uint32_t id, File file);
Result<File> file_in(const Frame& frame);

/// How the link is doing, cut to what fits into a status. Read without a name: it is the link's.
Frame to_frame(std::uint32_t id, const LinkStatus& status);
Result<LinkStatus> standing_in(const Frame& frame);

/// A request over TCP: method, target, head, address, headers and body.
Frame to_frame(std::uint32_t id, const api::Request& request);
/// What it is: remote, of no local user. Only what HTTP allows is in it: a target without control
/// characters, headers without line breaks; 256 KiB of body and 32 KiB of the rest at most.
Result<api::Request> request_in(const Frame& frame);

// What it answers.

Frame to_frame(std::uint32_t id, const Accepted& accepted);  ///< without the sealed password
Frame to_frame(std::uint32_t id, const Errors& errors);
/// What answers a submission: either of the two above.
Result<std::expected<Accepted, Errors>> submitted_in(const Frame& frame);
/// Why it is refused; nothing where it is not.
std::optional<Errors> errors_in(const Frame& frame);

/// As many rows from the first on as fit into a frame; one at least.
Frame to_frame(std::uint32_t id, const std::vector<OutboxRow>& rows);
Result<std::vector<OutboxRow>> rows_in(const Frame& frame);
std::int64_t last_seq_in(const Frame& reports);  ///< of a frame of rows; 0 where there is none

Frame content_frame(std::uint32_t id, std::string content);
Result<std::string> content_in(const Frame& frame);

/// Without a Feed: what is left of it is not sent.
Frame to_frame(std::uint32_t id, const api::Response& response);
Result<api::Response> response_in(const Frame& frame);

}  // namespace metalwright::agent::gate
