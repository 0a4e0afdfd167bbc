#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace metalwright::engine {

/// NICs (ifindex) whose cable is out, or that have just lost an address which is not ours. Whoever
/// set it, NetworkManager for one, is about to set the NIC up again when the cable returns, and
/// takes an address of ours that it finds there before for somebody else's work and lets the NIC
/// be. So aliases wait for as long as the cable is out, when nobody could reach them, and then
/// until there is a foreign address again, `grace` at most. Pure.
class Deserted {
 public:
    using TimePoint = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::milliseconds grace{10'000};

    void address_gone(int nic, TimePoint now) { since_[nic] = now; }
    /// True when the NIC was deserted until now.
    bool address_set(int nic) { return since_.erase(nic) > 0; }
    /// The cable of a NIC was put in or pulled out; true when it is in and was not.
    bool carrier(int nic, bool present, TimePoint now);
    void forget(int nic);

    /// Those that are deserted still.
    std::vector<int> nics(TimePoint now);
    /// When the first of them will have waited long enough; nothing when none has its cable in.
    std::optional<TimePoint> next() const;

 private:
    std::map<int, TimePoint> since_;
    std::set<int> without_carrier_;
};

}  // namespace metalwright::engine
