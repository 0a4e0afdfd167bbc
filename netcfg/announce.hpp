#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "netcfg/announce_frame.hpp"
#include "netcfg/model.hpp"

namespace metalwright::netcfg {

/// Says when which live address is announced to its segment. Pure: it sends nothing and has no
/// clock; `now` must never run backwards.
///
/// A single address is announced at once and then `rounds - 1` times more, `spacing` apart, so
/// that a neighbour that lost one frame hears another. A range (an IPv4 local route) of up to
/// `most_repeated` addresses is announced the same way, address by address, the first and the last
/// of it too, since the kernel answers for those. A larger one is gone through ONCE: each address
/// gets one frame, up to the first `most_of_a_range`; the rest of a range wider than that is not
/// announced, and its neighbours learn by asking. The same holds for a row of addresses that are
/// added together (an IPv6 range that is spelled out).
///
/// An IPv6 local route is never announced: the kernel does not answer neighbour solicitations for
/// it, so a router must lead there anyway, and an advertisement would promise what is not kept.
///
/// Everything together keeps to `frames_per_second`. When more is due than that, first
/// announcements go before repetitions, and repetitions share evenly with large ranges; rounds then
/// come later than `spacing`, never sooner, and none is left out.
class Announcer {
 public:
    using Clock = std::chrono::steady_clock;
    using TimePoint = Clock::time_point;

    static constexpr std::size_t rounds = 5;  ///< 0, 1.1, 2.2, 3.3 and 4.4 s: 5 s in all
    static constexpr std::chrono::milliseconds spacing{1100};
    static constexpr std::uint32_t most_repeated = 16;      ///< a /28
    static constexpr std::uint32_t most_of_a_range = 4096;  ///< a /20: 4.1 s at the rate below
    /// Each frame is a broadcast that every host of the segment looks at: 1,000 a second are 0.7
    /// Mbit/s, below a tenth of a percent of the slowest NIC we meet and of usual storm controls.
    static constexpr unsigned frames_per_second = 1000;
    /// What may leave at once after a rest: the 50 aliases a NIC may have and its primary address.
    static constexpr unsigned burst = 64;

    /// `count` addresses that follow each other from `first` on (as AddAddress), which are live on
    /// the NIC `ifindex` now. Host bits of `first` are the address: 10.0.0.5/24 is one. Each is
    /// withdrawn by itself. Added again, it is announced anew. `mac` is the NIC's from now on, for
    /// all that is live there.
    void add(int ifindex, const MacBytes& mac, const Prefix& first, std::uint32_t count,
             TimePoint now);
    /// A local route that is live now; IPv6: nothing is done.
    void add_route(int ifindex, const MacBytes& mac, const Prefix& to, TimePoint now);

    /// No further frame for this address or route, whatever was due; unknown ones are no error.
    /// The same address with another prefix length is another one.
    void withdraw(int ifindex, const Prefix& address);
    void withdraw_route(int ifindex, const Prefix& to);

    /// The carrier came back, perhaps at another switch: all that is live there starts anew. What
    /// still waits for its first frame keeps its place, so that a flapping link delays nobody.
    void link_returned(int ifindex, TimePoint now);
    /// As link_returned(), with another MAC.
    void mac_changed(int ifindex, const MacBytes& mac, TimePoint now);
    /// The NIC is gone: nothing is live there any more.
    void forget_link(int ifindex);

    /// The frames to send now, at most `most`. They count as sent, whatever becomes of them.
    std::vector<Frame> due(TimePoint now, std::size_t most);
    /// When due() has something next; never earlier than the rate allows. Empty: nothing waits.
    std::optional<TimePoint> next_due() const;

 private:
    struct Key {
        bool route = false;
        Prefix prefix{};
        auto operator<=>(const Key&) const = default;
    };
    struct Item {
        std::uint32_t count = 1;  // addresses from the key's on
        bool once = false;
        bool waiting = false;      // for its first frame
        std::uint64_t serial = 0;  // of the turn that is its present one
    };
    struct NicItems {
        MacBytes mac{};
        std::map<Key, Item> items{};
    };
    /// An item's place in a lane. Its serial tells whether it still counts: withdrawing is cheap
    /// because turns are left where they are until they come to the front.
    struct Turn {
        TimePoint due{};
        int ifindex = 0;
        Key key{};
        std::uint64_t serial = 0;
        std::uint32_t at = 0;  // addresses of the item that are done in this round
    };
    /// In order of `due` without sorting: all turns of a lane wait equally long.
    using Lane = std::deque<Turn>;

    void put(int ifindex, const MacBytes& mac, const Key& key, Item item, TimePoint now);
    void start(int ifindex, const Key& key, Item& item, TimePoint now);
    void erase(int ifindex, const Key& key);
    Item* item_of(const Turn& turn);
    void drop_withdrawn(Lane& lane);
    void drop_withdrawn();
    bool ready(Lane& lane, TimePoint now);
    std::optional<std::size_t> next_lane(TimePoint now);
    Frame take(std::size_t lane, TimePoint now);

    static constexpr std::size_t once_lane = rounds;  // lanes 0..rounds-1: that round's turns
    std::map<int, NicItems> nics_;
    std::array<Lane, rounds + 1> lanes_;
    std::uint64_t serial_ = 0;
    bool repetition_had_last_ = false;
    /// The token bucket: as many frames may leave as their intervals fit in since then.
    TimePoint credit_from_ = TimePoint::min();
};

}  // namespace metalwright::netcfg
