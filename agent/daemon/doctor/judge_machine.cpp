#include <algorithm>
#include <array>
#include <charconv>

#include "agent/daemon/doctor/judge.hpp"
#include "agent/daemon/doctor/notes.hpp"
#include "netcfg/nic.hpp"
#include "netcfg/persist/text.hpp"
#include "raid/compare.hpp"
#include "raid/watch.hpp"
#include "raid/watch_controllers.hpp"

namespace metalwright::daemon::doctor {
namespace {

constexpr unsigned broadcom = 0x1000, dell = 0x1028, intel = 0x8086;

/// "0x1000", as lspci -n knows vendors.
std::string hex(unsigned number) {
    std::array<char, 8> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    return "0x" + std::string(digits.data(), end);
}

/// Somebody who takes away what he has not set up himself.
void judge_owners(const Seen& seen, const netcfg::Link& link, Notes& note) {
    const auto found = seen.owners.find(link.index);
    if (found == seen.owners.end()) return;
    const NicOwners& owners = found->second;
    const auto manages = [&](const std::string& who, const char* word) {
        note.warning(link.name,
                     who + " manages it too: what it takes away is put back a moment later",
                     std::string("to have no gap at all, name \"") + word +
                         "\" in [network] neighbour_files");
    };
    if (!owners.network_file.empty() && !netcfg::persist::is_ours(owners.network_file) &&
        !seen.config.neighbours.networkd)
        manages("systemd-networkd (" + owners.network_file + ")", "systemd-networkd");
    if (owners.network_manager && !seen.config.neighbours.network_manager)
        manages("NetworkManager", "NetworkManager");
}

void judge_nic(const Seen& seen, const Result<netcfg::NicChoice>& choice, const char* key,
               bool named, Notes& note) {
    if (!choice) {
        if (named)
            note.problem(key, choice.error().message, "correct it: nothing is set on another NIC");
        else
            note.warning("", choice.error().message,
                         "plug one in, or name one in [network] nic_name");
        return;
    }
    const netcfg::Link& link = *choice->link;
    if (!link.up)
        note.warning(link.name, "is down",
                     "an order with a primary address sets it up; by hand: "
                     "ip link set " +
                         link.name + " up");
    else if (!link.carrier)
        note.warning(link.name, "has no carrier", "look at the cable and at the switch's port");
    else
        note.ok("", choice->why + ", and it has a carrier");
    judge_owners(seen, link, note);
}

void judge_array(const raid::Array& array, Notes& note) {
    const std::string health(raid::health(array));
    const std::string damage = raid::damage(array);
    const std::string how = "the array is " + (damage.empty() ? health : damage);
    if (health == "degraded" || health == "failed" || health == "inactive")
        return note.problem(array.name, how,
                            "metalwright raid list shows its disks, metalwright raid replace DISK "
                            "puts a new one in");
    if (health != "optimal")
        return note.warning(array.name, how, "wait until that is done: metalwright status");
    if (!damage.empty())
        return note.warning(array.name, how,
                            "metalwright raid list shows which one: put a new disk in its place");
    note.ok(array.name, "the array is optimal");
}

void judge_controller(const raid::Controller& controller, Notes& note) {
    const std::string& id = controller.id;
    for (const Error& error : controller.errors)
        note.problem(id, error.message, "see what it says itself: metalwright raid list");
    if (!controller.flags.empty()) {
        std::string flags;
        for (const std::string& flag : controller.flags)
            flags += (flags.empty() ? "" : ", ") + flag;
        note.warning(id, "the controller waits for an operator: " + flags,
                     "see it with its own tool, " + controller.tool);
    }
    bool sound = controller.errors.empty() && controller.flags.empty();
    for (const raid::VirtualDrive& volume : controller.volumes) {
        if (volume.state == raid::VolumeState::optimal) continue;
        sound = false;
        note.problem(
            id,
            "volume " + std::to_string(volume.id) + " is " + std::string(to_string(volume.state)),
            "metalwright raid list shows its drives");
    }
    if (sound) note.ok(id, controller.model + " is optimal");
}

std::string tool_for(const PciController& one) {
    const bool new_family = one.driver == "mpi3mr";
    if (one.subsystem_vendor == dell) return new_family ? "perccli2" : "perccli";
    return new_family ? "storcli2" : "storcli";
}

void judge_pci(const Seen& seen, const PciController& one, Notes& note) {
    if (one.vendor == intel) return;  // its disks are the kernel's, its arrays md's
    if (one.vendor != broadcom)
        return note.warning(one.slot,
                            "a RAID controller (of the vendor " + hex(one.vendor) +
                                ") that metalwright does not read",
                            "what it hides is not seen; look with its maker's tool");
    if (one.driver.empty())
        note.problem(one.slot, "no driver has this RAID controller",
                     "load megaraid_sas or mpi3mr, or install the kernel's modules");
    if (seen.raid_tools.empty())
        note.warning(one.slot,
                     "no RAID tool is here for this controller: nothing is known of its "
                     "drives and volumes",
                     "install " + tool_for(one) + ", or name it in [raid] storcli");
}

}  // namespace

void judge_network(const Seen& seen, Findings& all) {
    Notes note(all, "network");
    if (!seen.network)
        return note.problem(
            "", "the kernel does not tell of its NICs: " + describe(seen.network.error()),
            "see journalctl -k");
    const netcfg::Observed& network = *seen.network;
    const auto named = [](const netcfg::NicSelector& nic) { return nic != netcfg::NicSelector(); };
    const auto primary = netcfg::choose_nic(seen.config.nic, network, "");
    judge_nic(seen, primary, "network.nic_name", named(seen.config.nic), note);
    if (named(seen.config.wan)) {
        const auto wan = netcfg::choose_wan(seen.config.wan, network, primary);
        if (!wan || !primary || wan->link != primary->link)
            judge_nic(seen, wan, "network.wan_nic_name", true, note);
    }
    const bool networkd_to_set_up =
        seen.config.persist == "systemd-networkd" && !network.persisted.networkd_running;
    if (networkd_to_set_up)
        note.warning("network.persist",
                     "systemd-networkd is to set the NIC up at boot, and it does "
                     "not run",
                     "systemctl enable --now systemd-networkd");
    if (seen.config.persist == "auto" && network.persisted.persister == netcfg::Persister::none)
        note.warning("", "nobody here sets NICs up at boot: addresses come when the daemon does",
                     "enable systemd-networkd or install ifupdown");
}

void judge_raid(const Seen& seen, Findings& all) {
    Notes note(all, "raid");
    const std::size_t before = all.size();
    if (!seen.arrays)
        note.problem("", "the kernel does not tell of its arrays: " + describe(seen.arrays.error()),
                     "see journalctl -k");
    else
        for (const raid::Array& array : *seen.arrays) judge_array(array, note);
    for (const PciController& one : seen.pci_controllers) judge_pci(seen, one, note);
    if (seen.controllers) {
        for (const Error& error : seen.controllers->errors)
            note.problem(error.where, error.message, "run it by hand: it must answer `/call show`");
        for (const raid::Controller& one : seen.controllers->list) judge_controller(one, note);
    } else if (!seen.raid_tools.empty()) {
        note.unchecked("", "only root may ask the tools of RAID controllers");
    }
    if (all.size() == before) note.ok("", "there are neither arrays nor RAID controllers");
}

}  // namespace metalwright::daemon::doctor
