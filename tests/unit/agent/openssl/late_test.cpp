#include <gtest/gtest.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

namespace {

bool loaded(std::string_view library) {
    const std::ifstream maps("/proc/self/maps");
    std::ostringstream text;
    text << maps.rdbuf();
    return text.str().contains(library);
}

/// RFC 4231, test case 2.
std::string hmac_of_the_rfc() {
    constexpr std::string_view key = "Jefe", text = "what do ya want for nothing?";
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &size);
    return {reinterpret_cast<const char*>(mac), size};
}

TEST(OpenSsl, IsNotThereBeforeItIsCalled) {
    EXPECT_FALSE(loaded("libcrypto.so"));
    EXPECT_EQ(hmac_of_the_rfc().substr(0, 4), "\x5b\xdc\xc1\x46");
    EXPECT_TRUE(loaded("libcrypto.so"));
    EXPECT_FALSE(loaded("libssl.so")) << "a digest needs no TLS";
    const std::unique_ptr<SSL_CTX, decltype([](SSL_CTX* context) { SSL_CTX_free(context); })> tls(
        SSL_CTX_new(TLS_client_method()));
    EXPECT_NE(tls, nullptr);
    EXPECT_TRUE(loaded("libssl.so"));
}

}  // namespace
