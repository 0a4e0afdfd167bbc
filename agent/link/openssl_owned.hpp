#pragma once

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

namespace metalwright::agent::link {

/// OpenSSL's objects, each with the end that it needs. For .cpp files.
struct OpensslFree {
    void operator()(BIO* one) const { BIO_free(one); }
    void operator()(X509* one) const { X509_free(one); }
    void operator()(X509_REQ* one) const { X509_REQ_free(one); }
    void operator()(X509_CRL* one) const { X509_CRL_free(one); }
    void operator()(X509_EXTENSION* one) const { X509_EXTENSION_free(one); }
    void operator()(EVP_PKEY* one) const { EVP_PKEY_free(one); }
    void operator()(EVP_PKEY_CTX* one) const { EVP_PKEY_CTX_free(one); }
    void operator()(BIGNUM* one) const { BN_free(one); }
    void operator()(GENERAL_NAMES* one) const { GENERAL_NAMES_free(one); }
};
template <class T>
using Owned = std::unique_ptr<T, OpensslFree>;

/// For reading; `text` must live as long.
inline Owned<BIO> bio_of(std::string_view text) {
    return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// What was written to a memory BIO. It wipes its own memory when it goes.
inline std::string text_of(BIO* bio) {
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

/// The private key in a PEM text; none: there is none, or it needs a passphrase, which nobody is
/// asked for.
inline Owned<EVP_PKEY> key_of(std::string_view pem) {
    const Owned<BIO> bio = bio_of(pem);
    const auto no_passphrase = [](char*, int, int, void*) { return -1; };
    Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    ERR_clear_error();
    return key;
}

}  // namespace metalwright::agent::link
