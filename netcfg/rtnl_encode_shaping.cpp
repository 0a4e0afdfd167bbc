#include "netcfg/rtnl_encode_shaping.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "netcfg/rtnl_message.hpp"

namespace metalwright::netcfg {
namespace {

constexpr std::uint32_t ingress_handle = TC_H_MAKE(TC_H_INGRESS, 0);
constexpr std::uint64_t ns_per_tick = 64;  // of /proc/net/psched, the same since Linux 2.6.31

tcmsg header_of(int ifindex, std::uint32_t parent, std::uint32_t handle) {
    tcmsg header{};
    header.tcm_ifindex = ifindex;
    header.tcm_parent = parent;
    header.tcm_handle = handle;
    return header;
}

tcmsg filter_header(int ifindex) {
    tcmsg header = header_of(ifindex, ingress_handle, 0);
    header.tcm_info = TC_H_MAKE(std::uint32_t{redirect_priority} << 16, htons(ETH_P_ALL));
    return header;
}

/// u32's selector with its one key: a word of which no bit is looked at, so that all matches.
std::array<std::byte, sizeof(tc_u32_sel) + sizeof(tc_u32_key)> match_all() {
    std::array<std::byte, sizeof(tc_u32_sel) + sizeof(tc_u32_key)> bytes{};
    tc_u32_sel selector{};
    selector.flags = TC_U32_TERMINAL;
    selector.nkeys = 1;
    std::memcpy(bytes.data(), &selector, sizeof selector);
    return bytes;
}

void put_bucket(Message& message, const TokenBucket& bucket) {
    constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
    tc_tbf_qopt parameters{};
    parameters.rate.rate = static_cast<std::uint32_t>(std::min(bucket.rate, most));
    // With the link layer named, the kernel computes times itself and wants no rate table.
    parameters.rate.linklayer = TC_LINKLAYER_ETHERNET;
    parameters.limit = bucket.limit;
    parameters.buffer = static_cast<std::uint32_t>(burst_ns(bucket) / ns_per_tick);
    const std::size_t options = message.nest(TCA_OPTIONS);
    message.put_struct(TCA_TBF_PARMS, parameters);
    message.put_u32(TCA_TBF_BURST, bucket.burst);
    if (bucket.rate > most) message.put_struct(TCA_TBF_RATE64, bucket.rate);
    message.end(options);
}

struct Encoder {
    std::uint32_t seq;
    std::vector<std::byte>& out;

    std::uint32_t operator()(const SetShaper& op) const {
        // CREATE without REPLACE: over a default qdisc ours is made, ours is changed in place, and
        // over another's the kernel says EEXIST, however lately it came.
        Message message(RTM_NEWQDISC, NLM_F_ACK | NLM_F_CREATE, seq,
                        header_of(op.ifindex, TC_H_ROOT, shaper_handle));
        message.put_text(TCA_KIND, "tbf");
        put_bucket(message, op.bucket);
        message.append_to(out);
        return 1;
    }

    std::uint32_t operator()(const RemoveShaper& op) const {
        Message message(RTM_DELQDISC, NLM_F_ACK, seq,
                        header_of(op.ifindex, TC_H_ROOT, shaper_handle));
        message.put_text(TCA_KIND, "tbf");
        message.append_to(out);
        return 1;
    }

    std::uint32_t operator()(const MakeIfb& op) const {
        ifinfomsg header{};
        header.ifi_index = op.ifindex;
        header.ifi_flags = IFF_UP;
        header.ifi_change = IFF_UP;
        Message message(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, seq, header);
        message.put_text(IFLA_IFNAME, ifb_name);
        const std::size_t info = message.nest(IFLA_LINKINFO);
        message.put_text(IFLA_INFO_KIND, "ifb");
        message.end(info);
        message.append_to(out);
        return 1;
    }

    std::uint32_t operator()(const RemoveIfb& op) const {
        ifinfomsg header{};
        header.ifi_index = op.ifindex;
        Message(RTM_DELLINK, NLM_F_ACK, seq, header).append_to(out);
        return 1;
    }

    std::uint32_t operator()(const Redirect& op) const {
        std::uint32_t at = seq;
        if (op.make_qdisc) {
            Message qdisc(RTM_NEWQDISC, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, at++,
                          header_of(op.ifindex, TC_H_INGRESS, ingress_handle));
            qdisc.put_text(TCA_KIND, "ingress");
            qdisc.append_to(out);
        }
        Message filter(RTM_NEWTFILTER, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, at++,
                       filter_header(op.ifindex));
        filter.put_text(TCA_KIND, "u32");
        const std::size_t options = filter.nest(TCA_OPTIONS);
        filter.put_struct(TCA_U32_SEL, match_all());
        const std::size_t actions = filter.nest(TCA_U32_ACT);
        const std::size_t first = filter.nest(1);
        filter.put_text(TCA_ACT_KIND, "mirred");
        const std::size_t settings = filter.nest(TCA_ACT_OPTIONS);
        tc_mirred mirred{};
        mirred.action = TC_ACT_STOLEN;
        mirred.eaction = TCA_EGRESS_REDIR;
        mirred.ifindex = static_cast<std::uint32_t>(op.to);
        filter.put_struct(TCA_MIRRED_PARMS, mirred);
        for (const std::size_t nested : {settings, first, actions, options}) filter.end(nested);
        filter.append_to(out);
        return at - seq;
    }

    std::uint32_t operator()(const EndRedirect& op) const {
        std::uint32_t at = seq;
        Message filter(RTM_DELTFILTER, NLM_F_ACK, at++, filter_header(op.ifindex));
        filter.put_text(TCA_KIND, "u32");
        filter.append_to(out);
        if (op.remove_qdisc) {
            Message qdisc(RTM_DELQDISC, NLM_F_ACK, at++,
                          header_of(op.ifindex, TC_H_INGRESS, ingress_handle));
            qdisc.put_text(TCA_KIND, "ingress");
            qdisc.append_to(out);
        }
        return at - seq;
    }
};

}  // namespace

std::uint32_t encode_shaping(const ShapingOp& op, std::uint32_t seq, std::vector<std::byte>& out) {
    return std::visit(Encoder{seq, out}, op);
}

}  // namespace metalwright::netcfg
