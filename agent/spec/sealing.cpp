#include "agent/spec/sealing.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

#include "cloudinit/base64.hpp"

namespace metalwright::spec {
namespace {

constexpr int fewest_bits = 2048;
constexpr int most_bits = 8192;
constexpr std::string_view begin = "-----BEGIN PUBLIC KEY-----";

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Result<Owned<EVP_PKEY>> read_key(std::string_view pem) {
    const auto wrong = [](std::string why) {
        ERR_clear_error();
        return fail(Errc::invalid_spec, std::move(why));
    };
    if (pem.find("PRIVATE KEY") != std::string_view::npos)
        return wrong("is a private key: give the public one (openssl pkey -pubout)");
    if (!pem.starts_with(begin))
        return wrong("is no public key: it has to begin with " + std::string(begin));
    const Owned<BIO> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    Owned<EVP_PKEY> key(text ? PEM_read_bio_PUBKEY(text.get(), nullptr, nullptr, nullptr)
                             : nullptr);
    if (!key) return wrong("cannot be read as a public key");
    if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
        return wrong("is no RSA key, which alone can be encrypted to");
    const int bits = EVP_PKEY_get_bits(key.get());
    if (bits < fewest_bits || bits > most_bits)
        return wrong("has " + std::to_string(bits) + " bits: 2048 to 8192 are allowed");
    return key;
}

}  // namespace

Result<void> check_sealing_key(std::string_view pem) {
    if (const auto key = read_key(pem); !key) return std::unexpected(key.error());
    return {};
}

Result<std::string> seal(std::string_view plain, std::string_view pem) {
    const auto key = read_key(pem);
    if (!key) return std::unexpected(key.error());
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(key->get(), nullptr));
    const auto* in = reinterpret_cast<const unsigned char*>(plain.data());
    std::size_t size = 0;
    const bool ready = context && EVP_PKEY_encrypt_init(context.get()) > 0 &&
                       EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) > 0 &&
                       EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_sha256()) > 0 &&
                       EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_sha256()) > 0 &&
                       EVP_PKEY_encrypt(context.get(), nullptr, &size, in, plain.size()) > 0;
    std::string sealed(size, '\0');
    if (!ready || EVP_PKEY_encrypt(context.get(), reinterpret_cast<unsigned char*>(sealed.data()),
                                   &size, in, plain.size()) <= 0) {
        ERR_clear_error();
        return fail(Errc::internal, "OpenSSL cannot encrypt to this key");
    }
    sealed.resize(size);
    return cloudinit::encode_base64(sealed);
}

}  // namespace metalwright::spec
