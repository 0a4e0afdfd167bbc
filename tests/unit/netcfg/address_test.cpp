#include <gmock/gmock.h>

#include "scene.hpp"

namespace metalwright::netcfg {
namespace {

TEST(Address, ReadsWhatPeopleWriteAndWritesTheCanonicalForm) {
    EXPECT_EQ(ip("10.0.0.5").text(), "10.0.0.5");
    EXPECT_EQ(ip("2001:DB8:0:0:0:0:0:5").text(), "2001:db8::5");
    EXPECT_EQ(ip("2001:db8:0:1:0:0:0:0").text(), "2001:db8:0:1::");
    EXPECT_EQ(ip("::").text(), "::");
}

TEST(Address, RefusesEverythingElse) {
    using std::string_view_literals::operator""sv;
    for (const std::string_view text :
         {""sv, "10.0.0"sv, "10.0.0.256"sv, "10.0.0.05"sv, " 10.0.0.5"sv, "10.0.0.5 "sv,
          "0x0a.0.0.5"sv, "10.0.0.5\0"sv, "fe80::1%eth0"sv, "1::2::3"sv, "12345::"sv, "[::1]"sv,
          "localhost"sv}) {
        const Result<Address> address = Address::parse(text);
        ASSERT_FALSE(address) << text;
        EXPECT_EQ(address.error().code, Errc::invalid_spec);
    }
}

TEST(Prefix, ALengthThatIsLeftOutIsTheWholeAddress) {
    EXPECT_EQ(cidr("10.0.0.5"), cidr("10.0.0.5/32"));
    EXPECT_EQ(cidr("10.0.0.5").text(), "10.0.0.5/32");
    EXPECT_EQ(cidr("FD00::1").text(), "fd00::1/128");
    EXPECT_EQ(cidr("10.0.0.130/28").text(), "10.0.0.130/28");
}

TEST(Prefix, RefusesABadLength) {
    for (const std::string_view text :
         {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8 ", "10.0.0.0/08",
          "10.0.0.0/8/8", "::/129", "::/256", "10.0.0.0/0x8", "/24"})
        EXPECT_FALSE(Prefix::parse(text)) << text;
    EXPECT_TRUE(Prefix::parse("0.0.0.0/0"));
    EXPECT_TRUE(Prefix::parse("::/0"));
}

TEST(Prefix, KnowsItsHostBits) {
    EXPECT_TRUE(cidr("10.0.1.1/24").has_host_bits());
    EXPECT_FALSE(cidr("10.0.1.0/24").has_host_bits());
    EXPECT_FALSE(cidr("10.0.1.1/32").has_host_bits());
    EXPECT_TRUE(cidr("10.0.1.2/31").is_single() == false && !cidr("10.0.1.2/31").has_host_bits());
    EXPECT_TRUE(cidr("fd00::1/64").has_host_bits());
    EXPECT_EQ(cidr("10.0.0.143/28").network(), cidr("10.0.0.128/28"));
    EXPECT_EQ(cidr("2001:db8:ffff::1/33").network(), cidr("2001:db8:8000::/33"));
}

TEST(Prefix, ContainsByBits) {
    EXPECT_TRUE(cidr("10.0.0.128/28").contains(ip("10.0.0.143")));
    EXPECT_FALSE(cidr("10.0.0.128/28").contains(ip("10.0.0.144")));
    EXPECT_TRUE(cidr("0.0.0.0/0").contains(ip("255.255.255.255")));
    EXPECT_FALSE(cidr("0.0.0.0/0").contains(ip("::1")));
    EXPECT_TRUE(cidr("fd00::/9").contains(ip("fd7f::1")));
    EXPECT_FALSE(cidr("fd00::/9").contains(ip("fd80::1")));
}

TEST(Address, CountsOnOverByteBorders) {
    EXPECT_EQ(ip("10.0.0.255").plus(1), ip("10.0.1.0"));
    EXPECT_EQ(ip("10.0.0.1").plus(0x10000), ip("10.1.0.1"));
    EXPECT_EQ(ip("255.255.255.255").plus(1), ip("0.0.0.0"));
    EXPECT_EQ(ip("fd00::ff").plus(1), ip("fd00::100"));
    EXPECT_EQ(ip("fd00::ffff:ffff").plus(0xffffffff), ip("fd00::1:ffff:fffe"));
}

TEST(Persister, HasAWordForEach) {
    for (const Persister each : {Persister::none, Persister::networkd, Persister::ifupdown})
        EXPECT_EQ(persister_from(to_string(each)), each);
    EXPECT_FALSE(persister_from("wicked"));
}

}  // namespace
}  // namespace metalwright::netcfg
