#include "netcfg/rtnl_decode.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/netconf.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "core/hex.hpp"
#include "netcfg/rtnl_attribute.hpp"
#include "netcfg/rtnl_decode_links.hpp"
#include "netcfg/rtnl_decode_shaping.hpp"
#include "netcfg/rule_decode.hpp"

namespace metalwright::netcfg {
namespace {

constexpr std::size_t attribute_head = sizeof(nlattr);

template <int highest>
using Attributes = std::array<const nlattr*, static_cast<std::size_t>(highest) + 1>;

/// Attributes of a message behind its header of `header_size` bytes; false when it is malformed.
/// As nlmsg_parse(), which takes as long for a message as all else that is done with it.
template <int highest>
bool parse(const nlmsghdr* message, std::size_t header_size, Attributes<highest>& found) {
    const std::size_t end = message->nlmsg_len;
    std::size_t at = NLMSG_LENGTH(header_size);
    if (end < at) return false;
    const auto* bytes = reinterpret_cast<const std::byte*>(message);
    for (at = NLMSG_ALIGN(at); at + attribute_head <= end;) {
        const auto* attribute = reinterpret_cast<const nlattr*>(bytes + at);
        if (attribute->nla_len < attribute_head || attribute->nla_len > end - at) break;
        const auto type = static_cast<std::size_t>(attribute->nla_type & NLA_TYPE_MASK);
        if (type < found.size()) found[type] = attribute;
        at += NLMSG_ALIGN(std::size_t{attribute->nla_len});
    }
    return true;
}

template <class T>
T read(const nlattr* attribute, T otherwise) {
    return value_of<T>(attribute).value_or(otherwise);
}

std::string mac_of(const nlattr* attribute) {
    if (attribute == nullptr || size_of(attribute) != 6) return {};
    std::string mac;
    const auto* bytes = static_cast<const std::uint8_t*>(::nla_data(attribute));
    for (std::size_t i = 0; i < 6; ++i) {
        if (i != 0) mac += ':';
        append_hex(mac, bytes[i]);
    }
    return mac;
}

std::optional<Address> address_of(const nlattr* attribute) {
    if (attribute == nullptr) return std::nullopt;
    const std::size_t size = size_of(attribute);
    if (size != 4 && size != 16) return std::nullopt;
    Address address{.v6 = size == 16};
    std::memcpy(address.bytes.data(), ::nla_data(attribute), size);
    return address;
}

/// Whether a header's family and prefix length are possible for an address; else shifts by the
/// length, further on, would go wrong.
bool fits(const Address& address, unsigned family, unsigned length) {
    return family == (address.v6 ? AF_INET6 : AF_INET) && length <= (address.v6 ? 128 : 32);
}

/// IFLA_AF_SPEC holds one array of settings per family.
const nlattr* ipv4_settings(const nlattr* families) {
    return inside(inside(families, AF_INET), IFLA_INET_CONF);
}

/// Setting N is at index N - 1; 0 where the array is absent or ends before it.
std::int32_t setting(const nlattr* settings, int which) {
    const std::size_t at = static_cast<std::size_t>(which - 1) * sizeof(std::int32_t);
    std::int32_t value = 0;
    if (settings == nullptr || size_of(settings) < at + sizeof value) return 0;
    std::memcpy(&value, static_cast<const std::byte*>(::nla_data(settings)) + at, sizeof value);
    return value;
}

void read_link(const nlmsghdr* message, Observed& objects) {
    Attributes<IFLA_PERM_ADDRESS> found{};
    if (!parse<IFLA_PERM_ADDRESS>(message, sizeof(ifinfomsg), found)) return;
    ifinfomsg header;
    std::memcpy(&header, NLMSG_DATA(message), sizeof header);
    const nlattr* ipv4 = ipv4_settings(found[IFLA_AF_SPEC]);
    objects.links.push_back({
        .index = header.ifi_index,
        .name = text_of(found[IFLA_IFNAME]),
        .mac = mac_of(found[IFLA_ADDRESS]),
        .mtu = read<std::uint32_t>(found[IFLA_MTU], 0),
        .up = (header.ifi_flags & IFF_UP) != 0,
        .carrier = read<std::uint8_t>(found[IFLA_CARRIER], 0) != 0,
        .loopback = (header.ifi_flags & IFF_LOOPBACK) != 0,
        .permanent_mac = mac_of(found[IFLA_PERM_ADDRESS]),
        .master = read<std::int32_t>(found[IFLA_MASTER], 0),
        .alias = text_of(found[IFLA_IFALIAS]),
        .promote_secondaries = setting(ipv4, IPV4_DEVCONF_PROMOTE_SECONDARIES) != 0,
        .group = read<std::int32_t>(found[IFLA_GROUP], 0),
        .arp_filter = setting(ipv4, IPV4_DEVCONF_ARPFILTER),
        .arp_announce = setting(ipv4, IPV4_DEVCONF_ARP_ANNOUNCE),
        .rp_filter = setting(ipv4, IPV4_DEVCONF_RP_FILTER),
    });
    read_link_info(found[IFLA_LINKINFO], objects.links.back());
    // Of a veth it is its peer, in another namespace for all we know.
    if (objects.links.back().kind == "vlan")
        objects.links.back().parent = read<std::int32_t>(found[IFLA_LINK], 0);
}

void read_address(const nlmsghdr* message, Observed& objects) {
    Attributes<IFA_PROTO> found{};
    if (!parse<IFA_PROTO>(message, sizeof(ifaddrmsg), found)) return;
    ifaddrmsg header;
    std::memcpy(&header, NLMSG_DATA(message), sizeof header);
    // IFA_ADDRESS is the peer's where there is one.
    const std::optional<Address> address =
        address_of(found[IFA_LOCAL] != nullptr ? found[IFA_LOCAL] : found[IFA_ADDRESS]);
    if (!address || !fits(*address, header.ifa_family, header.ifa_prefixlen)) return;
    objects.addresses.push_back({
        .ifindex = static_cast<int>(header.ifa_index),
        .prefix = {*address, header.ifa_prefixlen},
        .protocol = read<std::uint8_t>(found[IFA_PROTO], 0),
        .flags = read<std::uint32_t>(found[IFA_FLAGS], header.ifa_flags),
    });
}

void read_route(const nlmsghdr* message, Observed& objects) {
    rtmsg header;
    if (message->nlmsg_len < NLMSG_LENGTH(sizeof header)) return;
    std::memcpy(&header, NLMSG_DATA(message), sizeof header);
    // Before its attributes are looked at: table local has two such entries for each address.
    if (header.rtm_table == RT_TABLE_LOCAL && header.rtm_protocol == RTPROT_KERNEL) return;
    if ((header.rtm_flags & RTM_F_CLONED) != 0) return;
    if (header.rtm_family != AF_INET && header.rtm_family != AF_INET6) return;

    Attributes<RTA_TABLE> found{};
    if (!parse<RTA_TABLE>(message, sizeof header, found)) return;
    const Address any{.v6 = header.rtm_family == AF_INET6};
    const Address to = address_of(found[RTA_DST]).value_or(any);
    if (!fits(to, header.rtm_family, header.rtm_dst_len)) return;
    objects.routes.push_back({
        .ifindex = read<std::int32_t>(found[RTA_OIF], 0),
        .to = {to, header.rtm_dst_len},
        .via = address_of(found[RTA_GATEWAY]),
        .table = read<std::uint32_t>(found[RTA_TABLE], header.rtm_table),
        .metric = read<std::uint32_t>(found[RTA_PRIORITY], 0),
        .protocol = header.rtm_protocol,
        .type = header.rtm_type,
    });
}

/// NETLINK_CAP_ACK leaves the request's payload out of an ack; without it, the text is behind it.
std::string text_of_ack(const nlmsghdr* message, const nlmsgerr& body) {
    if ((message->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
    std::size_t at = NLMSG_HDRLEN + sizeof body;
    if ((message->nlmsg_flags & NLM_F_CAPPED) == 0 && body.msg.nlmsg_len > NLMSG_HDRLEN)
        at += NLMSG_ALIGN(body.msg.nlmsg_len) - NLMSG_HDRLEN;
    if (at >= message->nlmsg_len) return {};
    const auto* first =
        reinterpret_cast<const nlattr*>(reinterpret_cast<const std::byte*>(message) + at);
    return text_of(::nla_find(first, static_cast<int>(message->nlmsg_len - at), NLMSGERR_ATTR_MSG));
}

std::unexpected<Error> cut_short() {
    return fail(Errc::internal, "the kernel's netlink answer is cut short");
}

}  // namespace

void read_object(std::span<const std::byte> message, Observed& objects) {
    const auto* header = reinterpret_cast<const nlmsghdr*>(message.data());
    switch (header->nlmsg_type) {
        case RTM_NEWLINK:
        case RTM_DELLINK: read_link(header, objects); break;
        case RTM_NEWADDR:
        case RTM_DELADDR: read_address(header, objects); break;
        case RTM_NEWROUTE:
        case RTM_DELROUTE: read_route(header, objects); break;
        case RTM_NEWRULE:
        case RTM_DELRULE: read_rule(message, objects); break;
        case RTM_NEWNETCONF: read_netconf(message, objects); break;
        case RTM_NEWQDISC:
        case RTM_DELQDISC: read_qdisc(*header, objects.traffic); break;
        case RTM_NEWTFILTER:
        case RTM_DELTFILTER: read_filter(*header, objects.traffic); break;
        default: break;
    }
}

namespace {

/// An errno as the kernel sends it, negative. The smallest number has no counterpart.
int errno_of(int sent) noexcept {
    return -std::max(sent, -std::numeric_limits<int>::max());
}

}  // namespace

Result<Answer> decode(std::span<const std::byte> datagram, std::uint32_t seq, Observed& objects) {
    Answer answer;
    while (datagram.size() >= NLMSG_HDRLEN) {
        const auto* message = reinterpret_cast<const nlmsghdr*>(datagram.data());
        if (message->nlmsg_len < NLMSG_HDRLEN || message->nlmsg_len > datagram.size())
            return cut_short();
        if (message->nlmsg_type == NLMSG_ERROR) {
            nlmsgerr body;
            if (message->nlmsg_len < NLMSG_LENGTH(sizeof body)) return cut_short();
            std::memcpy(&body, NLMSG_DATA(message), sizeof body);
            answer.acks.push_back(
                {message->nlmsg_seq, errno_of(body.error), text_of_ack(message, body)});
        } else if (message->nlmsg_seq == seq) {
            if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) answer.interrupted = true;
            switch (message->nlmsg_type) {
                case NLMSG_DONE:
                    answer.done = true;
                    if (int error = 0; message->nlmsg_len >= NLMSG_LENGTH(sizeof error)) {
                        std::memcpy(&error, NLMSG_DATA(message), sizeof error);
                        answer.dump_error = errno_of(error);
                    }
                    break;
                case RTM_NEWLINK:
                case RTM_NEWADDR:
                case RTM_NEWROUTE:
                case RTM_NEWRULE:
                case RTM_NEWNETCONF:
                case RTM_NEWQDISC:
                case RTM_NEWTFILTER:
                    read_object(datagram.first(message->nlmsg_len), objects);
                    break;
                default: break;
            }
        }
        datagram = datagram.subspan(
            std::min<std::size_t>(NLMSG_ALIGN(message->nlmsg_len), datagram.size()));
    }
    return answer;
}

}  // namespace metalwright::netcfg
