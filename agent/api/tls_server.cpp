#include "agent/api/tls_server.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>

#include "sys/secret_file.hpp"

namespace metalwright::agent::api {
namespace {

std::string openssl_words() {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason == nullptr ? "no reason is given" : reason;
}

struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

}  // namespace

Result<ssl_ctx_st*> make_server_tls(const std::filesystem::path& cert_file,
                                    const std::filesystem::path& key_file) {
    if (auto safe = sys::check_secret_file(key_file); !safe) return std::unexpected(safe.error());
    ERR_clear_error();
    std::unique_ptr<SSL_CTX, Free> context(SSL_CTX_new(TLS_server_method()));
    if (!context) return fail(Errc::internal, "OpenSSL makes no TLS context: " + openssl_words());
    (void)SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    (void)SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_use_certificate_chain_file(context.get(), cert_file.c_str()) != 1)
        return fail(Errc::invalid_spec, "it holds no certificate in PEM: " + openssl_words(),
                    cert_file.native());
    if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context.get()) != 1)
        return fail(Errc::invalid_spec,
                    "it holds no private key in PEM of the certificate " + cert_file.native() +
                        ": " + openssl_words(),
                    key_file.native());
    return context.release();
}

}  // namespace metalwright::agent::api
