#include "netcfg/persist/links.hpp"

#include <algorithm>

#include "netcfg/persist/text.hpp"

namespace metalwright::netcfg::persist {
namespace {

/// The kernel's names, which networkd and ip share.
std::string mode_of(const BondState& bond) {
    return std::string(to_string(static_cast<Bond::Mode>(bond.mode)));
}
std::string hash_of(const BondState& bond) {
    return std::string(to_string(static_cast<Bond::Hash>(bond.hash)));
}

bool is_lacp(const BondState& bond) {
    return bond.mode == static_cast<std::uint8_t>(Bond::Mode::lacp);
}

const Link* by_index(std::span<const Link> links, int index) {
    const auto it = std::ranges::find(links, index, &Link::index);
    return it == links.end() ? nullptr : &*it;
}

std::string netdev(const Link& made) {
    std::string text = std::string(networkd_header) + "[NetDev]\nName=" + made.name +
                       "\nKind=" + made.kind + "\nMTUBytes=" + std::to_string(made.mtu) + '\n';
    if (made.bond) {
        text += "MACAddress=" + made.mac + "\n\n[Bond]\nMode=" + mode_of(*made.bond) +
                "\nMIIMonitorSec=" + std::to_string(made.bond->miimon_ms) + "ms\n";
        if (is_lacp(*made.bond))
            text += "TransmitHashPolicy=" + hash_of(*made.bond) +
                    "\nLACPTransmitRate=" + (made.bond->fast ? "fast" : "slow") + '\n';
    } else {
        text += "\n[VLAN]\nId=" + std::to_string(made.vlan) + '\n';
    }
    return text;
}

void add_netdevs(const Link& nic, std::span<const Link> links, std::vector<TextFile>& files) {
    if (nic.kind == "vlan" || nic.bond) files.push_back({netdev_path(nic), netdev(nic)});
    if (!nic.bond) return;
    for (const Link& port : links)
        if (port.master == nic.index)
            files.push_back({networkd_path(port),
                             std::string(networkd_header) + networkd_match(port) +
                                 "\n[Network]\nBond=" + nic.name + "\nLinkLocalAddressing=no\n"});
}

void add_commands(const Link& nic, std::span<const Link> links, std::string& text) {
    const auto command = [&](const std::string& line) {
        text += "    pre-up " + line + " || true\n";
    };
    if (nic.kind == "vlan")
        if (const Link* parent = by_index(links, nic.parent)) {
            add_commands(*parent, links, text);
            command("/sbin/ip link set " + parent->name + " mtu " + std::to_string(parent->mtu) +
                    " up");
            command("/sbin/ip link add link " + parent->name + " name " + nic.name +
                    " type vlan id " + std::to_string(nic.vlan));
        }
    if (!nic.bond) return;
    std::string bond = "/sbin/ip link add name " + nic.name + " address " + nic.mac +
                       " type bond mode " + mode_of(*nic.bond) + " miimon " +
                       std::to_string(nic.bond->miimon_ms);
    if (is_lacp(*nic.bond))
        bond += " xmit_hash_policy " + hash_of(*nic.bond) + " lacp_rate " +
                (nic.bond->fast ? "fast" : "slow");
    command(bond);
    for (const Link& port : links)
        if (port.master == nic.index)
            command("[ -e /sys/class/net/" + nic.name + "/lower_" + port.name +
                    " ] || { /sbin/ip link set " + port.name + " down; /sbin/ip link set " +
                    port.name + " master " + nic.name + "; }");
}

}  // namespace

std::string netdev_path(const Link& made) {
    return "/etc/systemd/network/05-metalwright-" + made.name + ".netdev";
}

std::vector<TextFile> networkd_links(const Link& nic, std::span<const Link> links,
                                     std::span<const std::string> vlans) {
    std::vector<TextFile> files;
    add_netdevs(nic, links, files);
    const Link* parent = nic.kind == "vlan" ? by_index(links, nic.parent) : nullptr;
    if (parent == nullptr) return files;
    add_netdevs(*parent, links, files);
    std::string network = std::string(networkd_header) + networkd_match(*parent) +
                          "\n[Link]\nMTUBytes=" + std::to_string(parent->mtu) +
                          "\n\n[Network]\nLinkLocalAddressing=no\nConfigureWithoutCarrier=yes\n";
    for (const std::string& vlan : vlans) network += "VLAN=" + vlan + '\n';
    files.push_back({networkd_path(*parent), std::move(network)});
    return files;
}

std::string ifupdown_links(const Link& nic, std::span<const Link> links) {
    std::string text;
    add_commands(nic, links, text);
    return text;
}

bool makes(const TextFile& file, const Link& link) {
    if (file.path == netdev_path(link)) return true;
    return is_ours(file.path) && file.path.starts_with("/etc/network/") &&
           file.content.find("ip link add") != std::string::npos &&
           file.content.find(" name " + link.name + ' ') != std::string::npos;
}

}  // namespace metalwright::netcfg::persist
