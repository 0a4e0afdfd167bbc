// Documents that something happened to on their way: never a crash, and never an error without
// words. The seed is fixed, so a failure can be repeated.
#include <gtest/gtest.h>

#include <random>

#include "agent/spec/document.hpp"
#include "agent/spec/store_form.hpp"
#include "corpus.hpp"

namespace metalwright::spec {
namespace {

void survives(std::string_view text, const Catalogue& known) {
    const auto spec = read_document(text, &known, {.host_id = "host-a"});
    if (spec) {
        const auto back = from_store(to_store(*spec));
        EXPECT_TRUE(back.has_value()) << text;
        return;
    }
    EXPECT_FALSE(spec.error().empty()) << text;
    for (const Error& error : spec.error()) {
        EXPECT_FALSE(error.message.empty()) << text;
        EXPECT_TRUE(error.where.empty() || error.where.front() == '/') << error.where;
    }
}

class Broken : public testing::TestWithParam<int> {
 protected:
    static std::string document() {
        switch (GetParam()) {
            case 0: return corpus::full().dump();
            case 1: return corpus::envelope().dump(1);
            default: return corpus::release().dump();
        }
    }
    const Catalogue known_ = read_catalogue(corpus::catalogue().dump()).value();
};

TEST_P(Broken, CutAnywhere) {
    const std::string text = document();
    for (std::size_t length = 0; length < text.size(); ++length) {
        const auto spec = read_document(std::string_view(text).substr(0, length), &known_, {});
        EXPECT_FALSE(spec) << length;
    }
}

TEST_P(Broken, BytesChanged) {
    std::mt19937 random(20240607);
    const std::string text = document();
    std::uniform_int_distribution<std::size_t> places(0, text.size() - 1);
    std::uniform_int_distribution<int> bytes(0, 255);
    for (int round = 0; round < 3000; ++round) {
        std::string broken = text;
        for (int flips = round % 4; flips >= 0; --flips)
            broken[places(random)] = static_cast<char>(bytes(random));
        survives(broken, known_);
    }
}

TEST_P(Broken, PiecesSwapped) {
    std::mt19937 random(7);
    const std::string text = document();
    const std::string_view pieces[] = {
        "null", "{}", "[]", "\"\"",    "-1",      "1e400", "true",
        ",",    ":",  "\"", "\\u0000", "\\ud800", "[[[[",  "99999999999999999999"};
    std::uniform_int_distribution<std::size_t> places(0, text.size() - 1);
    std::uniform_int_distribution<std::size_t> which(0, std::size(pieces) - 1);
    for (int round = 0; round < 3000; ++round) {
        std::string broken = text;
        const std::size_t place = places(random);
        broken.replace(place, places(random) % 12, pieces[which(random)]);
        survives(broken, known_);
    }
}

INSTANTIATE_TEST_SUITE_P(Document, Broken, testing::Values(0, 1, 2));

}  // namespace
}  // namespace metalwright::spec
