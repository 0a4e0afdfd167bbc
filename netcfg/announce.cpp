#include "netcfg/announce.hpp"

#include <algorithm>

namespace metalwright::netcfg {
namespace {

constexpr std::chrono::nanoseconds frame_interval =
    std::chrono::nanoseconds(std::chrono::seconds(1)) / Announcer::frames_per_second;

std::uint32_t addresses_in(const Prefix& range) {
    const unsigned bits = 32U - range.length;
    const std::uint64_t all = std::uint64_t{1} << bits;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(all, Announcer::most_of_a_range));
}

}  // namespace

void Announcer::add(int ifindex, const MacBytes& mac, const Prefix& first, std::uint32_t count,
                    TimePoint now) {
    const bool once = count > most_repeated;
    for (std::uint32_t i = 0; i < std::min(count, most_of_a_range); ++i)
        put(ifindex, mac, {.prefix = {first.address.plus(i), first.length}}, {.once = once}, now);
}

void Announcer::add_route(int ifindex, const MacBytes& mac, const Prefix& to, TimePoint now) {
    if (to.address.v6) return;
    const std::uint32_t count = addresses_in(to);
    put(ifindex, mac, {.route = true, .prefix = to.network()},
        {.count = count, .once = count > most_repeated}, now);
}

void Announcer::put(int ifindex, const MacBytes& mac, const Key& key, Item item, TimePoint now) {
    NicItems& nic = nics_[ifindex];
    nic.mac = mac;
    const auto [it, is_new] = nic.items.try_emplace(key, item);
    if (!is_new && it->second.once != item.once) it->second = item;
    start(ifindex, key, it->second, now);
}

void Announcer::start(int ifindex, const Key& key, Item& item, TimePoint now) {
    if (item.waiting) return;
    item.waiting = true;
    item.serial = ++serial_;
    lanes_[item.once ? once_lane : 0].push_back(
        {.due = now, .ifindex = ifindex, .key = key, .serial = item.serial});
}

void Announcer::withdraw(int ifindex, const Prefix& address) {
    erase(ifindex, {.prefix = address});
}

void Announcer::withdraw_route(int ifindex, const Prefix& to) {
    erase(ifindex, {.route = true, .prefix = to.network()});
}

void Announcer::erase(int ifindex, const Key& key) {
    const auto nic = nics_.find(ifindex);
    if (nic == nics_.end() || nic->second.items.erase(key) == 0) return;
    if (nic->second.items.empty()) nics_.erase(nic);
    drop_withdrawn();
}

void Announcer::link_returned(int ifindex, TimePoint now) {
    const auto nic = nics_.find(ifindex);
    if (nic == nics_.end()) return;
    for (auto& [key, item] : nic->second.items) start(ifindex, key, item, now);
    drop_withdrawn();
}

void Announcer::mac_changed(int ifindex, const MacBytes& mac, TimePoint now) {
    const auto nic = nics_.find(ifindex);
    if (nic == nics_.end()) return;
    nic->second.mac = mac;
    link_returned(ifindex, now);
}

void Announcer::forget_link(int ifindex) {
    nics_.erase(ifindex);
    drop_withdrawn();
}

Announcer::Item* Announcer::item_of(const Turn& turn) {
    const auto nic = nics_.find(turn.ifindex);
    if (nic == nics_.end()) return nullptr;
    const auto item = nic->second.items.find(turn.key);
    if (item == nic->second.items.end() || item->second.serial != turn.serial) return nullptr;
    return &item->second;
}

void Announcer::drop_withdrawn(Lane& lane) {
    while (!lane.empty() && item_of(lane.front()) == nullptr) lane.pop_front();
}

void Announcer::drop_withdrawn() {
    for (Lane& lane : lanes_) drop_withdrawn(lane);
}

bool Announcer::ready(Lane& lane, TimePoint now) {
    drop_withdrawn(lane);
    return !lane.empty() && lane.front().due <= now;
}

std::optional<std::size_t> Announcer::next_lane(TimePoint now) {
    if (ready(lanes_[0], now)) return 0;
    const bool once = ready(lanes_[once_lane], now);
    if (once && repetition_had_last_) return once_lane;
    for (std::size_t round = 1; round < rounds; ++round)
        if (ready(lanes_[round], now)) return round;
    if (once) return once_lane;
    return std::nullopt;
}

Frame Announcer::take(std::size_t lane, TimePoint now) {
    Turn& turn = lanes_[lane].front();
    Item& item = *item_of(turn);
    item.waiting = false;
    repetition_had_last_ = lane != once_lane;
    Frame frame{turn.ifindex, announcement(nics_.find(turn.ifindex)->second.mac,
                                           turn.key.prefix.address.plus(turn.at))};
    if (++turn.at < item.count) return frame;

    Turn next = turn;
    lanes_[lane].pop_front();
    if (lane + 1 < rounds) {
        next.at = 0;
        next.due = now + spacing;
        lanes_[lane + 1].push_back(next);
    }
    return frame;
}

std::vector<Frame> Announcer::due(TimePoint now, std::size_t most) {
    std::vector<Frame> frames;
    credit_from_ = std::max(credit_from_, now - frame_interval * burst);
    while (frames.size() < most && credit_from_ + frame_interval <= now) {
        const std::optional<std::size_t> lane = next_lane(now);
        if (!lane) break;
        frames.push_back(take(*lane, now));
        credit_from_ += frame_interval;
    }
    drop_withdrawn();
    return frames;
}

std::optional<Announcer::TimePoint> Announcer::next_due() const {
    std::optional<TimePoint> next;
    for (const Lane& lane : lanes_)
        if (!lane.empty()) next = std::min(next.value_or(TimePoint::max()), lane.front().due);
    if (next && credit_from_ != TimePoint::min())
        next = std::max(*next, credit_from_ + frame_interval);
    return next;
}

}  // namespace metalwright::netcfg
