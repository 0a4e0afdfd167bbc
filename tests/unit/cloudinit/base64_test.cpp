#include "cloudinit/base64.hpp"

#include <gtest/gtest.h>

namespace metalwright::cloudinit {
namespace {

std::string decoded(std::string_view text) {
    const Result<std::string> bytes = decode_base64(text);
    return bytes ? *bytes : "error: " + bytes.error().message;
}

std::string refusal(std::string_view text) {
    const Result<std::string> bytes = decode_base64(text);
    return bytes ? "accepted" : bytes.error().message;
}

struct Example {
    const char *text, *bytes;
};
// RFC 4648, section 10
constexpr Example examples[] = {{"", ""},
                                {"Zg==", "f"},
                                {"Zm8=", "fo"},
                                {"Zm9v", "foo"},
                                {"Zm9vYg==", "foob"},
                                {"Zm9vYmE=", "fooba"},
                                {"Zm9vYmFy", "foobar"}};

TEST(Base64, ReadsTheExamplesOfRfc4648) {
    for (const Example& example : examples) EXPECT_EQ(decoded(example.text), example.bytes);
}

TEST(Base64, ReadsEveryByte) {
    EXPECT_EQ(decoded("AP/+gA=="), std::string("\x00\xff\xfe\x80", 4));
    EXPECT_EQ(decoded("+/+/"), "\xfb\xff\xbf");
}

TEST(Base64Url, IsRfc4648WithoutPadding) {
    for (const Example& example : examples) {
        std::string text = example.text;
        text.erase(std::min(text.find('='), text.size()));
        EXPECT_EQ(decode_base64url(text), example.bytes);
        EXPECT_EQ(encode_base64url(example.bytes), text);
    }
    EXPECT_EQ(decode_base64url("-_-_"), "\xfb\xff\xbf");
    EXPECT_EQ(encode_base64url("\xfb\xff\xbf"), "-_-_");
}

TEST(Base64Url, HasNoSecondWayToSayTheSame) {
    const auto refused = [](std::string_view text) {
        const auto bytes = decode_base64url(text);
        return bytes ? "accepted" : bytes.error().message;
    };
    EXPECT_EQ(refused("Zg=="), "base64url has padding at offset 2: leave the = away");
    EXPECT_NE(refused("+/+/").find("standard alphabet at offset 0"), std::string::npos);
    for (const char* blank : {"Zm9v\n", " Zm9v", "Zm 9v", "Zm9v\t"})
        EXPECT_NE(refused(blank).find("a blank or a line break"), std::string::npos) << blank;
    EXPECT_NE(refused("Zm9v.").find("outside the alphabet at offset 4"), std::string::npos);
    EXPECT_NE(refused("Zm9vA").find("which no bytes are: it was cut"), std::string::npos);
    EXPECT_NE(refused("Zh").find("bits left over"), std::string::npos);
}

TEST(Base64, RefusesALineBreakAndSaysHowToEncode) {
    EXPECT_NE(refusal("Zm9v\nYmFy").find("line break at offset 4"), std::string::npos);
    EXPECT_NE(refusal("Zm9vYmFy\n").find("base64 -w0"), std::string::npos);
}

TEST(Base64, RefusesTheUrlAlphabet) {
    EXPECT_NE(refusal("-_-_").find("URL alphabet"), std::string::npos);
}

TEST(Base64, RefusesMissingOrMisplacedPadding) {
    EXPECT_NE(refusal("Zg").find("not a multiple of 4"), std::string::npos);
    EXPECT_NE(refusal("Zg=").find("not a multiple of 4"), std::string::npos);
    EXPECT_NE(refusal("Zg==Zg==").find("padding before its end"), std::string::npos);
    EXPECT_NE(refusal("Z===").find("padding before its end"), std::string::npos);
    EXPECT_NE(refusal("====").find("padding before its end"), std::string::npos);
}

TEST(Base64, RefusesBitsLeftOver) {
    EXPECT_NE(refusal("Zh==").find("bits left over"), std::string::npos);
    EXPECT_NE(refusal("Zm9=").find("bits left over"), std::string::npos);
}

TEST(Base64, AnErrorNamesTheOffsetButNeverQuotes) {
    const std::string said = refusal("c2Vj cmV0");
    EXPECT_NE(said.find("offset 4"), std::string::npos);
    EXPECT_EQ(said.find("c2Vj"), std::string::npos);
}

TEST(Base64, EncodesWhatItDecodes) {
    for (const Example& example : examples) EXPECT_EQ(encode_base64(example.bytes), example.text);
    std::string every;
    for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
    EXPECT_EQ(decoded(encode_base64(every)), every);
}

}  // namespace
}  // namespace metalwright::cloudinit
