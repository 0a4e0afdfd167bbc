#include "agent/link/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <memory>

#include "agent/link/openssl_owned.hpp"
#include "agent/link/retry_after.hpp"
#include "agent/link/secret_text.hpp"
#include "sys/files.hpp"
#include "sys/secret_file.hpp"

namespace metalwright::agent::link {
namespace {

struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;

// A clock before this is not set: a machine without a battery starts in 1970 or in its firmware's
// year.
constexpr std::time_t earliest_sane_clock = 1'735'689'600;  // 2025-01-01

template <class Print>
std::string printed(Print print) {
    const Owned<BIO> bio(BIO_new(BIO_s_mem()));
    if (!bio) return {};
    print(bio.get());
    return text_of(bio.get());
}

std::string name_of(const X509_NAME* name) {
    return printed([&](BIO* bio) {
        X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    });
}

std::string names_of(const X509* certificate) {
    std::string names = printed([&](BIO* bio) {
        if (auto* found = static_cast<GENERAL_NAMES*>(
                X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))) {
            for (int i = 0; i < sk_GENERAL_NAME_num(found); ++i) {
                if (i > 0) BIO_puts(bio, ", ");
                GENERAL_NAME_print(bio, sk_GENERAL_NAME_value(found, i));
            }
            GENERAL_NAMES_free(found);
        }
    });
    return names.empty() ? "no name at all" : names;
}

int verdict_slot() {
    static const int slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return slot;
}

int on_certificate(int fine, X509_STORE_CTX* context) {
    if (fine != 0) return fine;
    const auto* ssl = static_cast<SSL*>(
        X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* verdict = static_cast<Verdict*>(SSL_get_ex_data(ssl, verdict_slot()));
    verdict->error = X509_STORE_CTX_get_error(context);
    if (const X509* bad = X509_STORE_CTX_get_current_cert(context)) {
        verdict->subject = name_of(X509_get_subject_name(bad));
        verdict->issuer = name_of(X509_get_issuer_name(bad));
        verdict->valid_from =
            printed([&](BIO* b) { ASN1_TIME_print(b, X509_get0_notBefore(bad)); });
        verdict->valid_to = printed([&](BIO* b) { ASN1_TIME_print(b, X509_get0_notAfter(bad)); });
        verdict->names = names_of(bad);
    }
    return 0;
}

std::unexpected<Error> file_failed(const char* what, const std::string& path) {
    const unsigned long code = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(code);
    ERR_clear_error();
    return fail(Errc::invalid_spec,
                std::string(what) + (reason != nullptr ? std::string(": ") + reason : ""), path);
}

Error unavailable(std::string message, const std::string& where) {
    return {Errc::unavailable, std::move(message), where};
}

std::string clock_says(const Verdict& verdict) {
    return "the host's clock says " + to_iso8601(WallTime(std::chrono::seconds(verdict.now)));
}

Error untrusted(const Verdict& verdict, const std::string& where, const TlsFiles& files) {
    return unavailable(
        "the server's certificate (" + verdict.subject +
            ") is signed by an authority this host does not know (" + verdict.issuer +
            "): put that authority's certificate into " +
            (files.ca_file.empty() ? "a file and name it as the link's CA file" : files.ca_file),
        where);
}

std::string crl_place(const TlsFiles& files) {
    return files.crl_file.empty() ? files.ca_file : files.crl_file;
}

/// What its authorities have taken back: in the CRL file, or among them.
Result<void> add_revoked(SSL_CTX* context, const TlsFiles& files) {
    X509_STORE* store = SSL_CTX_get_cert_store(context);
    std::size_t lists = 0;
    for (const std::string& file : {files.crl_file, files.ca_file}) {
        if (file.empty()) continue;
        const auto text = sys::PosixFiles().read(std::filesystem::absolute(file));
        if (!text) return std::unexpected(text.error());
        const Owned<BIO> bio = bio_of(*text);
        while (const Owned<X509_CRL> one{
            PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)}) {
            (void)X509_STORE_add_crl(store, one.get());  // one that is there already is not added
            ++lists;
        }
        ERR_clear_error();
        if (file == files.crl_file && lists == 0)
            return fail(Errc::invalid_spec,
                        "the link's CRL file holds no revocation list in PEM: put the authority's "
                        "there",
                        file);
    }
    if (lists > 0) X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    return {};
}

/// Certificate and key out of one reading of one file, so that they fit each other even while it is
/// replaced.
Result<void> use_identity(SSL_CTX* context, const std::string& path) {
    auto read = sys::read_secret_file(path);
    if (!read) return std::unexpected(read.error());
    const SecretText whole(std::move(*read));
    const Owned<BIO> bio = bio_of(whole.view());
    bool used = false;
    while (Owned<X509> one{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
        const bool taken = used ? SSL_CTX_add1_chain_cert(context, one.get()) == 1
                                : SSL_CTX_use_certificate(context, one.get()) == 1;
        if (!taken) return file_failed("the link's client certificate cannot be used", path);
        used = true;
    }
    ERR_clear_error();
    const Owned<EVP_PKEY> key = key_of(whole.view());
    if (!used || !key || SSL_CTX_use_PrivateKey(context, key.get()) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
        return file_failed("the link's key cannot be read, or is not the key of its certificate",
                           path);
    return {};
}

Error verify_error(const Verdict& verdict, const std::string& host, const std::string& where,
                   const TlsFiles& files) {
    const bool unset = verdict.now < earliest_sane_clock;
    switch (verdict.error) {
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return unavailable(clock_says(verdict) + ", the server's certificate is valid from " +
                                   verdict.valid_from + ": set the time" +
                                   (unset ? " (the clock was never set; use NTP or the control "
                                            "network's time server)"
                                          : ", or wait until the certificate is valid"),
                               where);
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return unavailable(
                clock_says(verdict) + ", the server's certificate was valid until " +
                    verdict.valid_to +
                    ": renew it on the server, or set the time if the clock is wrong",
                where);
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return unavailable("the server's certificate is for " + verdict.names + ", not for " +
                                   host + ": correct the base URL, or have the certificate name it",
                               where);
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_CERT_UNTRUSTED:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE: return untrusted(verdict, where, files);
        case X509_V_ERR_CERT_REVOKED:
            return unavailable("the server's certificate (" + verdict.subject +
                                   ") has been revoked by its authority (" + verdict.issuer +
                                   "): nothing is sent to it; have the server use another one, and "
                                   "see who had its key",
                               where);
        case X509_V_ERR_UNABLE_TO_GET_CRL:
            return unavailable("there is no revocation list (CRL) of the authority (" +
                                   verdict.issuer +
                                   ") that signed the server's certificate: put "
                                   "its list beside the others into " +
                                   crl_place(files),
                               where);
        case X509_V_ERR_CRL_HAS_EXPIRED:
            return unavailable(clock_says(verdict) +
                                   ", and the revocation list (CRL) has expired: put the "
                                   "authority's present one into " +
                                   crl_place(files) + ", or set the time if the clock is wrong",
                               where);
        case X509_V_ERR_CRL_NOT_YET_VALID:
            return unavailable(clock_says(verdict) +
                                   ", and the revocation list (CRL) is not valid yet: set the time",
                               where);
        default:
            return unavailable(
                "the server's certificate (" + verdict.subject +
                    ") is not accepted: " + X509_verify_cert_error_string(verdict.error) +
                    ": have the server use another one",
                where);
    }
}

}  // namespace

Result<ssl_ctx_st*> make_tls_context(const TlsFiles& files) {
    ERR_clear_error();
    Context context(SSL_CTX_new(TLS_client_method()));
    if (!context) return fail(Errc::internal, "OpenSSL cannot make a context");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, on_certificate);

    if (files.ca_file.empty()) {
        SSL_CTX_set_default_verify_paths(context.get());
    } else if (SSL_CTX_load_verify_file(context.get(), files.ca_file.c_str()) != 1) {
        return file_failed("the link's CA file holds no certificate that can be read",
                           files.ca_file);
    }
    if (!files.ca_file.empty() || !files.crl_file.empty())
        if (auto added = add_revoked(context.get(), files); !added)
            return std::unexpected(added.error());
    if (files.cert_file.empty()) return context.release();
    if (files.key_file.empty()) {
        if (auto used = use_identity(context.get(), files.cert_file); !used)
            return std::unexpected(used.error());
        return context.release();
    }

    if (SSL_CTX_use_certificate_chain_file(context.get(), files.cert_file.c_str()) != 1) {
        return file_failed("the link's client certificate cannot be read", files.cert_file);
    }
    const std::string& key = files.key_file;
    if (auto safe = sys::check_secret_file(key); !safe) return std::unexpected(safe.error());
    // A key with a passphrase would stop the daemon to ask for it on a terminal.
    SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return -1; });
    if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context.get()) != 1) {
        return file_failed("the link's key cannot be read, or is not the key of its certificate",
                           key);
    }
    return context.release();
}

Result<void> expect_peer(ssl_st* ssl, const std::string& host, std::time_t now, Verdict& verdict) {
    verdict = {.now = now};
    X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_time(wanted, now);
    boost::system::error_code ec;
    boost::asio::ip::make_address(host, ec);
    bool set = SSL_set_ex_data(ssl, verdict_slot(), &verdict) == 1;
    if (!ec) {
        set = set && X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1;
    } else {
        X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        set = set && X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size()) == 1 &&
              SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
    }
    if (!set) return fail(Errc::internal, "OpenSSL does not take this host name", host);
    return {};
}

bool is_revocation(unsigned long code) {
    const int reason = ERR_GET_REASON(code);
    return reason == SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED ||
           reason == SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN;
}

Error tls_error(const Verdict& verdict, const std::string& host, const std::string& where,
                const TlsFiles& files, unsigned long code, const std::string& reason) {
    if (verdict.error != 0) return verify_error(verdict, host, where, files);
    switch (ERR_GET_REASON(code)) {
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_HTTP_REQUEST:
            return unavailable("the server does not speak TLS on this port: correct the base URL",
                               where);
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
            return unavailable(
                files.cert_file.empty()
                    ? "the server ended the TLS handshake, as it does when it wants a client "
                      "certificate: name the link's certificate and key (" +
                          reason + ")"
                    : "the server ended the TLS handshake: see its log (" + reason + ")",
                where);
        case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
            return unavailable("the server says that this host's client certificate is revoked (" +
                                   reason +
                                   "): enrol the host anew, or give it another certificate",
                               files.cert_file);
        case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
            return unavailable("the server does not accept this host's client certificate (" +
                                   reason + "): give it one that the server knows",
                               files.cert_file.empty() ? where : files.cert_file);
        default: return unavailable("TLS with the server failed: " + reason, where);
    }
}

}  // namespace metalwright::agent::link
