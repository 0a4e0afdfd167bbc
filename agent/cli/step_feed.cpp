#include "agent/cli/step_feed.hpp"

#include <algorithm>
#include <array>
#include <ostream>

#include "agent/cli/text.hpp"
#include "agent/cli/views.hpp"

namespace metalwright::agent::cli {
namespace {

constexpr std::size_t word_width = 11;  // "interrupted"
constexpr std::size_t took_width = 11;
constexpr std::size_t bar_width = 20;

std::string padded(std::string text, std::size_t width) {
    const std::size_t used = columns(text);
    if (used < width) text.append(width - used, ' ');
    return text;
}

/// Rounded down: 100 % is said of what is done, not of what is nearly so.
std::string percent_in_words(double percent) {
    return std::to_string(static_cast<int>(std::clamp(percent, 0.0, 100.0))) + " %";
}

std::string bar(double percent) {
    const auto full = static_cast<std::size_t>(std::clamp(percent, 0.0, 100.0) / 100 * bar_width);
    return "[" + std::string(full, '#') + std::string(bar_width - full, '-') + "]";
}

/// The first of the fields that says something.
std::string first_of(const Json& event, std::initializer_list<const char*> keys) {
    for (const char* key : keys)
        if (std::string found = text(event, key); !found.empty()) return found;
    return {};
}

}  // namespace

StepFeed::Step& StepFeed::in_hand(const std::string& item, const std::string& what) {
    const auto found = std::ranges::find(steps_, item, &Step::item);
    if (found == steps_.end()) {
        steps_.push_back({.item = item, .what = what, .since = screen_.now()});
    } else {
        std::rotate(found, found + 1, steps_.end());
        if (!what.empty()) steps_.back().what = what;
    }
    return steps_.back();
}

void StepFeed::event(const Json& event) {
    const std::string kind = text(event, "kind");
    const std::string item = text(event, "item");
    if (kind == "intent") {
        whats_[item] = text(event, "why");
        in_hand(item, text(event, "why")).since = screen_.now();
    } else if (kind == "progress") {
        progress(event);
    } else if (kind == "outcome") {
        outcome(event);
    } else if (kind == "userData") {
        user_data(event);
    } else {
        say(first_of(event, {"note", "why"}));
    }
    draw();
}

void StepFeed::progress(const Json& event) {
    const std::string what = first_of(event, {"note", "why"});
    Step& step = in_hand(text(event, "item"), what);
    step.percent = real(event, "percent").value_or(-1);
    if (screen_.live || step.percent < 0) return;
    const int tens = static_cast<int>(step.percent / 10);
    if (tens <= step.told) return;
    step.told = tens;
    line("...", Tone::faint, percent_in_words(step.percent), step.item, step.what);
}

void StepFeed::outcome(const Json& event) {
    const std::string item = text(event, "item");
    std::erase_if(steps_, [&](const Step& step) { return step.item == item; });
    std::string what;
    if (const std::optional<Error> why = error(event, "error"))
        what = describe(*why);
    else
        what = first_of(event, {"why", "note"});
    if (what.empty() && whats_.contains(item)) what = whats_[item];
    const std::optional<std::int64_t> took = number(event, "tookMs");
    const std::string word = text(event, "outcome");
    line(word, tone_of(word), took ? time_in_words(std::chrono::milliseconds(*took)) : "", item,
         what);
}

void StepFeed::user_data(const Json& event) {
    const std::string item = "user data";
    const std::string state = text(event, "state");
    if (state == "started") {
        in_hand(item, "the script runs").since = screen_.now();
        if (!screen_.live) line(state, Tone::plain, "", item, "the script runs");
        return;
    }
    const auto begun = std::ranges::find(steps_, item, &Step::item);
    std::string took;
    if (begun != steps_.end()) {
        took = time_in_words(
            std::chrono::floor<std::chrono::milliseconds>(screen_.now() - begun->since));
        steps_.erase(begun);
    }
    const Cell words = user_data_in_words(event);
    if (state != "pending" && !words.text.empty())
        line(state, words.tone, took, item, words.text == state ? "" : words.text);
}

void StepFeed::line(const std::string& word, Tone tone, const std::string& took,
                    const std::string& item, const std::string& what) {
    clear();
    const std::string shown = printable(item);
    item_width_ = std::max(item_width_, columns(shown));
    const std::string left = padded(printable(word), word_width);
    std::string text = "  " + screen_.style(tone, left) + " " +
                       std::string(took_width - std::min(took_width, took.size()), ' ') + took +
                       "  " + padded(shown, what.empty() ? 0 : item_width_);
    if (!what.empty()) text += "  " + printable(what);
    screen_.out << text << "\n" << std::flush;
}

void StepFeed::say(std::string_view line, Tone tone) {
    if (line.empty()) return;
    clear();
    screen_.out << screen_.style(tone, printable(line)) << "\n" << std::flush;
}

void StepFeed::tick() {
    ++turn_;
    draw();
}

void StepFeed::clear() {
    if (!drawn_) return;
    screen_.out << "\r\x1b[K";
    drawn_ = false;
}

void StepFeed::draw() {
    if (!screen_.live) return;
    clear();
    if (!steps_.empty()) {
        constexpr std::array<char, 4> spinner{'|', '/', '-', '\\'};
        const Step& step = steps_.back();
        const auto since = std::chrono::floor<std::chrono::seconds>(screen_.now() - step.since);
        std::string tail;
        if (step.percent >= 0)
            tail += "  " + bar(step.percent) + " " + percent_in_words(step.percent);
        if (since.count() > 0)
            tail += "  " + (since.count() < 60 ? std::to_string(since.count()) + " s"
                                               : time_in_words(since));
        if (steps_.size() > 1)
            tail += "  (" + std::to_string(steps_.size() - 1) + " more under way)";
        // The last column stays free: a cursor that wraps would leave a trace of lines behind.
        const std::size_t room = screen_.width > 1 ? screen_.width - 1 : 1;
        const std::size_t kept = room > columns(tail) + 2 ? room - columns(tail) - 2 : 0;
        const std::string head = printable(step.item + "  " + step.what);
        screen_.out << fit(
            std::string(1, spinner[turn_ % spinner.size()]) + " " + fit(head, kept) + tail, room);
        drawn_ = true;
    }
    screen_.out << std::flush;
}

void StepFeed::end() {
    clear();
    screen_.out << std::flush;
}

}  // namespace metalwright::agent::cli
