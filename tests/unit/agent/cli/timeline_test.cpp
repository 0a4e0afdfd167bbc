#include "agent/cli/timeline.hpp"

#include "agent/cli/text.hpp"

#include "tests/unit/agent/cli/cli_fixture.hpp"

namespace metalwright::agent::cli {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Json json(const std::string& text) {
    return Json::parse(text);
}

const Json operation = json(R"({"id":7,"state":"done","acceptedAt":"2026-11-26T12:00:20.000Z",
                                "finishedAt":"2026-11-26T12:00:30.000Z"})");

std::vector<Json> events() {
    return json(R"([
      {"at":"2026-11-26T12:00:20.001Z","kind":"state","state":"queued"},
      {"at":"2026-11-26T12:00:20.500Z","kind":"intent","item":"raid/data","why":"create raid1 <data>"},
      {"at":"2026-11-26T12:00:20.600Z","kind":"intent","item":"alias/a","why":"add a"},
      {"at":"2026-11-26T12:00:20.600Z","kind":"intent","item":"alias/b","why":"add b"},
      {"at":"2026-11-26T12:00:20.600Z","kind":"intent","item":"alias/c","why":"add c"},
      {"at":"2026-11-26T12:00:20.700Z","kind":"outcome","item":"alias/a","outcome":"changed"},
      {"at":"2026-11-26T12:00:20.700Z","kind":"outcome","item":"alias/b","outcome":"changed"},
      {"at":"2026-11-26T12:00:20.700Z","kind":"outcome","item":"alias/c","outcome":"failed"},
      {"at":"2026-11-26T12:00:22.500Z","kind":"outcome","item":"raid/data","outcome":"changed"},
      {"at":"2026-11-26T12:00:22.500Z","kind":"outcome","item":"mtu","outcome":"unchanged"},
      {"at":"2026-11-26T12:00:25.000Z","kind":"userData","state":"started"},
      {"at":"2026-11-26T12:00:30.000Z","kind":"userData","state":"exited","exitCode":0}])")
        .get<std::vector<Json>>();
}

std::optional<Timeline::Time> booted(const char* at) {
    return parse_time(at);
}

TEST(TimelineOf, TellsEachStepFromTheBootOn) {
    const Timeline timeline = timeline_of(operation, events(), booted("2026-11-26T12:00:00.000Z"));
    EXPECT_EQ(timeline.took, milliseconds(30'000));
    using Step = Timeline::Step;
    EXPECT_THAT(
        timeline.steps,
        ElementsAre(
            Step{"boot",
                 "the machine's start, until the order was accepted",
                 {},
                 milliseconds(20'000)},
            Step{"waiting", "accepted, then looked at and planned", milliseconds(20'000),
                 milliseconds(500)},
            Step{"raid/data", "create raid1 <data>", milliseconds(20'500), milliseconds(2000)},
            Step{"alias/a", "and 1 item more", milliseconds(20'600), milliseconds(100)},
            Step{"alias/c", "add c", milliseconds(20'600), milliseconds(100), Tone::bad},
            Step{"user data", "the script runs", milliseconds(25'000), milliseconds(5000)}));
}

TEST(TimelineOf, AnOrderLongAfterTheBootBeginsWithItself) {
    const Timeline timeline = timeline_of(operation, events(), booted("2026-11-26T10:00:00.000Z"));
    EXPECT_EQ(timeline.took, milliseconds(10'000));
    EXPECT_EQ(timeline.steps.front().item, "waiting");
    EXPECT_EQ(timeline_of(operation, events(), std::nullopt), timeline);
    EXPECT_EQ(timeline_of(operation, events(), booted("2026-11-26T12:00:21.000Z")), timeline)
        << "the host was started again since";
}

TEST(TimelineOf, WhatIsUnderWayLastsUntilNow) {
    std::vector<Json> until_now = events();
    until_now.pop_back();
    Json open = operation;
    open["finishedAt"] = nullptr;
    open["state"] = "applying";
    const Timeline timeline = timeline_of(open, until_now, std::nullopt);
    EXPECT_EQ(timeline.steps.back().item, "user data");
    EXPECT_EQ(timeline.steps.back().took, milliseconds(0));
    EXPECT_EQ(timeline_of(Json::object(), {}, std::nullopt).steps.size(), 0u);
}

TEST(TimelineSvg, IsOnePictureOfItsOwnAndEscapesWhatItShows) {
    const std::string svg = timeline_svg(timeline_of(operation, events(), std::nullopt));
    EXPECT_TRUE(svg.starts_with("<svg xmlns="));
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
    EXPECT_THAT(svg, HasSubstr("create raid1 &lt;data&gt;"));
    EXPECT_THAT(svg, Not(HasSubstr("href")));
}

TEST_F(Cli, AnalyzeTellsWhereTheTimeWentAndDrawsIt) {
    const auto script = [&] {
        daemon.will_answer(R"({"operations":[{"id":7}]})");
        daemon.will_answer(operation.dump());
        daemon.will_answer(Json{{"events", events()}, {"next", 12}, {"finished", true}}.dump());
        daemon.will_answer(R"({"events":[],"next":12,"finished":true})");
    };
    script();
    const std::string picture = file("picture.svg", "");
    EXPECT_EQ(run_with({"analyze", "--svg", picture}), 0);
    EXPECT_THAT(out.str(), HasSubstr("STEP"));
    EXPECT_THAT(out.str(), HasSubstr("operation 7 done, after 10.0 s"));
    std::ifstream drawn(picture);
    std::string first;
    std::getline(drawn, first);
    EXPECT_THAT(first, HasSubstr("<svg"));
    script();
    EXPECT_EQ(run_with({"analyze", "-o", "json"}), 0);
    EXPECT_THAT(out.str(), HasSubstr("\"tookMs\": 10000"));
    script();
    EXPECT_EQ(run_with({"analyze", "--svg", "/no/such/folder/x.svg"}), 1);
    EXPECT_THAT(err.str(), HasSubstr("/no/such/folder/x.svg"));
}

}  // namespace
}  // namespace metalwright::agent::cli
