#include "agent/engine/digest.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace metalwright::engine {

std::string keyed_digest(std::string_view key, std::string_view content) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(content.data()), content.size(), mac.data(), &size);
    std::string hex;
    for (unsigned i = 0; i < size; ++i) {
        constexpr std::string_view digits = "0123456789abcdef";
        hex += digits[mac[i] >> 4];
        hex += digits[mac[i] & 15];
    }
    return hex;
}

}  // namespace metalwright::engine
