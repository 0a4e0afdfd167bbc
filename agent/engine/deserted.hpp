#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace metalwright::engine {

/// NICs (ifindex) that have just lost an address which is not ours: whoever set it, NetworkManager
/// for one, is about to set the NIC up again, and takes an address of ours that it finds there
/// meanwhile for somebody else's work and lets the NIC be. So ours wait until there is a foreign
/// address again, at most `grace` while the cable is in, and for as long as it is out: nobody could
/// reach them. Pure.
class Deserted {
 public:
    using TimePoint = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::milliseconds grace{10'000};

    void address_gone(int nic, TimePoint now) { since_[nic] = now; }
    /// True when the NIC was deserted until now.
    bool address_set(int nic) { return since_.erase(nic) > 0; }
    /// The cable of a NIC was put in or pulled out.
    void carrier(int nic, bool present, TimePoint now);
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
