#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "agent/engine/rooms.hpp"
#include "cloudinit/host.hpp"
#include "cloudinit/op.hpp"
#include "cloudinit/userdata.hpp"
#include "netcfg/room.hpp"
#include "raid/room.hpp"
#include "sys/remembered_signatures.hpp"

namespace metalwright::engine {

/// This host: the rooms over the real doors.
class HostMachine final : public Machine {
 public:
    /// `raid_tools`: the tools of hardware RAID; none: those that are installed.
    HostMachine(cloudinit::RunPlace place, std::optional<netcfg::Persister> persister,
                std::optional<std::vector<std::string>> raid_tools)
        : place_(std::move(place)), persister_(persister), raid_tools_(std::move(raid_tools)) {}

    std::unique_ptr<StorageRun> storage(raid::Wanted wanted, KeepDeed keep, Veto veto) override;
    std::unique_ptr<RoomRun> network(netcfg::Wanted wanted, netcfg::Owned owned, KeepOwned keep,
                                     Veto veto) override;
    std::unique_ptr<RoomRun> first_boot(cloudinit::Wanted wanted) override;
    std::unique_ptr<RoomRun> leave(cloudinit::Leaving leaving) override;
    Result<void> check_key(const std::string& line) override;
    Result<void> check_user_data(const std::string& decoded) override;
    Result<void> prepare_script(const cloudinit::Script& script) override;
    Result<void> launch_script(const cloudinit::Script& script) override;
    cloudinit::ScriptStatus inspect_script(const std::string& instance) override;
    Result<void> clear_interrupted_script(const std::string& instance) override;
    Result<void> clear_ended_script(const std::string& instance) override;
    Result<void> stop_script(const std::string& instance) override;
    Result<cloudinit::LogPiece> script_log(const std::string& instance, std::int64_t from,
                                           std::size_t most) override;
    std::string script_output(const std::string& instance) override;
    bool has_script_markers() override;
    std::string boot_id() override;
    Result<void> take_back(std::span<const std::string> undo) override;
    std::int64_t mutations() override { return mutations_; }
    Result<raid::Observed> observe_storage() override;
    raid::Controllers observe_controllers() override;
    Result<std::vector<raid::Array>> glance_at_arrays() override;
    /// raid::may_have_controllers().
    bool may_have_controllers();
    Result<std::string> locate(const std::string& disk, bool on) override;
    Result<netcfg::Observed> observe_network() override;

 private:
    using FirstBoot = RoomOf<cloudinit::Observed, cloudinit::Op>;
    std::unique_ptr<RoomRun> first_boot_room(FirstBoot::Observe observe,
                                             FirstBoot::MakePlan make_plan);
    raid::Doors storage_doors() {
        return {exec_, files_, signatures_, eraser_, raid::Roots(), raid_tools_};
    }
    /// For a look, not before a write.
    raid::Doors looking_doors() {
        return {exec_, files_, remembered_, eraser_, raid::Roots(), raid_tools_};
    }

    cloudinit::RunPlace place_;
    std::optional<netcfg::Persister> persister_;
    std::optional<std::vector<std::string>> raid_tools_;
    sys::SpawnExec exec_;
    sys::PrivateSystemd systemd_;
    sys::PosixFiles files_;
    sys::BlkidSignatures signatures_;
    sys::RememberedSignatures remembered_{signatures_, files_};
    sys::BlockEraser eraser_;
    cloudinit::PosixHost host_;
    std::atomic<std::int64_t> mutations_{0};
};

}  // namespace metalwright::engine
