#include "netcfg/rule_decode.hpp"

#include <linux/fib_rules.h>
#include <linux/netconf.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <cstring>
#include <utility>

#include "netcfg/policy.hpp"

namespace metalwright::netcfg {
namespace {

template <class T>
bool get(const nlattr& attribute, T& value) {
    if (std::cmp_less(::nla_len(&attribute), sizeof value)) return false;
    std::memcpy(&value, ::nla_data(&attribute), sizeof value);
    return true;
}

/// Calls `each` with the attributes behind a header of `size` bytes, as far as their lengths hold;
/// false when there is no whole header.
template <class Each>
bool attributes(std::span<const std::byte> message, std::size_t size, Each each) {
    if (message.size() < NLMSG_LENGTH(size)) return false;
    std::size_t at = NLMSG_SPACE(size);
    while (at + sizeof(nlattr) <= message.size()) {
        const auto* attribute = reinterpret_cast<const nlattr*>(message.data() + at);
        if (attribute->nla_len < sizeof(nlattr) || attribute->nla_len > message.size() - at) break;
        each(*attribute);
        at += NLMSG_ALIGN(std::size_t{attribute->nla_len});
    }
    return true;
}

bool read_attribute(const nlattr& attribute, KernelRule& rule) {
    switch (attribute.nla_type & NLA_TYPE_MASK) {
        case FRA_UNSPEC:
        case FRA_PAD: return true;
        case FRA_SRC: {
            const std::size_t size = rule.v6 ? 16 : 4;
            if (!rule.from || std::cmp_not_equal(::nla_len(&attribute), size)) return false;
            std::memcpy(rule.from->address.bytes.data(), ::nla_data(&attribute), size);
            return true;
        }
        case FRA_PRIORITY: return get(attribute, rule.priority);
        case FRA_TABLE: return get(attribute, rule.table);
        case FRA_PROTOCOL: return get(attribute, rule.protocol);
        case FRA_SUPPRESS_PREFIXLEN: return get(attribute, rule.suppress_length);
        case FRA_SUPPRESS_IFGROUP: return get(attribute, rule.suppress_group);
        // Whatever else it asks for (a mark, a port, what a later kernel may know), it is more than
        // we ever set.
        default: return false;
    }
}

}  // namespace

void read_rule(std::span<const std::byte> message, Observed& objects) {
    fib_rule_hdr header{};
    if (message.size() < NLMSG_LENGTH(sizeof header)) return;
    std::memcpy(&header, message.data() + NLMSG_HDRLEN, sizeof header);
    if (header.family != AF_INET && header.family != AF_INET6) return;
    KernelRule rule{.v6 = header.family == AF_INET6, .table = header.table};
    if (header.src_len > (rule.v6 ? 128 : 32)) return;
    if (header.src_len != 0) rule.from = Prefix{{.v6 = rule.v6}, header.src_len};
    rule.plain = header.action == FR_ACT_TO_TBL && header.dst_len == 0 && header.tos == 0 &&
                 (header.flags & FIB_RULE_INVERT) == 0;
    bool has_source = header.src_len == 0;
    attributes(message, sizeof header, [&](const nlattr& attribute) {
        has_source = has_source || (attribute.nla_type & NLA_TYPE_MASK) == FRA_SRC;
        rule.plain = read_attribute(attribute, rule) && rule.plain;
    });
    rule.plain = rule.plain && has_source;
    if (rule.protocol == our_protocol || is_policy_priority(rule.priority))
        objects.rules.push_back(rule);
}

void read_netconf(std::span<const std::byte> message, Observed& objects) {
    std::int32_t whose = 0;
    std::int32_t rp_filter = 0;
    attributes(message, sizeof(netconfmsg), [&](const nlattr& attribute) {
        const int type = attribute.nla_type & NLA_TYPE_MASK;
        if (type == NETCONFA_IFINDEX) get(attribute, whose);
        if (type == NETCONFA_RP_FILTER) get(attribute, rp_filter);
    });
    if (whose == NETCONFA_IFINDEX_ALL) objects.rp_filter_of_all = rp_filter;
}

}  // namespace metalwright::netcfg
