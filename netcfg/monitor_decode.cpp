#include "netcfg/monitor_decode.hpp"

#include <linux/fib_rules.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "netcfg/rtnl_decode.hpp"

namespace metalwright::netcfg {
namespace {

template <class T>
T number(const nlattr* attribute, T otherwise) {
    T value = otherwise;
    if (attribute != nullptr && std::cmp_greater_equal(::nla_len(attribute), sizeof value))
        std::memcpy(&value, ::nla_data(attribute), sizeof value);
    return value;
}

std::optional<RuleChange> read_rule(const nlmsghdr& message) {
    std::array<nlattr*, FRA_MAX + 1> found{};
    if (::nlmsg_parse(const_cast<nlmsghdr*>(&message), sizeof(fib_rule_hdr), found.data(), FRA_MAX,
                      nullptr) < 0)
        return std::nullopt;
    fib_rule_hdr header;
    std::memcpy(&header, NLMSG_DATA(&message), sizeof header);
    if (header.family != AF_INET && header.family != AF_INET6) return std::nullopt;

    RuleChange rule{.added = message.nlmsg_type == RTM_NEWRULE,
                    .v6 = header.family == AF_INET6,
                    .priority = number<std::uint32_t>(found[FRA_PRIORITY], 0),
                    .table = number<std::uint32_t>(found[FRA_TABLE], header.table),
                    .protocol = number<std::uint8_t>(found[FRA_PROTOCOL], 0)};
    const std::size_t size = rule.v6 ? 16 : 4;
    if (const nlattr* source = found[FRA_SRC];
        source != nullptr && std::cmp_equal(::nla_len(source), size)) {
        rule.from = Prefix{{.v6 = rule.v6}, header.src_len};
        std::memcpy(rule.from->address.bytes.data(), ::nla_data(source), size);
    }
    return rule;
}

/// Bridges tell of their ports with messages of the same type and a family of their own: such a
/// "removed" is a port that left its bridge.
bool is_of_a_bridge(const nlmsghdr& message) {
    std::uint8_t family = AF_UNSPEC;  // the first byte of ifinfomsg
    if (message.nlmsg_len > NLMSG_HDRLEN) std::memcpy(&family, NLMSG_DATA(&message), sizeof family);
    return family != AF_UNSPEC;
}

void tell(LinkEvent event, const Link& link, std::vector<Change>& changes,
          std::string former = {}) {
    changes.emplace_back(LinkChange{event, link.index, link.name, link.mac, std::move(former)});
}

void tell_link(const nlmsghdr& message, const Link& link, KnownLinks& known,
               std::vector<Change>& changes) {
    if (message.nlmsg_type == RTM_NEWLINK) {
        // Without a name it is a fragment, from which nothing about the rest can be concluded.
        if (!link.name.empty()) note_link(link, known, changes);
        return;
    }
    const auto last = known.find(link.index);
    tell(LinkEvent::removed, last == known.end() ? link : last->second, changes);
    if (last != known.end()) known.erase(last);
}

void tell_one(std::span<const std::byte> bytes, KnownLinks& known, std::vector<Change>& changes) {
    const nlmsghdr& message = *reinterpret_cast<const nlmsghdr*>(bytes.data());
    Observed one;
    switch (message.nlmsg_type) {
        case RTM_NEWLINK:
        case RTM_DELLINK:
            if (is_of_a_bridge(message)) return;
            read_object(bytes, one);
            for (const Link& link : one.links) tell_link(message, link, known, changes);
            return;
        case RTM_NEWADDR:
        case RTM_DELADDR:
            read_object(bytes, one);
            for (const KernelAddress& address : one.addresses)
                changes.emplace_back(AddressChange{message.nlmsg_type == RTM_NEWADDR, address});
            return;
        case RTM_NEWROUTE:
        case RTM_DELROUTE:
            read_object(bytes, one);
            for (const KernelRoute& route : one.routes)
                changes.emplace_back(RouteChange{message.nlmsg_type == RTM_NEWROUTE, route});
            return;
        case RTM_NEWQDISC:
        case RTM_DELQDISC:
            read_object(bytes, one);
            for (const Qdisc& qdisc : one.traffic.qdiscs)
                changes.emplace_back(QdiscChange{message.nlmsg_type == RTM_NEWQDISC, qdisc});
            return;
        case RTM_NEWTFILTER:
        case RTM_DELTFILTER:
            read_object(bytes, one);
            for (const IngressFilter& filter : one.traffic.filters)
                changes.emplace_back(FilterChange{message.nlmsg_type == RTM_NEWTFILTER, filter});
            return;
        case RTM_NEWRULE:
        case RTM_DELRULE:
            if (const std::optional<RuleChange> rule = read_rule(message))
                changes.emplace_back(*rule);
            return;
        default: return;
    }
}

}  // namespace

void note_link(const Link& link, KnownLinks& known, std::vector<Change>& changes) {
    const auto [at, is_new] = known.try_emplace(link.index);
    const Link former = std::exchange(at->second, link);
    if (is_new)
        tell(LinkEvent::added, link, changes);
    else {
        if (former.name != link.name) tell(LinkEvent::renamed, link, changes, former.name);
        if (former.mac != link.mac) tell(LinkEvent::mac_changed, link, changes, former.mac);
    }
    if (former.up != link.up) tell(link.up ? LinkEvent::up : LinkEvent::down, link, changes);
    if (former.carrier != link.carrier)
        tell(link.carrier ? LinkEvent::carrier : LinkEvent::no_carrier, link, changes);
}

void note_links(std::span<const Link> links, KnownLinks& known, std::vector<Change>& changes) {
    std::erase_if(known, [&](const auto& one) {
        if (std::ranges::find(links, one.first, &Link::index) != links.end()) return false;
        tell(LinkEvent::removed, one.second, changes);
        return true;
    });
    for (const Link& link : links) note_link(link, known, changes);
}

bool decode_changes(std::span<const std::byte> datagram, KnownLinks& known,
                    std::vector<Change>& changes) {
    while (datagram.size() >= NLMSG_HDRLEN) {
        const auto* message = reinterpret_cast<const nlmsghdr*>(datagram.data());
        if (message->nlmsg_len < NLMSG_HDRLEN || message->nlmsg_len > datagram.size()) return false;
        if (message->nlmsg_type == NLMSG_OVERRUN) return false;
        tell_one(datagram.first(message->nlmsg_len), known, changes);
        datagram = datagram.subspan(
            std::min<std::size_t>(NLMSG_ALIGN(message->nlmsg_len), datagram.size()));
    }
    return datagram.empty();
}

}  // namespace metalwright::netcfg
