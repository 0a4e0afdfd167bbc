#include "netcfg/rtnl_decode_shaping.hpp"

#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "netcfg/rtnl_attribute.hpp"

namespace metalwright::netcfg {
namespace {

constexpr std::uint64_t ns_per_tick = 64;  // of /proc/net/psched, the same since Linux 2.6.31

/// The header and where its attributes are.
struct Parts {
    tcmsg header;
    const nlattr* kind;
    const nlattr* options;
};

std::optional<Parts> parts_of(const nlmsghdr& message) {
    if (message.nlmsg_len < NLMSG_LENGTH(sizeof(tcmsg))) return std::nullopt;
    Parts parts{};
    std::memcpy(&parts.header, NLMSG_DATA(&message), sizeof parts.header);
    const nlattr* first = ::nlmsg_attrdata(&message, sizeof(tcmsg));
    const int length = ::nlmsg_attrlen(&message, sizeof(tcmsg));
    parts.kind = ::nla_find(first, length, TCA_KIND);
    parts.options = ::nla_find(first, length, TCA_OPTIONS);
    return parts;
}

/// Where the first mirred action of a u32 filter hands packets to.
int redirect_of(const nlattr* options) {
    const nlattr* action = inside(inside(options, TCA_U32_ACT), 1);
    if (text_of(inside(action, TCA_ACT_KIND)) != "mirred") return 0;
    const auto mirred =
        value_of<tc_mirred>(inside(inside(action, TCA_ACT_OPTIONS), TCA_MIRRED_PARMS));
    return mirred && mirred->eaction == TCA_EGRESS_REDIR ? static_cast<int>(mirred->ifindex) : 0;
}

}  // namespace

void read_qdisc(const nlmsghdr& message, TrafficControl& objects) {
    const std::optional<Parts> parts = parts_of(message);
    if (!parts) return;
    const tcmsg& header = parts->header;
    // A NIC has a qdisc for each of its queues below the root: nothing that we look at.
    if (header.tcm_parent != TC_H_ROOT && header.tcm_parent != TC_H_INGRESS) return;
    Qdisc qdisc{.ifindex = header.tcm_ifindex,
                .handle = header.tcm_handle,
                .parent = header.tcm_parent,
                .kind = text_of(parts->kind)};
    const auto bucket = value_of<tc_tbf_qopt>(inside(parts->options, TCA_TBF_PARMS));
    if (qdisc.kind == "tbf" && bucket) {
        const auto large = value_of<std::uint64_t>(inside(parts->options, TCA_TBF_RATE64));
        qdisc.rate = std::max<std::uint64_t>(bucket->rate.rate, large.value_or(0));
        qdisc.burst_ns = bucket->buffer * ns_per_tick;
        qdisc.limit = bucket->limit;
    }
    objects.qdiscs.push_back(std::move(qdisc));
}

void read_filter(const nlmsghdr& message, TrafficControl& objects) {
    const std::optional<Parts> parts = parts_of(message);
    if (!parts) return;
    IngressFilter filter{.ifindex = parts->header.tcm_ifindex,
                         .priority = static_cast<std::uint16_t>(parts->header.tcm_info >> 16),
                         .kind = text_of(parts->kind)};
    if (filter.kind == "u32") filter.redirect_to = redirect_of(parts->options);
    for (IngressFilter& known : objects.filters) {
        if (known.ifindex != filter.ifindex || known.priority != filter.priority ||
            known.kind != filter.kind)
            continue;
        if (known.redirect_to == 0) known.redirect_to = filter.redirect_to;
        return;
    }
    objects.filters.push_back(std::move(filter));
}

}  // namespace metalwright::netcfg
