#include <gmock/gmock.h>

#include <fstream>

#include "tests/unit/agent/document_signer.hpp"
#include "tests/unit/agent/engine/engine_fixture.hpp"

namespace metalwright::engine {
namespace {

using testing::HasSubstr;
using tests::DocumentSigner;
using Taken = std::expected<agent::Accepted, Errors>;

class SignedDocuments : public EngineTest {
 protected:
    SignedDocuments() {
        trust(tests::jwk("2026-a", tests::rfc_public));
        options_.trusted_keys = directory_ / "trusted-keys.json";
        options_.require_signature = true;
        start();
    }

    void trust(const std::string& keys) {
        std::ofstream(directory_ / "trusted-keys.json") << R"({"keys":[)" + keys + "]}";
    }
    /// As the https link hands it over, with the generation of its ETag.
    Taken link(const std::string& text, std::uint64_t generation,
               std::optional<std::string> signature) {
        return engine_->submit({.source = "link",
                                .document = text,
                                .generation = generation,
                                .signature = std::move(signature)});
    }
    Taken file(const std::string& text, std::optional<std::string> signature) {
        return engine_->submit(
            {.source = "file", .document = text, .signature = std::move(signature)});
    }
    static std::string why(const Taken& taken) {
        return taken ? "it was taken" : describe(taken.error().front());
    }
    static std::string named(const std::string& name) { return document({{"hostname", name}}); }
};

TEST_F(SignedDocuments, OneOfTheControlPlaneIsCarriedOut) {
    const std::string text = document();
    const auto taken = link(text, 5, DocumentSigner().sign(text, "host-1", 5));
    ASSERT_TRUE(taken) << why(taken);
    EXPECT_EQ(taken->generation, 5u);
    EXPECT_EQ(finished()["state"], "running");
    EXPECT_TRUE(machine_.made.contains("hostname"));
}

TEST_F(SignedDocuments, OneThatIsNotChangesNothingAndIsReported) {
    const std::string text = document();
    const DocumentSigner signer;
    EXPECT_THAT(why(link(text, 5, std::nullopt)),
                HasSubstr("signature: the document is not signed, and this host takes signed ones "
                          "alone"));
    EXPECT_THAT(why(file(text, std::nullopt)), HasSubstr("the document is not signed"));
    EXPECT_THAT(why(link(text + " ", 5, signer.sign(text, "host-1", 5))), HasSubstr("very bytes"));
    EXPECT_THAT(why(link(text, 5, signer.sign(text, "host-2", 5))), HasSubstr("for host"));
    EXPECT_THAT(why(link(text, 6, signer.sign(text, "host-1", 5))), HasSubstr("for generation 5"));
    EXPECT_THAT(why(link(text, 5, "")), HasSubstr("is no compact JWS"));
    EXPECT_TRUE(store_->sources()->empty());
    EXPECT_TRUE(machine_.log.empty());
    EXPECT_EQ(json::parse(engine_->status())["state"], "idle");
    const auto all = reports("refused");
    ASSERT_EQ(all.size(), 6u);
    EXPECT_EQ(all[0]["source"], "link");
    EXPECT_EQ(all[0]["generation"], 5);
    EXPECT_EQ(all[0]["errors"][0]["code"], "refused");
    EXPECT_EQ(all[0]["errors"][0]["where"], "signature");
    EXPECT_EQ(all[1]["source"], "file");
}

TEST_F(SignedDocuments, WhatNobodySignedIsNotEvenRead) {
    const auto taken = link("this is no JSON", 5, std::nullopt);
    ASSERT_FALSE(taken);
    ASSERT_EQ(taken.error().size(), 1u);
    EXPECT_EQ(taken.error()[0].where, "signature");
}

TEST_F(SignedDocuments, AnOlderOneIsNotTakenAgain) {
    const std::string old = named("old"), now = named("now");
    const std::string signed_old = DocumentSigner().sign(old, "host-1", 1);
    ASSERT_TRUE(link(old, 1, signed_old));
    ASSERT_TRUE(link(now, 2, DocumentSigner().sign(now, "host-1", 2)));
    EXPECT_THAT(why(link(old, 1, signed_old)), HasSubstr("generation 1 is older than 2"));
    EXPECT_THAT(why(link(old, 3, signed_old)), HasSubstr("signature/generation"))
        << "whoever carries it calls it new";
    EXPECT_TRUE(link(now, 2, DocumentSigner().sign(now, "host-1", 2))->repeated);
}

TEST_F(SignedDocuments, AnOlderOneInTheDirectoryNeitherThoughItSaysNoGeneration) {
    const std::string old = named("old"), now = named("now");
    const auto first = file(old, DocumentSigner().sign(old, "host-1", 7));
    ASSERT_TRUE(first) << why(first);
    EXPECT_EQ(first->generation, 7u) << "that of its signature";
    ASSERT_TRUE(file(now, DocumentSigner().sign(now, "host-1", 8)));
    EXPECT_THAT(why(file(old, DocumentSigner().sign(old, "host-1", 7))),
                HasSubstr("generation 7 is older than 8"));
}

TEST_F(SignedDocuments, WhatItSaysItselfIsWhatWasSigned) {
    const std::string text = document({{"generation", 4}});
    EXPECT_THAT(why(file(text, DocumentSigner().sign(text, "host-1", 5))),
                HasSubstr("/generation: the document says generation 4, its signature is for "
                          "generation 5"));
    EXPECT_EQ(file(text, DocumentSigner().sign(text, "host-1", 4))->generation, 4u);
}

TEST_F(SignedDocuments, AReleaseHasToBeSignedToo) {
    const std::string text = document();
    ASSERT_TRUE(link(text, 1, DocumentSigner().sign(text, "host-1", 1)));
    finished();
    const std::string release =
        R"({"apiVersion":"metalwright/v1","host":{"id":"host-1"},"release":{"instanceId":"i-1"}})";
    EXPECT_THAT(why(link(release, 2, std::nullopt)), HasSubstr("not signed"));
    EXPECT_TRUE(link(release, 2, DocumentSigner().sign(release, "host-1", 2)));
    finished();
    EXPECT_THAT(why(link(text, 1, DocumentSigner().sign(text, "host-1", 1))),
                HasSubstr("generation 1 is older than 2"))
        << "the former order, kept by somebody, for a host that is free";
}

TEST_F(SignedDocuments, KeysAreExchangedWhileTheDaemonRuns) {
    const DocumentSigner before("2026-a"), after("2026-b", tests::other_private);
    const std::string one = named("one"), two = named("two"), three = named("three");
    EXPECT_THAT(why(link(one, 1, after.sign(one, "host-1", 1))), HasSubstr("is not trusted here"));
    trust(tests::jwk("2026-a", tests::rfc_public) + "," +
          tests::jwk("2026-b", tests::other_public));
    EXPECT_TRUE(link(one, 1, before.sign(one, "host-1", 1)));
    EXPECT_TRUE(link(two, 2, after.sign(two, "host-1", 2)));
    trust(tests::jwk("2026-b", tests::other_public));
    EXPECT_THAT(why(link(three, 3, before.sign(three, "host-1", 3))),
                HasSubstr("signature/kid: is made with the key \"2026-a\", which is not trusted"));
    EXPECT_TRUE(link(three, 3, after.sign(three, "host-1", 3)));
}

TEST_F(SignedDocuments, RootOnTheHostNeedsNone) {
    EXPECT_GT(accept(document()), 0);
    EXPECT_TRUE(reports("refused").empty());
}

TEST_F(SignedDocuments, WhereNoneIsRequiredABadOneIsRefusedAllTheSame) {
    options_.require_signature = false;
    start();
    const std::string text = document();
    EXPECT_THAT(why(link(text, 1, DocumentSigner().sign(text, "host-2", 1))), HasSubstr("host-2"));
    EXPECT_THAT(why(link(text, 1, "none")), HasSubstr("is no compact JWS"));
    EXPECT_TRUE(link(text, 1, std::nullopt));
}

TEST_F(SignedDocuments, WhereNobodyIsTrustedNoSignatureIsLookedAt) {
    options_.trusted_keys.clear();
    start();
    EXPECT_FALSE(link(document(), 1, std::nullopt)) << "but what is required is not there";
    EXPECT_FALSE(link(document(), 1, DocumentSigner().sign(document(), "host-1", 1)));
    options_.require_signature = false;
    start();
    EXPECT_TRUE(link(document(), 1, "none"));
}

TEST_F(SignedDocuments, WithoutGoodKeysNobodyIsBelieved) {
    const std::string text = document(), signature = DocumentSigner().sign(text, "host-1", 1);
    const auto path = directory_ / "trusted-keys.json";
    std::ofstream(path) << R"({"keys":[]})";
    EXPECT_THAT(why(link(text, 1, signature)),
                HasSubstr("/keys: in the trusted keys of " + path.native() + ": holds no key"));
    trust(tests::jwk("2026-a", tests::rfc_public));
    std::filesystem::permissions(path, std::filesystem::perms(0666));
    EXPECT_THAT(why(link(text, 1, signature)), HasSubstr("others on this host can write this"));
    std::filesystem::remove(path);
    EXPECT_THAT(why(link(text, 1, signature)), HasSubstr(path.native() + ": cannot read the file"));
    EXPECT_TRUE(store_->sources()->empty());
}

}  // namespace
}  // namespace metalwright::engine
