#include "agent/spec/detached_signature.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/agent/document_signer.hpp"

namespace metalwright::spec {
namespace {

using testing::HasSubstr;
using tests::DocumentSigner;

constexpr std::string_view document = R"({"apiVersion":"metalwright/v1"})"
                                      "\n";

std::vector<TrustedKey> keys() {
    return read_trusted_keys(R"({"keys":[)" + tests::jwk("2026-a", tests::rfc_public) + "," +
                             tests::jwk("2026-b", tests::other_public) + "]}")
        .value();
}

std::expected<std::uint64_t, Errors> verified(std::string_view signature,
                                              std::string_view bytes = document,
                                              std::optional<std::uint64_t> delivered = 17) {
    return verify_signature({bytes, signature, delivered}, keys(), "rack1-host7");
}

/// "where: message" of the only error.
std::string refusal(const std::expected<std::uint64_t, Errors>& result) {
    if (result) return "accepted";
    EXPECT_EQ(result.error().size(), 1u);
    EXPECT_EQ(result.error().front().code, Errc::refused);
    return describe(result.error().front());
}

/// Of a header that the right key has signed.
std::string refused_header(std::string_view header) {
    return refusal(verified(DocumentSigner().sign_with(header, document)));
}

/// `more` beside what has to be there.
std::string with(const std::string& more) {
    return R"({"alg":"EdDSA","kid":"2026-a","host":"rack1-host7","generation":17,)" + more + "}";
}

TEST(DetachedSignature, TheSignerOfTheseTestsIsThatOfRfc8037) {
    EXPECT_EQ(DocumentSigner().sign_with(R"({"alg":"EdDSA"})", "Example of Ed25519 signing"),
              "eyJhbGciOiJFZERTQSJ9.."
              "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_"
              "MuM0KAg")
        << "appendix A.4";
}

TEST(DetachedSignature, TheRightOneTellsTheGeneration) {
    const std::string signature = DocumentSigner().sign(document, "rack1-host7", 17);
    EXPECT_EQ(verified(signature), 17u);
    EXPECT_EQ(verified(signature, document, std::nullopt), 17u) << "as a directory delivers it";
    EXPECT_EQ(verified(DocumentSigner().sign("", "rack1-host7", 17), ""), 17u);
}

TEST(DetachedSignature, OtherMembersAndAnotherOrderDoNoHarm) {
    EXPECT_EQ(verified(DocumentSigner().sign_with(
                  with(R"("crit":["generation","host"],"typ":"JOSE","iat":1,"jku":"https://x/")"),
                  document)),
              17u);
    EXPECT_EQ(verified(DocumentSigner().sign_with(
                  "{\r\n " + with("\"crit\":[ \"host\", \"generation\" ]").substr(1), document)),
              17u);
}

TEST(DetachedSignature, AnyByteThatChangesIsNoticed) {
    const std::string signature = DocumentSigner().sign(document, "rack1-host7", 17);
    for (std::size_t i = 0; i < document.size(); ++i) {
        std::string changed(document);
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_THAT(refusal(verified(signature, changed)),
                    HasSubstr("signature: is not what the key \"2026-a\" makes of this document"))
            << i;
    }
    EXPECT_FALSE(verified(signature, document.substr(1)));
    EXPECT_FALSE(verified(signature, std::string(document) + "\n"));
    for (std::size_t i = 0; i < signature.size(); ++i) {
        std::string changed = signature;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(verified(changed)) << i;
    }
}

TEST(DetachedSignature, OneForAnotherHostIsRefused) {
    EXPECT_EQ(refusal(verified(DocumentSigner().sign(document, "rack1-host8", 17))),
              "signature/host: is for host \"rack1-host8\", this is \"rack1-host7\": sign each "
              "host's document for itself");
}

TEST(DetachedSignature, OneForAnotherGenerationIsRefused) {
    EXPECT_EQ(refusal(verified(DocumentSigner().sign(document, "rack1-host7", 16))),
              "signature/generation: is for generation 16, and the document was delivered as "
              "generation 17: sign again whenever the generation changes");
}

TEST(DetachedSignature, WhoeverSignedWithAnotherKeyIsNotBelieved) {
    EXPECT_THAT(refusal(verified(DocumentSigner("2025-z").sign(document, "rack1-host7", 17))),
                HasSubstr("signature/kid: is made with the key \"2025-z\", which is not trusted "
                          "here; these are: \"2026-a\", \"2026-b\""));
    EXPECT_THAT(refusal(verified(DocumentSigner("2026-b").sign(document, "rack1-host7", 17))),
                HasSubstr("is not what the key \"2026-b\" makes"))
        << "signed with the first key in the name of the second";
    EXPECT_EQ(
        verified(DocumentSigner("2026-b", tests::other_private).sign(document, "rack1-host7", 17)),
        17u);
}

TEST(DetachedSignature, TheKeyInAHeaderIsNoKey) {
    const std::string own =
        with(R"("crit":["host","generation"],"jwk":)" + tests::jwk("2026-a", tests::other_public));
    EXPECT_FALSE(verified(DocumentSigner("2026-a", tests::other_private).sign_with(own, document)));
}

TEST(DetachedSignature, AHeaderThatIsNotAsItMustBeIsToldWhy) {
    const std::string crit = R"("crit":["host","generation"])";
    const std::pair<std::string, const char*> wrong[]{
        {with(R"("crit":["host","generation","exp"],"exp":1)"),
         "signature/crit/2: \"exp\" has to be understood, and this agent does not know it"},
        {with(R"("crit":["host","generation","b64"])"), "signature/crit/2: \"b64\" has to be"},
        {with(R"("crit":["host","host","generation"])"), "signature/crit/1: \"host\" stands twice"},
        {with(R"("crit":["host"])"), "signature/crit: does not name \"generation\""},
        {with(R"("crit":["generation"])"), "signature/crit: does not name \"host\""},
        {with(R"("crit":"host")"), "signature/crit: expected an array"},
        {with(R"("typ":"JOSE")"), "signature/crit: is required, but missing"},
        {with(crit + R"(,"b64":false)"), "signature/b64: is not taken: sign the Base64"},
        {with(crit + R"(,"host":"rack1-host7")"),
         "signature/host: the field \"host\" stands twice"},
        {with(crit + R"(,"x":{"a":1,"a":2})"), "signature/x/a: the field \"a\" stands twice"},
        {R"({"alg":"none","kid":"2026-a","host":"rack1-host7","generation":17,)" + crit + "}",
         "signature/alg: is \"none\": only EdDSA"},
        {R"({"alg":"HS256","kid":"2026-a","host":"rack1-host7","generation":17,)" + crit + "}",
         "signature/alg: is \"HS256\": only EdDSA"},
        {R"({"kid":"2026-a","host":"rack1-host7","generation":17,)" + crit + "}",
         "signature/alg: is required, but missing"},
        {R"({"alg":"EdDSA","host":"rack1-host7","generation":17,)" + crit + "}",
         "signature/kid: is required, but missing"},
        {R"({"alg":"EdDSA","kid":"2026-a","generation":17,)" + crit + "}",
         "signature/host: is required, but missing"},
        {R"({"alg":"EdDSA","kid":"2026-a","host":"rack1-host7",)" + crit + "}",
         "signature/generation: is required, but missing"},
        {R"({"alg":"EdDSA","kid":"2026-a","host":"rack1-host7","generation":"17",)" + crit + "}",
         "signature/generation: expected a number"},
        {R"({"alg":"EdDSA","kid":"2026-a","host":"rack1-host7","generation":17.0,)" + crit + "}",
         "signature/generation: expected a whole number"},
        {R"({"alg":"EdDSA","kid":"2026-a","host":"rack1-host7","generation":0,)" + crit + "}",
         "signature/generation: 0 is out of range"},
        {"[]", "signature: the header: expected an object"},
        {R"({"alg":"EdDSA")", "signature: the header: not valid JSON at line 1"},
    };
    for (const auto& [header, why] : wrong)
        EXPECT_THAT(refused_header(header), HasSubstr(why)) << header;
}

TEST(DetachedSignature, AllThatIsWrongWithAHeaderIsToldAtOnce) {
    const auto result = verified(DocumentSigner().sign_with(R"({"alg":"none"})", document));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().size(), 5u);
}

TEST(DetachedSignature, OneWayToWriteItAlone) {
    const std::string good = DocumentSigner().sign(document, "rack1-host7", 17);
    const std::size_t dots = good.find("..");
    const std::string header = good.substr(0, dots), end = good.substr(dots + 2);
    EXPECT_THAT(refusal(verified(header + "." + end)), HasSubstr("is no compact JWS"));
    EXPECT_THAT(refusal(verified(header + "..." + end)), HasSubstr("is no compact JWS"));
    for (const std::string& none : {std::string(), std::string(".."), ".." + end, header + ".."})
        EXPECT_THAT(refusal(verified(none)), HasSubstr("is no compact JWS")) << none;
    EXPECT_THAT(refusal(verified(header + ".e30." + end)), HasSubstr("holds a payload of its own"));
    EXPECT_THAT(refusal(verified(header + "==.." + end)), HasSubstr("the header: base64url has"));
    EXPECT_THAT(refusal(verified(good + "==")), HasSubstr("after the dots: base64url has padding"));
    for (const std::string& blank : {" " + good, good + "\n", good + "\r\n", header + " .." + end})
        EXPECT_THAT(refusal(verified(blank)), HasSubstr("a blank or a line break"));
    EXPECT_THAT(refusal(verified(good + ", " + good)), HasSubstr("is no compact JWS"));
    EXPECT_THAT(refusal(verified(header + ".." + end.substr(0, 80))),
                HasSubstr("is 60 bytes after the dots: Ed25519 makes 64"));
    EXPECT_THAT(refusal(verified(good + std::string(most_signature_bytes, 'A'))),
                HasSubstr("at most 4096 are read"));
}

}  // namespace
}  // namespace metalwright::spec
