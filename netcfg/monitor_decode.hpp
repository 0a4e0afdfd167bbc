#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "netcfg/model.hpp"

namespace metalwright::netcfg {

struct AddressChange {
    bool added = true;  ///< added, or one that was there changed (flags, lifetimes); else removed
    KernelAddress address{};

    bool operator==(const AddressChange&) const = default;
};

/// The kernel's own entries in table local and cached clones are not told. A link that goes down
/// takes IPv4 routes with it without a word: see LinkEvent::down.
struct RouteChange {
    bool added = true;  ///< added, or put in the place of one with the same key; else removed
    KernelRoute route{};

    bool operator==(const RouteChange&) const = default;
};

/// As far as it takes to know a rule of ours again.
struct RuleChange {
    bool added = true;
    bool v6 = false;
    std::uint32_t priority = 0;
    std::uint32_t table = 0;
    std::uint8_t protocol = 0;     ///< FRA_PROTOCOL; 0 when the kernel did not say
    std::optional<Prefix> from{};  ///< absent: from everywhere

    bool operator==(const RuleChange&) const = default;
};

/// A root or ingress qdisc.
struct QdiscChange {
    bool added = true;  ///< added, changed, or put in the place of another; else removed
    Qdisc qdisc{};

    bool operator==(const QdiscChange&) const = default;
};

struct FilterChange {
    bool added = true;
    IngressFilter filter{};

    bool operator==(const FilterChange&) const = default;
};

enum class LinkEvent {
    added,    ///< told with the state it came in; its up and carrier edges follow
    removed,  ///< for good, or into another namespace
    up,       ///< IFF_UP
    down,     ///< IPv4 routes over it are gone, and nothing else says so: read all again
    carrier,  ///< IFLA_CARRIER
    no_carrier,
    renamed,
    mac_changed,
};

struct LinkChange {
    LinkEvent event = LinkEvent::added;
    int ifindex = 0;
    std::string name{};    ///< now; of a removed one, the last
    std::string mac{};     ///< now; of a removed one, the last
    std::string former{};  ///< renamed: the former name; mac_changed: the former MAC

    bool operator==(const LinkChange&) const = default;
};

using Change =
    std::variant<AddressChange, RouteChange, RuleChange, LinkChange, QdiscChange, FilterChange>;

/// What was last heard of each link, by ifindex: only with it is an edge more than a state.
using KnownLinks = std::map<int, Link>;

/// Brings `known` up to `link` and appends the edges between both; one that is not known is added.
void note_link(const Link& link, KnownLinks& known, std::vector<Change>& changes);
/// As note_link() for all of them; what is known and not among them is removed.
void note_links(std::span<const Link> links, KnownLinks& known, std::vector<Change>& changes);

/// Appends what one datagram of notifications tells, in its order. Unknown types, families and
/// malformed attributes are passed over; sequence numbers mean nothing here. False when a length
/// runs past the end (what stood before it is told) or the kernel itself says that something was
/// lost. `datagram` must be aligned to 4. Source: rtnetlink(7); linux/fib_rules.h.
bool decode_changes(std::span<const std::byte> datagram, KnownLinks& known,
                    std::vector<Change>& changes);

}  // namespace metalwright::netcfg
