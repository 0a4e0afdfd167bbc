#include "agent/daemon/doctor/look_machine.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "cloudinit/userdata.hpp"
#include "netcfg/room.hpp"
#include "raid/room.hpp"
#include "raid/storcli/ask.hpp"
#include "raid/watch.hpp"
#include "sys/notify.hpp"
#include "sys/programs.hpp"

namespace metalwright::daemon::doctor {
namespace {

namespace fs = std::filesystem;

struct Use {
    const char* program;
    const char* needed_for;
    bool optional = false;
};

/// What is run by name, as the rooms look it up: sys::find_program().
constexpr std::array uses{
    Use{"mdadm", "orders with arrays"},
    Use{"mkfs.ext4", "orders with file systems"},
    Use{"mkfs.xfs", "orders with file systems"},
    Use{"systemctl", "mounts at boot, and what follows a new host name"},
    Use{"ssh-keygen", "a closer look at an order's keys", true},
    Use{"cloud-init", "user data that only cloud-init reads (#cloud-config)", true},
};

/// The value of a line "key=value"; empty where there is none.
std::string value_of(const std::string& text, std::string_view key) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = std::string_view(text).substr(at, end - at);
        if (line.starts_with(key) && line.substr(key.size()).starts_with('='))
            return std::string(line.substr(key.size() + 1));
        at = end + 1;
    }
    return {};
}

Result<netcfg::Observed> network(sys::Exec& exec, sys::Files& files) {
    auto kernel = netcfg::RtnlSocket::open();
    if (!kernel) return std::unexpected(kernel.error());
    netcfg::Doors doors{*kernel, exec, files};
    return netcfg::observe(doors);
}

/// Source: the state files of systemd 252 and of NetworkManager 1.42, which both keep one a NIC.
NicOwners owners_of(int ifindex, sys::Files& files) {
    const std::string index = std::to_string(ifindex);
    NicOwners owners;
    if (const auto state = files.read("/run/systemd/netif/links/" + index))
        owners.network_file = value_of(*state, "NETWORK_FILE");
    if (const auto state = files.read("/run/NetworkManager/devices/" + index)) {
        const std::string managed = value_of(*state, "managed");
        owners.network_manager = managed == "true" || managed == "full";
    }
    return owners;
}

unsigned hex_in(const fs::path& file, sys::Files& files) {
    const auto text = files.read(file);
    unsigned number = 0;
    if (text && text->starts_with("0x"))
        std::from_chars(text->data() + 2, text->data() + text->size(), number, 16);
    return number;
}

std::vector<PciController> pci_controllers(sys::Files& files) {
    std::vector<PciController> found;
    constexpr unsigned raid_class = 0x0104;
    const fs::path devices = "/sys/bus/pci/devices";
    for (const std::string& slot : files.list(devices).value_or(std::vector<std::string>())) {
        const fs::path at = devices / slot;
        if (hex_in(at / "class", files) >> 8u != raid_class) continue;
        const auto driver = files.link_target(at / "driver");
        found.push_back({.slot = slot,
                         .vendor = hex_in(at / "vendor", files),
                         .subsystem_vendor = hex_in(at / "subsystem_vendor", files),
                         .driver = driver ? fs::path(*driver).filename().string() : ""});
    }
    return found;
}

void look_at_tools(Seen& seen) {
    for (const Use& use : uses)
        seen.tools.push_back(
            {use.program, use.needed_for, sys::find_program(use.program), use.optional});
    seen.systemd = sys::booted_by_systemd();
    seen.runner = look_at_file(seen.config.runner.empty() ? cloudinit::RunPlace().runner
                                                          : seen.config.runner);
}

}  // namespace

void look_at_machine(Seen& seen) {
    sys::SpawnExec exec;
    sys::PosixFiles files;
    sys::BlkidSignatures signatures;
    sys::BlockEraser eraser;  // looking erases nothing
    look_at_tools(seen);

    seen.network = network(exec, files);
    if (seen.network)
        for (const netcfg::Link& link : seen.network->links)
            seen.owners.emplace(link.index, owners_of(link.index, files));

    raid::Doors doors{.exec = exec,
                      .files = files,
                      .signatures = signatures,
                      .eraser = eraser,
                      .raid_tools = seen.config.raid_tools};
    seen.arrays = raid::glance(doors);
    seen.pci_controllers = pci_controllers(files);
    seen.raid_tools = seen.config.raid_tools.value_or(raid::storcli::installed_tools(files));
    if (seen.uid == 0 && !seen.raid_tools.empty())
        seen.controllers = raid::observe_controllers(doors);
}

}  // namespace metalwright::daemon::doctor
