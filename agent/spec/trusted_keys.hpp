#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace metalwright::spec {

/// An Ed25519 public key that this host believes documents of.
struct TrustedKey {
    std::string id;     ///< "kid": by it a signature says which key made it
    std::string bytes;  ///< 32; RFC 8032 section 5.1.2

    bool operator==(const TrustedKey&) const = default;
};

/// Reads a JWK Set of one to 64 keys, each of RFC 8037's kind and with a kid of its own:
/// {"keys":[{"kty":"OKP","crv":"Ed25519","kid":"2026-a","x":"<base64url>"}]}. Members beyond these
/// are passed over, but for those that say that it is no such key. Errors: invalid_spec, all of
/// them, each with its pointer; no private key is in any.
std::expected<std::vector<TrustedKey>, Errors> read_trusted_keys(std::string_view jwk_set);

}  // namespace metalwright::spec
