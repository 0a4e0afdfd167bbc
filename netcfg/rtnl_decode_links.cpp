#include "netcfg/rtnl_decode_links.hpp"

#include <linux/if_link.h>

#include "netcfg/rtnl_attribute.hpp"

namespace metalwright::netcfg {
void read_link_info(const nlattr* info, Link& link) {
    link.kind = text_of(inside(info, IFLA_INFO_KIND));
    const nlattr* data = inside(info, IFLA_INFO_DATA);
    if (data == nullptr) return;
    if (link.kind == "vlan")
        link.vlan = value_of<std::uint16_t>(inside(data, IFLA_VLAN_ID)).value_or(0);
    const auto byte = [&](int type) {
        return value_of<std::uint8_t>(inside(data, type)).value_or(0);
    };
    if (link.kind == "bond")
        link.bond = {
            .mode = byte(IFLA_BOND_MODE),
            .hash = byte(IFLA_BOND_XMIT_HASH_POLICY),
            .fast = byte(IFLA_BOND_AD_LACP_RATE) != 0,
            .miimon_ms = value_of<std::uint32_t>(inside(data, IFLA_BOND_MIIMON)).value_or(0)};
}

}  // namespace metalwright::netcfg
