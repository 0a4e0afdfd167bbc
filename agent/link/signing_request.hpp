#pragma once

#include <string>

#include "agent/link/secret_text.hpp"
#include "core/error.hpp"

namespace metalwright::agent::link {

/// A new key of this host, and the request that its certificate be signed.
struct SigningRequest {
    SecretText key;       ///< EC P-256, PKCS#8, PEM
    std::string request;  ///< PKCS#10, PEM, signed by the key
};

/// "urn:metalwright:host:rack1-host7": how a certificate names a host, whatever its id holds.
std::string host_urn(const std::string& host_id);

/// Draws a key. The request's subject is CN = the host's id (left out where it has more than the 64
/// characters that a CN may have), its subjectAltName the URI of host_urn(). Errors: internal.
Result<SigningRequest> make_signing_request(const std::string& host_id);

/// SHA-256 of what is secret, in hex, to know it again without keeping it.
std::string fingerprint(std::string_view secret);

}  // namespace metalwright::agent::link
