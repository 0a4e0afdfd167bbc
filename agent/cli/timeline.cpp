#include "agent/cli/timeline.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "agent/cli/table.hpp"
#include "agent/cli/text.hpp"

namespace metalwright::agent::cli {
namespace {

using std::chrono::milliseconds;
using Time = Timeline::Time;

/// The steps of an operation as its events tell them, one after the other.
class Reading {
 public:
    explicit Reading(Time begin) : begin_(begin) {}

    void event(const Json& event) {
        const auto at = parse_time(text(event, "at"));
        if (!at) return;
        const std::string kind = text(event, "kind");
        const std::string item = text(event, "item");
        if (kind == "intent") {
            open_.insert_or_assign(item, Open{*at, text(event, "why")});
        } else if (kind == "outcome") {
            ended(item, *at, text(event, "outcome") == "failed");
        } else if (kind == "userData") {
            const std::string state = text(event, "state");
            if (state == "started")
                open_.insert_or_assign("user data", Open{*at, "the script runs"});
            else if (state != "pending")
                ended("user data", *at, state != "exited" || number(event, "exitCode") != 0);
        }
    }

    /// What is still under way lasts until `now`.
    std::vector<Timeline::Step> take(Time now) {
        while (!open_.empty()) ended(std::string(open_.begin()->first), now, false);
        std::ranges::stable_sort(steps_, {}, &Timeline::Step::start);
        return std::move(steps_);
    }

 private:
    struct Open {
        Time since;
        std::string what;
    };

    void ended(const std::string& item, Time at, bool failed) {
        const auto it = open_.find(item);
        if (it == open_.end()) return;  // settled without a step
        Timeline::Step step{.item = item,
                            .what = it->second.what,
                            .start = it->second.since - begin_,
                            .took = at - it->second.since,
                            .tone = failed ? Tone::bad : Tone::plain};
        open_.erase(it);
        const bool together = !steps_.empty() && steps_.back().start == step.start &&
                              steps_.back().took == step.took && steps_.back().tone == step.tone;
        if (!together) {
            steps_.push_back(std::move(step));
            others_ = 0;
            return;
        }
        ++others_;
        steps_.back().what = "and " + counted(others_, "item more", "items more");
    }

    Time begin_;
    std::map<std::string, Open, std::less<>> open_;
    std::vector<Timeline::Step> steps_;
    std::size_t others_ = 0;  // that are told with the last step
};

std::string escaped(const std::string& text) {
    std::string safe;
    for (const char c : printable(text)) {
        if (c == '&')
            safe += "&amp;";
        else if (c == '<')
            safe += "&lt;";
        else if (c == '>')
            safe += "&gt;";
        else if (c == '"')
            safe += "&quot;";
        else
            safe += c;
    }
    return safe;
}

/// Where a step's bar begins and how long it is, on a scale of `width`; never shorter than 1.
std::pair<std::int64_t, std::int64_t> bar(const Timeline& timeline, const Timeline::Step& step,
                                          std::int64_t width) {
    const std::int64_t whole = std::max<std::int64_t>(timeline.took.count(), 1);
    const std::int64_t start =
        std::clamp<std::int64_t>(step.start.count() * width / whole, 0, width - 1);
    const std::int64_t length = step.took.count() * width / whole;
    return {start, std::clamp<std::int64_t>(length, 1, width - start)};
}

}  // namespace

Timeline timeline_of(const Json& operation, const std::vector<Json>& events,
                     std::optional<Time> booted) {
    Timeline timeline{.operation = number(operation, "id").value_or(0),
                      .state = text(operation, "state")};
    const auto accepted = parse_time(text(operation, "acceptedAt"));
    if (!accepted) return timeline;
    constexpr auto longest_boot = std::chrono::hours(1);
    const bool from_boot = booted && *booted <= *accepted && *accepted - *booted <= longest_boot;
    timeline.begin = from_boot ? *booted : *accepted;
    Time last = *accepted;
    std::optional<Time> first;
    for (const Json& event : events)
        if (const auto at = parse_time(text(event, "at"))) {
            last = std::max(last, *at);
            if (!first && text(event, "kind") != "state") first = *at;
        }
    const Time end = parse_time(text(operation, "finishedAt")).value_or(last);
    Reading reading(timeline.begin);
    for (const Json& event : events) reading.event(event);
    timeline.steps = reading.take(end);
    timeline.took = end - timeline.begin;
    if (first && *first > *accepted)
        timeline.steps.insert(timeline.steps.begin(),
                              {.item = "waiting",
                               .what = "accepted, then looked at and planned",
                               .start = *accepted - timeline.begin,
                               .took = *first - *accepted});
    if (from_boot)
        timeline.steps.insert(timeline.steps.begin(),
                              {.item = "boot",
                               .what = "the machine's start, until the order was accepted",
                               .took = *accepted - timeline.begin});
    return timeline;
}

Json to_json(const Timeline& timeline) {
    Json steps = Json::array();
    for (const Timeline::Step& step : timeline.steps)
        steps.push_back({{"item", step.item},
                         {"what", step.what},
                         {"startMs", step.start.count()},
                         {"tookMs", step.took.count()}});
    return {{"operation", timeline.operation},
            {"state", timeline.state},
            {"beginUnixMs", timeline.begin.time_since_epoch().count()},
            {"tookMs", timeline.took.count()},
            {"steps", std::move(steps)}};
}

std::string timeline_view(const Timeline& timeline, const Look& look) {
    constexpr std::int64_t scale = 30;
    Table table({{"STEP"}, {"AFTER", true}, {"TOOK", true}, {"WHEN"}, {"WHAT"}});
    for (const Timeline::Step& step : timeline.steps) {
        const auto [start, length] = bar(timeline, step, scale);
        table.row({{step.item, step.tone},
                   {time_in_words(step.start)},
                   {time_in_words(step.took)},
                   {std::string(static_cast<std::size_t>(start), '.') +
                    std::string(static_cast<std::size_t>(length), '#') +
                    std::string(static_cast<std::size_t>(scale - start - length), '.')},
                   {step.what}});
    }
    return table.render(look.style, look.width) + "\noperation " +
           std::to_string(timeline.operation) + " " + printable(timeline.state) + ", after " +
           time_in_words(timeline.took) + "\n";
}

std::string timeline_svg(const Timeline& timeline) {
    constexpr std::int64_t left = 190, scale = 560, row = 22, top = 34;
    const std::int64_t height = top + row * static_cast<std::int64_t>(timeline.steps.size()) + 12;
    const auto attribute = [](const char* name, std::int64_t value) {
        return std::string(" ")
            .append(name)
            .append("=\"")
            .append(std::to_string(value))
            .append("\"");
    };
    std::string svg = R"(<svg xmlns="http://www.w3.org/2000/svg")";
    svg += attribute("width", left + scale + 110);
    svg += attribute("height", height);
    svg += R"( font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="8" y="20" font-weight="bold">operation )";
    svg += std::to_string(timeline.operation);
    svg.append(" ").append(escaped(timeline.state)).append(", ");
    svg.append(escaped(time_in_words(timeline.took))).append("</text>\n");
    std::int64_t y = top;
    for (const Timeline::Step& step : timeline.steps) {
        const auto [start, length] = bar(timeline, step, scale);
        svg.append("<g><title>").append(escaped(step.what)).append(R"(</title><text x="8")");
        svg += attribute("y", y + 15);
        svg.append(">").append(escaped(fit(step.item, 28))).append("</text><rect");
        svg += attribute("x", left + start);
        svg += attribute("y", y + 3);
        svg += attribute("width", length);
        svg += attribute("height", row - 6);
        svg += step.tone == Tone::bad ? R"( fill="#c0392b"/><text)" : R"( fill="#2c7fb8"/><text)";
        svg += attribute("x", left + start + length + 5);
        svg += attribute("y", y + 15);
        svg.append(R"( fill="#555555">)").append(escaped(time_in_words(step.took)));
        svg += "</text></g>\n";
        y += row;
    }
    return svg + "</svg>\n";
}

}  // namespace metalwright::agent::cli
