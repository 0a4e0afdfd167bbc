#include "agent/spec/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "corpus.hpp"

namespace metalwright::spec {
namespace {

using corpus::changed;
using corpus::lines;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const Context here{.host_id = "host-a"};

Catalogue catalogue() {
    return read_catalogue(corpus::catalogue().dump()).value();
}

std::expected<HostSpec, Errors> read(const json& document) {
    const Catalogue known = catalogue();
    return read_document(document.dump(), &known, here);
}

TEST(Document, AnEnvelopeHoldsWhatTheRequestDoesNot) {
    const auto spec = read(corpus::envelope());
    ASSERT_TRUE(spec) << lines(spec.error());
    EXPECT_EQ(spec->dialect, "jdcloud.createInstances");
    EXPECT_EQ(spec->host_id, "host-a");
    EXPECT_EQ(spec->instance_id, "i-1");
    EXPECT_EQ(spec->generation, 1U);
    EXPECT_EQ(spec->token, "t-1");
    EXPECT_THAT(spec->wipe_consent, ElementsAre(raid::WipeConsent{"S1", {"ext4"}}));
}

TEST(Document, AnEnvelopeNeedsOnlyItsRequest) {
    json document = corpus::envelope();
    for (const char* name : {"apiVersion", "host", "instanceId", "generation", "wipeConsent"})
        document[name] = nullptr;
    const auto spec = read(document);
    ASSERT_TRUE(spec) << lines(spec.error());
    EXPECT_EQ(spec->host_id, "host-a") << "the context's";
    EXPECT_EQ(spec->instance_id, std::nullopt);
    EXPECT_EQ(spec->generation, std::nullopt);
}

TEST(Document, WhatIsWrongWithAnEnvelope) {
    for (const corpus::Wrong& wrong : corpus::wrong_envelope()) {
        SCOPED_TRACE(std::string(wrong.change) + " = " + std::string(wrong.to));
        const auto spec = read(changed(corpus::envelope(), wrong.change, wrong.to));
        ASSERT_FALSE(spec);
        EXPECT_TRUE(corpus::holds(spec.error(), wrong.where, wrong.says)) << lines(spec.error());
        EXPECT_EQ(spec.error().size(), 1U) << lines(spec.error());
    }
}

TEST(Document, EnvelopeAndRequestAreWrongAtOnce) {
    json document = corpus::envelope();
    document["generation"] = 0;
    document["request"]["instanceSpec"]["count"] = 2;
    const auto spec = read(document);
    ASSERT_FALSE(spec);
    EXPECT_TRUE(corpus::holds(spec.error(), "/generation", "range")) << lines(spec.error());
    EXPECT_TRUE(corpus::holds(spec.error(), "/request/instanceSpec/count", "one host"))
        << lines(spec.error());
}

TEST(Document, ABareRequestIsToldHowToWrapIt) {
    const auto spec = read(corpus::envelope()["request"]);
    ASSERT_FALSE(spec);
    ASSERT_EQ(spec.error().size(), 1U);
    EXPECT_THAT(spec.error().front().message,
                HasSubstr(R"(wrap it as {"dialect":"jdcloud.createInstances","request":{...}})"));
}

TEST(Document, ARelease) {
    const auto spec = read(corpus::release());
    ASSERT_TRUE(spec) << lines(spec.error());
    const HostSpec wanted{
        .host_id = "host-a", .generation = 4, .token = "bye", .release = Release{"i-1"}};
    EXPECT_EQ(*spec, wanted);
    for (const corpus::Wrong& wrong : corpus::wrong_release()) {
        SCOPED_TRACE(std::string(wrong.change) + " = " + std::string(wrong.to));
        const auto bad = read(changed(corpus::release(), wrong.change, wrong.to));
        ASSERT_FALSE(bad);
        EXPECT_TRUE(corpus::holds(bad.error(), wrong.where, wrong.says)) << lines(bad.error());
    }
}

TEST(Document, ANewPasswordForTheInstanceInForce) {
    const auto spec = read(corpus::reset());
    ASSERT_TRUE(spec) << lines(spec.error());
    const HostSpec wanted{.host_id = "host-a",
                          .generation = 4,
                          .token = "anew",
                          .reset = PasswordReset{"i-1", {.plain = "a long phrase"}}};
    EXPECT_EQ(*spec, wanted);
    for (const corpus::Wrong& wrong : corpus::wrong_reset()) {
        SCOPED_TRACE(std::string(wrong.change) + " = " + std::string(wrong.to));
        const auto bad = read(changed(corpus::reset(), wrong.change, wrong.to));
        ASSERT_FALSE(bad);
        EXPECT_TRUE(corpus::holds(bad.error(), wrong.where, wrong.says)) << lines(bad.error());
    }
}

TEST(Document, AReinstallNeedsATokenSoThatItIsNotDoneTwice) {
    json document = changed(corpus::full(), "/operation/reinstall", "true");
    EXPECT_TRUE(read(document)->reinstall);
    document["operation"].erase("token");
    const auto bad = read(document);
    ASSERT_FALSE(bad);
    EXPECT_TRUE(corpus::holds(bad.error(), "/operation/token", "is required with \"reinstall\""))
        << lines(bad.error());
}

TEST(Document, AnotherHostsIsRefused) {
    for (const json& document : {corpus::full(), corpus::envelope(), corpus::release()}) {
        const Catalogue known = catalogue();
        const auto spec = read_document(document.dump(), &known, {.host_id = "host-b"});
        ASSERT_FALSE(spec);
        ASSERT_EQ(spec.error().size(), 1U) << lines(spec.error());
        EXPECT_EQ(spec.error().front().code, Errc::refused);
        EXPECT_EQ(spec.error().front().where, "/host/id");
        EXPECT_THAT(spec.error().front().message, HasSubstr("\"host-b\""));
        EXPECT_TRUE(read_document(document.dump(), &known, {})) << "a laptop is no host";
    }
}

TEST(Document, WhatIsNoObject) {
    for (const char* text : {"[]", "7", "\"x\"", "null"}) {
        const auto spec = read_document(text, nullptr, here);
        ASSERT_FALSE(spec);
        EXPECT_THAT(spec.error().front().message, HasSubstr("expected an object"));
    }
    EXPECT_FALSE(read_document("", nullptr, here));
    const auto empty = read_document("{}", nullptr, here);
    ASSERT_FALSE(empty);
    EXPECT_EQ(empty.error().size(), 3U) << lines(empty.error());
}

TEST(Document, EveryExampleIsRead) {
    const auto known = read_catalogue(corpus::file("examples/catalogue.json"));
    ASSERT_TRUE(known) << lines(known.error());
    std::size_t seen = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(METALWRIGHT_SOURCE_DIR "/examples")) {
        const std::string name = entry.path().filename().string();
        if (name == "catalogue.json" || entry.path().extension() != ".json") continue;
        SCOPED_TRACE(name);
        const std::string text = corpus::file("examples/" + name);
        const auto spec = read_document(text, &*known, here);
        EXPECT_TRUE(spec) << lines(spec.error());
        EXPECT_TRUE(read_document(text, nullptr, {})) << "on a laptop";
        ASSERT_TRUE(spec);
        EXPECT_TRUE(spec->notes.empty()) << spec->notes.front().message;
        ++seen;
    }
    EXPECT_GE(seen, 8U);
}

}  // namespace
}  // namespace metalwright::spec
