#include "agent/engine/deserted.hpp"

namespace metalwright::engine {

void Deserted::carrier(int nic, bool present, TimePoint now) {
    if (!present) {
        without_carrier_.insert(nic);
        return;
    }
    if (without_carrier_.erase(nic) == 0) return;
    // Its owner begins only now.
    if (const auto it = since_.find(nic); it != since_.end()) it->second = now;
}

void Deserted::forget(int nic) {
    since_.erase(nic);
    without_carrier_.erase(nic);
}

std::vector<int> Deserted::nics(TimePoint now) {
    std::erase_if(since_, [&](const auto& each) {
        return !without_carrier_.contains(each.first) && now >= each.second + grace;
    });
    std::vector<int> all;
    for (const auto& [nic, since] : since_) all.push_back(nic);
    return all;
}

std::optional<Deserted::TimePoint> Deserted::next() const {
    std::optional<TimePoint> first;
    for (const auto& [nic, since] : since_)
        if (!without_carrier_.contains(nic) && (!first || since + grace < *first))
            first = since + grace;
    return first;
}

}  // namespace metalwright::engine
