#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "raid/identity.hpp"
#include "raid/room.hpp"
#include "tests/fakes/fake_eraser.hpp"
#include "tests/fakes/fake_exec.hpp"
#include "tests/fakes/fake_files.hpp"
#include "tests/fakes/fake_signatures.hpp"

namespace metalwright::raid::scene {

/// A host in memory with disks and programs that act on them: what mdadm, wipefs, mkfs and
/// systemctl do shows in /sys, /proc and the signatures. A root disk vda; data disks by add_disk().
class Machine {
 public:
    struct Md {
        std::string kernel, name, uuid, level;
        std::vector<std::string> members, spares;  ///< kernel names
        bool running = true;
        std::vector<std::string> faulty{};  ///< of the members
        std::size_t devices = 0;            ///< 0: as many as there are members
    };

    Machine() {
        files.with("/etc/mdadm/mdadm.conf", "HOMEHOST <system>\n")
            .with("/run/systemd/system/x", "");
        add_disk("ROOT", "vda");
        write_on("vda", {{"ext4", 1080}});
        mounts_.emplace_back("/", "vda");
        exec.on("mdadm", [this](const sys::Command& c) { return mdadm(c.args); })
            .on("wipefs", [this](const sys::Command& c) { return wipefs(c.args); })
            .on("mkfs.ext4", [this](const sys::Command& c) { return mkfs(c.args); })
            .on("systemctl", [this](const sys::Command& c) { return systemctl(c.args); })
            .on("dmsetup", [this](const sys::Command& c) { return dmsetup(c.args); })
            .on("udevadm", [this](const sys::Command& c) {
                before({"udevadm", c.args});
                if (c.args[0] == "trigger") udev_sees = true;
                rebuild();
                return fakes::said();
            });
    }

    void add_disk(const std::string& serial, const std::string& name) {
        disks_[name] = serial;
        signatures.with("/dev/" + name);
    }
    void pull_disk(const std::string& name) { disks_.erase(name); }
    void write_on(const std::string& name, std::vector<sys::BlockSignature> found) {
        signatures.with("/dev/" + name, std::move(found));
    }
    std::vector<Md>& arrays() { return arrays_; }
    void mount(const std::string& point, const std::string& device) {
        mounts_.emplace_back(point, device);
    }
    /// What a re-created array finds where its last one had its file system.
    void leave_behind(std::vector<sys::BlockSignature> found) { stale_ = std::move(found); }
    /// Whether udev notices what is written to an array; once it was told to look, it does.
    bool udev_sees = true;
    /// Called before every program; may change the machine.
    std::function<void(const sys::Command&)> before = [](const sys::Command&) {};

    Doors doors() {
        rebuild();
        return {.exec = exec,
                .files = files,
                .signatures = signatures,
                .eraser = eraser,
                .find_program = [](std::string_view name) -> Result<std::string> {
                    return "/usr/sbin/" + std::string(name);
                },
                .pause = [this](std::chrono::milliseconds bound) { pauses.push_back(bound); }};
    }
    /// Observe, plan, and apply every step; the results.
    std::vector<Result<void>> bring_to(const Wanted& wanted) {
        Doors now = doors();
        const Result<Observed> seen = observe(now);
        if (!seen) return {std::unexpected(seen.error())};
        NoJournal journal;
        const Plan<Op> todo = plan(wanted, *seen);
        std::vector<Result<void>> results;
        for (const Step<Op>& step : todo.steps)
            results.push_back(apply({&step, 1}, *seen, now, journal).front());
        return results;
    }
    Plan<Op> plan_of(const Wanted& wanted) {
        Doors now = doors();
        return plan(wanted, observe(now).value());
    }

    fakes::FakeExec exec;
    fakes::FakeFiles files;
    fakes::FakeSignatures signatures;
    fakes::FakeEraser eraser;
    std::vector<std::chrono::milliseconds> pauses;  ///< nobody waits in a test

 private:
    const Md* md_over(const std::string& disk) const {
        for (const Md& md : arrays_)
            for (const std::vector<std::string>* group : {&md.members, &md.spares})
                if (std::ranges::find(*group, disk) != group->end()) return &md;
        return nullptr;
    }
    Md* md_called(const std::string& path) {
        for (Md& md : arrays_)
            if (path == "/dev/" + md.kernel || path == "/dev/md/" + md.name) return &md;
        return nullptr;
    }

    /// Takes down and builds again everything under /sys, /proc and /dev.
    void rebuild() {
        for (const std::string& path : kernel_) (void)files.remove(path);
        kernel_.clear();
        const auto put = [&](const std::string& path, const std::string& text) {
            files.with(path, text);
            kernel_.push_back(path);
        };
        int minor = 0;
        std::map<std::string, std::string> numbers;
        for (const auto& [name, serial] : disks_) {
            const std::string at = "/sys/block/" + name + '/';
            numbers[name] = "254:" + std::to_string(16 * minor++);
            put(at + "dev", numbers[name] + '\n');
            put(at + "size", "2097152\n");
            put(at + "serial", serial + '\n');
            put(at + "ro", "0\n");
            put(at + "removable", "0\n");
            put(at + "queue/rotational", "1\n");
            if (const Md* md = md_over(name)) put(at + "holders/" + md->kernel, "");
        }
        for (const Md& md : arrays_) {
            const std::string at = "/sys/block/" + md.kernel + '/';
            numbers[md.kernel] = "9:" + md.kernel.substr(2);
            put(at + "dev", numbers[md.kernel] + '\n');
            put(at + "size", md.running ? "2097152\n" : "0\n");
            put(at + "md/array_state", md.running ? "clean\n" : "inactive\n");
            put(at + "md/level", md.running ? md.level + '\n' : "\n");
            const std::size_t devices = md.devices == 0 ? md.members.size() : md.devices;
            put(at + "md/raid_disks", std::to_string(devices) + '\n');
            put(at + "md/chunk_size", md.level == "raid1" ? "0\n" : "524288\n");
            put(at + "md/degraded", "0\n");
            put(at + "md/sync_action", "idle\n");
            int slot = 0;
            for (const std::string& disk : md.members) {
                const bool faulty = std::ranges::find(md.faulty, disk) != md.faulty.end();
                put(at + "md/dev-" + disk + "/state", faulty ? "faulty\n" : "in_sync\n");
                put(at + "md/dev-" + disk + "/slot",
                    faulty ? "none\n" : std::to_string(slot++) + '\n');
                put(at + "slaves/" + disk, "");
            }
            for (const std::string& disk : md.spares) {
                put(at + "md/dev-" + disk + "/state", "spare\n");
                put(at + "md/dev-" + disk + "/slot", "none\n");
                put(at + "slaves/" + disk, "");
            }
            if (md.running) put("/dev/md/" + md.name, "");
            const auto on_it = signatures.probe("/dev/" + md.kernel);
            if (md.running && on_it && udev_sees)
                for (const sys::BlockSignature& one : *on_it)
                    put("/dev/disk/by-uuid/" + one.uuid, "");
        }
        for (const auto& [name, volume] : volumes) {
            const std::string at = "/sys/block/" + name + '/';
            numbers[name] = "253:" + name.substr(3);
            put(at + "dev", numbers[name] + '\n');
            put(at + "size", "2048\n");
            put(at + "dm/name", volume.first + '\n');
            put(at + "dm/uuid", "LVM-" + volume.first + '\n');
            for (const std::string& under : volume.second) {
                put(at + "slaves/" + under, "");
                put("/sys/block/" + under + "/holders/" + name, "");
            }
        }
        std::string mountinfo;
        for (const auto& [point, device] : mounts_)
            mountinfo += "30 1 " + numbers[device] + " / " + point + " rw shared:1 - ext4 /dev/" +
                         device + " rw\n";
        put("/proc/1/mountinfo", mountinfo);
        put("/proc/swaps", "Filename Type Size Used Priority\n");
        put("/proc/mdstat", "Personalities : [raid1]\nunused devices: <none>\n");
    }

    static std::string value(const std::vector<std::string>& args, const std::string& key) {
        for (const std::string& arg : args)
            if (arg.starts_with(key)) return arg.substr(key.size());
        return {};
    }
    static std::string dashed(const std::string& uuid) {
        std::string text;
        for (const char c : uuid)
            if (c != ':') text += c;
        return text.substr(0, 8) + '-' + text.substr(8, 4) + '-' + text.substr(12, 4) + '-' +
               text.substr(16, 4) + '-' + text.substr(20);
    }

    Result<sys::Output> mdadm(const std::vector<std::string>& args) {
        before({"mdadm", args});
        if (args[0] == "--detail") {
            const Md* md = md_called(args[2]);
            if (md == nullptr) return fakes::said("", 4, "mdadm: cannot open " + args[2]);
            return fakes::said(
                "MD_UUID=" + md->uuid + "\nMD_NAME=any:" + md->name + '\n' +
                (md->running ? "MD_LEVEL=" + md->level + "\nMD_DEVNAME=" + md->name + "\n" : ""));
        }
        Result<sys::Output> done = fakes::said("", 1, "mdadm: not understood");
        if (args[0] == "--create" || args[0] == "--assemble") {
            std::vector<std::string> disks;
            for (std::size_t i = 2; i < args.size(); ++i)
                if (args[i].starts_with("/dev/")) disks.push_back(args[i].substr(5));
            Md md{.kernel = "md" + std::to_string(127 - arrays_.size()),
                  .name = args[1].substr(8),
                  .uuid = value(args, "--uuid="),
                  .level = "raid" + value(args, "--level=")};
            if (args[0] == "--assemble") md.level = assembled_level;
            const std::string spares = value(args, "--spare-devices=");
            const std::size_t members = disks.size() - (spares.empty() ? 0u : std::stoul(spares));
            for (std::size_t i = 0; i < disks.size(); ++i) {
                (i < members ? md.members : md.spares).push_back(disks[i]);
                write_on(disks[i],
                         {{"linux_raid_member", 4096, "any:" + md.name, dashed(md.uuid)}});
            }
            md.devices = md.members.size();
            write_on(md.kernel, stale_);
            write_on("md/" + md.name, stale_);
            arrays_.push_back(std::move(md));
            done = fakes::said("", 0, "mdadm: array " + args[1] + " started.");
        } else if (args[0] == "--stop" && busy > 0) {
            --busy;
            done = fakes::said("", 1,
                               "mdadm: Cannot get exclusive access to " + args[1] +
                                   ":Perhaps a running process, mounted filesystem or active "
                                   "volume group?");
        } else if (args[0] == "--stop") {
            std::erase_if(arrays_, [&](const Md& md) { return args[1] == "/dev/" + md.kernel; });
            done = fakes::said();
        } else if (args[0] == "--manage") {
            Md* md = md_called(args[1]);
            const std::string disk = args[3].substr(5);
            if (md == nullptr) return done;
            if (args[2] == "--fail") md->faulty.push_back(disk);
            if (args[2] == "--remove") {
                std::erase(md->members, disk);
                std::erase(md->faulty, disk);
            }
            if (args[2] == "--add") {
                md->members.push_back(disk);
                write_on(disk, {{"linux_raid_member", 4096, "any:" + md->name, dashed(md->uuid)}});
            }
            done = fakes::said();
        } else if (args[0] == "--zero-superblock") {
            signatures.with(args[1]);
            done = fakes::said();
        }
        rebuild();
        return done;
    }
    Result<sys::Output> dmsetup(const std::vector<std::string>& args) {
        before({"dmsetup", args});
        std::erase_if(volumes, [&](const auto& one) { return one.second.first == args.back(); });
        rebuild();
        return fakes::said();
    }
    Result<sys::Output> wipefs(const std::vector<std::string>& args) {
        before({"wipefs", args});
        if (const Md* md = md_called(args[1])) {
            write_on(md->kernel, {});
            write_on("md/" + md->name, {});
        } else {
            signatures.with(args[1]);
        }
        rebuild();
        return fakes::said();
    }
    Result<sys::Output> mkfs(const std::vector<std::string>& args) {
        before({"mkfs.ext4", args});
        const Md* md = md_called(args.back());
        if (md == nullptr) return fakes::said("", 1, "mkfs.ext4: no such device");
        const sys::BlockSignature made{"ext4", 1080, args[4], args[2]};
        write_on(md->kernel, {made});
        write_on("md/" + md->name, {made});
        rebuild();
        return fakes::said();
    }
    Result<sys::Output> systemctl(const std::vector<std::string>& args) {
        before({"systemctl", args});
        const std::string unit = args.back();
        if (args[0] == "disable") {
            const std::string where = files.content("/etc/systemd/system/" + unit);
            std::erase_if(mounts_, [&](const auto& one) {
                return where.find("Where=" + one.first + '\n') != std::string::npos;
            });
            (void)files.remove("/etc/systemd/system/local-fs.target.wants/" + unit);
            rebuild();
        }
        if (args[0] != "enable") return fakes::said();
        const std::string text = files.content("/etc/systemd/system/" + unit);
        if (text.empty()) return fakes::said("", 1, "Failed to enable unit: " + unit);
        files.with_link("/etc/systemd/system/local-fs.target.wants/" + unit, "../" + unit);
        const std::size_t at = text.find("Where=") + 6;
        mounts_.emplace_back(text.substr(at, text.find('\n', at) - at), arrays_.back().kernel);
        rebuild();
        return fakes::said();
    }

 public:
    int busy = 0;  ///< so often `mdadm --stop` finds the array in use
    /// device-mapper volumes: kernel name -> name, and what each stands on.
    std::map<std::string, std::pair<std::string, std::vector<std::string>>> volumes;
    std::string assembled_level = "raid1";  ///< what an array becomes that is assembled

 private:
    std::map<std::string, std::string> disks_;  ///< kernel name -> serial
    std::vector<Md> arrays_;
    std::vector<std::pair<std::string, std::string>> mounts_;  ///< point, device
    std::vector<sys::BlockSignature> stale_;
    std::vector<std::string> kernel_;
};

}  // namespace metalwright::raid::scene
