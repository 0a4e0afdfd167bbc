#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/spec/trusted_keys.hpp"
#include "core/error.hpp"

namespace metalwright::spec {

/// The most that a signature's text may be long.
inline constexpr std::size_t most_signature_bytes = 4096;

/// A document and what came beside it. Nothing of either is believed yet.
struct SignedDocument {
    std::string_view bytes;
    std::string_view signature;                 ///< BASE64URL(header)..BASE64URL(signature)
    std::optional<std::uint64_t> generation{};  ///< that it was delivered with, if any
};

/// Whether one of `keys` signed exactly these bytes, for this host and generation; answers the
/// generation that was signed. A compact JWS with a detached payload (RFC 7515, appendix F) of
/// Ed25519 (RFC 8037, alg EdDSA), whose protected header holds "kid", "host" and "generation", the
/// last two under "crit". The key is found by its kid in `keys`, never in the header. Pure but for
/// OpenSSL. Errors: refused, `where` "signature" or "signature/MEMBER", what is wrong with the
/// header all at once; internal when OpenSSL fails.
std::expected<std::uint64_t, Errors> verify_signature(const SignedDocument& document,
                                                      std::span<const TrustedKey> keys,
                                                      std::string_view host_id);

}  // namespace metalwright::spec
