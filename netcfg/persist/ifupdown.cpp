#include <fnmatch.h>

#include <algorithm>

#include "netcfg/alias_form.hpp"
#include "netcfg/persist/lines.hpp"
#include "netcfg/persist/text.hpp"

namespace metalwright::netcfg::persist {
namespace {

constexpr std::string_view directory = "/etc/network/";

std::string absolute(std::string_view path) {
    return path.starts_with('/') ? std::string(path) : std::string(directory) + std::string(path);
}

/// At boot nothing of a NIC's set-up may hinder the rest of it, hence "|| true".
std::string up(const std::string& command) {
    return "    up " + command + " || true\n";
}

std::string ip(bool v6) {
    return v6 ? "/sbin/ip -6 " : "/sbin/ip ";
}

std::string route_command(const Link& nic, const StaticRoute& route) {
    return ip(route.to.address.v6) + "route add " + route.to.text() +
           (route.via ? " via " + route.via->text() : "") + " dev " + nic.name +
           (route.metric ? " metric " + std::to_string(*route.metric) : "") + " proto " +
           std::to_string(our_protocol);
}

}  // namespace

std::string ifupdown_path(const Link& nic) {
    std::string name = nic.name;
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    };
    std::ranges::replace_if(name, [&](char c) { return !allowed(c); }, '_');
    return std::string(directory) + "interfaces.d/metalwright-" + name;
}

std::string ifupdown_head(const Link& nic, const Primary& primary, std::string_view links) {
    const bool v6 = primary.address.address.v6;
    std::string text =
        "# Written by metalwright from the host's spec; what is changed here is overwritten.\n"
        "auto " +
        nic.name + "\niface " + nic.name + (v6 ? " inet6" : " inet") + " static\n    address " +
        primary.address.text() + '\n';
    text += links;
    if (v6) text += "    dad-attempts 0\n";
    if (primary.mtu) text += "    mtu " + std::to_string(*primary.mtu) + '\n';
    if (!primary.dns.empty()) {
        text += "    dns-nameservers";
        for (const Address& server : primary.dns) text += ' ' + server.text();
        text += '\n';
    }
    // Not `gateway`: that route would not carry our protocol number, and so not be ours.
    if (primary.gateway) {
        const Prefix everywhere{Address{.v6 = primary.gateway->v6}, 0};
        text += up(route_command(nic, {.to = everywhere, .via = primary.gateway}));
    }
    for (const StaticRoute& route : primary.routes) text += up(route_command(nic, route));
    return text;
}

std::string ifupdown_tail(const Link& nic, std::span<const Alias> aliases) {
    std::string text;
    for (const Alias& alias : aliases) {
        const bool v6 = alias.cidr.address.v6;
        if (form_of(alias) == AliasForm::local_route) {
            text += up(ip(v6) + "route add local " + alias.cidr.text() + " dev " + nic.name +
                       " table local proto " + std::to_string(our_protocol));
            continue;
        }
        const Prefix first = first_of(alias);
        for (std::uint32_t i = 0; i < count_of(alias); ++i) {
            const Prefix each{first.address.plus(i), first.length};
            text += up(ip(v6) + "address add " + each.text() + " dev " + nic.name +
                       (v6 ? " nodad preferred_lft 0" : ""));
        }
    }
    return text;
}

bool is_sourced(std::string_view interfaces, std::string_view path) {
    const std::string wanted(path);
    return std::ranges::any_of(lines(interfaces), [&](std::string_view line) {
        const Words parts = words(line);
        if (parts.size() < 2) return false;
        if (parts.starts_with("source"))
            return ::fnmatch(absolute(parts[1]).c_str(), wanted.c_str(), FNM_PATHNAME) == 0;
        if (!parts.starts_with("source-directory")) return false;
        std::string folder = absolute(parts[1]);
        while (folder.ends_with('/')) folder.pop_back();
        return ::fnmatch(folder.c_str(), wanted.substr(0, wanted.rfind('/')).c_str(),
                         FNM_PATHNAME) == 0;
    });
}

std::string with_source_line(std::string_view interfaces) {
    std::string text(interfaces);
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    return text + "source /etc/network/interfaces.d/metalwright-*\n";
}

bool has_stanza(std::string_view interfaces, std::string_view nic) {
    return std::ranges::any_of(lines(interfaces), [&](std::string_view line) {
        const Words parts = words(line);
        return parts.starts_with("iface") && parts.size() > 1 && parts[1] == nic;
    });
}

}  // namespace metalwright::netcfg::persist
