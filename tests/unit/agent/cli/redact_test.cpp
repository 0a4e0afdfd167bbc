#include "agent/cli/redact.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloudinit/base64.hpp"

namespace metalwright::agent::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string secret = "Tr0ub4dor&3";

TEST(Redacted, SecretsAsTheyAreAndInBase64) {
    for (const std::string before : {"", "a", "ab", "abc", "user:"})
        for (const std::string after : {"", "x", "xy", "xyz"}) {
            const std::string plain = before + secret + after;
            EXPECT_THAT(redacted("it is " + plain, {secret}), Not(HasSubstr(secret))) << plain;
            const std::string encoded = cloudinit::encode_base64(plain);
            const std::string left = redacted("it is " + encoded, {secret});
            EXPECT_THAT(left, HasSubstr(redacted_word)) << plain;
            EXPECT_EQ(left.find(encoded.substr(2, encoded.size() - 5)), left.npos) << plain;
        }
    EXPECT_EQ(redacted("abc", {"abc"}), "abc") << "it would be found everywhere";
}

TEST(Redacted, WhatIsSecretByItsForm) {
    EXPECT_EQ(redacted("root:$y$j9T$saltsalt$h4sh/h4sh.h4sh:19000:", {}),
              "root:$y$[redacted]:19000:");
    EXPECT_EQ(redacted("$6$rounds=5000$salt$hashhash and $6 for two", {}),
              "$6$[redacted] and $6 for two");
    EXPECT_EQ(
        redacted("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----", {}),
        "-----BEGIN EC PRIVATE KEY-----[redacted]-----END EC PRIVATE KEY-----");
    EXPECT_EQ(redacted("-----BEGIN PRIVATE KEY-----\nMHcCAQEE", {}),
              "-----BEGIN PRIVATE KEY-----[redacted]")
        << "cut off";
    EXPECT_EQ(redacted("by http://me:pass@proxy:3128/ to https://cp", {}),
              "by http://[redacted]@proxy:3128/ to https://cp");
    EXPECT_EQ(redacted("Authorization: Bearer abc.def\nHost: x", {}),
              "Authorization: Bearer [redacted]\nHost: x");
    EXPECT_EQ(
        redacted("it is " + std::string(60, 'a') + "QUJD" + std::string(60, '0') + " here", {}),
        "it is [redacted] here");
}

TEST(Redacted, WhatIsSecretByItsName) {
    EXPECT_EQ(redacted("a = 1\n  token = \"abc\"  # mine\npassword='x'\n", {}),
              "a = 1\n  token = \"[redacted]\"\npassword= \"[redacted]\"\n");
    const Json told = redacted_json(Json{{"password", "a"},
                                         {"list", {{{"clientToken", "b"}, {"operation", 7}}}},
                                         {"userData", {{"state", "exited"}, {"output", "c"}}},
                                         {"spec", {{"userData", {{"base64", "ZA=="}}}}}},
                                    {});
    EXPECT_EQ(told.dump(),
              R"({"password":"[redacted]","list":[{"clientToken":"[redacted]","operation":7}],)"
              R"("userData":{"state":"exited","output":"[redacted]"},)"
              R"("spec":{"userData":{"base64":"[redacted]"}}})");
}

TEST(Redacted, WhatIsNoSecretStays) {
    for (const char* plain :
         {"token_file = \"/etc/metalwright/token\"", "x = 5 $ and $y", "https://cp.example:8443/v1",
          "sha256 "
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01",
          "/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda", ""})
        EXPECT_EQ(redacted(plain, {}), plain);
    const Json plain{
        {"passwordAlgorithm", "yescrypt"}, {"token", nullptr}, {"has", true}, {"n", 1.5}};
    EXPECT_EQ(redacted_json(plain, {}), plain);
}

}  // namespace
}  // namespace metalwright::agent::cli
