#include "agent/cli/storage_commands.hpp"

#include <chrono>
#include <filesystem>

#include "agent/inventory/document.hpp"
#include "netcfg/room.hpp"
#include "netcfg/rtnl.hpp"
#include "raid/room.hpp"

namespace metalwright::agent::cli {
namespace {

// The daemon asks the machine: disks that wake up, a slow controller.
constexpr std::chrono::seconds looking{120};

Result<netcfg::Observed> look_at_network(sys::Exec& exec, sys::Files& files) {
    auto kernel = netcfg::RtnlSocket::open();
    if (!kernel) return std::unexpected(kernel.error());
    netcfg::Doors doors{*kernel, exec, files};
    return netcfg::observe(doors);
}

Answer look_here(const std::vector<std::string>& raid_tools) {
    sys::SpawnExec exec;
    sys::PosixFiles files;
    sys::BlkidSignatures signatures;
    sys::BlockEraser eraser;  // looking erases nothing
    const auto refused = [](const Error& error) {
        return std::unexpected(Refusal{Exit::failed, {error}});
    };
    raid::Doors doors{exec, files, signatures, eraser};
    const auto storage = raid::observe(doors);
    if (!storage) return refused(storage.error());
    const auto network = look_at_network(exec, files);
    if (!network) return refused(network.error());
    for (const std::string& tool : raid_tools) {
        if (!doors.raid_tools) doors.raid_tools.emplace();
        doors.raid_tools->push_back(std::filesystem::absolute(tool).string());
    }
    return Json::parse(inventory::document(*storage, raid::observe_controllers(doors), *network));
}

Answer look(Session& session, const Onlooker& who) {
    return who.local ? look_here(who.raid_tools) : session.daemon.get("/v1/inventory", looking);
}

}  // namespace

Exit inventory(Session& session, const Onlooker& who) {
    const Answer answer = look(session, who);
    if (!answer) return complain(session, answer.error());
    session.show(*answer, inventory_view(*answer, session.look()));
    return Exit::done;
}

Exit raid_list(Session& session, const Onlooker& who) {
    Answer answer = look(session, who);
    if (!answer) return complain(session, answer.error());
    answer->erase("nics");
    session.show(*answer, raid_view(*answer, session.look()));
    return Exit::done;
}

}  // namespace metalwright::agent::cli
