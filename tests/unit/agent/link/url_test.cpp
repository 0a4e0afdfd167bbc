#include "agent/link/url.hpp"

#include <gtest/gtest.h>

namespace metalwright::agent::link {
namespace {

TEST(Url, IsTakenApart) {
    EXPECT_EQ(parse_base_url("https://cp.example"), (Url{true, "cp.example", "443", ""}));
    EXPECT_EQ(parse_base_url("https://cp.example:8443/fleet/a/"),
              (Url{true, "cp.example", "8443", "/fleet/a"}));
    EXPECT_EQ(parse_base_url("https://[2001:db8::1]:8443/"),
              (Url{true, "2001:db8::1", "8443", ""}));
    EXPECT_EQ(parse_base_url("http://127.0.0.1:8080"), (Url{false, "127.0.0.1", "8080", ""}));
}

TEST(Url, PlainHttpIsForLoopbackOnly) {
    for (const char* here : {"http://localhost", "http://127.9.9.9", "http://[::1]:80"}) {
        EXPECT_TRUE(parse_base_url(here)) << here;
    }
    for (const char* elsewhere :
         {"http://cp.example", "http://10.0.0.1", "http://localhost.example", "http://0.0.0.0",
          "http://[::ffff:10.0.0.1]"}) {
        const auto url = parse_base_url(elsewhere);
        ASSERT_FALSE(url) << elsewhere;
        EXPECT_EQ(url.error().code, Errc::refused) << elsewhere;
    }
}

TEST(Url, RefusesWhatIsNone) {
    for (const char* bad :
         {"", "cp.example", "ftp://cp.example", "https://", "https:///x", "https://cp.example:0",
          "https://cp.example:99999", "https://cp.example/?a=b", "https://cp.example/#x",
          "https://a b", "https://cp%0d%0aX-Header:%20x", "https://c%22x", "https://cp*x"}) {
        const auto url = parse_base_url(bad);
        ASSERT_FALSE(url) << bad;
        EXPECT_EQ(url.error().code, Errc::invalid_spec) << bad;
    }
}

TEST(Url, TakesNamesAndAddresses) {
    for (const char* good :
         {"https://cp-1_a.example.", "https://[fd00::1]:8443", "https://10.0.0.1"})
        EXPECT_TRUE(parse_base_url(good)) << good;
}

TEST(Url, BoostCutsAHostThatBeginsLikeAnAddress) {
    for (const char* bad : {"http://127.0.0.1.example", "https://10.0.0.1x/y"}) {
        const auto url = parse_base_url(bad);
        ASSERT_FALSE(url) << bad;
        EXPECT_EQ(url.error().code, Errc::invalid_spec) << bad;
    }
}

TEST(Url, ThePasswordInAUrlIsNotRepeated) {
    const auto url = parse_base_url("https://me:hunter2@cp.example");
    ASSERT_FALSE(url);
    EXPECT_EQ(describe(url.error()).find("hunter2"), std::string::npos);
}

TEST(Url, AProxyIsAnywhereButPlain) {
    EXPECT_EQ(parse_proxy_url("http://proxy.example:3128"),
              (Url{false, "proxy.example", "3128", ""}));
    EXPECT_FALSE(parse_proxy_url("https://proxy.example"));
    EXPECT_FALSE(parse_proxy_url("http://proxy.example/x"));
}

TEST(Url, IsWrittenForHeadersAndPeople) {
    const Url six{true, "2001:db8::1", "443", "/x"};
    EXPECT_EQ(authority(six, true), "[2001:db8::1]");
    EXPECT_EQ(authority(six, false), "[2001:db8::1]:443");
    EXPECT_EQ(to_string(six), "https://[2001:db8::1]/x");
    EXPECT_EQ(encode_segment("rack 1/host-7?"), "rack%201%2Fhost-7%3F");
}

}  // namespace
}  // namespace metalwright::agent::link
