#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "netcfg/op.hpp"

namespace metalwright::netcfg {

/// Appends the rtnetlink requests for `op` to `out`, the first with sequence number `seq`, the
/// others counting on; returns how many there are. Each asks for an answer (NLM_F_ACK).
///
/// Shape: per message nlmsghdr (16 bytes), then ifinfomsg, ifaddrmsg, rtmsg or fib_rule_hdr, then
/// attributes, all padded to 4, in host byte order but for addresses. Pure: the same op gives the
/// same bytes. Source: rtnetlink(7); linux/if_addr.h, if_link.h, rtnetlink.h.
std::uint32_t encode(const KernelOp& op, std::uint32_t seq, std::vector<std::byte>& out);

/// One question to the kernel; its answer is many datagrams. Filters are honoured with
/// NETLINK_GET_STRICT_CHK on.
struct Dump {
    enum class What {
        links,
        addresses,
        routes,
        rules,
        settings_of_all,
        qdiscs,
        ingress_filters
    } what = What::links;
    bool v6 = false;            ///< routes only
    std::uint32_t table = 0;    ///< routes only
    std::uint8_t protocol = 0;  ///< routes only; 0: any
    int ifindex = 0;            ///< ingress filters only: of this link
};

void encode(const Dump& dump, std::uint32_t seq, std::vector<std::byte>& out);

}  // namespace metalwright::netcfg
