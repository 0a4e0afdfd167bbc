#include "agent/api/signed_door.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>

#include "agent/api/status.hpp"
#include "agent/api/vendor_route.hpp"
#include "agent/api/witness.hpp"
#include "agent/signature/signature.hpp"
#include "sys/fd.hpp"
#include "sys/files.hpp"
#include "sys/secret_file.hpp"

namespace metalwright::agent::api {
namespace {

class Door : public std::enable_shared_from_this<Door> {
 public:
    Door(Handler behind, SignedDoorOptions options)
        : behind_(std::move(behind)),
          options_(std::move(options)),
          nonces_(options_.clock(), options_.most_nonces, known(options_.nonces_file)) {
        rewrite();
    }

    /// On the pool: what may go on, with who signed it, or the answer.
    std::optional<Response> judge(Request& request);
    void hand_on(Request request, Respond respond) const {
        behind_(std::move(request), std::move(respond));
    }

 private:
    static std::optional<std::string> known(const std::filesystem::path& file);
    void rewrite();
    void keep(const signature::Signed& request);
    std::optional<Response> refusal(Request& request, const VendorPath& path);
    Response refused(const VendorPath& path, const signature::Refused& why) const;

    Handler behind_;
    SignedDoorOptions options_;
    std::mutex mutex_;
    signature::Nonces nonces_;
    std::size_t lines_ = 0;  ///< in the file, those among them that are over
};

std::optional<std::string> Door::known(const std::filesystem::path& file) {
    constexpr std::size_t most = std::size_t{64} << 20;
    if (file.empty()) return std::nullopt;
    auto text = sys::read_secret_file(file, most);
    return text ? std::optional(std::move(*text)) : std::nullopt;
}

void Door::rewrite() {
    lines_ = nonces_.size();
    if (options_.nonces_file.empty()) return;
    sys::PosixFiles files;
    const auto put = files.put(options_.nonces_file, nonces_.text(), {.mode = 0600});
    if (!put) spdlog::error("what was seen is not remembered: {}", describe(put.error()));
}

/// A process that dies has left what it has seen with the kernel; more durable it need not be.
void Door::keep(const signature::Signed& request) {
    if (request.nonce.empty() || options_.nonces_file.empty()) return;
    if (++lines_ > 2 * nonces_.size() + 1000) return rewrite();
    const sys::Fd fd(::open(options_.nonces_file.c_str(),
                            O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    const std::string line = signature::Nonces::line_of(request);
    if (!fd || ::write(fd.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        spdlog::error("what was seen is not remembered: {}", std::strerror(errno));
}

Response Door::refused(const VendorPath& path, const signature::Refused& why) const {
    spdlog::warn("a request over TCP is refused: {}", why.message);
    return refusal_of(path, vendor::unauthorized(*path.found.dialect, why.fault, why.message));
}

/// Nothing when the request is signed by a key of this host.
std::optional<Response> Door::refusal(Request& request, const VendorPath& path) {
    const signature::Clock clock{options_.clock(), options_.skew_ms};
    const auto text = sys::read_secret_file(options_.keys_file);
    const auto keys = text ? signature::read_keys(*text)
                           : Result<std::vector<signature::Key>>(std::unexpected(text.error()));
    if (!keys) {
        spdlog::error("no request over TCP can be verified: {}", describe(keys.error()));
        return refused(path, {signature::Fault::unknown_key, "this access key is not known here"});
    }
    const signature::Message message{request.head ? "HEAD" : request.method, request.target,
                                     request.headers, request.body};
    const auto who = signature::verify(path.found.dialect->name, message, *keys, clock);
    if (!who) return refused(path, who.error());
    const std::lock_guard lock(mutex_);
    if (const auto first = nonces_.take(*who, clock); !first) return refused(path, first.error());
    keep(*who);
    request.vendor = who->vendor;
    request.key = who->key_id;
    return std::nullopt;
}

std::optional<Response> Door::judge(Request& request) {
    const std::optional<VendorPath> path = vendor_path(request);
    auto no =
        path ? refusal(request, *path)
             : error_response(404, {Errc::not_found, "there is nothing for you under this path"});
    const bool reads = path && path->found.route != nullptr && !path->found.route->changes;
    if (no && !reads && options_.trail != nullptr)
        options_.trail->write(deed_of(request, *no, /*stranger=*/true));
    return no;
}

}  // namespace

Handler signed_door(Handler behind, boost::asio::io_context& io, boost::asio::thread_pool& pool,
                    SignedDoorOptions options) {
    const auto door = std::make_shared<Door>(std::move(behind), std::move(options));
    return [door, &io, &pool](Request request, Respond respond) {
        boost::asio::post(pool, [door, &io, request = std::move(request),
                                 respond = std::move(respond)]() mutable {
            if (auto no = door->judge(request)) return respond(std::move(*no));
            boost::asio::post(
                io, [door, request = std::move(request), respond = std::move(respond)]() mutable {
                    door->hand_on(std::move(request), std::move(respond));
                });
        });
    };
}

}  // namespace metalwright::agent::api
