#include "agent/engine/host_machine.hpp"

#include <mutex>

#include "cloudinit/room.hpp"
#include "cloudinit/run_record.hpp"
#include "cloudinit/ssh_keygen.hpp"
#include "raid/locate.hpp"
#include "raid/may_have_controllers.hpp"
#include "raid/plan_volumes.hpp"
#include "raid/storcli/plan.hpp"
#include "raid/watch.hpp"

namespace metalwright::engine {
namespace {

/// A netlink socket of one room at work: opened when first needed, its mutations added to the
/// machine's count when it goes.
class Kernel {
 public:
    explicit Kernel(std::atomic<std::int64_t>& mutations) : mutations_(mutations) {}
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;
    ~Kernel() {
        if (socket_) mutations_ += static_cast<std::int64_t>(socket_->mutations());
    }

    Result<netcfg::Rtnl*> open() {
        if (!socket_) {
            auto opened = netcfg::RtnlSocket::open();
            if (!opened) return std::unexpected(opened.error());
            socket_.emplace(std::move(*opened));
        }
        return &*socket_;
    }

 private:
    std::atomic<std::int64_t>& mutations_;
    std::optional<netcfg::RtnlSocket> socket_;
};

class StorageRoom final : public RoomOf<raid::Observed, raid::Op, StorageRun> {
 public:
    using MakeDoors = std::function<raid::Doors()>;

    /// `looking` are the doors for a look, `doors` those of each step.
    StorageRoom(raid::Wanted wanted, const MakeDoors& looking, const MakeDoors& doors,
                KeepDeed keep, Veto veto)
        : StorageRoom(std::make_shared<Site>(std::move(wanted), std::move(keep)), looking, doors,
                      std::move(veto)) {}

    std::map<std::string, std::vector<std::string>> members() const override {
        const Plan<raid::Op> plan = raid::plan(*wanted_, seen());
        std::map<std::string, std::vector<std::string>> members;
        for_each_name([&](const std::string& name) {
            if (auto disks = raid::members_of(plan, name); !disks.empty())
                members.emplace(name, std::move(disks));
        });
        return members;
    }

    std::map<std::string, std::map<std::string, std::string>> replacements() const override {
        const Plan<raid::Op> plan = raid::plan(*wanted_, seen());
        std::map<std::string, std::map<std::string, std::string>> all;
        for_each_name([&](const std::string& name) {
            if (auto pairs = raid::replacements_of(plan, name); !pairs.empty())
                all.emplace(name, std::move(pairs));
        });
        return all;
    }

    void want(raid::Wanted wanted) override {
        *wanted_ = std::move(wanted);
        plan_again();
    }

 private:
    struct Site {
        Site(raid::Wanted w, KeepDeed k) : wanted(std::move(w)), keep(std::move(k)) {}

        /// Durable first, then of use to the plan that reads back.
        Result<void> done(const std::string& item, const std::string& deed) {
            const std::lock_guard alone(mutex);
            if (!keep || !wanted.volumes) return {};
            const auto volume = std::ranges::find_if(
                *wanted.volumes, [&](const auto& one) { return raid::item_of(one) == item; });
            if (volume == wanted.volumes->end() || volume->done.contains(deed)) return {};
            if (auto kept = keep(item, deed); !kept) return kept;
            volume->done.insert(deed);
            return {};
        }

        raid::Wanted wanted;
        KeepDeed keep;
        std::mutex mutex{};  ///< parts of a plan are applied side by side
    };

    StorageRoom(const std::shared_ptr<Site>& site, const MakeDoors& looking, const MakeDoors& doors,
                Veto veto)
        : RoomOf(
              [site, looking] {
                  raid::Doors at = looking();
                  return raid::observe(at, {.controllers = site->wanted.speaks_of_volumes(),
                                            .system_content = false});
              },
              [site](const raid::Observed& seen) { return raid::plan(site->wanted, seen); },
              [site, doors](std::span<const Step<raid::Op>> steps, const raid::Observed& seen,
                            Journal& journal) {
                  raid::Doors at = doors();
                  at.keep_deed = [site](const std::string& item, const std::string& deed) {
                      return site->done(item, deed);
                  };
                  return raid::apply(steps, seen, at, journal);
              },
              Remember(), std::move(veto)),
          wanted_(site, &site->wanted) {
        side_by_side(&raid::independent_parts);
    }

    void for_each_name(const auto& use) const {
        if (wanted_->arrays)
            for (const raid::WantedArray& array : *wanted_->arrays) use(array.name);
        if (wanted_->volumes)
            for (const raid::storcli::WantedVolume& volume : *wanted_->volumes)
                use("volume/" + volume.name);
        for (const raid::storcli::WantedSpares& spares : wanted_->spares)
            use(raid::storcli::item_of(spares));
    }

    std::shared_ptr<raid::Wanted> wanted_;
};

}  // namespace

std::unique_ptr<StorageRun> HostMachine::storage(raid::Wanted wanted, KeepDeed keep, Veto veto) {
    return std::make_unique<StorageRoom>(
        std::move(wanted), [this] { return looking_doors(); }, [this] { return storage_doors(); },
        std::move(keep), std::move(veto));
}

std::unique_ptr<RoomRun> HostMachine::network(netcfg::Wanted wanted, netcfg::Owned owned,
                                              KeepOwned keep, Veto veto) {
    using Room = RoomOf<netcfg::Observed, netcfg::Op>;
    struct Site {
        Site(netcfg::Wanted w, netcfg::Owned o, std::atomic<std::int64_t>& mutations)
            : wanted(std::move(w)), owned(std::move(o)), kernel(mutations) {}
        netcfg::Wanted wanted;
        netcfg::Owned owned;
        Kernel kernel;
    };
    auto site = std::make_shared<Site>(std::move(wanted), std::move(owned), mutations_);
    const auto with_doors = [this,
                             site](auto use) -> decltype(use(std::declval<netcfg::Doors&>())) {
        auto kernel = site->kernel.open();
        if (!kernel) return std::unexpected(kernel.error());
        netcfg::Doors doors{**kernel, exec_, files_, persister_};
        return use(doors);
    };
    return std::make_unique<Room>(
        [with_doors, site] {
            return with_doors(
                [&](netcfg::Doors& doors) { return netcfg::observe(doors, site->wanted); });
        },
        [site](const netcfg::Observed& seen) {
            return netcfg::plan(site->wanted, seen, site->owned);
        },
        [with_doors](std::span<const Step<netcfg::Op>> steps, const netcfg::Observed& seen,
                     Journal& journal) {
            using Done = std::vector<Result<void>>;
            auto done = with_doors([&](netcfg::Doors& doors) -> Result<Done> {
                return netcfg::apply(steps, seen, doors, journal);
            });
            return done ? std::move(*done) : Done(steps.size(), std::unexpected(done.error()));
        },
        [site, keep = std::move(keep)](const netcfg::Observed& seen) -> Result<void> {
            if (!keep) return {};
            netcfg::Owned after = netcfg::owned_after(site->wanted, seen, site->owned);
            if (netcfg::same_things(after, site->owned)) return {};
            if (auto kept = keep(after); !kept) return kept;
            site->owned = std::move(after);
            return {};
        },
        std::move(veto));
}

std::unique_ptr<RoomRun> HostMachine::first_boot_room(FirstBoot::Observe observe,
                                                      FirstBoot::MakePlan make_plan) {
    return std::make_unique<FirstBoot>(
        std::move(observe), std::move(make_plan),
        [this](std::span<const Step<cloudinit::Op>> steps, const cloudinit::Observed& seen,
               Journal& journal) {
            cloudinit::Doors doors{files_, host_, &exec_};
            return cloudinit::apply(steps, seen, doors, journal);
        },
        FirstBoot::Remember(), Veto());
}

std::unique_ptr<RoomRun> HostMachine::first_boot(cloudinit::Wanted wanted) {
    return first_boot_room(
        [this] {
            cloudinit::Doors doors{files_, host_, &exec_};
            return cloudinit::observe(doors);
        },
        [wanted = std::move(wanted)](const cloudinit::Observed& seen) mutable {
            Plan<cloudinit::Op> plan = cloudinit::plan(wanted, seen);
            if (!wanted.before) wanted.before = seen.identity;
            return plan;
        });
}

std::unique_ptr<RoomRun> HostMachine::leave(cloudinit::Leaving leaving) {
    return first_boot_room(
        [this, instance = leaving.instance_id]() -> Result<cloudinit::Observed> {
            cloudinit::Doors doors{files_, host_, &exec_};
            Result<cloudinit::Observed> seen = cloudinit::observe(doors);
            if (!seen) return seen;
            const auto directory = cloudinit::run_directory(place_.state_dir, instance);
            if (!directory) return seen;  // no run can have been made of such an id
            auto left = cloudinit::left_by_run(*directory, place_, files_);
            if (!left) return std::unexpected(left.error());
            seen->left_by_run = std::move(*left);
            return seen;
        },
        [leaving](const cloudinit::Observed& seen) {
            return cloudinit::plan_leaving(leaving, seen);
        });
}

Result<void> HostMachine::check_key(const std::string& line) {
    return cloudinit::check_with_openssh(line, exec_, sys::find_program);
}

Result<void> HostMachine::check_user_data(const std::string& decoded) {
    const auto data = cloudinit::read_user_data(decoded, cloudinit::accepted_before);
    if (!data) return std::unexpected(data.error());
    return cloudinit::check_runnable(*data, place_, &cloudinit::installed_program);
}

Result<void> HostMachine::prepare_script(const cloudinit::Script& script) {
    return cloudinit::prepare(script, place_, files_);
}

Result<void> HostMachine::launch_script(const cloudinit::Script& script) {
    return cloudinit::launch(script, place_, {files_, exec_, systemd_});
}

cloudinit::ScriptStatus HostMachine::inspect_script(const std::string& instance) {
    const auto directory = cloudinit::run_directory(place_.state_dir, instance);
    if (!directory) return {.state = cloudinit::ScriptState::none};
    return cloudinit::inspect(*directory, place_.systemd, {files_, exec_, systemd_});
}

Result<void> HostMachine::clear_interrupted_script(const std::string& instance) {
    const auto directory = cloudinit::run_directory(place_.state_dir, instance);
    if (!directory) return std::unexpected(directory.error());
    return cloudinit::clear_interrupted(*directory, place_.systemd, {files_, exec_, systemd_});
}

Result<void> HostMachine::clear_ended_script(const std::string& instance) {
    const auto directory = cloudinit::run_directory(place_.state_dir, instance);
    if (!directory) return std::unexpected(directory.error());
    return cloudinit::clear_ended(*directory, place_, {files_, exec_, systemd_});
}

Result<void> HostMachine::stop_script(const std::string& instance) {
    const auto directory = cloudinit::run_directory(place_.state_dir, instance);
    if (!directory) return std::unexpected(directory.error());
    return cloudinit::stop(*directory, place_.systemd, {files_, exec_, systemd_});
}

Result<cloudinit::LogPiece> HostMachine::script_log(const std::string& instance, std::int64_t from,
                                                    std::size_t most) {
    const auto directory = cloudinit::run_directory(place_.state_dir, instance);
    if (!directory) return std::unexpected(directory.error());
    return cloudinit::read_log(*directory, from, most);
}

std::string HostMachine::script_output(const std::string& instance) {
    const auto directory = cloudinit::run_directory(place_.state_dir, instance);
    return directory ? cloudinit::last_output(*directory) : std::string();
}

bool HostMachine::has_script_markers() {
    const std::filesystem::path runs = place_.state_dir / "userdata";
    const auto names = files_.list(runs);
    if (!names) return true;  // what cannot be read may have run
    for (const std::string& name : *names)
        if (files_.exists(runs / name / cloudinit::run_files::started)) return true;
    return false;
}

std::string HostMachine::boot_id() {
    return files_.read("/proc/sys/kernel/random/boot_id").value_or(std::string());
}

Result<void> HostMachine::take_back(std::span<const std::string> undo) {
    Kernel kernel(mutations_);
    auto open = kernel.open();
    if (!open) return std::unexpected(open.error());
    netcfg::Doors doors{**open, exec_, files_, persister_};
    return netcfg::take_back(undo, doors);
}

Result<raid::Observed> HostMachine::observe_storage() {
    raid::Doors doors = looking_doors();
    return raid::observe(doors);
}

raid::Controllers HostMachine::observe_controllers() {
    raid::Doors doors = storage_doors();
    return raid::observe_controllers(doors);
}

Result<std::vector<raid::Array>> HostMachine::glance_at_arrays() {
    raid::Doors doors = storage_doors();
    return raid::glance(doors);
}

bool HostMachine::may_have_controllers() {
    raid::Doors doors = storage_doors();
    return raid::may_have_controllers(doors);
}

Result<std::string> HostMachine::locate(const std::string& disk, bool on) {
    raid::Doors doors = storage_doors();
    return raid::locate(doors, disk, on);
}

Result<netcfg::Observed> HostMachine::observe_network() {
    Kernel kernel(mutations_);
    auto open = kernel.open();
    if (!open) return std::unexpected(open.error());
    netcfg::Doors doors{**open, exec_, files_, persister_};
    return netcfg::observe(doors);
}

}  // namespace metalwright::engine
