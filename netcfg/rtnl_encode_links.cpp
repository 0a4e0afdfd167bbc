#include "netcfg/rtnl_encode_links.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "netcfg/announce_frame.hpp"
#include "netcfg/rtnl_message.hpp"

namespace metalwright::netcfg {
namespace {

ifinfomsg header_of(int ifindex) {
    ifinfomsg header{};
    header.ifi_index = ifindex;
    return header;
}

ifinfomsg header_of(int ifindex, bool up) {
    ifinfomsg header = header_of(ifindex);
    header.ifi_change = IFF_UP;
    header.ifi_flags = up ? unsigned{IFF_UP} : 0U;
    return header;
}

void put_bond(Message& message, const BondState& bond) {
    // Source: enum in linux/if_bonding.h; the kernel refuses LACP's rate in other modes.
    constexpr std::uint8_t lacp = 4;
    message.put_u8(IFLA_BOND_MODE, bond.mode);
    message.put_u32(IFLA_BOND_MIIMON, bond.miimon_ms);
    message.put_u8(IFLA_BOND_XMIT_HASH_POLICY, bond.hash);
    if (bond.mode == lacp) message.put_u8(IFLA_BOND_AD_LACP_RATE, bond.fast ? 1 : 0);
}

}  // namespace

std::uint32_t encode_link(const MakeLink& op, std::uint32_t seq, std::vector<std::byte>& out) {
    Message make(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, seq,
                 header_of(op.ifindex, true));
    make.put_text(IFLA_IFNAME, op.name);
    if (const auto mac = mac_bytes(op.mac)) make.put_struct(IFLA_ADDRESS, *mac);
    if (op.mtu != 0) make.put_u32(IFLA_MTU, op.mtu);
    if (op.parent != 0) make.put_u32(IFLA_LINK, static_cast<std::uint32_t>(op.parent));
    const std::size_t info = make.nest(IFLA_LINKINFO);
    make.put_text(IFLA_INFO_KIND, op.bond ? "bond" : "vlan");
    const std::size_t data = make.nest(IFLA_INFO_DATA);
    if (op.bond)
        put_bond(make, *op.bond);
    else
        make.put_struct(IFLA_VLAN_ID, op.vlan);
    make.end(data);
    make.end(info);
    make.append_to(out);
    // The kernel takes no mark with a new link.
    return 1 + encode_link(MarkLink{op.ifindex, op.name}, seq + 1, out);
}

std::uint32_t encode_link(const MarkLink& op, std::uint32_t seq, std::vector<std::byte>& out) {
    Message mark(RTM_SETLINK, NLM_F_ACK, seq, header_of(op.ifindex));
    mark.put_text(IFLA_IFALIAS, our_link_alias);
    mark.append_to(out);
    return 1;
}

std::uint32_t encode_link(const RemoveLink& op, std::uint32_t seq, std::vector<std::byte>& out) {
    Message(RTM_DELLINK, NLM_F_ACK, seq, header_of(op.ifindex)).append_to(out);
    return 1;
}

std::uint32_t encode_link(const SetMaster& op, std::uint32_t seq, std::vector<std::byte>& out) {
    std::uint32_t at = seq;
    // A bond takes no port that is up, and leaves down what it lets go.
    const bool joins = op.master != 0;
    if (joins) Message(RTM_NEWLINK, NLM_F_ACK, at++, header_of(op.ifindex, false)).append_to(out);
    Message message(RTM_SETLINK, NLM_F_ACK, at++, header_of(op.ifindex));
    message.put_u32(IFLA_MASTER, static_cast<std::uint32_t>(op.master));
    message.append_to(out);
    if (!joins) Message(RTM_NEWLINK, NLM_F_ACK, at++, header_of(op.ifindex, true)).append_to(out);
    return at - seq;
}

}  // namespace metalwright::netcfg
