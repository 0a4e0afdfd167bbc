#include "agent/daemon/clean.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "agent/daemon/outside.hpp"
#include "agent/store/store.hpp"
#include "cloudinit/paths.hpp"
#include "cloudinit/room.hpp"
#include "cloudinit/userdata.hpp"
#include "core/journal.hpp"
#include "netcfg/persist/neighbours.hpp"
#include "netcfg/persist/text.hpp"
#include "raid/mdadm_conf.hpp"
#include "raid/mount_unit.hpp"

namespace metalwright::daemon {
namespace {

namespace fs = std::filesystem;

constexpr const char* mdadm_conf = "/etc/mdadm/mdadm.conf";
constexpr const char* units = "/etc/systemd/system";
constexpr std::string_view networks = "/etc/systemd/network";

class Cleaning {
 public:
    Cleaning(const Config& config, fs::path root, bool dry_run)
        : config_(config), root_(std::move(root)), dry_run_(dry_run), files_(root_) {}

    Result<void> run() {
        for (const auto part : {&Cleaning::tenant, &Cleaning::network, &Cleaning::mounts,
                                &Cleaning::leases, &Cleaning::host, &Cleaning::state})
            if (Result<void> done = (this->*part)(); !done) return done;
        return {};
    }
    std::vector<Cleaned> take() { return std::move(cleaned_); }

 private:
    /// What of root's account the order in force, or the one released last, has set. A store that
    /// does not read says nothing, and goes all the same.
    Result<std::set<std::string>> done_once() {
        std::set<std::string> done{"authorizedKeys"};  // ours are marked
        if (!files_.exists(config_.state_dir / "state.db")) return done;
        auto store = store::Store::open(sys::place_in(root_, config_.state_dir, true),
                                        config_.outbox_max_bytes);
        if (!store && store.error().code == Errc::busy)
            return fail(Errc::busy,
                        "metalwrightd is at work on it: end that first (systemctl stop "
                        "metalwright.service)",
                        config_.state_dir.string());
        if (!store || !(*store)->set_aside().empty()) {
            told(config_.state_dir / "state.db",
                 "does not read (" + (store ? (*store)->set_aside() : store.error().message) +
                     "): whether root's password is the instance's is not known; it stays");
            return done;
        }
        auto instance = (*store)->instance();
        if (instance && !*instance) instance = (*store)->last_released();
        if (!instance) return std::unexpected(instance.error());
        if (!*instance) return done;
        const auto items = (*store)->once_done(**instance);
        if (!items) return std::unexpected(items.error());
        done.insert(items->begin(), items->end());
        return done;
    }

    Result<void> tenant() {
        const auto done = done_once();
        if (!done) return std::unexpected(done.error());
        cloudinit::PosixHost host(root_);
        cloudinit::Doors doors{.files = files_, .host = host};
        const auto seen = cloudinit::observe(doors);
        if (!seen) return std::unexpected(seen.error());
        const Plan<cloudinit::Op> plan = cloudinit::plan_leaving({.done = *done}, *seen);
        NoJournal journal;
        for (const Step<cloudinit::Op>& step : plan.steps) {
            told(step.item == "password" ? cloudinit::paths::shadow
                                         : cloudinit::paths::authorized_keys,
                 step.why);
            if (dry_run_) continue;
            const auto applied = cloudinit::apply({&step, 1}, *seen, doors, journal);
            if (!applied.front()) return applied.front();
        }
        if (Result<void> gone = remove(cloudinit::paths::cloud_init_host_name,
                                       "what keeps cloud-init from naming the host");
            !gone)
            return gone;
        const cloudinit::RunPlace place;
        if (Result<void> gone = remove(place.script_copy, "the copy of user data"); !gone)
            return gone;
        return remove(place.log, "the output of user data");
    }

    Result<void> network() {
        for (const char* directory : {"/etc/systemd/network", "/etc/network/interfaces.d"})
            for (const std::string& name : names_in(directory)) {
                const std::string path = std::string(directory) + '/' + name;
                const std::string drop_in = path + "/50-metalwright.conf";
                if (netcfg::persist::is_ours(path)) {
                    if (Result<void> gone = remove(path, "the instance's addresses"); !gone)
                        return gone;
                } else if (name.ends_with(".d")) {
                    if (Result<void> gone = remove(drop_in, "what keeps the instance's addresses");
                        !gone)
                        return gone;
                }
            }
        for (const std::string_view path :
             {netcfg::persist::networkd_conf_file, netcfg::persist::network_manager_conf_file})
            if (Result<void> gone = remove(path, "what keeps the instance's addresses"); !gone)
                return gone;
        return {};
    }

    Result<void> mounts() {
        for (const std::string& name : names_in(units)) {
            const std::string path = std::string(units) + '/' + name;
            if (name.ends_with(".wants")) {
                // The links first: one without its unit is a complaint at each boot.
                for (const std::string& wanted : names_in(path))
                    if (is_our_mount((fs::path(units) / wanted).string()))
                        if (Result<void> gone = remove(fs::path(path) / wanted, ""); !gone)
                            return gone;
            }
        }
        for (const std::string& name : names_in(units)) {
            const std::string path = std::string(units) + '/' + name;
            if (is_our_mount(path))
                if (Result<void> gone = remove(path, "the mount of an array of the instance");
                    !gone)
                    return gone;
        }
        const Result<std::string> conf = files_.read(mdadm_conf);
        if (!conf) return {};
        const std::string without = raid::without_our_arrays(*conf);
        if (without == *conf) return {};
        told(mdadm_conf, "the lines of the instance's arrays");
        return dry_run_ ? Result<void>() : put(mdadm_conf, without, 0644);
    }

    Result<void> leases() {
        for (const char* directory :
             {"/var/lib/dhcp", "/var/lib/NetworkManager", "/var/lib/dhcpcd"})
            for (const std::string& name : names_in(directory))
                if (name.find(".lease") != std::string::npos)
                    if (Result<void> gone =
                            remove(std::string(directory) + '/' + name, "a DHCP lease");
                        !gone)
                        return gone;
        return {};
    }

    Result<void> host() {
        using namespace cloudinit;
        const Result<std::string> id = files_.read(paths::machine_id);
        const std::string was = id ? id->substr(0, id->find('\n')) : std::string();
        const bool whole =
            was.size() == 32 && was.find_first_not_of("0123456789abcdef") == std::string::npos;
        if (whole) {
            const fs::path journal = fs::path("/var/log/journal") / was;
            if (files_.exists(journal)) {
                told(journal, "the journal of this host");
                if (!dry_run_)
                    if (auto gone = files_.remove_tree(journal); !gone)
                        return std::unexpected(gone.error());
            }
            if (!files_.link_target(paths::dbus_machine_id))
                if (Result<void> gone = remove(paths::dbus_machine_id, "D-Bus's machine-id"); !gone)
                    return gone;
            told(paths::machine_id, "the machine-id; made anew at the next boot");
            if (!dry_run_)
                if (Result<void> done = put(paths::machine_id, "", 0444); !done) return done;
        }
        for (const std::string& name : names_in(paths::host_keys))
            if (name.starts_with("ssh_host_") && name.find("_key") != std::string::npos)
                if (Result<void> gone = remove(fs::path(paths::host_keys) / name,
                                               "a key of sshd; made anew at the next boot");
                    !gone)
                    return gone;
        return {};
    }

    /// Last: what is cut off before is found again by it.
    Result<void> state() {
        if (auto gone = content_of(outside_state, "what this host was issued"); !gone) return gone;
        return content_of(config_.state_dir, "state of metalwright");
    }

    Result<void> content_of(const fs::path& directory, const char* what) {
        for (const std::string& name : names_in(directory)) {
            told(directory / name, what);
            if (dry_run_) continue;
            if (auto gone = files_.remove_tree(directory / name); !gone)
                return std::unexpected(gone.error());
        }
        return {};
    }

    std::vector<std::string> names_in(const fs::path& directory) {
        return files_.list(directory).value_or(std::vector<std::string>());
    }
    bool is_our_mount(const std::string& path) {
        if (!path.ends_with(".mount")) return false;
        const Result<std::string> text = files_.read(path);
        return text && raid::is_our_unit(*text);
    }
    void told(const fs::path& path, std::string what) {
        cleaned_.push_back({path.string(), std::move(what)});
    }
    /// Without `what` it is not told.
    Result<void> remove(const fs::path& path, const std::string& what) {
        if (!files_.exists(path) && !files_.link_target(path)) return {};
        if (!what.empty()) told(path, what);
        if (dry_run_) return {};
        if (const Result<Outcome> gone = files_.remove(path); !gone)
            return std::unexpected(gone.error());
        return {};
    }
    Result<void> put(const char* path, std::string_view content, unsigned mode) {
        if (const Result<Outcome> done = files_.put(path, content, {.mode = mode}); !done)
            return std::unexpected(done.error());
        return {};
    }

    const Config& config_;
    fs::path root_;
    bool dry_run_;
    sys::PosixFiles files_;
    std::vector<Cleaned> cleaned_{};
};

}  // namespace

std::expected<std::vector<Cleaned>, Errors> clean(const Config& config, const fs::path& root,
                                                  bool dry_run) {
    Cleaning cleaning(config, root, dry_run);
    if (Result<void> done = cleaning.run(); !done) return std::unexpected(Errors{done.error()});
    return cleaning.take();
}

std::string errors_json(const Errors& errors) {
    nlohmann::ordered_json json;
    for (const Error& error : errors)
        json["errors"].push_back(
            {{"code", to_string(error.code)}, {"message", error.message}, {"where", error.where}});
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string clean_json(const std::vector<Cleaned>& cleaned, const fs::path& root, bool dry_run) {
    nlohmann::ordered_json json{{"root", root.string()}, {"dryRun", dry_run}};
    auto& list = json["cleaned"] = nlohmann::ordered_json::array();
    for (const Cleaned& one : cleaned) list.push_back({{"path", one.path}, {"what", one.what}});
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace metalwright::daemon
