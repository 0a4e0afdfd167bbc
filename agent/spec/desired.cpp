#include "agent/spec/desired.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "agent/spec/json_text.hpp"
#include "core/json_pointer.hpp"

namespace metalwright::spec {
namespace {

std::string named(const Sourced& source) {
    return source.source + " (generation " + std::to_string(source.generation) + ")";
}

std::string shown(const std::string& value) {
    return in_quotes(value);
}
std::string shown(std::uint32_t value) {
    return std::to_string(value);
}
std::string shown(const netcfg::Address& value) {
    return value.text();
}
std::string shown(const netcfg::Prefix& value) {
    return value.text();
}

class Merge {
 public:
    void add(const Sourced& source) {
        source_ = &source;
        const HostSpec& from = source.spec;
        if (from.release) return;
        if (!from.host_id.empty()) {
            std::optional<std::string> host =
                into_.host_id.empty() ? std::nullopt : std::optional(into_.host_id);
            same("/host/id", host, std::optional(from.host_id));
            into_.host_id = *host;
        }
        same("/instance/id", into_.instance_id, from.instance_id);
        same("/instance/name", into_.instance_name, from.instance_name);
        same("/instance/description", into_.description, from.description);
        if (from.storage) add_storage(*from.storage);
        if (from.network) add_network(*from.network);
        same("/network/bandwidthMbps", into_.bandwidth_mbps, from.bandwidth_mbps);
        same("/network/extraUplinkMbps", into_.extra_uplink_mbps, from.extra_uplink_mbps);
        same("/hostname", into_.hostname, from.hostname);
        into_.renew_machine_id |= from.renew_machine_id;
        into_.renew_host_keys |= from.renew_host_keys;
        add_login(from);
        if (from.user_data && settle("/userData", into_.user_data, *from.user_data))
            conflict("/userData", "another script, or another way to run it,");
        if (into_.dialect.empty() && into_.kept.empty()) {
            into_.dialect = from.dialect;
            into_.kept = from.kept;
        }
    }

    std::expected<HostSpec, Errors> take() {
        if (!errors_.empty()) return std::unexpected(std::move(errors_));
        return std::move(into_);
    }

 private:
    void conflict(const std::string& where, const std::string& what) {
        const auto first = first_.find(where);
        errors_.push_back({Errc::conflict,
                           named(*source_) + " says " + what + " than " +
                               (first == first_.end() ? "another source" : named(*first->second)) +
                               ": change one of the two documents",
                           where});
    }

    void differs(const std::string& where, const std::string& have, const std::string& want) {
        const auto first = first_.find(where);
        errors_.push_back({Errc::conflict,
                           (first == first_.end() ? "another source" : named(*first->second)) +
                               " says " + have + ", " + named(*source_) + " says " + want +
                               ": change one of the two documents",
                           where});
    }

    /// Takes `value` where nothing is yet; true when there is something else.
    template <class T>
    bool settle(const std::string& where, std::optional<T>& into, const T& value) {
        if (into) return *into != value;
        into = value;
        first_.emplace(where, source_);
        return false;
    }

    template <class T>
    void same(const std::string& where, std::optional<T>& into, const std::optional<T>& from) {
        if (from && settle(where, into, *from)) differs(where, shown(*into), shown(*from));
    }

    void add_login(const HostSpec& from) {
        // Both live under one name: a password and another source's hash cannot be compared.
        const bool had = into_.password != RootPassword();
        const bool has = from.password != RootPassword();
        if (has && !had) {
            into_.password = from.password;
            first_.emplace("/password", source_);
        } else if (has && into_.password != from.password) {
            conflict("/password", "another password");
        }
        if (!from.authorized_keys) return;
        if (!into_.authorized_keys) into_.authorized_keys.emplace();
        for (const std::string& key : *from.authorized_keys)
            if (std::find(into_.authorized_keys->begin(), into_.authorized_keys->end(), key) ==
                into_.authorized_keys->end())
                into_.authorized_keys->push_back(key);
    }

    void add_storage(const raid::Wanted& from) {
        if (!into_.storage) into_.storage.emplace();
        raid::Wanted& into = *into_.storage;
        const auto system = [](const raid::Wanted& wanted) -> std::optional<std::string> {
            if (wanted.system) return std::string(raid::to_string(*wanted.system));
            return wanted.system_plain ? std::optional<std::string>("none") : std::nullopt;
        };
        if (const auto level = system(from)) {
            std::optional<std::string> have = system(into);
            same("/storage/system/level", have, level);
            if (have == level) {
                into.system = from.system;
                into.system_plain = from.system_plain;
            }
        }
        if (from.volumes) {
            if (!into.volumes) into.volumes.emplace();
            for (const raid::storcli::WantedVolume& volume : *from.volumes)
                add_named(*into.volumes, volume, &raid::storcli::WantedVolume::name,
                          "/storage/volumes", "another volume " + in_quotes(volume.name));
        }
        for (const raid::storcli::WantedSpares& spares : from.spares)
            add_named(into.spares, spares, &raid::storcli::WantedSpares::controller,
                      "/storage/globalSpares", "other global spares");
        if (!from.boot_kernel.empty()) {
            auto kernel = into.boot_kernel.empty() ? std::nullopt : std::optional(into.boot_kernel);
            same("/storage/bootKernel", kernel, std::optional(from.boot_kernel));
            into.boot_kernel = *kernel;
        }
        if (!from.arrays) return;
        if (!into.arrays) into.arrays.emplace();
        for (const raid::WantedArray& array : *from.arrays) add_array(*into.arrays, array);
    }

    /// What has a name of its own among `all`: the same of several sources, or a conflict.
    template <class T>
    void add_named(std::vector<T>& all, const T& one, std::string T::* name, const char* list,
                   const std::string& what) {
        const std::string where = pointer_to(list, one.*name);
        const auto other = std::ranges::find(all, one.*name, name);
        if (other == all.end()) {
            all.push_back(one);
            first_.emplace(where, source_);
        } else if (*other != one) {
            conflict(where, what);
        }
    }

    void add_array(std::vector<raid::WantedArray>& arrays, const raid::WantedArray& array) {
        const std::string where = pointer_to("/storage/arrays", array.name);
        for (const raid::WantedArray& other : arrays) {
            if (other.name == array.name) {
                if (other != array) conflict(where, "another array " + in_quotes(array.name));
                return;
            }
        }
        bool clear = true;
        for (const raid::WantedArray& other : arrays) {
            const std::string& mount =
                array.filesystem ? array.filesystem->mount_point : std::string();
            if (!mount.empty() && other.filesystem && other.filesystem->mount_point == mount) {
                clash("/storage/arrays/" + other.name, where + "/filesystem/mountPoint",
                      "both mount something at " + mount);
                clear = false;
            }
            for (const std::string& disk : array.members.ids) {
                if (std::find(other.members.ids.begin(), other.members.ids.end(), disk) ==
                    other.members.ids.end())
                    continue;
                clash("/storage/arrays/" + other.name, where + "/members/ids",
                      "both want disk " + in_quotes(disk));
                clear = false;
            }
        }
        if (!clear) return;
        arrays.push_back(array);
        first_.emplace(where, source_);
    }

    /// Two different things of two sources that cannot both be.
    void clash(const std::string& other, const std::string& where, const std::string& what) {
        const auto first = first_.find(other);
        if (first != first_.end() && first->second == source_) return;  // the reader told it
        errors_.push_back({Errc::conflict,
                           (first == first_.end() ? "another source" : named(*first->second)) +
                               " and " + named(*source_) + " " + what +
                               ": change one of the two documents",
                           where});
    }

    void add_network(const netcfg::Wanted& from) {
        if (!into_.network) into_.network.emplace();
        netcfg::Wanted& into = *into_.network;
        add_text("/network/nic/mac", into.nic.mac, from.nic.mac);
        add_text("/network/nic/name", into.nic.name, from.nic.name);
        add_nic("/network", into, from);
        for (const netcfg::Prefix& pool : from.pools)
            if (std::find(into.pools.begin(), into.pools.end(), pool) == into.pools.end())
                into.pools.push_back(pool);
        for (const netcfg::Wanted& other : from.others) {
            const auto twin =
                std::find_if(into.others.begin(), into.others.end(),
                             [&](const netcfg::Wanted& known) { return known.same_nic(other); });
            const auto at = static_cast<std::size_t>(twin - into.others.begin());
            if (twin == into.others.end()) {
                netcfg::Wanted& added = into.others.emplace_back();
                added.nic = other.nic;
                added.bond = other.bond;
                added.vlan = other.vlan;
            }
            add_nic(pointer_to("/network/otherNics", at), into.others[at], other);
        }
    }

    /// What is wanted on one NIC; `base` is its place in the native form.
    void add_nic(const std::string& base, netcfg::Wanted& into, const netcfg::Wanted& from) {
        if (from.bond && settle(base + "/bond", into.bond, *from.bond))
            conflict(base + "/bond", "another bond");
        if (from.vlan && settle(base + "/vlan", into.vlan, *from.vlan))
            conflict(base + "/vlan", "another VLAN");
        if (from.primary) add_primary(base + "/primary", into.primary, *from.primary);
        if (!from.aliases) return;
        std::vector<netcfg::Alias>& aliases = into.manage(from.managed);
        auto& known = alias_at_[base];
        for (const netcfg::Alias& alias : *from.aliases) add_alias(base, known, aliases, alias);
    }

    void add_text(const std::string& where, std::string& into, const std::string& from) {
        if (from.empty()) return;
        std::optional<std::string> have = into.empty() ? std::nullopt : std::optional(into);
        same(where, have, std::optional(from));
        into = *have;
    }

    void add_primary(const std::string& base, std::optional<netcfg::Primary>& into,
                     const netcfg::Primary& from) {
        std::optional<netcfg::Prefix> address = into ? std::optional(into->address) : std::nullopt;
        same(base + "/address", address, std::optional(from.address));
        if (!into) into.emplace().address = *address;
        same(base + "/gateway", into->gateway, from.gateway);
        same(base + "/mtu", into->mtu, from.mtu);
        if (!from.dns.empty()) {
            std::optional<std::vector<netcfg::Address>> dns =
                into->dns.empty() ? std::nullopt : std::optional(into->dns);
            if (settle(base + "/dns", dns, from.dns))
                conflict(base + "/dns", "other DNS servers, or another order,");
            into->dns = *dns;
        }
        for (const netcfg::StaticRoute& route : from.routes) {
            const std::string where = pointer_to(base + "/routes", route.to.text());
            const auto twin = std::find_if(
                into->routes.begin(), into->routes.end(), [&](const netcfg::StaticRoute& other) {
                    return other.to == route.to && other.metric == route.metric;
                });
            if (twin == into->routes.end()) {
                into->routes.push_back(route);
                first_.emplace(where, source_);
            } else if (*twin != route) {
                conflict(where, "another way to " + route.to.text());
            }
        }
    }

    using Places = std::map<netcfg::Prefix, std::size_t>;

    void add_alias(const std::string& base, Places& known, std::vector<netcfg::Alias>& aliases,
                   const netcfg::Alias& alias) {
        // One address is one thing, whatever list it stands in.
        const std::string where = pointer_to(base + "/aliases", alias.cidr.text());
        const auto [at, added] = known.try_emplace(alias.cidr, aliases.size());
        if (added) {
            aliases.push_back(alias);
            first_.emplace(where, source_);
            return;
        }
        netcfg::Alias& twin = aliases[at->second];
        if (twin.id.empty()) twin.id = alias.id;  // not said: it contradicts nobody
        if (twin.kind != alias.kind)
            differs(where, "it is of the kind " + std::string(netcfg::to_string(twin.kind)),
                    std::string(netcfg::to_string(alias.kind)));
        else if ((!alias.id.empty() && twin.id != alias.id) || twin.routed != alias.routed ||
                 twin.as != alias.as || twin.adopt != alias.adopt ||
                 twin.preferred != alias.preferred ||
                 twin.detect_duplicate != alias.detect_duplicate)
            conflict(where, "another id or way for the " +
                                std::string(netcfg::to_string(alias.kind)) + ' ' +
                                alias.cidr.text());
    }

    HostSpec into_;
    Errors errors_;
    const Sourced* source_ = nullptr;
    std::map<std::string, const Sourced*> first_;  ///< who said it first, by native pointer
    std::map<std::string, Places> alias_at_;       ///< by the place of the NIC
};

}  // namespace

bool is_withdrawn(const netcfg::Alias& alias, const Sourced& wanted_by,
                  std::span<const Sourced> all) {
    return !wanted_by.spec.dialect.empty() && std::ranges::any_of(all, [&](const Sourced& other) {
        return std::ranges::find(other.spec.withdrawn, alias.cidr) != other.spec.withdrawn.end();
    });
}

std::expected<HostSpec, Errors> merge(std::span<const Sourced> sources) {
    const bool withdraws = std::ranges::any_of(
        sources, [](const Sourced& one) { return !one.spec.withdrawn.empty(); });
    Merge merge;
    for (const Sourced& source : sources) {
        if (!withdraws || !source.spec.network || !source.spec.network->aliases) {
            merge.add(source);
            continue;
        }
        Sourced left = source;
        std::erase_if(*left.spec.network->aliases, [&](const netcfg::Alias& alias) {
            return is_withdrawn(alias, source, sources);
        });
        merge.add(left);
    }
    return merge.take();
}

}  // namespace metalwright::spec
