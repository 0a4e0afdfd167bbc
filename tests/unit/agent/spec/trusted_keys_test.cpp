#include "agent/spec/trusted_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloudinit/base64.hpp"
#include "tests/unit/agent/document_signer.hpp"

namespace metalwright::spec {
namespace {

using testing::HasSubstr;

std::string set_of(const std::string& keys) {
    return R"({"keys":[)" + keys + "]}";
}

std::string wrong_with(const std::string& text) {
    const auto keys = read_trusted_keys(text);
    if (keys) return "nothing";
    std::string all;
    for (const Error& error : keys.error()) {
        EXPECT_EQ(error.code, Errc::invalid_spec);
        all += describe(error) + "\n";
    }
    return all;
}

TEST(TrustedKeys, AreAJwkSetOfEd25519) {
    // RFC 8037, appendix A.2
    const auto keys = read_trusted_keys(set_of(
        R"({"kty":"OKP","crv":"Ed25519","kid":"2026-a","use":"sig","alg":"EdDSA","iat":1,"x":")" +
        std::string(tests::rfc_public) + "\"}," + tests::jwk("2026-b", tests::other_public)));
    ASSERT_TRUE(keys);
    ASSERT_EQ(keys->size(), 2u);
    EXPECT_EQ(keys->at(0).id, "2026-a");
    EXPECT_EQ(keys->at(0).bytes.substr(0, 4), "\xd7\x5a\x98\x01");
    EXPECT_EQ(keys->at(0).bytes.size(), 32u);
    EXPECT_EQ(keys->at(1).id, "2026-b");
}

TEST(TrustedKeys, WhatIsWrongIsToldAtOnceWithItsPlace) {
    const std::string told =
        wrong_with(set_of(R"({"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"},)"
                          R"({"kty":"OKP","crv":"X25519","x":"AAAA","use":"enc","alg":"ES256"},)" +
                          tests::jwk("a b\\n", tests::rfc_public)));
    for (const char* part :
         {"/keys/0/kty: \"RSA\" is not one of: OKP", "/keys/0/crv", "/keys/0/x",
          "/keys/1/crv: \"X25519\" is not one of: Ed25519", "/keys/1/kid",
          "/keys/1/x: is 3 bytes: an Ed25519 key has 32", "/keys/1/use: \"enc\" is not one of: sig",
          "/keys/1/alg: \"ES256\" is not one of: EdDSA", "/keys/2/kid"})
        EXPECT_THAT(told, HasSubstr(part));
}

TEST(TrustedKeys, APrivateHalfIsRefusedAndNotQuoted) {
    const std::string told = wrong_with(set_of(R"({"kty":"OKP","crv":"Ed25519","kid":"a","x":")" +
                                               std::string(tests::rfc_public) + R"(","d":")" +
                                               tests::rfc_private + "\"}"));
    EXPECT_THAT(told, HasSubstr("/keys/0/d: is the private half: take it out"));
    EXPECT_EQ(told.find(tests::rfc_private), std::string::npos);
}

TEST(TrustedKeys, EachHasANameOfItsOwn) {
    EXPECT_THAT(wrong_with(set_of(tests::jwk("a", tests::rfc_public) + "," +
                                  tests::jwk("a", tests::other_public))),
                HasSubstr("/keys/1: another key is called \"a\" too"));
}

TEST(TrustedKeys, OneThatAnybodyCanSignWithIsNone) {
    const std::string zeros(31, '\0'), ones(30, '\xff');
    for (const std::string& bytes :
         {zeros + '\0', '\x01' + zeros, zeros + '\x80', '\xec' + ones + '\x7f',
          '\xed' + ones + '\xff', '\xee' + ones + '\x7f'})
        EXPECT_THAT(wrong_with(set_of(tests::jwk("a", cloudinit::encode_base64url(bytes)))),
                    HasSubstr("/keys/0/x: is no key: anybody could sign with it"));
    for (const char* x : {"JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU",
                          "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o"})
        EXPECT_THAT(wrong_with(set_of(tests::jwk("a", x))), HasSubstr("anybody could sign"));
}

TEST(TrustedKeys, NoneAtAllIsAnErrorToo) {
    EXPECT_THAT(wrong_with(set_of("")), HasSubstr("/keys: holds no key"));
    EXPECT_THAT(wrong_with("{}"), HasSubstr("/keys"));
    EXPECT_THAT(wrong_with(""), HasSubstr("not valid JSON"));
    EXPECT_THAT(wrong_with("[]"), HasSubstr("expected an object"));
    std::string many;
    for (int i = 0; i < 65; ++i)
        many += (i == 0 ? "" : ",") + tests::jwk("k" + std::to_string(i), tests::rfc_public);
    EXPECT_THAT(wrong_with(set_of(many)), HasSubstr("at most 64"));
}

}  // namespace
}  // namespace metalwright::spec
