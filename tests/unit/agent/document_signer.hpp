#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cloudinit/base64.hpp"

namespace metalwright::tests {

/// RFC 8037, appendix A.1 and A.2: the halves of one key, which everybody knows.
inline constexpr const char* rfc_private = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
inline constexpr const char* rfc_public = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
/// RFC 8032, section 7.1, test 2.
inline constexpr const char* other_private = "TM0Imyj_ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U-4pvs";
inline constexpr const char* other_public = "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw";

/// What a control plane does: signs documents with a key of its own.
class DocumentSigner {
 public:
    explicit DocumentSigner(std::string key_id = "2026-a", const char* secret = rfc_private)
        : key_id_(std::move(key_id)), secret_(cloudinit::decode_base64url(secret).value()) {}

    std::string header(const std::string& host, std::uint64_t generation) const {
        return R"({"alg":"EdDSA","kid":")" + key_id_ + R"(","host":")" + host +
               R"(","generation":)" + std::to_string(generation) +
               R"(,"crit":["host","generation"]})";
    }
    /// As it should be.
    std::string sign(std::string_view document, const std::string& host,
                     std::uint64_t generation) const {
        return sign_with(header(host, generation), document);
    }
    /// With whatever header.
    std::string sign_with(std::string_view header, std::string_view document) const {
        const std::string first = cloudinit::encode_base64url(header);
        const std::string input = first + "." + cloudinit::encode_base64url(document);
        return first + ".." + cloudinit::encode_base64url(made(input));
    }

 private:
    std::string made(const std::string& input) const {
        const auto bytes = [](const std::string& of) {
            return reinterpret_cast<const unsigned char*>(of.data());
        };
        const std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* key) { EVP_PKEY_free(key); })> key(
            EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes(secret_),
                                         secret_.size()));
        const std::unique_ptr<EVP_MD_CTX, decltype([](EVP_MD_CTX* it) { EVP_MD_CTX_free(it); })>
            context(EVP_MD_CTX_new());
        unsigned char out[64];
        std::size_t size = sizeof out;
        if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
            EVP_DigestSign(context.get(), out, &size, bytes(input), input.size()) != 1)
            return {};
        return {reinterpret_cast<const char*>(out), size};
    }

    std::string key_id_;
    std::string secret_;
};

/// One key of a JWK Set.
inline std::string jwk(const std::string& key_id, const std::string& x) {
    return R"({"kty":"OKP","crv":"Ed25519","kid":")" + key_id + R"(","x":")" + x + R"("})";
}

}  // namespace metalwright::tests
