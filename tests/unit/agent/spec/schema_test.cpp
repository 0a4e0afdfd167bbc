// The published schemas against the readers: neither may take what the other refuses.
#include <gtest/gtest.h>

#include <filesystem>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "agent/spec/document.hpp"
#include "cloudinit/model.hpp"
#include "core/plan.hpp"
#include "corpus.hpp"

namespace metalwright::spec {
namespace {

using corpus::changed;
using nlohmann::json;
using valijson::adapters::NlohmannJsonAdapter;

class PublishedSchema {
 public:
    explicit PublishedSchema(const std::string& name)
        : document_(json::parse(corpus::file("schema/" + name))) {
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        parser.populateSchema(NlohmannJsonAdapter(document_), schema_);
    }

    bool takes(const json& document) {
        valijson::Validator validator(valijson::Validator::kStrongTypes);
        return validator.validate(schema_, NlohmannJsonAdapter(document), nullptr);
    }

    const json& text() const { return document_; }

 private:
    json document_;
    valijson::Schema schema_;
};

bool reads(const json& document) {
    return read_document(document.dump(), nullptr, {}).has_value();
}

/// `document` with no more than it needs beside the section that `pointer` leads into: the
/// validator compiles every pattern it meets, each time.
json only(json document, std::string_view pointer) {
    const std::string_view section = pointer.substr(1, pointer.find('/', 1) - 1);
    for (const char* name : {"operation", "storage", "network", "authorizedKeys", "userData"})
        if (section != name && document.contains("instance")) document.erase(name);
    return document;
}

void agree(PublishedSchema& schema, const json& good, const std::vector<corpus::Wrong>& wrongs) {
    EXPECT_TRUE(schema.takes(good));
    for (const corpus::Wrong& wrong : wrongs) {
        SCOPED_TRACE(std::string(wrong.change) + " = " + std::string(wrong.to.substr(0, 60)));
        const bool taken = schema.takes(changed(only(good, wrong.change), wrong.change, wrong.to));
        EXPECT_EQ(taken, !wrong.form)
            << (taken ? "the reader refuses it, the schema does not"
                      : "the corpus calls it beyond a schema, yet the schema sees it");
    }
}

TEST(Schema, RefusesTheFormsThatTheReaderRefuses) {
    PublishedSchema schema("host-spec.schema.json");
    agree(schema, corpus::full(), corpus::wrong_native());
    agree(schema, corpus::with_password(), corpus::wrong_password());
    agree(schema, corpus::envelope(), corpus::wrong_envelope());
    agree(schema, corpus::release(), corpus::wrong_release());
    agree(schema, corpus::reset(), corpus::wrong_reset());
    PublishedSchema catalogue("catalogue.schema.json");
    agree(catalogue, corpus::catalogue(), corpus::wrong_catalogue());
}

TEST(Schema, TakesWhatTheReaderTakes) {
    PublishedSchema schema("host-spec.schema.json");
    for (const corpus::Right& right : corpus::right_native())
        EXPECT_TRUE(schema.takes(changed(corpus::full(), right.change, right.to)))
            << right.change << " = " << right.to;
    PublishedSchema catalogue("catalogue.schema.json");
    for (const corpus::Right& right : corpus::right_catalogue())
        EXPECT_TRUE(catalogue.takes(changed(corpus::catalogue(), right.change, right.to)))
            << right.change << " = " << right.to;
}

/// Every place of a document, as pointers.
std::vector<std::string> places(const json& document) {
    std::vector<std::string> pointers;
    const json flat = document.flatten();
    for (const auto& [pointer, value] : flat.items()) {
        for (std::size_t end = pointer.size(); end != 0 && end != std::string::npos;
             end = pointer.rfind('/', end - 1))
            pointers.push_back(pointer.substr(0, end));
    }
    std::sort(pointers.begin(), pointers.end());
    pointers.erase(std::unique(pointers.begin(), pointers.end()), pointers.end());
    return pointers;
}

/// A value of every type in every place: whatever the schema refuses the reader must refuse, and
/// what only the reader refuses must be among the meanings a schema cannot say.
TEST(Schema, AgreesAboutEveryTypeInEveryPlace) {
    PublishedSchema schema("host-spec.schema.json");
    constexpr std::string_view values[] = {"null", "true", "-7", "\"\"", "[null]", "{}", ""};
    for (const json& good :
         {corpus::full(), corpus::envelope(), corpus::release(), corpus::reset()}) {
        for (const std::string& pointer : places(good)) {
            if (pointer.starts_with("/request/")) continue;  // beyond this schema
            for (const std::string_view value : values) {
                const json document = changed(only(good, pointer), pointer, value);
                if (schema.takes(document)) continue;
                EXPECT_FALSE(reads(document)) << pointer << " = " << value;
            }
        }
    }
}

TEST(Schema, TheReaderRefusesNoPlainFormThatTheSchemaTakes) {
    PublishedSchema schema("host-spec.schema.json");
    // Fields whose rules a schema holds in full: the verdicts must be equal.
    constexpr std::string_view fields[] = {"/apiVersion",
                                           "/host/id",
                                           "/instance/name",
                                           "/generation",
                                           "/operation/token",
                                           "/operation/wipeConsent/0/found/0",
                                           "/storage/system/level",
                                           "/storage/arrays/1/name",
                                           "/network/bandwidthMbps",
                                           "/network/extraUplinkMbps",
                                           "/network/primary/routes/0/metric",
                                           "/network/aliases/0/id",
                                           "/network/aliases/0/routed",
                                           "/network/aliases/3/as",
                                           "/hostname",
                                           "/userData/timeoutSeconds",
                                           "/userData/onInterrupted",
                                           "/operation/wipeConsent/0/disk"};
    constexpr std::string_view values[] = {"null",
                                           "true",
                                           "0",
                                           "1",
                                           "-1",
                                           "86400",
                                           "86401",
                                           "4294967295",
                                           "4294967296",
                                           "1.0",
                                           "9007199254740991",
                                           "9007199254740992",
                                           "18446744073709551615",
                                           "\"\"",
                                           "\"x\"",
                                           "\"a.b\"",
                                           "\"a b\"",
                                           "\"-a\"",
                                           "\"a-\"",
                                           "\".\"",
                                           "\"..\"",
                                           "\"...\"",
                                           "\"a:b\"",
                                           "\"a/b\"",
                                           "\"\\u0000\"",
                                           "\"\\t\"",
                                           "\"\\u007f\"",
                                           "\"\u00e4\"",
                                           "\"\U0001F600\"",
                                           "\"raid1\"",
                                           "\"none\"",
                                           "\"metalwright/v1\"",
                                           "\"a_b\"",
                                           "\"!\"",
                                           "\"~\"",
                                           "[]",
                                           "{}"};
    for (const std::string_view field : fields)
        for (const std::string_view value : values) {
            const json document = changed(only(corpus::full(), field), field, value);
            EXPECT_EQ(schema.takes(document), reads(document)) << field << " = " << value;
        }
}

TEST(Schema, ExamplesAreValid) {
    PublishedSchema schema("host-spec.schema.json");
    PublishedSchema catalogue("catalogue.schema.json");
    for (const auto& entry :
         std::filesystem::directory_iterator(METALWRIGHT_SOURCE_DIR "/examples")) {
        const std::string name = entry.path().filename().string();
        if (entry.path().extension() != ".json") continue;
        const json document = json::parse(corpus::file("examples/" + name));
        EXPECT_TRUE((name == "catalogue.json" ? catalogue : schema).takes(document)) << name;
    }
    PublishedSchema report("report.schema.json");
    for (PublishedSchema* one : {&schema, &catalogue, &report}) {
        const json& examples = one->text()["examples"];
        for (const json& example : examples) EXPECT_TRUE(one->takes(example));
    }
}

TEST(Schema, TheReportsWordsAreTheHousesWords) {
    PublishedSchema report("report.schema.json");
    const json& properties = report.text()["properties"];
    const json& item = properties["items"]["items"]["properties"];
    std::vector<std::string> outcomes;
    for (const Outcome outcome :
         {Outcome::unchanged, Outcome::changed, Outcome::skipped, Outcome::failed})
        outcomes.emplace_back(to_string(outcome));
    EXPECT_EQ(item["outcome"]["enum"], json(outcomes));

    std::vector<std::string> codes;
    for (int code = 0; code <= static_cast<int>(Errc::internal); ++code)
        codes.emplace_back(to_string(static_cast<Errc>(code)));
    EXPECT_EQ(item["error"]["properties"]["code"]["enum"], json(codes));

    using cloudinit::ScriptState;
    std::vector<std::string> states;
    for (int state = 0; state <= static_cast<int>(ScriptState::unknown); ++state)
        states.emplace_back(cloudinit::to_string(static_cast<ScriptState>(state)));
    EXPECT_EQ(properties["userData"]["properties"]["state"]["enum"], json(states));
}

}  // namespace
}  // namespace metalwright::spec
