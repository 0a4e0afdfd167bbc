#pragma once

#include <ctime>
#include <functional>
#include <string>

#include "core/error.hpp"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX and SSL
struct ssl_st;

namespace metalwright::agent::link {

struct TlsFiles {
    std::string ca_file{};    ///< PEM; empty: the system's own authorities
    std::string cert_file{};  ///< PEM chain of this host; empty: no client certificate
    std::string key_file{};   ///< PEM, not readable by others; empty: it is in cert_file too
    /// PEM: what the authorities have taken back, which the server's certificate is held against;
    /// those in ca_file count too. Empty, and none there: nothing is known to be taken back.
    std::string crl_file{};
};

/// What the verification of the peer found, for the error text.
struct Verdict {
    int error = 0;  ///< X509_V_ERR_*; 0 when it never got to verifying
    std::string subject{};
    std::string issuer{};
    std::string valid_from{};  ///< "Jan  1 00:00:00 2025 GMT"
    std::string valid_to{};
    std::string names{};  ///< "DNS:cp.example, IP Address:127.0.0.1"
    std::time_t now = 0;  ///< the clock it was verified against
};

/// A client context, TLS 1.2 at least, that verifies the peer. The caller owns it (SSL_CTX_free).
/// Errors: not_found, io, refused (the key is readable by others), invalid_spec (no PEM, or the key
/// is not the certificate's, or a CRL file without a CRL).
Result<ssl_ctx_st*> make_tls_context(const TlsFiles& files);

/// Sets what `ssl` is to verify: name (or address) and SNI of `host`, at the time `now`. `verdict`
/// must live as long as `ssl`. Errors: internal.
Result<void> expect_peer(ssl_st* ssl, const std::string& host, std::time_t now, Verdict& verdict);

/// Whether the server's alert says that our certificate is revoked, or that it does not know it.
/// `code` is OpenSSL's packed error code.
bool is_revocation(unsigned long code);

/// Why a TLS handshake or the first read after it failed, and what to do. `reason` is OpenSSL's
/// own text, `code` its packed error code.
Error tls_error(const Verdict& verdict, const std::string& host, const std::string& where,
                const TlsFiles& files, unsigned long code, const std::string& reason);

}  // namespace metalwright::agent::link
