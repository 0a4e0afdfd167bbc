#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "agent/cli/fields.hpp"
#include "agent/cli/views.hpp"

namespace metalwright::agent::cli {

/// Where the time of one operation went.
struct Timeline {
    using Time = std::chrono::sys_time<std::chrono::milliseconds>;

    struct Step {
        std::string item;  ///< "raid/data"; "boot", "waiting", "user data"
        std::string what;  ///< "create raid1 'data' ..."; for items that went together how many
        std::chrono::milliseconds start{0};  ///< since the begin
        std::chrono::milliseconds took{0};
        Tone tone = Tone::plain;

        bool operator==(const Step&) const = default;
    };

    std::int64_t operation = 0;
    std::string state;
    Time begin{};  ///< the machine's start, where it was started for this; else the acceptance
    std::chrono::milliseconds took{0};
    std::vector<Step> steps{};  ///< by their start

    bool operator==(const Timeline&) const = default;
};

/// Of GET /v1/operations/{id} and the events of GET /v1/operations/{id}/events. `booted`: when this
/// machine was started; an operation that an hour lies between has not waited for that.
/// What was begun together and ended together is one step.
Timeline timeline_of(const Json& operation, const std::vector<Json>& events,
                     std::optional<Timeline::Time> booted);

/// {"operation","state","beginUnixMs","tookMs","steps":[{"item","what","startMs","tookMs"}]}
Json to_json(const Timeline& timeline);
/// A row a step, with a bar where there is room for one.
std::string timeline_view(const Timeline& timeline, const Look& look);
/// A picture of its own: nothing in it is loaded from elsewhere.
std::string timeline_svg(const Timeline& timeline);

}  // namespace metalwright::agent::cli
