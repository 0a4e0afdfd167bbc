#include <algorithm>
#include <string_view>

#include "netcfg/alias_form.hpp"
#include "netcfg/observe_neighbours.hpp"
#include "netcfg/persist/text.hpp"
#include "netcfg/policy.hpp"
#include "netcfg/room.hpp"

namespace metalwright::netcfg {
namespace {

constexpr std::string_view wants = "/etc/systemd/system";
constexpr std::string_view networkd_state = "/run/systemd/netif/state";
constexpr std::string_view networkd_files = "/etc/systemd/network";
constexpr std::string_view ifupdown_files = "/etc/network/interfaces.d";

/// "pci0000:00/0000:00:03.0/virtio0" out of "../../devices/pci0000:00/.../net/eth0"; empty for what
/// has no hardware.
std::string bus_path_of(std::string_view target) {
    constexpr std::string_view devices = "/devices/";
    const std::size_t start = target.find(devices);
    const std::size_t end = target.rfind("/net/");
    if (start == std::string_view::npos || end == std::string_view::npos) return {};
    const std::size_t begin = start + devices.size();
    if (begin >= end) return {};
    const std::string_view path = target.substr(begin, end - begin);
    return path.starts_with("virtual") ? std::string{} : std::string(path);
}

Result<bool> networkd_is_enabled(sys::Files& files) {
    Result<std::vector<std::string>> units = files.list(wants);
    if (!units) return std::unexpected(units.error());
    for (const std::string& unit : *units) {
        if (!unit.ends_with(".wants")) continue;
        Result<std::vector<std::string>> wanted = files.list(std::string(wants) + '/' + unit);
        if (!wanted) return std::unexpected(wanted.error());
        if (std::ranges::find(*wanted, "systemd-networkd.service") != wanted->end()) return true;
    }
    return false;
}

Result<Persister> persister_of(Doors& doors, bool networkd_running) {
    if (doors.persister) return *doors.persister;
    if (networkd_running) return Persister::networkd;
    Result<bool> enabled = networkd_is_enabled(doors.files);
    if (!enabled) return std::unexpected(enabled.error());
    if (*enabled) return Persister::networkd;
    const bool ifupdown = doors.files.exists("/usr/sbin/ifup") || doors.files.exists("/sbin/ifup");
    return ifupdown ? Persister::ifupdown : Persister::none;
}

ResolvConf resolv_conf_of(sys::Files& files) {
    const Result<std::string> target = files.link_target(persist::resolv_conf_file);
    if (target)
        return target->find("/systemd/resolve/") != std::string::npos ? ResolvConf::resolved
                                                                      : ResolvConf::foreign;
    return files.exists(persist::resolv_conf_file) ? ResolvConf::file : ResolvConf::absent;
}

/// A file that is not there, or went away meanwhile, is no error here.
Result<void> keep(sys::Files& files, const std::string& path, Persisted& persisted) {
    Result<std::string> content = files.read(path);
    if (content)
        persisted.files.push_back({path, std::move(*content)});
    else if (content.error().code != Errc::not_found)
        return std::unexpected(content.error());
    return {};
}

Result<Persisted> read_persisted(Doors& doors) {
    Persisted persisted;
    persisted.networkd_running = doors.files.exists(networkd_state);
    Result<Persister> persister = persister_of(doors, persisted.networkd_running);
    if (!persister) return std::unexpected(persister.error());
    persisted.persister = *persister;
    persisted.resolv_conf = resolv_conf_of(doors.files);

    const bool ifupdown = *persister == Persister::ifupdown;
    std::vector<std::string> paths;
    for (const std::string_view folder : {networkd_files, ifupdown_files}) {
        Result<std::vector<std::string>> names = doors.files.list(folder);
        if (!names) return std::unexpected(names.error());
        for (const std::string& name : *names) {
            std::string path = std::string(folder) + '/' + name;
            if (persist::is_ours(path) || (ifupdown && folder == ifupdown_files))
                paths.push_back(std::move(path));
        }
    }
    if (ifupdown) paths.emplace_back(persist::interfaces_file);
    if (persisted.resolv_conf == ResolvConf::file) paths.emplace_back(persist::resolv_conf_file);
    for (const std::string& path : paths)
        if (Result<void> kept = keep(doors.files, path, persisted); !kept)
            return std::unexpected(kept.error());
    std::ranges::sort(persisted.files);
    return persisted;
}

bool wants_local_routes(const Wanted& wanted) {
    const auto is_one = [](const Alias& alias) { return form_of(alias) == AliasForm::local_route; };
    return (wanted.aliases && std::ranges::any_of(*wanted.aliases, is_one)) ||
           std::ranges::any_of(wanted.others, wants_local_routes);
}

/// How many NICs the order is about: their tables are read even where no rule leads to them yet.
unsigned nics_of(const Wanted& wanted) {
    return 1 + static_cast<unsigned>(wanted.others.size());
}

/// The qdiscs besides, where somebody asks for shaping.
Result<Observed> with_traffic(Result<Observed> observed, Doors& doors, const Wanted& wanted) {
    if (!observed || !wanted.shaping) return observed;
    Result<TrafficControl> traffic = doors.rtnl.dump_traffic_control();
    if (!traffic) return std::unexpected(traffic.error());
    observed->traffic = std::move(*traffic);
    return observed;
}

/// What the files say, and the tables of policy routing, added to what the kernel said.
Result<Observed> completed(Result<Observed> observed, Doors& doors, unsigned nics,
                           const NeighbourFiles& told) {
    if (!observed) return observed;
    if (const auto tables = policy_tables(*observed, nics); !tables.empty())
        if (Result<void> read = doors.rtnl.dump_policy(tables, *observed); !read)
            return std::unexpected(read.error());
    for (Link& link : observed->links)
        if (const auto target = doors.files.link_target("/sys/class/net/" + link.name); target)
            link.bus_path = bus_path_of(*target);
    Result<Persisted> persisted = read_persisted(doors);
    if (!persisted) return std::unexpected(persisted.error());
    observed->persisted = std::move(*persisted);
    if (Result<void> read = observe_neighbours(doors.files, told, *observed); !read)
        return std::unexpected(read.error());
    return observed;
}

}  // namespace

Result<Observed> observe(Doors& doors) {
    return completed(doors.rtnl.dump(), doors, 0, {});
}

Result<Observed> observe(Doors& doors, const Wanted& wanted) {
    return with_traffic(
        completed(wants_local_routes(wanted) ? doors.rtnl.dump()
                                             : doors.rtnl.dump_without_foreign_local(),
                  doors, nics_of(wanted), wanted.neighbours),
        doors, wanted);
}

}  // namespace metalwright::netcfg
