#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace metalwright {

/// Positions 0, 1, 2... in somebody's list, by the hash of what stands there. Two arrays whatever
/// the number: a standard map's node per item costs more than all else that a plan does with it.
class HashIndex {
 public:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    explicit HashIndex(std::size_t expected) {
        std::size_t buckets = 8;
        while (buckets < 2 * expected) buckets *= 2;
        first_.assign(buckets, end);
        entries_.reserve(expected);
    }

    /// The next position has this hash.
    void add(std::size_t hash) {
        if (2 * entries_.size() >= first_.size()) grow();
        entries_.push_back({static_cast<std::uint32_t>(hash), end});
        link(static_cast<std::uint32_t>(entries_.size() - 1));
    }

    /// The position, of those with this hash, for which `test(position)` is true; the last one
    /// where there are several, none where there is none.
    template <class Test>
    std::size_t find(std::size_t hash, const Test& test) const {
        const auto low = static_cast<std::uint32_t>(hash);
        for (std::uint32_t at = first_[low & (first_.size() - 1)]; at != end;
             at = entries_[at].next)
            if (entries_[at].hash == low && test(std::size_t{at})) return at;
        return none;
    }

    /// Calls `act(position)` for all with this hash, the last one first.
    template <class Act>
    void each(std::size_t hash, const Act& act) const {
        find(hash, [&](std::size_t at) {
            act(at);
            return false;
        });
    }

    std::size_t size() const noexcept { return entries_.size(); }

 private:
    static constexpr auto end = static_cast<std::uint32_t>(-1);
    struct Entry {
        std::uint32_t hash;
        std::uint32_t next;  // of the same bucket
    };

    void link(std::uint32_t at) {
        std::uint32_t& first = first_[entries_[at].hash & (first_.size() - 1)];
        entries_[at].next = first;
        first = at;
    }
    void grow() {
        first_.assign(first_.size() * 2, end);
        for (std::uint32_t at = 0; at < entries_.size(); ++at) link(at);
    }

    std::vector<std::uint32_t> first_;  // by bucket; their number is a power of two
    std::vector<Entry> entries_;
};

}  // namespace metalwright
