#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/cli/fields.hpp"
#include "agent/cli/style.hpp"

namespace metalwright::agent::cli {

/// The events of an operation as lines: one for each step that has ended, with its time. On a
/// terminal the step in hand is one more line that is drawn over and over; elsewhere a long step
/// tells its progress every ten percent.
class StepFeed {
 public:
    struct Screen {
        std::ostream& out;
        Style style{};
        bool live = false;    ///< the line in hand is drawn
        unsigned width = 80;  ///< columns, for the line in hand
        std::function<std::chrono::steady_clock::time_point()> now;
    };

    explicit StepFeed(Screen screen) : screen_(std::move(screen)) {}
    StepFeed(const StepFeed&) = delete;
    StepFeed& operator=(const StepFeed&) = delete;
    ~StepFeed() { end(); }

    /// One event of GET /v1/operations/{id}/events.
    void event(const Json& event);
    /// A line of our own.
    void say(std::string_view line, Tone tone = Tone::faint);
    /// Moves the spinner.
    void tick();
    /// Takes the line in hand away.
    void end();

 private:
    struct Step {
        std::string item;
        std::string what;
        std::chrono::steady_clock::time_point since;
        double percent = -1;
        int told = 0;  ///< tens of percent that a plain line has told
    };

    Step& in_hand(const std::string& item, const std::string& what);
    void line(const std::string& word, Tone tone, const std::string& took, const std::string& item,
              const std::string& what);
    void outcome(const Json& event);
    void user_data(const Json& event);
    void progress(const Json& event);
    void clear();
    void draw();

    Screen screen_;
    std::vector<Step> steps_;                   // begun and not ended, the latest news last
    std::map<std::string, std::string> whats_;  // an outcome need not repeat what was intended
    std::size_t item_width_ = 20;
    unsigned turn_ = 0;
    bool drawn_ = false;
};

}  // namespace metalwright::agent::cli
