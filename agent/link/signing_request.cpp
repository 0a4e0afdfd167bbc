#include "agent/link/signing_request.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>

#include <array>

#include "agent/link/openssl_owned.hpp"
#include "agent/link/url.hpp"

namespace metalwright::agent::link {
namespace {

constexpr std::size_t longest_common_name = 64;  // X.520's bound, which OpenSSL keeps

Owned<EVP_PKEY> draw_key() {
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr));
    EVP_PKEY* key = nullptr;
    if (!context || EVP_PKEY_keygen_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1) != 1 ||
        EVP_PKEY_keygen(context.get(), &key) != 1)
        return nullptr;
    return Owned<EVP_PKEY>(key);
}

bool name_host(X509_REQ* request, const std::string& host_id) {
    const auto* text = reinterpret_cast<const unsigned char*>(host_id.c_str());
    if (host_id.size() <= longest_common_name &&
        X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8, text,
                                   -1, -1, 0) != 1)
        return false;
    X509V3_CTX context{};
    X509V3_set_ctx(&context, nullptr, nullptr, request, nullptr, 0);
    const Owned<X509_EXTENSION> name(X509V3_EXT_conf_nid(nullptr, &context, NID_subject_alt_name,
                                                         ("URI:" + host_urn(host_id)).c_str()));
    STACK_OF(X509_EXTENSION)* all = sk_X509_EXTENSION_new_null();
    const bool added = name && all != nullptr && sk_X509_EXTENSION_push(all, name.get()) > 0 &&
                       X509_REQ_add_extensions(request, all) == 1;
    sk_X509_EXTENSION_free(all);
    return added;
}

}  // namespace

std::string host_urn(const std::string& host_id) {
    return "urn:metalwright:host:" + encode_segment(host_id);
}

Result<SigningRequest> make_signing_request(const std::string& host_id) {
    ERR_clear_error();
    const Owned<EVP_PKEY> key = draw_key();
    const Owned<X509_REQ> request(X509_REQ_new());
    const Owned<BIO> key_pem(BIO_new(BIO_s_mem())), request_pem(BIO_new(BIO_s_mem()));
    const bool made = key && request && key_pem && request_pem &&
                      name_host(request.get(), host_id) &&
                      X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
                      X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0 &&
                      PEM_write_bio_PKCS8PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0,
                                                    nullptr, nullptr) == 1 &&
                      PEM_write_bio_X509_REQ(request_pem.get(), request.get()) == 1;
    ERR_clear_error();
    if (!made) return fail(Errc::internal, "OpenSSL cannot make a key and a request for", host_id);
    return SigningRequest{SecretText(text_of(key_pem.get())), text_of(request_pem.get())};
}

std::string fingerprint(std::string_view secret) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(secret.data(), secret.size(), digest.data(), &size, EVP_sha256(), nullptr);
    std::string hex;
    for (unsigned i = 0; i < size; ++i) {
        constexpr std::string_view digits = "0123456789abcdef";
        hex += digits[digest[i] >> 4U];
        hex += digits[digest[i] & 15U];
    }
    return hex;
}

}  // namespace metalwright::agent::link
