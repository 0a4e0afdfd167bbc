#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/desk/link_desk.hpp"
#include "agent/link/credentials.hpp"
#include "agent/link/http_client.hpp"
#include "agent/link/status.hpp"
#include "agent/link/submit.hpp"
#include "agent/link/turns.hpp"
#include "agent/link/url.hpp"

namespace boost::asio {
class io_context;
class thread_pool;
}  // namespace boost::asio

namespace metalwright::agent::link {

class Admission;

/// How this host gets a certificate of its own: docs/control-plane.md, "Enrolment".
struct EnrolmentOptions {
    std::filesystem::path directory{};  ///< of IdentityFiles; its parent is there
    std::string file{};                 ///< of read_enrolment_file(); may come later
    /// Reads what the file holds, on the pool, where it is not ours to open; `file` is a name then.
    std::function<Result<std::string>()> content{};
    std::chrono::milliseconds look_every{5'000};  ///< at the file, while there is no certificate
    std::chrono::milliseconds rest{60'000};       ///< between two looks at the clock
    std::chrono::milliseconds approval{30'000};  ///< until it is asked again whether it is approved
    std::chrono::seconds long_wait{3'600};       ///< until what was refused is tried once more
};

struct HttpsOptions {
    std::vector<Url> bases{};  ///< parse_base_url(); the first is asked first; at least one
    std::string host_id{};
    std::string token_file{};  ///< bearer token, read for each request; empty: none is sent
    TlsFiles tls{};
    std::optional<EnrolmentOptions> enrolment{};  ///< then `tls` names no certificate
    std::shared_ptr<Admission> admission{};       ///< of the link itself; made with `enrolment`
    /// Asked before each request, on the pool, instead of reading token_file and tls. Empty: they
    /// are read.
    std::function<Result<Credentials>()> credentials{};
    std::optional<Url> proxy{};
    bool reports = true;      ///< this is the reporting link; exactly one link of a daemon is
    std::size_t batch = 100;  ///< reports in one POST
    std::size_t batch_bytes = 512 << 10;  ///< their bodies together; a larger one goes alone
    std::chrono::seconds wait{60};        ///< what `wait` of the long poll asks for
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds answer_timeout{30'000};  ///< beyond `wait`
    BackoffBounds backoff{};                           ///< after failures
    std::chrono::milliseconds absent_most{30'000};     ///< bound of the back-off after 404
    std::chrono::milliseconds denied{60'000};          ///< at least, after 401 and 403
    std::chrono::milliseconds pace{1'000};       ///< at least, from one poll's start to the next's
    std::chrono::milliseconds refused{300'000};  ///< until a refused document is tried once more
    std::chrono::seconds retry_after_most{3'600};
    std::optional<std::uint64_t> seed{};  ///< of the jitter; empty: random
    std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
    Told told{};
};

/// The control plane over HTTPS: docs/control-plane.md, schema/control-plane.openapi.yaml.
///
/// Documents: a long poll for the host's spec, handed to LinkDesk::submit() with source "link", the
/// generation of its ETag and the signature of its Metalwright-Signature. Reports: the outbox in
/// order, at least once, acknowledged up to what the control plane says is safe. Each has a
/// connection and back-off of its own; both go on for ever. Whatever goes wrong is in status() and,
/// once, in the log. With enrolment neither begins before there is a certificate, and both rest
/// while it is revoked or has expired.
class HttpsLink {
 public:
    HttpsLink(boost::asio::io_context& io, boost::asio::thread_pool& pool, LinkDesk& desk,
              HttpsOptions options);
    HttpsLink(const HttpsLink&) = delete;
    HttpsLink& operator=(const HttpsLink&) = delete;
    ~HttpsLink();  ///< stop()

    void start();
    /// Ends all requests; nothing is submitted or acknowledged after what the pool holds already.
    /// Like start(), on the io thread or while it does not run. `desk` must live until the pool is
    /// joined, `io` until after that.
    void stop();

    /// Thread-safe.
    LinkStatus status() const;

 private:
    class SpecPoll;
    class Outbox;
    class Enrolment;
    std::shared_ptr<LinkBoard> board_;
    std::shared_ptr<Enrolment> enrolment_;
    std::shared_ptr<SpecPoll> poll_;
    std::shared_ptr<Outbox> outbox_;
};

/// The generation in an ETag, `"17"` or `W/"17"`. Nothing when it is no whole number.
std::optional<std::uint64_t> generation_of(std::string_view etag);

}  // namespace metalwright::agent::link
