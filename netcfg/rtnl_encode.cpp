#include "netcfg/rtnl_encode.hpp"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/netconf.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include "netcfg/rtnl_encode_links.hpp"
#include "netcfg/rtnl_encode_shaping.hpp"
#include "netcfg/rtnl_message.hpp"

namespace metalwright::netcfg {
namespace {

constexpr std::uint8_t family_of(bool v6) {
    return v6 ? AF_INET6 : AF_INET;
}

ifaddrmsg address_header(int ifindex, const Prefix& prefix) {
    ifaddrmsg header{};
    header.ifa_family = family_of(prefix.address.v6);
    header.ifa_prefixlen = prefix.length;
    header.ifa_scope = RT_SCOPE_UNIVERSE;
    header.ifa_index = static_cast<std::uint32_t>(ifindex);
    return header;
}

Message route_message(int type, int flags, std::uint32_t seq, const KernelRoute& route,
                      std::uint8_t scope) {
    rtmsg header{};
    header.rtm_family = family_of(route.to.address.v6);
    header.rtm_dst_len = route.to.length;
    header.rtm_table = route.table < 256 ? static_cast<std::uint8_t>(route.table)
                                         : static_cast<std::uint8_t>(RT_TABLE_UNSPEC);
    header.rtm_protocol = route.protocol;
    header.rtm_scope = scope;
    header.rtm_type = route.type;
    Message message(type, NLM_F_ACK | flags, seq, header);
    if (route.to.length != 0) message.put(RTA_DST, route.to.address);
    if (route.via) message.put(RTA_GATEWAY, *route.via);
    if (route.ifindex != 0) message.put_u32(RTA_OIF, static_cast<std::uint32_t>(route.ifindex));
    if (route.metric != 0) message.put_u32(RTA_PRIORITY, route.metric);
    if (route.table >= 256) message.put_u32(RTA_TABLE, route.table);
    return message;
}

Message rule_message(int type, int flags, std::uint32_t seq, const KernelRule& rule) {
    fib_rule_hdr header{};
    header.family = family_of(rule.v6);
    header.src_len = rule.from ? rule.from->length : std::uint8_t{0};
    header.table = rule.table < 256 ? static_cast<std::uint8_t>(rule.table)
                                    : static_cast<std::uint8_t>(RT_TABLE_UNSPEC);
    header.action = FR_ACT_TO_TBL;
    Message message(type, NLM_F_ACK | flags, seq, header);
    if (rule.from) message.put(FRA_SRC, rule.from->address);
    message.put_u32(FRA_PRIORITY, rule.priority);
    message.put_u32(FRA_TABLE, rule.table);
    message.put_u8(FRA_PROTOCOL, rule.protocol);
    if (rule.suppress_length >= 0)
        message.put_u32(FRA_SUPPRESS_PREFIXLEN, static_cast<std::uint32_t>(rule.suppress_length));
    if (rule.suppress_group >= 0)
        message.put_u32(FRA_SUPPRESS_IFGROUP, static_cast<std::uint32_t>(rule.suppress_group));
    return message;
}

struct Encoder {
    std::uint32_t seq;
    std::vector<std::byte>& out;

    std::uint32_t operator()(const SetLink& op) const {
        ifinfomsg header{};
        header.ifi_index = op.ifindex;
        if (op.up) {
            header.ifi_change = IFF_UP;
            header.ifi_flags = *op.up ? unsigned{IFF_UP} : 0U;
        }
        Message message(RTM_NEWLINK, NLM_F_ACK, seq, header);
        if (op.mtu != 0) message.put_u32(IFLA_MTU, op.mtu);
        message.append_to(out);
        return 1;
    }

    std::uint32_t operator()(const MakeLink& op) const { return encode_link(op, seq, out); }
    std::uint32_t operator()(const MarkLink& op) const { return encode_link(op, seq, out); }
    std::uint32_t operator()(const RemoveLink& op) const { return encode_link(op, seq, out); }
    std::uint32_t operator()(const SetMaster& op) const { return encode_link(op, seq, out); }

    std::uint32_t operator()(const AddAddress& op) const {
        for (std::uint32_t i = 0; i < op.count; ++i) {
            ifaddrmsg header = address_header(op.ifindex, op.first);
            // Provider-assigned: nobody else has it, and a service binds to it at once.
            if (op.first.address.v6 && !op.detect_duplicate) header.ifa_flags = IFA_F_NODAD;
            const int flags =
                NLM_F_ACK | NLM_F_CREATE | (op.take_over ? NLM_F_REPLACE : NLM_F_EXCL);
            Message message(RTM_NEWADDR, flags, seq + i, header);
            const Address address = op.first.address.plus(i);
            message.put(IFA_LOCAL, address);
            message.put(IFA_ADDRESS, address);
            message.put_u8(IFA_PROTO, our_protocol);
            if (op.deprecated) {
                ifa_cacheinfo lifetime{};
                lifetime.ifa_prefered = 0;
                lifetime.ifa_valid = 0xffffffff;  // for ever
                message.put_struct(IFA_CACHEINFO, lifetime);
            }
            message.append_to(out);
        }
        return op.count;
    }

    std::uint32_t operator()(const RemoveAddress& op) const {
        std::uint32_t at = seq;
        if (op.keep_siblings) promote_secondaries(op.ifindex, true, at++);
        Message message(RTM_DELADDR, NLM_F_ACK, at++, address_header(op.ifindex, op.prefix));
        message.put(IFA_LOCAL, op.prefix.address);
        message.put(IFA_ADDRESS, op.prefix.address);
        message.append_to(out);
        if (op.keep_siblings) promote_secondaries(op.ifindex, false, at++);
        return at - seq;
    }

    std::uint32_t operator()(const AddRoute& op) const {
        const bool local = op.route.type == RTN_LOCAL;
        const int scope = op.route.to.address.v6 || op.route.via ? RT_SCOPE_UNIVERSE
                          : local                                ? RT_SCOPE_HOST
                                                                 : RT_SCOPE_LINK;
        // The kernel's own local route of an address has the same key as ours of that alias, and
        // both are there while the alias changes its form: beside it, not instead of it.
        const bool beside = local && !op.route.to.address.v6;
        const int flags = NLM_F_CREATE | (op.replace ? NLM_F_REPLACE
                                          : beside   ? NLM_F_APPEND
                                                     : NLM_F_EXCL);
        Message message =
            route_message(RTM_NEWROUTE, flags, seq, op.route, static_cast<std::uint8_t>(scope));
        if (op.prefsrc) message.put(RTA_PREFSRC, *op.prefsrc);
        message.append_to(out);
        return 1;
    }

    std::uint32_t operator()(const RemoveRoute& op) const {
        // Scope "nowhere" matches any; the protocol in the key keeps foreign routes safe.
        route_message(RTM_DELROUTE, 0, seq, op.route, RT_SCOPE_NOWHERE).append_to(out);
        return 1;
    }

    std::uint32_t operator()(const AddRule& op) const {
        // Without EXCL the kernel takes the same rule again and again.
        rule_message(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, seq, op.rule).append_to(out);
        return 1;
    }

    std::uint32_t operator()(const RemoveRule& op) const {
        rule_message(RTM_DELRULE, 0, seq, op.rule).append_to(out);
        return 1;
    }

    std::uint32_t operator()(const SetNicSetting& op) const {
        const auto value = static_cast<std::uint32_t>(op.value);
        switch (op.key) {
            case NicSetting::arp_filter:
                ipv4_setting(op.ifindex, IPV4_DEVCONF_ARPFILTER, value, seq);
                break;
            case NicSetting::arp_announce:
                ipv4_setting(op.ifindex, IPV4_DEVCONF_ARP_ANNOUNCE, value, seq);
                break;
            case NicSetting::rp_filter:
                ipv4_setting(op.ifindex, IPV4_DEVCONF_RP_FILTER, value, seq);
                break;
            case NicSetting::group: {
                ifinfomsg header{};
                header.ifi_index = op.ifindex;
                Message message(RTM_SETLINK, NLM_F_ACK, seq, header);
                message.put_u32(IFLA_GROUP, value);
                message.append_to(out);
                break;
            }
        }
        return 1;
    }
    std::uint32_t operator()(const ShapingOp& op) const { return encode_shaping(op, seq, out); }

    void promote_secondaries(int ifindex, bool on, std::uint32_t at) const {
        ipv4_setting(ifindex, IPV4_DEVCONF_PROMOTE_SECONDARIES, on ? 1 : 0, at);
    }

    void ipv4_setting(int ifindex, int setting, std::uint32_t value, std::uint32_t at) const {
        ifinfomsg header{};
        header.ifi_index = ifindex;
        Message message(RTM_SETLINK, NLM_F_ACK, at, header);
        const std::size_t families = message.nest(IFLA_AF_SPEC);
        const std::size_t inet = message.nest(AF_INET);
        const std::size_t settings = message.nest(IFLA_INET_CONF);
        message.put_u32(setting, value);
        message.end(settings);
        message.end(inet);
        message.end(families);
        message.append_to(out);
    }
};

}  // namespace

std::uint32_t encode(const KernelOp& op, std::uint32_t seq, std::vector<std::byte>& out) {
    return std::visit(Encoder{seq, out}, op);
}

void encode(const Dump& dump, std::uint32_t seq, std::vector<std::byte>& out) {
    constexpr int flags = NLM_F_DUMP;
    switch (dump.what) {
        case Dump::What::links: {
            Message message(RTM_GETLINK, flags, seq, ifinfomsg{});
            message.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
            message.append_to(out);
            break;
        }
        case Dump::What::addresses:
            Message(RTM_GETADDR, flags, seq, ifaddrmsg{}).append_to(out);
            break;
        case Dump::What::routes: {
            rtmsg header{};
            header.rtm_family = family_of(dump.v6);
            header.rtm_protocol = dump.protocol;
            Message message(RTM_GETROUTE, flags, seq, header);
            message.put_u32(RTA_TABLE, dump.table);
            message.append_to(out);
            break;
        }
        case Dump::What::rules:
            // Without a family: those of all, of which there are few.
            Message(RTM_GETRULE, flags, seq, fib_rule_hdr{}).append_to(out);
            break;
        case Dump::What::settings_of_all: {
            // No dump: one answer, and an ack to end it.
            Message message(RTM_GETNETCONF, NLM_F_ACK, seq, netconfmsg{.ncm_family = AF_INET});
            message.put_u32(NETCONFA_IFINDEX, static_cast<std::uint32_t>(NETCONFA_IFINDEX_ALL));
            message.append_to(out);
            break;
        }
        case Dump::What::qdiscs: Message(RTM_GETQDISC, flags, seq, tcmsg{}).append_to(out); break;
        case Dump::What::ingress_filters: {
            tcmsg header{};
            header.tcm_ifindex = dump.ifindex;
            header.tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
            Message(RTM_GETTFILTER, flags, seq, header).append_to(out);
            break;
        }
    }
}

}  // namespace metalwright::netcfg
