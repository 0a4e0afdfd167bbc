#include "netcfg/persist/neighbours.hpp"

#include <algorithm>
#include <array>

#include "netcfg/persist/lines.hpp"

namespace metalwright::netcfg::persist {
namespace {

constexpr std::string_view directory = "/etc/systemd/network/";
constexpr std::string_view drop_in = ".d/50-metalwright.conf";
constexpr std::string_view header =
    "# Written by metalwright, whose configuration says so ([network] neighbour_files); what is\n"
    "# changed here is overwritten.\n";

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

std::string networkd_drop_in_path(std::string_view network_file) {
    return std::string(directory) + std::string(network_file.substr(network_file.rfind('/') + 1)) +
           std::string(drop_in);
}

std::string networkd_conf() {
    return std::string(header) +
           "[Network]\n"
           "ManageForeignRoutes=no\n"
           "ManageForeignRoutingPolicyRules=no\n";
}

std::string networkd_drop_in(bool leases) {
    return std::string(header) + "[Network]\nKeepConfiguration=" + (leases ? "static\n" : "yes\n");
}

bool takes_leases(std::string_view network_file) {
    constexpr std::array<std::string_view, 7> never{"", "no", "n", "false", "f", "off", "0"};
    bool leases = false;  // the last line counts
    for (const std::string_view line : lines(network_file)) {
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos || trimmed(line.substr(0, equals)) != "DHCP") continue;
        leases = std::ranges::find(never, trimmed(line.substr(equals + 1))) == never.end();
    }
    return leases;
}

std::string network_manager_conf(std::span<const Link> nics, bool we_set_up) {
    std::string match;
    for (const Link& nic : nics)
        match +=
            (match.empty() ? "" : ";") + (nic.permanent_mac.empty() ? "interface-name:=" + nic.name
                                                                    : "mac:" + nic.permanent_mac);
    // Not `managed=0`: any other file with unmanaged-devices would win over it.
    if (we_set_up) return std::string(header) + "[keyfile]\nunmanaged-devices+=" + match + '\n';
    return std::string(header) + "[device-metalwright]\nmatch-device=" + match +
           "\nignore-carrier=yes\n";
}

bool hands_over(std::string_view network_manager_conf) {
    return network_manager_conf.find("unmanaged-devices") != std::string_view::npos;
}

bool is_neighbour_file(std::string_view path) {
    return path == networkd_conf_file || path == network_manager_conf_file ||
           (path.starts_with(directory) && path.ends_with(".network" + std::string(drop_in)));
}

}  // namespace metalwright::netcfg::persist
