#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"

namespace metalwright::spec {

// What only the holder of a private key may read.

/// Whether `pem` is one public key for seal(): RSA of 2048 to 8192 bits as "BEGIN PUBLIC KEY".
/// Errors: invalid_spec.
Result<void> check_sealing_key(std::string_view pem);

/// `plain` for the holder of that key alone: RSAES-OAEP with SHA-256 for hash and mask (RFC 8017,
/// 7.1), in Base64. Each call gives another text. Errors: invalid_spec (the key, or a text longer
/// than it can take), internal.
Result<std::string> seal(std::string_view plain, std::string_view pem);

}  // namespace metalwright::spec
