#pragma once

#include <chrono>
#include <cstddef>
#include <random>
#include <vector>

namespace metalwright::agent::link {

struct BackoffBounds {
    std::chrono::milliseconds least{1'000};
    std::chrono::milliseconds most{300'000};
};

/// Jittered exponential waiting: the nth failure in a row waits between half of and the whole of
/// least * 2^(n-1), never more than `most`.
class Backoff {
 public:
    Backoff(BackoffBounds bounds, std::uint64_t seed) : bounds_(bounds), random_(seed) {}
    std::chrono::milliseconds next();
    void reset() noexcept { failures_ = 0; }

 private:
    BackoffBounds bounds_;
    std::mt19937_64 random_;
    unsigned failures_ = 0;
};

/// Whose turn it is among several base URLs, and when. Pure: the clock is a parameter.
/// The one that worked last stays first; each has a back-off of its own, so a failure turns to the
/// next URL at once, and only when all have failed is there a wait. Among those whose wait is over,
/// the one that failed longest ago comes first: two that hang do not keep a third from its turn.
class Turns {
 public:
    using Time = std::chrono::steady_clock::time_point;
    struct Turn {
        std::size_t index = 0;
        Time at{};  ///< not before
    };

    Turns(std::size_t count, BackoffBounds bounds, std::uint64_t seed);

    Turn next(Time now) const;
    void succeeded(std::size_t index);
    /// Waits at least `least` before this URL is asked again.
    void failed(std::size_t index, Time now, std::chrono::milliseconds least);
    /// Nobody is asked before `until`: the control plane itself has nothing for us yet.
    void hold(Time until);

 private:
    struct Place {
        Backoff backoff;
        Time not_before{};
        Time failed_at{};  ///< zero once it has worked
    };
    std::vector<Place> places_;
    std::size_t first_ = 0;
    Time hold_until_{};
};

}  // namespace metalwright::agent::link
