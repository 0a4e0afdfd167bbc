#include "agent/engine/backoff.hpp"

#include <algorithm>
#include <utility>

namespace metalwright::engine {

bool Backoff::allows(const std::string& item, TimePoint now) {
    if (next_ && *next_ <= now) next_.reset();
    const auto it = items_.find(item);
    if (it == items_.end() || it->second.allowed <= now) return true;
    next_ = next_ ? std::min(*next_, it->second.allowed) : it->second.allowed;
    return false;
}

bool Backoff::put_back(const std::string& item, TimePoint now, bool worked) {
    Item& known = items_[item];
    const auto pause = known.allowed - known.last;
    if (known.times > 0 && now - known.last > pause + window) known = {};
    ++known.times;
    known.last = now;
    known.allowed = now;
    if (known.times < free_times) return false;
    auto next = first_pause;
    for (unsigned i = free_times; i < known.times && next < longest; ++i) next *= 2;
    known.allowed = now + std::min(next, longest);
    return worked && !std::exchange(known.told, true);
}

}  // namespace metalwright::engine
