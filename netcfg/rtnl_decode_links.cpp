#include "netcfg/rtnl_decode_links.hpp"

#include <linux/if_link.h>

#include <algorithm>
#include <cstring>

namespace metalwright::netcfg {
namespace {

std::size_t size_of(const nlattr* attribute) {
    return static_cast<std::size_t>(std::max(0, ::nla_len(attribute)));
}

const nlattr* child(const nlattr* parent, int type) {
    if (parent == nullptr) return nullptr;
    return ::nla_find(static_cast<const nlattr*>(::nla_data(parent)), ::nla_len(parent), type);
}

template <class T>
T read(const nlattr* attribute, T otherwise) {
    T value = otherwise;
    if (attribute != nullptr && size_of(attribute) >= sizeof value)
        std::memcpy(&value, ::nla_data(attribute), sizeof value);
    return value;
}

}  // namespace

void read_link_info(const nlattr* info, Link& link) {
    if (const nlattr* kind = child(info, IFLA_INFO_KIND)) {
        const auto* text = static_cast<const char*>(::nla_data(kind));
        link.kind.assign(text, ::strnlen(text, size_of(kind)));
    }
    const nlattr* data = child(info, IFLA_INFO_DATA);
    if (data == nullptr) return;
    if (link.kind == "vlan") link.vlan = read<std::uint16_t>(child(data, IFLA_VLAN_ID), 0);
    if (link.kind == "bond")
        link.bond = {.mode = read<std::uint8_t>(child(data, IFLA_BOND_MODE), 0),
                     .hash = read<std::uint8_t>(child(data, IFLA_BOND_XMIT_HASH_POLICY), 0),
                     .fast = read<std::uint8_t>(child(data, IFLA_BOND_AD_LACP_RATE), 0) != 0,
                     .miimon_ms = read<std::uint32_t>(child(data, IFLA_BOND_MIIMON), 0)};
}

}  // namespace metalwright::netcfg
