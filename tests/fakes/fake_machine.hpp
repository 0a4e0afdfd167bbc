#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/engine/rooms.hpp"
#include "netcfg/plan.hpp"
#include "raid/storcli/plan.hpp"

namespace metalwright::fakes {

/// A machine in memory: what was made stays made, whoever asks again. Faults are set by item.
class FakeMachine final : public engine::Machine {
 public:
    using Made = std::set<std::string>;

    Made made;                             ///< items that are as wanted
    std::map<std::string, Error> refuses;  ///< planning this item settles it as failed
    std::map<std::string, Error> breaks;   ///< applying this item fails
    /// Called before a step is applied, by whoever applies it.
    std::function<void(const std::string& item)> in_hand = [](const std::string&) {};
    std::set<std::string> lies;                            ///< applying says done, nothing is made
    std::vector<std::string> log;                          ///< items applied, in order
    cloudinit::ScriptStatus script{};                      ///< what inspect_script tells
    std::optional<cloudinit::ScriptStatus> next_script{};  ///< how one that is launched ends
    int launches = 0;
    int stopped_scripts = 0;
    bool markers = false;
    std::optional<Error> launch_error{};
    std::optional<Error> unrunnable{};  ///< what check_user_data says
    std::string output{};               ///< of the script
    bool no_nic = false;
    raid::Wanted last_storage{};
    netcfg::Wanted last_network{};
    std::vector<raid::Array> arrays{};  ///< what a glance shows

    std::map<std::string, std::map<std::string, std::string>> replaces;  ///< by array: old -> new

    std::unique_ptr<engine::StorageRun> storage(raid::Wanted wanted, engine::KeepDeed,
                                                engine::Veto veto) override {
        return std::make_unique<Storage>(*this, std::move(wanted), std::move(veto));
    }
    std::unique_ptr<engine::RoomRun> network(netcfg::Wanted wanted, netcfg::Owned,
                                             engine::KeepOwned keep, engine::Veto veto) override {
        const std::lock_guard lock(mutex_);
        last_network = wanted;
        std::vector<Want> wants;
        if (no_nic) {
            refuses["nic"] = {Errc::not_found, "this host has no NIC", "nic"};
            wants.push_back({"nic", false});
        }
        netcfg::Owned owned;
        if (wanted.primary) wants.push_back({"primary", false});
        if (wanted.shaping && wanted.shaping->egress_mbps != 0)
            wants.push_back({"bandwidth", false});
        if (wanted.aliases)
            for (const netcfg::Alias& alias : *wanted.aliases) {
                wants.push_back({netcfg::item_of(alias.kind, alias.cidr), false});
                owned.addresses.push_back(alias.cidr);
            }
        return room(std::move(wants), std::move(veto), [keep, owned]() -> Result<void> {
            return keep ? keep(owned) : Result<void>();
        });
    }
    std::unique_ptr<engine::RoomRun> first_boot(cloudinit::Wanted wanted) override {
        std::vector<Want> wants;
        if (wanted.hostname && !wanted.done.contains("hostname"))
            wants.push_back({"hostname", false});
        if (wanted.password_hash && !wanted.done.contains("password")) {
            const std::lock_guard lock(mutex_);
            if (password_hashes.empty() || password_hashes.back() != *wanted.password_hash)
                made.erase("password");
            password_hashes.push_back(*wanted.password_hash);
            wants.push_back({"password", false});
        }
        return room(std::move(wants), {}, {});
    }

    std::vector<std::string> password_hashes;  ///< that were to be set, plans included
    std::unique_ptr<engine::RoomRun> leave(cloudinit::Leaving leaving) override {
        std::vector<Want> wants;
        for (const std::string& item : leaving.done)
            if (item != "hostname") wants.push_back({item, false, true});
        return room(std::move(wants), {}, {});
    }

    Result<void> prepare_script(const cloudinit::Script&) override {
        if (markers) return fail(Errc::conflict, "it was started before");
        return {};
    }
    Result<void> launch_script(const cloudinit::Script&) override {
        ++launches;
        if (launch_error) return std::unexpected(*launch_error);
        markers = true;
        if (script.state == cloudinit::ScriptState::none)
            script = next_script.value_or(
                cloudinit::ScriptStatus{.state = cloudinit::ScriptState::started});
        return {};
    }
    cloudinit::ScriptStatus inspect_script(const std::string&) override {
        const std::lock_guard lock(mutex_);
        return script;
    }
    Result<void> check_key(const std::string& line) override {
        if (line.find("refused") == line.npos) return {};
        return fail(Errc::invalid_spec, "OpenSSH does not take this key");
    }
    Result<void> check_user_data(const std::string&) override {
        if (unrunnable) return std::unexpected(*unrunnable);
        return {};
    }
    Result<void> clear_interrupted_script(const std::string&) override {
        const std::lock_guard lock(mutex_);
        if (script.state != cloudinit::ScriptState::interrupted)
            return fail(Errc::conflict, "this run is not interrupted");
        script = {};
        markers = false;
        return {};
    }
    Result<void> clear_ended_script(const std::string&) override {
        const std::lock_guard lock(mutex_);
        if (script.state == cloudinit::ScriptState::started)
            return fail(Errc::conflict, "user data of this instance is still running");
        script = {};
        markers = false;
        return {};
    }
    Result<void> stop_script(const std::string&) override {
        const std::lock_guard lock(mutex_);
        if (script.state == cloudinit::ScriptState::started)
            script = {.state = cloudinit::ScriptState::interrupted};
        ++stopped_scripts;
        return {};
    }
    Result<cloudinit::LogPiece> script_log(const std::string&, std::int64_t from,
                                           std::size_t most) override {
        const std::lock_guard lock(mutex_);
        const auto size = static_cast<std::int64_t>(output.size());
        if (from < 0) from = std::max<std::int64_t>(size + from, 0);
        const std::string text = output.substr(static_cast<std::size_t>(from), most);
        return cloudinit::LogPiece{from, from + static_cast<std::int64_t>(text.size()), text};
    }
    std::string script_output(const std::string&) override {
        const std::lock_guard lock(mutex_);
        return output;
    }
    void script_says(const std::string& text) {
        const std::lock_guard lock(mutex_);
        output += text;
    }
    bool has_script_markers() override { return markers; }
    std::string boot = "boot-1";
    std::vector<std::string> taken_back;
    std::string boot_id() override { return boot; }
    Result<void> take_back(std::span<const std::string> undo) override {
        const std::lock_guard lock(mutex_);
        taken_back.insert(taken_back.end(), undo.begin(), undo.end());
        return {};
    }
    std::int64_t mutations() override { return 0; }
    Result<raid::Observed> observe_storage() override { return raid::Observed(); }
    raid::Controllers controllers{};
    raid::Controllers observe_controllers() override { return controllers; }
    Result<std::vector<raid::Array>> glance_at_arrays() override {
        const std::lock_guard lock(mutex_);
        return arrays;
    }
    std::vector<std::pair<std::string, bool>> located;  ///< disk, on or off
    Result<std::string> locate(const std::string& disk, bool on) override {
        if (disk == "ABSENT")
            return fail(Errc::not_found, "there is no disk or drive ABSENT", disk);
        located.emplace_back(disk, on);
        return "storcli64 /c0/e252/s1";
    }
    void show(std::vector<raid::Array> now) {
        const std::lock_guard lock(mutex_);
        arrays = std::move(now);
    }
    Result<netcfg::Observed> observe_network() override { return netcfg::Observed(); }

    void script_ends(cloudinit::ScriptStatus status) {
        const std::lock_guard lock(mutex_);
        script = status;
    }

 private:
    struct Want {
        std::string item;
        bool destroys = false;
        bool gone = false;  ///< wanted away, not there
    };
    static constexpr std::string_view away = "away with ";

    /// The storage room over what is made: members are DATA0 and DATA1, or S0 and S1, or S8.
    class Storage final : public engine::StorageRun {
     public:
        Storage(FakeMachine& machine, raid::Wanted wanted, engine::Veto veto)
            : machine_(machine), veto_(std::move(veto)) {
            make_room(std::move(wanted));
        }
        Result<std::vector<engine::PlannedItem>> plan() override { return room_->plan(); }
        std::vector<ItemResult> run(Journal& journal) override { return room_->run(journal); }
        std::map<std::string, std::vector<std::string>> members() const override {
            std::map<std::string, std::vector<std::string>> members;
            const auto add = [&](const std::string& item, const std::string& name,
                                 std::vector<std::string> disks) {
                if (!machine_.made.contains(item)) members.emplace(name, std::move(disks));
            };
            if (wanted_.arrays)
                for (const raid::WantedArray& array : *wanted_.arrays)
                    add("raid/" + array.name, array.name, {"DATA0", "DATA1"});
            if (wanted_.volumes)
                for (const raid::storcli::WantedVolume& volume : *wanted_.volumes)
                    add("volume/" + volume.name, "volume/" + volume.name, {"S0", "S1"});
            for (const raid::storcli::WantedSpares& spares : wanted_.spares)
                add(raid::storcli::item_of(spares), raid::storcli::item_of(spares), {"S8"});
            return members;
        }
        std::map<std::string, std::map<std::string, std::string>> replacements() const override {
            return machine_.replaces;
        }
        void want(raid::Wanted wanted) override {
            make_room(std::move(wanted));
            (void)room_->plan();
        }

     private:
        void make_room(raid::Wanted wanted) {
            wanted_ = std::move(wanted);
            {
                const std::lock_guard lock(machine_.mutex_);
                machine_.last_storage = wanted_;
            }
            std::vector<Want> wants;
            if (wanted_.arrays)
                for (const raid::WantedArray& array : *wanted_.arrays)
                    wants.push_back({"raid/" + array.name, true});
            if (wanted_.volumes)
                for (const raid::storcli::WantedVolume& volume : *wanted_.volumes)
                    wants.push_back({"volume/" + volume.name, true});
            for (const raid::storcli::OwnVolume& own : wanted_.removed_volumes)
                wants.push_back({"volume/" + own.name, true, true});
            for (const raid::WantedArray& array : wanted_.removed)
                wants.push_back({"raid/" + array.name, true, true});
            for (const raid::storcli::WantedSpares& spares : wanted_.spares)
                wants.push_back({raid::storcli::item_of(spares), true});
            for (const raid::storcli::OwnSpares& own : wanted_.removed_spares)
                wants.push_back(
                    {raid::storcli::item_of({.controller = own.controller}), true, true});
            room_ = machine_.room(std::move(wants), veto_, {});
        }

        FakeMachine& machine_;
        engine::Veto veto_;
        raid::Wanted wanted_{};
        std::unique_ptr<engine::RoomRun> room_{};
    };

    std::unique_ptr<engine::RoomRun> room(std::vector<Want> wants, engine::Veto veto,
                                          std::function<Result<void>()> remember) {
        using Room = engine::RoomOf<Made, std::string>;
        return std::make_unique<Room>(
            [this]() -> Result<Made> {
                const std::lock_guard lock(mutex_);
                return made;
            },
            [this, wants](const Made& seen) {
                Plan<std::string> plan;
                for (const Want& want : wants) {
                    if (const auto it = refuses.find(want.item); it != refuses.end())
                        plan.settled.push_back({want.item, Outcome::failed, it->second});
                    else if (seen.contains(want.item) != want.gone)
                        plan.settled.push_back({want.item, Outcome::unchanged});
                    else
                        plan.steps.push_back(
                            {want.item, want.item + (want.gone ? " is there" : " is absent"),
                             (want.gone ? std::string(away) : "") + want.item, want.destroys});
                }
                return plan;
            },
            [this](std::span<const Step<std::string>> steps, const Made&, Journal&) {
                for (const auto& step : steps) in_hand(step.item);
                const std::lock_guard lock(mutex_);
                std::vector<Result<void>> results;
                for (const auto& step : steps) {
                    log.push_back(step.item);
                    if (const auto it = breaks.find(step.item); it != breaks.end()) {
                        results.emplace_back(std::unexpected(it->second));
                        continue;
                    }
                    if (step.op.starts_with(away))
                        made.erase(step.item);
                    else if (!lies.contains(step.item))
                        made.insert(step.item);
                    results.emplace_back();
                }
                return results;
            },
            [remember](const Made&) -> Result<void> {
                return remember ? remember() : Result<void>();
            },
            std::move(veto));
    }

    std::mutex mutex_;
};

}  // namespace metalwright::fakes
