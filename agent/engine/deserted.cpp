#include "agent/engine/deserted.hpp"

namespace metalwright::engine {

bool Deserted::carrier(int nic, bool present, TimePoint now) {
    if (!present) {
        without_carrier_.insert(nic);
        return false;
    }
    if (without_carrier_.erase(nic) == 0) return false;
    // Its owner begins only now.
    if (const auto it = since_.find(nic); it != since_.end()) it->second = now;
    return true;
}

void Deserted::forget(int nic) {
    since_.erase(nic);
    without_carrier_.erase(nic);
}

std::vector<int> Deserted::nics(TimePoint now) {
    std::erase_if(since_, [&](const auto& each) {
        return !without_carrier_.contains(each.first) && now >= each.second + grace;
    });
    std::set<int> all = without_carrier_;
    for (const auto& [nic, since] : since_) all.insert(nic);
    return {all.begin(), all.end()};
}

std::optional<Deserted::TimePoint> Deserted::next() const {
    std::optional<TimePoint> first;
    for (const auto& [nic, since] : since_)
        if (!without_carrier_.contains(nic) && (!first || since + grace < *first))
            first = since + grace;
    return first;
}

}  // namespace metalwright::engine
