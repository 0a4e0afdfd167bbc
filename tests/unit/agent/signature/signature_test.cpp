// The schemes, held against signatures that tests/clients/signers.py has made: an implementation
// that knows nothing of this one.
#include "agent/signature/signature.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace metalwright::signature {
namespace {

constexpr std::int64_t at_ms = 1'795'809'527'000;  // 2026-11-27T19:58:47Z

const std::vector<Key> keys{{"jdcloud", "jdcloud-id-000000000001", "jdcloud-secret-0000000001"},
                            {"baidu", "baidu-id-000000000001", "baidu-secret-0000000001"},
                            {"zenlayer", "zenlayer-id-000000000001", "zenlayer-secret-0000000001"}};

Message jdcloud(bool third) {
    const std::string signature =
        third
            ? "JDCLOUD3-HMAC-SHA256 Credential=jdcloud-id-000000000001/20261127/cn-east-tz1/edcps/"
              "jdcloud3_request, SignedHeaders=content-type;host, Signature="
              "6cf669391e1a6dfcaee9c8e1f73383eb4f5a5f8de977dd7be5b4370889178fe6"
            : "JDCLOUD2-HMAC-SHA256 Credential=jdcloud-id-000000000001/20261127/cn-east-tz1/edcps/"
              "jdcloud2_request, SignedHeaders=content-type;host;x-jdcloud-date;x-jdcloud-nonce, "
              "Signature=3487a3404472f122232cf40d6590cf203dc4e6e0e6f0fce18e21365d33d5af07";
    return {.method = "PUT",
            .target = "/v1/regions/cn-east-tz1/aliasIps?b=2+3&a=x%2Fy",
            .headers = {{"Content-Type", "application/json"},
                        {"HOST", "host:7443"},
                        {"X-Jdcloud-Date", "20261127T195847Z"},
                        {"x-jdcloud-nonce", "n-1"},
                        {"Authorization", signature}},
            .body = R"({"a":1})"};
}

Message zenlayer() {
    return {.method = "POST",
            .target = "/api/v2/bmc",
            .headers = {{"content-type", "application/json"},
                        {"host", "host:7443"},
                        {"x-zc-timestamp", "1795809527"},
                        {"x-zc-action", "AllocateEipAddresses"},
                        {"authorization",
                         "ZC2-HMAC-SHA256 Credential=zenlayer-id-000000000001, "
                         "SignedHeaders=content-type;host, Signature="
                         "69a0d78d51d28550db058bb2307fc7f4be1b6508c8052ad7c6203d8c3764e9a2"}},
            .body = R"({"a":1})"};
}

Message baidu() {
    return {.method = "PUT",
            .target = "/v1/instance/batchAddIp?clientToken=a%2Db%20c",
            .headers = {{"host", "host:7443"},
                        {"x-bce-date", "2026-11-27T19:58:47Z"},
                        {"authorization",
                         "bce-auth-v1/baidu-id-000000000001/2026-11-27T19:58:47Z/1800/"
                         "host;x-bce-date/"
                         "9f502f504dbf64c0300a892035da957be65a8b1b844c907995ef49856490f11d"}}};
}

struct Case {
    std::string_view vendor;
    Message message;
    std::string nonce{};
};

std::vector<Case> all() {
    return {{"jdcloud", jdcloud(false), "n-1"},
            {"jdcloud", jdcloud(true)},
            {"zenlayer", zenlayer()},
            {"baidu", baidu()}};
}

Fault fault_of(std::string_view vendor, const Message& message, Clock clock = {at_ms}) {
    const auto who = verify(vendor, message, keys, clock);
    EXPECT_FALSE(who) << "it was believed";
    return who ? Fault::absent : who.error().fault;
}

std::string& authorization(Message& message) {
    for (auto& [name, value] : message.headers)
        if (name == "Authorization" || name == "authorization") return value;
    throw std::logic_error("no authorization");
}

TEST(Signature, EachSchemeVerifies) {
    for (const Case& one : all()) {
        const auto who = verify(one.vendor, one.message, keys, {at_ms + 60'000});
        ASSERT_TRUE(who) << one.vendor << ": " << who.error().message;
        EXPECT_EQ(who->key_id, std::string(one.vendor) + "-id-000000000001");
        EXPECT_EQ(who->nonce, one.nonce);
        EXPECT_EQ(who->since_ms, at_ms);
    }
}

TEST(Signature, EveryPartThatIsSignedCounts) {
    for (const Case& one : all()) {
        Message other = one.message;
        authorization(other).back() ^= 1;
        EXPECT_EQ(fault_of(one.vendor, other), Fault::wrong);
        other = one.message;
        other.method = "GET";
        EXPECT_EQ(fault_of(one.vendor, other), Fault::wrong) << one.vendor;
        other = one.message;
        for (auto& [name, value] : other.headers)
            if (name == "host" || name == "HOST") value = "another";
        EXPECT_EQ(fault_of(one.vendor, other), Fault::wrong) << one.vendor;
        if (one.vendor != "baidu") {  // which signs no body
            other = one.message;
            other.body += ' ';
            EXPECT_EQ(fault_of(one.vendor, other), Fault::wrong) << one.vendor;
        }
        if (one.vendor != "zenlayer") {  // which signs no path
            other = one.message;
            other.target += "&more=1";
            EXPECT_EQ(fault_of(one.vendor, other), Fault::wrong) << one.vendor;
        }
    }
}

TEST(Signature, ThirdOfJdcloudSignsWhatTheQueryMeans) {
    Message message = jdcloud(true);
    message.target = "/v1/regions//cn%2Deast-tz1/aliasIps?a=x/y&empty=&b=2%203";
    EXPECT_TRUE(verify("jdcloud", message, keys, {at_ms}));
}

TEST(Signature, ATimeThatIsOverOrNotYetHereIsTold) {
    for (const Case& one : all()) {
        const std::int64_t lasts = one.vendor == "baidu" ? 1'800'000 : 0;
        EXPECT_TRUE(verify(one.vendor, one.message, keys, {at_ms + lasts + 60'000, 60'000}));
        EXPECT_EQ(fault_of(one.vendor, one.message, {at_ms + lasts + 60'001, 60'000}),
                  Fault::expired);
        EXPECT_TRUE(verify(one.vendor, one.message, keys, {at_ms - 60'000, 60'000}));
        EXPECT_EQ(fault_of(one.vendor, one.message, {at_ms - 60'001, 60'000}), Fault::expired);
    }
}

TEST(Signature, AKeyCountsForItsVendorAlone) {
    for (const Case& one : all()) {
        std::vector<Key> others = keys;
        for (Key& key : others) key.vendor = key.vendor == "baidu" ? "jdcloud" : "baidu";
        const auto who = verify(one.vendor, one.message, others, {at_ms});
        ASSERT_FALSE(who);
        EXPECT_EQ(who.error().fault, Fault::unknown_key);
    }
}

TEST(Signature, WhatIsNoneIsToldFromWhatIsWrong) {
    for (const Case& one : all()) {
        Message message = one.message;
        std::erase_if(message.headers, [](const auto& header) {
            return header.first == "Authorization" || header.first == "authorization";
        });
        EXPECT_EQ(fault_of(one.vendor, message), Fault::absent);
        for (const char* none :
             {"", "Bearer x", "bce-auth-v1/a/b", "JDCLOUD2-HMAC-SHA256 Credential=a",
              "ZC2-HMAC-SHA256 Credential=a, SignedHeaders=b", "bce-auth-v1/a/2026/1800/host/00",
              "JDCLOUD2-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=x"}) {
            message = one.message;
            authorization(message) = none;
            EXPECT_EQ(fault_of(one.vendor, message), Fault::malformed) << none;
        }
    }
}

TEST(Signature, TheHostIsAlwaysSigned) {
    Message message = jdcloud(false);
    std::string& text = authorization(message);
    text.replace(text.find(";host"), 5, "");
    EXPECT_EQ(fault_of("jdcloud", message), Fault::malformed);
}

TEST(Nonces, OneIsTakenOnceAndIsKnownToWhoeverComesNext) {
    const Signed request{.vendor = "jdcloud",
                         .key_id = "a",
                         .nonce = "n",
                         .until_ms = at_ms + 1000,
                         .since_ms = at_ms};
    Nonces nonces(at_ms - 5, 10);
    EXPECT_TRUE(nonces.take(request, {at_ms}));
    EXPECT_EQ(nonces.take(request, {at_ms}).error().fault, Fault::replayed);
    Nonces next(at_ms + 500, 10, nonces.text());
    EXPECT_EQ(next.take(request, {at_ms + 500}).error().fault, Fault::replayed);
    Nonces forgetful(at_ms + 5000, 10);
    EXPECT_EQ(forgetful.take(request, {at_ms + 500}).error().fault, Fault::expired)
        << "who cannot know does not believe it";
}

TEST(Nonces, AreForgottenOnceARepeatWouldBeTooOldAndNotBefore) {
    Nonces nonces(0, 2);
    Signed request{.vendor = "jdcloud", .key_id = "a", .until_ms = at_ms + 1000, .since_ms = at_ms};
    for (const char* nonce : {"1", "2"}) {
        request.nonce = nonce;
        EXPECT_TRUE(nonces.take(request, {at_ms}));
    }
    request.nonce = "3";
    EXPECT_EQ(nonces.take(request, {at_ms}).error().fault, Fault::expired) << "no room";
    request.until_ms = at_ms + 9000;
    EXPECT_TRUE(nonces.take(request, {at_ms + 1001}));
    EXPECT_EQ(nonces.size(), 1u);
}

TEST(Keys, AreReadOrRefusedWithoutBeingTold) {
    const auto read =
        read_keys(R"({"keys":[{"vendor":"baidu","id":"a","secret":"0123456789abcdef"}]})");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->front().secret, "0123456789abcdef");
    for (const char* bad : {"", "[]", R"({"keys":[]})",
                            R"({"keys":[{"vendor":"aws","id":"a","secret":"s3cretS3cret0000"}]})",
                            R"({"keys":[{"vendor":"baidu","id":"","secret":"s3cretS3cret0000"}]})",
                            R"({"keys":[{"vendor":"baidu","id":"a","secret":"s3cretS3"}]})",
                            R"({"keys":[{"vendor":"baidu","id":"a","secret":16}]})"}) {
        const auto refused = read_keys(bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_THAT(describe(refused.error()), testing::Not(testing::HasSubstr("s3cretS3")));
    }
}

}  // namespace
}  // namespace metalwright::signature
