// netcfg::decode: whatever a datagram holds, an answer or an error, and objects that are well
// formed.
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "netcfg/rtnl_decode.hpp"
#include "netcfg/shaping_op.hpp"
#include "tests/fuzz/target.hpp"

namespace metalwright::fuzz {
namespace {

using netcfg::Address;
using netcfg::Prefix;

constexpr std::uint32_t seq = 7;

void check(bool promise) {
    if (!promise) std::abort();
}

void check(const Address& address) {
    for (std::size_t i = address.v6 ? 16 : 4; i < 16; ++i) check(address.bytes[i] == 0);
}

void check(const Prefix& prefix) {
    check(prefix.address);
    check(prefix.length <= (prefix.address.v6 ? 128 : 32));
    check(prefix.network().contains(prefix.address));
    check(Prefix::parse(prefix.text()) == prefix);
}

/// Messages under construction, by libnl: the decoder is not tested against itself.
class Datagram {
 public:
    template <class Header>
    nl_msg* add(int type, int flags, const Header& header) {
        flush();
        message_.reset(::nlmsg_alloc());
        ::nlmsg_put(message_.get(), 0, seq, type, 0, flags);
        Header copy = header;
        ::nlmsg_append(message_.get(), &copy, sizeof copy, NLMSG_ALIGNTO);
        return message_.get();
    }
    Bytes take() {
        flush();
        return std::move(bytes_);
    }

 private:
    struct Free {
        void operator()(nl_msg* message) const { ::nlmsg_free(message); }
    };
    void flush() {
        if (!message_) return;
        const nlmsghdr* head = ::nlmsg_hdr(message_.get());
        const auto* begin = reinterpret_cast<const std::uint8_t*>(head);
        bytes_.insert(bytes_.end(), begin, begin + head->nlmsg_len);
        bytes_.resize(NLMSG_ALIGN(bytes_.size()));
        message_.reset();
    }
    std::unique_ptr<nl_msg, Free> message_;
    Bytes bytes_;
};

void add_link(Datagram& datagram) {
    nl_msg* link = datagram.add(RTM_NEWLINK, NLM_F_MULTI, ifinfomsg{.ifi_index = 2});
    const std::uint8_t mac[6] = {2, 0, 0, 0, 0, 10};
    ::nla_put_string(link, IFLA_IFNAME, "eth0");
    ::nla_put(link, IFLA_ADDRESS, sizeof mac, mac);
    ::nla_put(link, IFLA_PERM_ADDRESS, sizeof mac, mac);
    ::nla_put_u32(link, IFLA_MTU, 1500);
    ::nla_put_u8(link, IFLA_CARRIER, 1);
    nlattr* info = ::nla_nest_start(link, IFLA_LINKINFO);
    ::nla_put_string(link, IFLA_INFO_KIND, "veth");
    ::nla_nest_end(link, info);
    nlattr* families = ::nla_nest_start(link, IFLA_AF_SPEC);
    nlattr* inet = ::nla_nest_start(link, AF_INET);
    const std::int32_t settings[IPV4_DEVCONF_PROMOTE_SECONDARIES] = {};  // its values count from 1
    ::nla_put(link, IFLA_INET_CONF, sizeof settings, settings);
    ::nla_nest_end(link, inet);
    ::nla_nest_end(link, families);
}

void add_address(Datagram& datagram, bool v6) {
    const Prefix prefix = Prefix::parse(v6 ? "fd00::5/64" : "10.0.0.5/24").value();
    nl_msg* message =
        datagram.add(RTM_NEWADDR, NLM_F_MULTI,
                     ifaddrmsg{.ifa_family = v6 ? std::uint8_t{AF_INET6} : std::uint8_t{AF_INET},
                               .ifa_prefixlen = prefix.length,
                               .ifa_flags = 0x80,
                               .ifa_scope = 0,
                               .ifa_index = 2});
    ::nla_put(message, IFA_ADDRESS, v6 ? 16 : 4, prefix.address.bytes.data());
    if (!v6) ::nla_put(message, IFA_LOCAL, 4, prefix.address.bytes.data());
    ::nla_put_u32(message, IFA_FLAGS, 0x80);
    ::nla_put_u8(message, IFA_PROTO, netcfg::our_protocol);
}

void add_route(Datagram& datagram, bool v6) {
    const Prefix to = Prefix::parse(v6 ? "fd00:1::/64" : "10.8.0.0/16").value();
    rtmsg header{};
    header.rtm_family = v6 ? AF_INET6 : AF_INET;
    header.rtm_dst_len = to.length;
    header.rtm_table = RT_TABLE_MAIN;
    header.rtm_protocol = netcfg::our_protocol;
    header.rtm_type = RTN_UNICAST;
    nl_msg* message = datagram.add(RTM_NEWROUTE, NLM_F_MULTI, header);
    ::nla_put_u32(message, RTA_TABLE, 1000);
    ::nla_put(message, RTA_DST, v6 ? 16 : 4, to.address.bytes.data());
    ::nla_put(message, RTA_GATEWAY, v6 ? 16 : 4, to.address.plus(1).bytes.data());
    ::nla_put_u32(message, RTA_OIF, 2);
    ::nla_put_u32(message, RTA_PRIORITY, 100);
}

void add_rule(Datagram& datagram, bool v6) {
    const Prefix from = Prefix::parse(v6 ? "fd00:1::/64" : "10.8.0.0/16").value();
    fib_rule_hdr header{};
    header.family = v6 ? AF_INET6 : AF_INET;
    header.src_len = from.length;
    header.action = FR_ACT_TO_TBL;
    nl_msg* message = datagram.add(RTM_NEWRULE, NLM_F_MULTI, header);
    ::nla_put_u32(message, FRA_TABLE, 7701);
    ::nla_put_u32(message, FRA_SUPPRESS_PREFIXLEN, 0);
    ::nla_put_u32(message, FRA_SUPPRESS_IFGROUP, 7700);
    ::nla_put_u8(message, FRA_PROTOCOL, netcfg::our_protocol);
    ::nla_put_u32(message, FRA_PRIORITY, 7701);
    ::nla_put(message, FRA_SRC, v6 ? 16 : 4, from.address.bytes.data());
}

void add_qdisc(Datagram& datagram) {
    tcmsg header{};
    header.tcm_ifindex = 2;
    header.tcm_handle = netcfg::shaper_handle;
    header.tcm_parent = TC_H_ROOT;
    nl_msg* message = datagram.add(RTM_NEWQDISC, NLM_F_MULTI, header);
    ::nla_put_string(message, TCA_KIND, "tbf");
    nlattr* options = ::nla_nest_start(message, TCA_OPTIONS);
    tc_tbf_qopt bucket{};
    bucket.rate.rate = 0xffffffff;
    bucket.buffer = 0xffffffff;
    ::nla_put(message, TCA_TBF_PARMS, sizeof bucket, &bucket);
    const std::uint64_t rate = 5'000'000'000;
    ::nla_put(message, TCA_TBF_RATE64, sizeof rate, &rate);
    ::nla_nest_end(message, options);
}

void add_filter(Datagram& datagram) {
    tcmsg header{};
    header.tcm_ifindex = 2;
    header.tcm_parent = TC_H_MAKE(TC_H_INGRESS, 0);
    header.tcm_info = std::uint32_t{netcfg::redirect_priority} << 16;
    nl_msg* message = datagram.add(RTM_NEWTFILTER, NLM_F_MULTI, header);
    ::nla_put_string(message, TCA_KIND, "u32");
    nlattr* options = ::nla_nest_start(message, TCA_OPTIONS);
    nlattr* actions = ::nla_nest_start(message, TCA_U32_ACT);
    nlattr* first = ::nla_nest_start(message, 1);
    ::nla_put_string(message, TCA_ACT_KIND, "mirred");
    nlattr* settings = ::nla_nest_start(message, TCA_ACT_OPTIONS);
    tc_mirred mirred{};
    mirred.eaction = TCA_EGRESS_REDIR;
    mirred.ifindex = 9;
    ::nla_put(message, TCA_MIRRED_PARMS, sizeof mirred, &mirred);
    for (nlattr* nested : {settings, first, actions, options}) ::nla_nest_end(message, nested);
}

void add_ack(Datagram& datagram, int flags) {
    nlmsgerr body{};
    body.error = -17;
    body.msg.nlmsg_len = sizeof(nlmsghdr);
    nl_msg* message = datagram.add(NLMSG_ERROR, flags, body);
    ::nla_put_string(message, NLMSGERR_ATTR_MSG, "ipv4: Address already assigned");
}

}  // namespace

void run(std::span<const std::uint8_t> input) {
    // Exactly as long as the input and aligned, so that a byte read behind it is seen.
    const auto free = [](std::byte* at) { ::operator delete(at, std::align_val_t{8}); };
    const std::unique_ptr<std::byte, decltype(free)> copy(
        static_cast<std::byte*>(::operator new(input.size(), std::align_val_t{8})), free);
    if (!input.empty()) std::memcpy(copy.get(), input.data(), input.size());
    netcfg::Observed objects;
    const auto answer = netcfg::decode({copy.get(), input.size()}, seq, objects);
    if (answer)
        for (const netcfg::Ack& ack : answer->acks) check(ack.text.size() <= input.size());
    for (const netcfg::Link& link : objects.links) check(link.mac.size() % 17 == 0);
    for (const netcfg::KernelAddress& address : objects.addresses) check(address.prefix);
    for (const netcfg::KernelRoute& route : objects.routes) {
        check(route.to);
        if (route.via) check(*route.via);
    }
    for (const netcfg::KernelRule& rule : objects.rules)
        if (rule.from) check(*rule.from);
    for (const netcfg::Qdisc& qdisc : objects.traffic.qdiscs)
        check(qdisc.kind == "tbf" || (qdisc.rate == 0 && qdisc.burst_ns == 0));
    for (const netcfg::IngressFilter& filter : objects.traffic.filters)
        check(filter.kind == "u32" || filter.redirect_to == 0);
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> all;
    Datagram datagram;
    const auto done = [&] { all.push_back(datagram.take()); };
    add_link(datagram);
    done();
    for (const bool v6 : {false, true}) {
        add_address(datagram, v6);
        done();
        add_route(datagram, v6);
        done();
        add_rule(datagram, v6);
        done();
    }
    for (const int flags : {0, NLM_F_ACK_TLVS | NLM_F_CAPPED, int{NLM_F_ACK_TLVS}}) {
        add_ack(datagram, flags);
        done();
    }
    for (const auto add : {add_qdisc, add_filter}) {
        add(datagram);
        done();
    }
    add_link(datagram);
    add_address(datagram, false);
    add_route(datagram, true);
    add_filter(datagram);
    datagram.add(NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, int{0});
    done();
    return all;
}

}  // namespace metalwright::fuzz
