#include "netcfg/persist/text.hpp"

#include "netcfg/persist/lines.hpp"

namespace metalwright::netcfg::persist {
namespace {

constexpr std::string_view marker = "# Aliases\n";

}  // namespace

Halves split(std::string_view text) {
    const std::size_t at = text.find(marker);
    if (at == std::string_view::npos) return {std::string(text), {}};
    return {std::string(text.substr(0, at)), std::string(text.substr(at + marker.size()))};
}

std::string join(const Halves& halves) {
    if (halves.tail.empty()) return halves.head;
    return halves.head + std::string(marker) + halves.tail;
}

std::string resolv_conf(std::string_view current, std::span<const Address> servers) {
    std::string names;
    for (const Address& server : servers) names += "nameserver " + server.text() + '\n';
    std::string text;
    bool written = false;
    for (const std::string_view line : lines(current)) {
        if (words(line).starts_with("nameserver")) {
            if (!written) text += names;
            written = true;
            continue;
        }
        text += line;
        text += '\n';
    }
    return written ? text : text + names;
}

std::string dns_lines(std::string_view text) {
    std::string found;
    for (const std::string_view line : lines(text)) {
        const Words parts = words(line);
        if (!line.starts_with("DNS=") && !parts.starts_with("dns-nameservers")) continue;
        found += line;
        found += '\n';
    }
    return found;
}

bool is_ours(std::string_view path) {
    return (path.starts_with("/etc/systemd/network/05-metalwright-") &&
            (path.ends_with(".network") || path.ends_with(".netdev"))) ||
           path.starts_with("/etc/network/interfaces.d/metalwright-");
}

}  // namespace metalwright::netcfg::persist
