#include "cloudinit/password.hpp"

#include <crypt.h>
#include <gtest/gtest.h>

#include <set>

namespace metalwright::cloudinit {
namespace {

std::string refusal(std::string_view password) {
    const Result<void> checked = check_password(password);
    return checked ? "accepted" : checked.error().message;
}

TEST(Password, AcceptsTheOneOfARealRequest) {
    EXPECT_EQ(refusal("Kv7#mQ2!tZ9p"), "accepted");
}

TEST(Password, AcceptsEverySpecialCharacterOfTheRule) {
    EXPECT_EQ(refusal(R"(A1()`~!@#$%^&*_-+=|{}[]:")"), "accepted");
    EXPECT_EQ(refusal(R"(A1b;'<>,.?/)"), "accepted");
}

TEST(Password, RefusesWrongLengths) {
    EXPECT_NE(refusal("Kv7#mQ2").find("has 7 characters"), std::string::npos);
    EXPECT_EQ(refusal("Kv7#mQ2!"), "accepted");
    EXPECT_EQ(refusal("Kv7#mQ2!Kv7#mQ2!Kv7#mQ2!Kv7#mQ"), "accepted");
    EXPECT_NE(refusal("Kv7#mQ2!Kv7#mQ2!Kv7#mQ2!Kv7#mQ2").find("has 31"), std::string::npos);
}

TEST(Password, WantsThreeOfFourClasses) {
    EXPECT_NE(refusal("kvmqtzpw7295").find("at least three"), std::string::npos);
    EXPECT_EQ(refusal("kvmqtzpW7295"), "accepted");
}

TEST(Password, RefusesWhatIsNotAllowedToType) {
    for (const std::string_view password : {"Kv7 mQ2!tZ9p", "Kv7\\mQ2!tZ9p", "Kv7#mQ2!t\xc3\xa4"})
        EXPECT_NE(refusal(password).find("only"), std::string::npos) << password;
}

TEST(Password, RefusesUserNameAndForbiddenWords) {
    EXPECT_NE(refusal("Kv7#rootQ2!").find("user name"), std::string::npos);
    for (const std::string_view word :
         {"jd", "JD", "360", "bug", "BUG", "com", "COM", "cloud", "CLOUD", "password", "PASSWORD"})
        EXPECT_NE(refusal("Kv7#" + std::string(word) + "9!T").find("words"), std::string::npos)
            << word;
}

TEST(Password, RefusesRunsInBothDirections) {
    for (const std::string_view run : {"123", "987", "abc", "CBA", "tsr"})
        EXPECT_NE(refusal("Kv7#" + std::string(run) + "!T2q").find("consecutive"),
                  std::string::npos)
            << run;
    for (const std::string_view run : {"qaz", "wsx", "qwert", "trewq", "ZAQ", "jhg"})
        EXPECT_NE(refusal("Kv7#" + std::string(run) + "!T2x").find("neighbouring"),
                  std::string::npos)
            << run;
    EXPECT_EQ(refusal("Kv7#ab!12!Tqw"), "accepted");
    EXPECT_EQ(refusal("Kv7#901!135T"), "accepted");
}

TEST(Password, AnErrorHoldsNoPartOfThePassword) {
    for (const std::string_view password :
         {"Kv7", "kvmqtzpw7295", "Kv7 mQ2!tZ9p", "Kv7#rootQ2!", "Kv7#PASSWORD9", "Kv7#987!T2q"}) {
        const std::string said = refusal(password);
        EXPECT_EQ(said.find(password), std::string::npos);
        EXPECT_EQ(said.find("Kv7"), std::string::npos);
    }
}

TEST(Password, HashesWithYescryptAndASaltOfItsOwn) {
    const std::string first = hash_password("Kv7#mQ2!tZ9p").value();
    const std::string second = hash_password("Kv7#mQ2!tZ9p").value();
    EXPECT_TRUE(first.starts_with("$y$"));
    EXPECT_NE(first, second);
    EXPECT_TRUE(check_password_hash(first));
    crypt_data space{};
    EXPECT_EQ(::crypt_r("Kv7#mQ2!tZ9p", first.c_str(), &space), first);
    EXPECT_NE(::crypt_r("another", first.c_str(), &space), first);
}

TEST(Password, HashRefusesWhatCryptWouldCut) {
    EXPECT_FALSE(hash_password(""));
    EXPECT_FALSE(hash_password(std::string_view("ab\0cd", 5)));
    EXPECT_FALSE(hash_password(std::string(512, 'x')));
}

TEST(Password, AHashThatCouldBreakShadowIsRefusedUnquoted) {
    for (const std::string_view hash :
         {"", "*", "plain", "$y$", "$y$a:b$c", "$y$a\nroot::$", "$y$ $c"}) {
        const Result<void> checked = check_password_hash(hash);
        ASSERT_FALSE(checked) << hash;
        EXPECT_EQ(checked.error().message.find("a:b"), std::string::npos);
    }
}

TEST(Password, WipeLeavesNothing) {
    std::string secret(40, 's');
    const char* at = secret.data();
    wipe(secret);
    EXPECT_TRUE(secret.empty());
    EXPECT_EQ(at[0], 0);
    EXPECT_EQ(at[39], 0);
}

TEST(RandomPassword, KeepsTheRulesAndIsEachTimeAnother) {
    std::set<std::string> drawn;
    for (int i = 0; i < 500; ++i) {
        const auto one = random_password();
        ASSERT_TRUE(one);
        EXPECT_EQ(one->size(), 20u);
        EXPECT_TRUE(check_password(*one)) << *one;
        EXPECT_EQ(one->find_first_of("lI0O~`'\"\\$ "), std::string::npos) << *one;
        drawn.insert(*one);
    }
    EXPECT_EQ(drawn.size(), 500u);
}

}  // namespace
}  // namespace metalwright::cloudinit
