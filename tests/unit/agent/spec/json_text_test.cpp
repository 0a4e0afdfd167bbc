#include "agent/spec/json_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/spec/model.hpp"
#include "corpus.hpp"

namespace metalwright::spec {
namespace {

using corpus::lines;
using testing::HasSubstr;
using testing::Not;

Errors errors_of(std::string_view text) {
    auto json = parse_json(text);
    return json ? Errors{} : json.error();
}

TEST(JsonText, IsReadWithItsOrderKept) {
    const auto json = parse_json(R"({"b": [1, -2, 2.5, true, null, "ä"], "a": {}})");
    ASSERT_TRUE(json) << lines(json.error());
    EXPECT_EQ(json->dump(), R"({"b":[1,-2,2.5,true,null,"ä"],"a":{}})");
    EXPECT_EQ(parse_json("7").value(), 7);
}

TEST(JsonText, AKeyTwiceIsAnError) {
    const Errors errors = errors_of(R"({"a": [{}, {"x": 1, "y": {"x": 1}, "x": 2}], "a": 1})");
    ASSERT_EQ(errors.size(), 2U) << lines(errors);
    EXPECT_EQ(errors[0].where, "/a/1/x");
    EXPECT_THAT(errors[0].message, HasSubstr("\"x\" stands twice"));
    EXPECT_EQ(errors[1].where, "/a");
    EXPECT_EQ(errors_of(R"({"a":1,"\u0061":2})").size(), 1U) << "spelled otherwise, still the same";
}

TEST(JsonText, ASyntaxErrorHasItsPlace) {
    const Errors errors = errors_of("{\n  \"a\": 1,\n  \"b\": tru\n}");
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].code, Errc::invalid_spec);
    EXPECT_THAT(errors[0].message, HasSubstr("line 3, column"));
    EXPECT_THAT(errors[0].message, HasSubstr("invalid literal"));
    EXPECT_THAT(errors_of("{\"a\" 1}")[0].message, HasSubstr("line 1, column 6 (byte 5)"));
    EXPECT_THAT(errors_of("")[0].message, HasSubstr("line 1, column 1 (byte 0)"));
    EXPECT_THAT(errors_of("{} {}")[0].message, HasSubstr("not valid JSON"));
    EXPECT_THAT(errors_of("[1,]")[0].message, HasSubstr("not valid JSON"));
    EXPECT_THAT(errors_of("[NaN]")[0].message, HasSubstr("not valid JSON"));
    EXPECT_THAT(errors_of("[1e999]")[0].message, HasSubstr("not valid JSON"));
    EXPECT_THAT(errors_of("[\"\xff\"]")[0].message, HasSubstr("not valid JSON"));
    EXPECT_THAT(errors_of("[] // why")[0].message, HasSubstr("not valid JSON"));
    EXPECT_THAT(errors_of("\xEF\xBB\xBF{}")[0].message, HasSubstr("byte order mark"));
}

TEST(JsonText, ASyntaxErrorNeverQuotesTheText) {
    for (const std::string_view text :
         {"{\"password\": \"hunter2\nhunter2\"}", "{\"password\": \"hunter2", "{\"a\": hunter2}",
          "{\"password\": \"hunter2\" \"b\": 1}", "{\"hunter2\"}", "[\"hunter2\\q\"]"}) {
        const Errors errors = errors_of(text);
        ASSERT_FALSE(errors.empty()) << text;
        EXPECT_THAT(lines(errors), Not(HasSubstr("hunter2")));
    }
}

TEST(JsonText, DepthIsBounded) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_TRUE(errors_of(nested(most_depth)).empty());
    const Errors errors = errors_of(nested(most_depth + 1));
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_THAT(errors[0].message, HasSubstr("more than 32 deep"));
    EXPECT_EQ(errors_of(nested(500'000)).size(), 1U);
}

TEST(JsonText, SizeIsBounded) {
    EXPECT_TRUE(errors_of('"' + std::string(most_document_bytes - 2, 'a') + '"').empty());
    const Errors errors = errors_of('"' + std::string(most_document_bytes - 1, 'a') + '"');
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_THAT(errors[0].message, HasSubstr("has 1048577 bytes; at most 1048576"));
}

TEST(JsonText, ManyKeysCostNoMoreThanTheirNumber) {
    std::string text = "{";
    for (int i = 0; i < 90'000; ++i) text += "\"" + std::to_string(i) + "\":1,";
    text.back() = '}';
    const auto json = parse_json(text);  // a search per key would take minutes
    ASSERT_TRUE(json) << lines(json.error());
    EXPECT_EQ(json->size(), 90'000U);
}

}  // namespace
}  // namespace metalwright::spec
