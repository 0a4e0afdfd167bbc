#include <gtest/gtest.h>

#include "tests/unit/raid/storcli_text.hpp"

namespace metalwright::raid::storcli {
namespace {

TEST(StorcliValue, WordsAreWithoutThePaddingOfTables) {
    const auto value = read_json(R"({"Model":"ST18000NM000D   ","Operating System ":"Linux"})");
    ASSERT_TRUE(value);
    EXPECT_EQ((*value)["Model"].word, "ST18000NM000D");
    EXPECT_EQ((*value)["Operating System"].word, "Linux");
    EXPECT_EQ((*value)["Absent"]["Deeper"].word, "");
}

TEST(StorcliValue, ControlBytesInAStringAreSurvived) {
    const auto value = read_json(std::string("{\"SN\":\"AB\x12\x02\"}"));
    ASSERT_TRUE(value);
    EXPECT_EQ((*value)["SN"].word, "AB");
    const auto foreign =
        read_json(std::string("{\"SN\":\"A\xff\xfe"
                              "B\"}"));
    ASSERT_TRUE(foreign);
    EXPECT_EQ((*foreign)["SN"].word, "A??B");
}

TEST(StorcliValue, WhatStandsAroundTheJsonIsPassedOver) {
    const auto value = read_json("Generating detailed summary...\n\n{\"a\":1}\nbye");
    ASSERT_TRUE(value);
    EXPECT_EQ((*value)["a"].whole(), 1u);
}

TEST(StorcliValue, DepthAndNumberAreBounded) {
    EXPECT_FALSE(read_json("{\"a\":" + std::string(100'000, '[')));
    EXPECT_FALSE(read_json("{\"a\":" + std::string(30, '[') + std::string(30, ']') + "}"));
    std::string many = "{\"a\":[0";
    for (int i = 0; i < 600'000; ++i) many += ",0";
    const auto refused = read_json(many + "]}");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "its JSON is nested too deep or too large");
}

TEST(StorcliAnswer, TheNumberOfTheControllerMayBeTextOrAbsent) {
    const auto read =
        read_answer(answer(R"({"Command Status":{"Controller":"3","Status":"Success"}},)"
                           R"({"Command Status":{"Status":"Success"}},{"Command Status":7},8)"));
    ASSERT_TRUE(read);
    ASSERT_EQ(read->parts.size(), 4u);
    EXPECT_EQ(read->parts[0].controller, 3u);
    EXPECT_EQ(read->parts[1].controller, std::nullopt);
    EXPECT_FALSE(read->parts[2].success);
    EXPECT_FALSE(read->parts[3].success);
}

TEST(StorcliAnswer, ASuccessWithAFailedRowIsAFailure) {
    const auto read = read_answer(
        answer(part(0, "", "Success",
                    R"(,"Detailed Status":[{"VD":1,"Status":"Success","ErrCd":0,"ErrMsg":"-"},)"
                    R"({"VD":2,"Status":"Failed","ErrCd":255,"ErrMsg":"Invalid VD number"}])")));
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->parts[0].success);
    EXPECT_EQ(read->parts[0].complaint(), "VD 2 Invalid VD number (code 255)");
    EXPECT_EQ(read->parts[0].code(), 255);
}

TEST(StorcliAnswer, RowsThatAllSucceedAreASuccess) {
    const auto read = read_answer(answer(
        part(0, "", "Success", R"(,"Detailed Status":[{"VD":1,"Status":"Success","ErrCd":"-"}])")));
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->parts[0].success);
    EXPECT_EQ(read->parts[0].complaint(), "");
}

TEST(StorcliAnswer, ARowIsToldWhateverItsKeysAreCalled) {
    const auto read = read_answer(answer(
        part(0, "", "Failure",
             R"(,"Detailed Status":[{"EID:Slt":"252:3","PID":7,"Status":"Failed","ErrType":"CLI",)"
             R"("ErrCd":"-","Description":"no such thing"},{"Ctrl":0,"ErrCd":61}])")));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->parts[0].complaint(), "252:3 no such thing; Ctrl 0 (code 61)");
}

TEST(StorcliAnswer, TextWithAStatusIsJudgedByIt) {
    const auto read = read_answer(
        "CLI Version = 008.0005.0000.0010 Feb 22, 2023\nOperating system = Linux\n"
        "Status = Failure\nDescription = syntax error, unexpected TOKEN_X, expecting $end\n\n");
    ASSERT_TRUE(read);
    ASSERT_EQ(read->parts.size(), 1u);
    EXPECT_TRUE(read->parts[0].text);
    EXPECT_FALSE(read->parts[0].success);
    EXPECT_EQ(read->parts[0].complaint(), "syntax error, unexpected TOKEN_X, expecting $end");
}

TEST(StorcliAnswer, TextOfTwoControllersIsTwoParts) {
    const auto read = read_answer(
        "CLI Version = 007\nController = 0\nStatus = Success\nDescription = None\nModel = M\n\n"
        "CLI Version = 007\nController = 1\nStatus = Failure\nDescription = None\n\n"
        "Detailed Status :\n===============\nDrive Status ErrCd ErrMsg\n"
        "/c1/e8/s0 Success 0 -\n/c1/e8/s14 Failure 46 -\n");
    ASSERT_TRUE(read);
    ASSERT_EQ(read->parts.size(), 2u);
    EXPECT_TRUE(read->parts[0].success);
    EXPECT_EQ(read->parts[1].complaint(), "/c1/e8/s14 (code 46)");
}

TEST(StorcliAnswer, WhatIsNoAnswerIsSaidToBeNone) {
    EXPECT_EQ(read_answer("").error().message, "it answered nothing at all");
    EXPECT_EQ(read_answer(" \n\t\n").error().message, "it answered nothing at all");
    EXPECT_EQ(read_answer("Segmentation fault").error().message, "there is no JSON in it");
    EXPECT_EQ(read_answer(R"({"Controllers":[{"Command)").error().message, "its JSON is broken");
    EXPECT_EQ(read_answer(R"({"Controllers":[]})").error().message, "its JSON names no controller");
}

/// Every shape in which the family says that there is nothing.
TEST(StorcliAnswer, NoControllerHasManyShapes) {
    for (
        const std::string text :
        {R"({"Controllers":[{"Command Status":{"Status Code":0,"Status":"Success","Description":"None"},
             "Response Data":{"Number of Controllers":0,"Host Name":"h"}}]})",
         R"({"Controllers":[{"Command Status":{"Status":"Failure","Description":"No Controller found"}}]})",
         R"({"Controllers":[{"Command Status":{"Controller":0,"Status":"Failure",
             "Description":"Controller 0 not found"}}]})",
         "CLI Version = 008.0016.0000.0011\nStatus = Success\nDescription = No Controller found\n",
         "Controller = 0\nStatus = Failure\nDescription = Controller 0 not found\n"}) {
        const Controllers none = told({text});
        EXPECT_TRUE(none.list.empty()) << text;
        EXPECT_TRUE(none.errors.empty()) << text;
    }
}

}  // namespace
}  // namespace metalwright::raid::storcli
