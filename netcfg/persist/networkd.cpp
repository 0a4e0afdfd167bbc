#include "netcfg/alias_form.hpp"
#include "netcfg/persist/text.hpp"

namespace metalwright::netcfg::persist {
namespace {

std::string protocol() {
    return "Protocol=" + std::to_string(our_protocol) + '\n';
}

}  // namespace

std::string networkd_path(const Link& nic) {
    return "/etc/systemd/network/05-metalwright-" + nic.name + ".network";
}

std::string networkd_match(const Link& nic) {
    if (!nic.permanent_mac.empty())
        return "[Match]\nPermanentMACAddress=" + nic.permanent_mac + '\n';
    return "[Match]\n" + (nic.master == 0 ? "MACAddress=" + nic.mac + '\n' : std::string()) +
           "Name=" + nic.name + '\n';
}

std::string networkd_head(const Link& nic, const Primary& primary,
                          std::span<const std::string> vlans) {
    std::string text = std::string(networkd_header) + networkd_match(nic);
    if (primary.mtu) text += "\n[Link]\nMTUBytes=" + std::to_string(*primary.mtu) + '\n';
    text +=
        "\n[Network]\n"
        "LinkLocalAddressing=ipv6\n"
        "KeepConfiguration=static\n"
        "ConfigureWithoutCarrier=yes\n";
    for (const std::string& vlan : vlans) text += "VLAN=" + vlan + '\n';
    for (const Address& server : primary.dns) text += "DNS=" + server.text() + '\n';

    text += "\n[Address]\nAddress=" + primary.address.text() + '\n';
    if (primary.address.address.v6) text += "DuplicateAddressDetection=none\n";
    if (primary.gateway)
        text += "\n[Route]\nGateway=" + primary.gateway->text() + '\n' + protocol();
    for (const StaticRoute& route : primary.routes) {
        text += "\n[Route]\nDestination=" + route.to.text() + '\n';
        if (route.via)
            text += "Gateway=" + route.via->text() + '\n';
        else if (!route.to.address.v6)
            text += "Scope=link\n";
        if (route.metric) text += "Metric=" + std::to_string(*route.metric) + '\n';
        text += protocol();
    }
    return text + '\n';
}

std::string networkd_tail(std::span<const Alias> aliases) {
    std::string text;
    for (const Alias& alias : aliases) {
        if (form_of(alias) == AliasForm::local_route) {
            text += "\n[Route]\nDestination=" + alias.cidr.text() + "\nType=local\nTable=local\n" +
                    protocol();
            continue;
        }
        const Prefix first = first_of(alias);
        for (std::uint32_t i = 0; i < count_of(alias); ++i) {
            const Prefix each{first.address.plus(i), first.length};
            text += "\n[Address]\nAddress=" + each.text() + '\n';
            if (each.address.v6) text += "PreferredLifetime=0\nDuplicateAddressDetection=none\n";
        }
    }
    return text;
}

}  // namespace metalwright::netcfg::persist
