#include "agent/link/turns.hpp"

#include <algorithm>

namespace metalwright::agent::link {

std::chrono::milliseconds Backoff::next() {
    const auto doubled = bounds_.least.count() << std::min(failures_, 20u);
    const auto whole = std::clamp(doubled, bounds_.least.count(), bounds_.most.count());
    if (failures_ < 20) ++failures_;
    std::uniform_int_distribution<std::chrono::milliseconds::rep> between(whole / 2, whole);
    return std::chrono::milliseconds(between(random_));
}

Turns::Turns(std::size_t count, BackoffBounds bounds, std::uint64_t seed) {
    for (std::size_t i = 0; i < count; ++i) places_.push_back({Backoff(bounds, seed + i)});
}

Turns::Turn Turns::next(Time now) const {
    Turn best{.index = first_, .at = places_[first_].not_before};
    for (std::size_t i = 1; i < places_.size(); ++i) {
        const std::size_t index = (first_ + i) % places_.size();
        const Place& place = places_[index];
        const bool due = place.not_before <= now;
        const bool better = best.at <= now ? due && place.failed_at < places_[best.index].failed_at
                                           : place.not_before < best.at;
        if (better) best = {index, place.not_before};
    }
    best.at = std::max({best.at, hold_until_, now});
    return best;
}

void Turns::succeeded(std::size_t index) {
    first_ = index;
    places_[index].backoff.reset();
    places_[index].not_before = {};
    places_[index].failed_at = {};
}

void Turns::failed(std::size_t index, Time now, std::chrono::milliseconds least) {
    const auto wait = std::max(places_[index].backoff.next(), least);
    places_[index].not_before = now + wait;
    places_[index].failed_at = now;
}

void Turns::hold(Time until) {
    hold_until_ = until;
}

}  // namespace metalwright::agent::link
