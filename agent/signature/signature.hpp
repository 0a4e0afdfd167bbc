#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace metalwright::signature {

/// A request as it came, before anything in it is believed.
struct Message {
    std::string method;
    std::string target;  ///< path and query, still percent-encoded
    std::vector<std::pair<std::string, std::string>> headers{};  ///< names in any case
    std::string body{};
};

/// A key of this host alone. No customer's and no fleet's key belongs on a host.
struct Key {
    std::string vendor;  ///< "jdcloud", "baidu", "zenlayer"
    std::string id;
    std::string secret;
};

/// Reads {"keys":[{"vendor","id","secret"}]}. Errors: invalid_spec; no secret is in any.
Result<std::vector<Key>> read_keys(std::string_view text);

enum class Fault {
    absent,     ///< there is no signature
    malformed,  ///< it is none of the vendor's schemes, or lacks a part
    unknown_key,
    wrong,    ///< the key is known, and did not sign this
    expired,  ///< its time is over, or not yet here
    replayed,
};

struct Refused {
    Fault fault = Fault::wrong;
    std::string message;
};

/// Whose request it is.
struct Signed {
    std::string vendor;
    std::string key_id;
    std::string nonce{};        ///< empty: the scheme has none, or it was not signed
    std::int64_t until_ms = 0;  ///< from then on it is expired
    std::int64_t since_ms = 0;  ///< when it was signed, by the signer's clock
};

struct Clock {
    std::int64_t now_ms = 0;                  ///< since 1970, UTC
    std::int64_t skew_ms = 15LL * 60 * 1000;  ///< how far the signer's clock may be off
};

/// Verifies a request under its vendor's scheme (JDCLOUD2 and JDCLOUD3-HMAC-SHA256, bce-auth-v1,
/// ZC2-HMAC-SHA256). What the schemes leave out of the signature is in docs/vendors.md. Pure but
/// for OpenSSL; the comparison takes the same time wherever it fails.
std::expected<Signed, Refused> verify(std::string_view vendor, const Message& message,
                                      std::span<const Key> keys, const Clock& clock);

// The schemes, each in a file of its own.
std::expected<Signed, Refused> verify_jdcloud(const Message&, std::span<const Key>, const Clock&);
std::expected<Signed, Refused> verify_baidu(const Message&, std::span<const Key>, const Clock&);
std::expected<Signed, Refused> verify_zenlayer(const Message&, std::span<const Key>, const Clock&);

/// The nonces that have been seen, as long as a repeat of them would be believed. Not thread-safe.
class Nonces {
 public:
    /// `known` is what text() gave when the process before this one was at work: without it, all
    /// that was signed before `start_ms` may have been seen.
    Nonces(std::int64_t start_ms, std::size_t most, const std::optional<std::string>& known = {});

    /// Whether this request is the first with its nonce. Errors: Fault::replayed; Fault::expired
    /// for one that was signed before the start, and when more are remembered than can be.
    std::expected<void, Refused> take(const Signed& request, const Clock& clock);
    /// All of them, a line each; line_of() is the one that take() has added.
    std::string text() const;
    static std::string line_of(const Signed& request);
    std::size_t size() const { return seen_.size(); }

 private:
    std::int64_t start_ms_;
    std::size_t most_;
    std::map<std::string, std::int64_t> seen_{};  ///< nonce with its key -> until when
    std::int64_t swept_ms_ = 0;
};

}  // namespace metalwright::signature
