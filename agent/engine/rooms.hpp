#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/engine/room_run.hpp"
#include "cloudinit/model.hpp"
#include "cloudinit/run_log.hpp"
#include "netcfg/model.hpp"
#include "raid/controller.hpp"
#include "raid/model.hpp"

namespace metalwright::engine {

/// Makes durable what is ours on the network. Errors: io.
using KeepOwned = std::function<Result<void>(const netcfg::Owned&)>;

/// Makes durable what was done to a volume once: raid::Doors::keep_deed.
using KeepDeed = std::function<Result<void>(const std::string& item, const std::string& deed)>;

/// The storage room at work: what it would make arrays of can be asked, once it has planned, before
/// they have got their identities.
class StorageRun : public RoomRun {
 public:
    /// The arrays that would be made now, each with the disks it would be made of, spares last; so
    /// "volume/<name>" of controllers, and global spares by their item.
    virtual std::map<std::string, std::vector<std::string>> members() const = 0;
    /// The members that would be replaced now, by array or "volume/<name>": old -> new.
    virtual std::map<std::string, std::map<std::string, std::string>> replacements() const = 0;
    /// Plans for this from now on; the machine is not looked at again.
    virtual void want(raid::Wanted wanted) = 0;
};

/// The machine as the engine sees it: the rooms, each ready to work for one operation, and the run
/// of user data. Real: agent/engine/machine.hpp. Fake: tests/fakes/fake_machine.hpp.
/// storage() and network() runs may be used from two threads at once.
class Machine {
 public:
    virtual ~Machine() = default;

    virtual std::unique_ptr<StorageRun> storage(raid::Wanted wanted, KeepDeed keep, Veto veto) = 0;
    virtual std::unique_ptr<RoomRun> network(netcfg::Wanted wanted, netcfg::Owned owned,
                                             KeepOwned keep, Veto veto) = 0;
    virtual std::unique_ptr<RoomRun> first_boot(cloudinit::Wanted wanted) = 0;
    /// cloudinit::plan_leaving().
    virtual std::unique_ptr<RoomRun> leave(cloudinit::Leaving leaving) = 0;

    /// cloudinit::check_with_openssh().
    virtual Result<void> check_key(const std::string& line) = 0;

    // User data, as cloudinit/userdata.hpp has it: at most one run, ever.
    /// Errors: not_found (its interpreter, or cloud-init, is not on this host), invalid_spec.
    virtual Result<void> check_user_data(const std::string& decoded) = 0;
    /// Errors: conflict when a run of this instance has left its mark: it must never run again; io.
    virtual Result<void> prepare_script(const cloudinit::Script& script) = 0;
    /// Errors: unavailable when nothing has run for sure; with any other it may have.
    virtual Result<void> launch_script(const cloudinit::Script& script) = 0;
    virtual cloudinit::ScriptStatus inspect_script(const std::string& instance) = 0;
    /// Makes room for another run after an interrupted one. Errors: conflict (it is not), io.
    virtual Result<void> clear_interrupted_script(const std::string& instance) = 0;
    /// Everything that a run which has ended has left goes. Errors: conflict (it has not), io.
    virtual Result<void> clear_ended_script(const std::string& instance) = 0;
    /// cloudinit::stop().
    virtual Result<void> stop_script(const std::string& instance) = 0;
    /// cloudinit::read_log() and cloudinit::last_output().
    virtual Result<cloudinit::LogPiece> script_log(const std::string& instance, std::int64_t from,
                                                   std::size_t most) = 0;
    virtual std::string script_output(const std::string& instance) = 0;
    /// Whether any run of any instance has left a marker outside the store.
    virtual bool has_script_markers() = 0;

    /// Changes with every boot of the kernel.
    virtual std::string boot_id() = 0;
    /// Takes back a group of network changes of this boot that a crash has cut off: texts of
    /// netcfg::journal_form(), in this order. Errors: netcfg::take_back.
    virtual Result<void> take_back(std::span<const std::string> undo) = 0;

    /// Netlink changes asked of the kernel since start.
    virtual std::int64_t mutations() = 0;

    virtual Result<raid::Observed> observe_storage() = 0;
    /// Hardware RAID as its tools show it; what of it cannot be read is among its errors.
    virtual raid::Controllers observe_controllers() = 0;
    /// raid::glance(): cheap enough for every few seconds.
    virtual Result<std::vector<raid::Array>> glance_at_arrays() = 0;
    /// raid::locate().
    virtual Result<std::string> locate(const std::string& disk, bool on) = 0;
    virtual Result<netcfg::Observed> observe_network() = 0;
};

}  // namespace metalwright::engine
