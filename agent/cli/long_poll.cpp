#include "agent/cli/long_poll.hpp"

#include <algorithm>

#include "agent/cli/text.hpp"

namespace metalwright::agent::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_wait{25'000};
constexpr milliseconds grace{10'000};  // for an answer that is under way when the wait ends
constexpr milliseconds between_tries{250};

}  // namespace

LongPoll::LongPoll(const Daemon& daemon, const Console& console, Limits limits, Hooks hooks)
    : daemon_(daemon),
      console_(console),
      limits_(limits),
      hooks_(std::move(hooks)),
      start_(console.now()) {}

std::optional<milliseconds> LongPoll::left() const {
    if (!limits_.timeout) return std::nullopt;
    return std::chrono::ceil<milliseconds>(start_ + *limits_.timeout - console_.now());
}

void LongPoll::nothing_new() {
    console_.pause(between_tries);
}

Answer LongPoll::get(const std::string& target, bool wait) {
    std::optional<std::chrono::steady_clock::time_point> lost_at;
    Errors why;  // why the daemon does not answer, while it does not
    while (true) {
        const std::optional<milliseconds> rest = left();
        if (rest && rest->count() <= 0) {
            Errors errors{{Errc::timed_out, "not finished after " +
                                                time_in_words(*limits_.timeout) +
                                                ", the time given with --timeout"}};
            errors.insert(errors.end(), why.begin(), why.end());
            return std::unexpected(Refusal{Exit::waited, std::move(errors)});
        }

        // The API waits in whole seconds; a shorter rest is kept by our own deadline.
        const milliseconds hold =
            wait ? std::min(longest_wait, rest.value_or(longest_wait)) : milliseconds{0};
        std::string asked = target;
        if (wait)
            asked += (target.find('?') == std::string::npos ? "?wait=" : "&wait=") +
                     std::to_string(std::chrono::ceil<std::chrono::seconds>(hold).count());
        const milliseconds timeout = std::min(hold + grace, rest.value_or(hold + grace));
        Answer answer = daemon_.get(asked, timeout, hooks_.tick);
        if (answer) {
            if (lost_at && hooks_.back) hooks_.back();
            return answer;
        }
        const Error& error = answer.error().errors.front();
        if (!retryable(error.code)) return answer;
        // Where our own deadline cut the answer off, the daemon is not to blame.
        const bool away = error.code != Errc::timed_out || !rest || *rest > timeout;
        if (away && !lost_at) {
            lost_at = console_.now();
            if (hooks_.lost) hooks_.lost(error);
        }
        if (away) why = {error};
        if (lost_at && !limits_.timeout && console_.now() - *lost_at >= limits_.away) return answer;
        console_.pause(std::min(between_tries, left().value_or(between_tries)));
        if (hooks_.tick) hooks_.tick();
    }
}

}  // namespace metalwright::agent::cli
