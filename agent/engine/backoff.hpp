#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace metalwright::engine {

/// How often one item is put back when somebody keeps taking it away. The first `free_times` within
/// `window` are put back at once; from then on the pause doubles, up to `longest`. An item that has
/// been left alone for as long as `window` and its pause starts anew. Pure.
class Backoff {
 public:
    using TimePoint = std::chrono::steady_clock::time_point;

    static constexpr unsigned free_times = 3;
    static constexpr std::chrono::milliseconds first_pause{200};
    static constexpr std::chrono::milliseconds longest{60'000};
    static constexpr std::chrono::milliseconds window{10'000};

    /// Whether the item may be put back now.
    bool allows(const std::string& item, TimePoint now);
    /// The item was put back, or it was tried: who takes a thing away before it is read back makes
    /// a failure of it. True once a fight, at the first time that it `worked` when it is
    /// recognised.
    bool put_back(const std::string& item, TimePoint now, bool worked = true);
    /// When the first item that had to wait may be put back; nothing when none waits.
    std::optional<TimePoint> next() const { return next_; }

 private:
    struct Item {
        unsigned times = 0;
        TimePoint last{};
        TimePoint allowed{};
        bool told = false;
    };
    std::map<std::string, Item> items_;
    std::optional<TimePoint> next_;
};

}  // namespace metalwright::engine
