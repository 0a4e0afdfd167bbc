#include "agent/spec/store_form.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/spec/document.hpp"
#include "corpus.hpp"

namespace metalwright::spec {
namespace {

using corpus::changed;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

HostSpec read(const json& document) {
    const Catalogue known = read_catalogue(corpus::catalogue().dump()).value();
    return read_document(document.dump(), &known, {.host_id = "host-a"}).value();
}

void comes_back(const HostSpec& spec) {
    const auto back = from_store(to_store(spec));
    ASSERT_TRUE(back) << describe(back.error()) << "\n" << to_store(spec);
    EXPECT_EQ(to_store(*back), to_store(spec));
    EXPECT_TRUE(*back == spec) << to_store(spec);
}

TEST(StoreForm, EverySpecComesBackAsItWas) {
    for (const json& document : {corpus::full(), corpus::release()}) comes_back(read(document));
    // A deed is never kept as what is in force; its password stands in its mandate.
    for (const corpus::Right& right : corpus::right_native()) {
        SCOPED_TRACE(std::string(right.change) + " = " + std::string(right.to));
        comes_back(read(changed(corpus::full(), right.change, right.to)));
    }
}

TEST(StoreForm, AVendorsSpecComesBackWithWhatWasKeptAndNoted) {
    json document = corpus::envelope();
    document["instanceId"] = nullptr;
    document["request"]["instanceSpec"]["gpuType"] = "x";
    document["request"]["instanceSpec"]["bandwidth"] = 7;
    document["request"]["instanceSpec"]["description"] = "\u5546\u5e97";
    HostSpec spec = read(document);
    EXPECT_EQ(spec.notes.size(), 1U);
    comes_back(spec);
    spec.instance_id = "drawn-by-the-agent";
    comes_back(spec);
    comes_back(HostSpec{});

    json no_network = document;
    for (const char* name : {"privateIp", "aliasIps", "hostname"})
        no_network["request"]["instanceSpec"].erase(name);
    comes_back(read(no_network));
}

TEST(StoreForm, AScriptOfAnyBytesComesBack) {
    HostSpec spec = read(corpus::full());
    for (std::size_t length = 0; length < 4; ++length) {
        spec.user_data->bytes = "#!/bin/sh\n\xff\xfe" + std::string(length, '\x01');
        comes_back(spec);
    }
}

TEST(StoreForm, ThePlainPasswordIsNotInIt) {
    HostSpec spec = read(corpus::with_password());
    ASSERT_EQ(spec.password.plain, "a long phrase");
    spec.password.hash = "$y$j9T$salt$hash";
    const std::string stored = to_store(spec);
    EXPECT_THAT(stored, Not(HasSubstr("a long phrase")));
    spec.password.plain.reset();
    EXPECT_EQ(from_store(stored).value(), spec);
}

TEST(StoreForm, DamageIsToldWithItsPlace) {
    const std::string good = to_store(read(corpus::full()));
    EXPECT_FALSE(from_store(""));
    EXPECT_FALSE(from_store("{}"));
    EXPECT_FALSE(from_store(good.substr(0, good.size() / 2)));
    const json stored = json::parse(good);
    const auto hostname = from_store(changed(stored, "/spec/hostname", "7").dump());
    ASSERT_FALSE(hostname);
    EXPECT_EQ(hostname.error().code, Errc::io);
    EXPECT_EQ(hostname.error().where, "/spec/hostname");
    EXPECT_THAT(hostname.error().message, HasSubstr("store may be damaged"));
    EXPECT_FALSE(from_store(changed(stored, "/form", "2").dump())) << "of a later version";
    EXPECT_FALSE(from_store(changed(stored, "/pointers", "[\"/a\"]").dump()));
    EXPECT_FALSE(from_store(changed(stored, "/notes", "[{}]").dump()));
    EXPECT_FALSE(from_store(changed(stored, "/more", "1").dump()));
}

TEST(Canonical, TheSameOrderIsTheSameBytes) {
    const std::string bytes = canonical_bytes(read(corpus::full()));
    EXPECT_EQ(canonical_bytes(read(changed(corpus::full(), "/generation", "9"))), bytes);
    EXPECT_EQ(canonical_bytes(read(changed(corpus::full(), "/operation/token", "\"other\""))),
              bytes);
    EXPECT_EQ(
        canonical_bytes(read(changed(corpus::full(), "/network/aliases/0/cidr", "\"10.0.1.51\""))),
        bytes)
        << "a prefix length spelled or not";
    EXPECT_EQ(canonical_bytes(read(changed(corpus::full(), "/storage/arrays/1/spares", "0"))),
              bytes)
        << "a default spelled or not";
    EXPECT_THAT(bytes, Not(HasSubstr("t-1")));
}

TEST(Canonical, AnotherOrderIsOtherBytes) {
    const std::string bytes = canonical_bytes(read(corpus::full()));
    const std::vector<corpus::Right> others{
        {"/hostname", "\"other\""},        {"/hostname", ""},
        {"/instance/id", "\"i-2\""},       {"/operation/wipeConsent", "[]"},
        {"/storage/arrays/0/spares", "2"}, {"/network/aliases", "[]"},
        {"/network/aliases", ""},          {"/userData/timeoutSeconds", "61"},
    };
    for (const corpus::Right& other : others)
        EXPECT_NE(canonical_bytes(read(changed(corpus::full(), other.change, other.to))), bytes)
            << other.change;
    const HostSpec one = read(corpus::with_password());
    HostSpec two = one;
    two.password.plain = "another phrase";
    EXPECT_NE(canonical_bytes(one), canonical_bytes(two));
    two = one;
    two.password.hash = "$y$j9T$salt$hash";
    EXPECT_EQ(canonical_bytes(one), canonical_bytes(two)) << "a salted hash says nothing";
    const HostSpec order = read(corpus::envelope());
    const HostSpec kept = read(changed(corpus::envelope(), "/request/instanceSpec/az", "\"az-2\""));
    EXPECT_NE(canonical_bytes(order), canonical_bytes(kept));
}

}  // namespace
}  // namespace metalwright::spec
