#pragma once

#include <filesystem>

#include "core/error.hpp"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace metalwright::agent::api {

/// A server's context, TLS 1.2 at least, with this chain and key (PEM). The caller owns it
/// (SSL_CTX_free). Errors: not_found, io, refused (the key is readable by others), invalid_spec (no
/// PEM, or the key is not the certificate's).
Result<ssl_ctx_st*> make_server_tls(const std::filesystem::path& cert_file,
                                    const std::filesystem::path& key_file);

}  // namespace metalwright::agent::api
