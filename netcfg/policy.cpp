#include "netcfg/policy.hpp"

#include <algorithm>
#include <set>

#include "netcfg/nic.hpp"
#include "netcfg/site.hpp"

namespace metalwright::netcfg {
namespace {

constexpr Prefix link_local{.address = {.v6 = true, .bytes = {0xfe, 0x80}}, .length = 64};

Prefix any_of(bool v6) {
    return {.address = {.v6 = v6}, .length = 0};
}

Prefix single(const Address& address) {
    return {address, static_cast<std::uint8_t>(address.v6 ? 128 : 32)};
}

bool overlap(const Prefix& a, const Prefix& b) {
    return a.length <= b.length ? a.contains(b.address) : b.contains(a.address);
}

/// What of a source is this NIC's alone, if all else in its network is not.
Prefix alone(const Prefix& source) {
    return source.has_host_bits() ? single(source.address) : source;
}

/// The networks that are on this NIC's wire.
std::vector<Prefix> networks_of(const PolicyNic& nic) {
    std::set<Prefix> networks;
    for (const Prefix& source : nic.sources) {
        const bool is_primary = &source == nic.sources.data();
        if (source.has_host_bits() || (is_primary && !source.is_single()))
            networks.insert(source.network());
    }
    return {networks.begin(), networks.end()};
}

/// One prefix for all of a network where no other NIC speaks from it: a rule is looked at for every
/// packet, so ten thousand aliases of one network must not be ten thousand rules.
std::vector<Prefix> rule_sources(const PolicyNic& nic, std::span<const PolicyNic> all) {
    std::vector<Prefix> sources;
    for (const Prefix& source : nic.sources) sources.push_back(alone(source));
    for (const Prefix& network : networks_of(nic)) {
        const bool shared = std::ranges::any_of(all, [&](const PolicyNic& other) {
            return other.number != nic.number &&
                   std::ranges::any_of(other.sources, [&](const Prefix& theirs) {
                       return overlap(network, theirs.network());
                   });
        });
        if (!shared) sources.push_back(network);
    }
    return condensed(std::move(sources));
}

std::vector<KernelRoute> routes_of(const PolicyNic& nic, std::uint32_t table) {
    std::vector<KernelRoute> routes;
    const auto add = [&](const Prefix& to, const std::optional<Address>& via,
                         std::uint32_t metric = 0) {
        const auto same = [&](const KernelRoute& route) {
            return route.to == to && route.metric == metric;
        };
        if (std::ranges::any_of(routes, same)) return;
        routes.push_back({.ifindex = nic.nic->index,
                          .to = to,
                          .via = via,
                          .table = table,
                          .metric = metric,
                          .protocol = our_protocol,
                          .type = type_unicast});
    };
    // Networks first: a gateway must be on one when its route is added.
    for (const Prefix& network : networks_of(nic)) add(network, std::nullopt);
    // A neighbour, or the gateway itself, may have a link-local address only.
    const auto is_v6 = [](const auto& route) { return route.to.address.v6; };
    if (std::ranges::any_of(routes, is_v6) || std::ranges::any_of(nic.routes, is_v6) ||
        (nic.gateway && nic.gateway->v6))
        add(link_local, std::nullopt);
    for (const StaticRoute& route : nic.routes) add(route.to, route.via, route.metric.value_or(0));
    if (nic.gateway) add(any_of(nic.gateway->v6), nic.gateway);
    return routes;
}

bool has_default(std::span<const KernelRoute> routes, std::uint32_t table, int ifindex) {
    return std::ranges::any_of(routes, [&](const KernelRoute& route) {
        return route.table == table && route.ifindex == ifindex && route.to == any_of(false);
    });
}

const Owned::Setting* remembered(const Owned& owned, const Observed& observed, const Link& link,
                                 NicSetting key) {
    const auto it = std::ranges::find_if(owned.settings, [&](const Owned::Setting& each) {
        const Link* about = each.key == key ? link_of(observed, each) : nullptr;
        return about != nullptr && about->index == link.index;
    });
    return it == owned.settings.end() ? nullptr : &*it;
}

bool speaks_v4(const PolicyWay& way) {
    return std::ranges::any_of(way.rules, [](const KernelRule& rule) { return !rule.v6; });
}

/// The kernel looks for the way back with the address that was asked as the source, so it finds
/// these rules, and a strict NIC takes what comes from anywhere. But where a NIC has no default
/// route the way back is another NIC's, and the question itself would be dropped.
bool drops_questions(const PolicyWay& way, const Observed& observed, const Owned& owned) {
    if (!speaks_v4(way) || has_default(way.routes, way.table, way.nic->index) ||
        has_default(observed.routes, table_main, way.nic->index))
        return false;
    std::int32_t own = way.nic->rp_filter;
    const Owned::Setting* ours = remembered(owned, observed, *way.nic, NicSetting::rp_filter);
    if (ours != nullptr && is_set(*way.nic, NicSetting::rp_filter)) own = ours->before;
    return std::max(own, observed.rp_filter_of_all) == 1;
}

PolicyWay way_of(const PolicyNic& nic, std::span<const PolicyNic> all, const Observed& observed,
                 const Owned& owned) {
    const std::uint32_t table = policy_table + nic.number;
    PolicyWay way{.nic = nic.nic,
                  .item = "policy/" + nic.nic->name,
                  .table = table,
                  .routes = routes_of(nic, table)};
    // A rule to an empty table decides nothing.
    for (const Prefix& source : rule_sources(nic, all))
        if (std::ranges::any_of(way.routes, [&](const KernelRoute& route) {
                return route.to.address.v6 == source.address.v6;
            }))
            way.rules.push_back({.v6 = source.address.v6,
                                 .priority = table,
                                 .table = table,
                                 .protocol = our_protocol,
                                 .from = source});
    // Not arp_ignore: it knows addresses only, and a range that is a local route would fall silent.
    if (speaks_v4(way)) way.settings = {{NicSetting::arp_filter, 1}, {NicSetting::arp_announce, 2}};
    // A group that somebody else has put it in may be what their firewall goes by.
    if (nic.nic->group == 0 || nic.nic->group == policy_group)
        way.settings.emplace_back(NicSetting::group, policy_group);
    if (drops_questions(way, observed, owned)) way.settings.emplace_back(NicSetting::rp_filter, 2);
    return way;
}

/// By which a NIC is known again.
const std::string& lasting_mac(const Link& link) {
    return link.permanent_mac.empty() ? link.mac : link.permanent_mac;
}

constexpr NicSetting all_settings[] = {NicSetting::arp_filter, NicSetting::arp_announce,
                                       NicSetting::rp_filter, NicSetting::group};

}  // namespace

std::string_view to_string(NicSetting setting) noexcept {
    switch (setting) {
        case NicSetting::arp_filter: return "arp_filter";
        case NicSetting::arp_announce: return "arp_announce";
        case NicSetting::rp_filter: return "rp_filter";
        case NicSetting::group: return "group";
    }
    return "group";
}

std::optional<NicSetting> nic_setting_from(std::string_view word) noexcept {
    for (const NicSetting setting : all_settings)
        if (to_string(setting) == word) return setting;
    return std::nullopt;
}

bool is_ours(const KernelRule& rule) noexcept {
    return rule.protocol == our_protocol && rule.plain && is_policy_priority(rule.priority);
}

std::int32_t value_of(const Link& link, NicSetting key) noexcept {
    switch (key) {
        case NicSetting::arp_filter: return link.arp_filter;
        case NicSetting::arp_announce: return link.arp_announce;
        case NicSetting::rp_filter: return link.rp_filter;
        case NicSetting::group: return link.group;
    }
    return 0;
}

bool is_set(const Link& link, NicSetting key) noexcept {
    switch (key) {
        case NicSetting::arp_filter: return link.arp_filter != 0;
        case NicSetting::arp_announce: return link.arp_announce >= 2;
        case NicSetting::rp_filter: return link.rp_filter == 2;
        case NicSetting::group: return link.group == policy_group;
    }
    return false;
}

const Link* link_of(const Observed& observed, const Owned::Setting& setting) noexcept {
    for (const Link& link : observed.links)
        if (link.name == setting.nic && same_mac(lasting_mac(link), setting.mac)) return &link;
    return link_by_mac(observed, setting.mac);  // it has another name now
}

std::vector<Prefix> condensed(std::vector<Prefix> prefixes) {
    std::ranges::sort(prefixes);
    std::vector<Prefix> kept;
    for (const Prefix& prefix : prefixes) {
        if (!kept.empty() && kept.back().length <= prefix.length &&
            kept.back().contains(prefix.address))
            continue;
        kept.push_back(prefix);
        while (kept.size() > 1) {
            const Prefix& lower = kept[kept.size() - 2];
            const Prefix& upper = kept.back();
            if (lower.length != upper.length || lower.length == 0) break;
            const Prefix both{lower.address, static_cast<std::uint8_t>(lower.length - 1)};
            if (both.has_host_bits() || !both.contains(upper.address)) break;
            kept.pop_back();
            kept.back() = both;
        }
    }
    return kept;
}

PolicyLayout policy_layout(const Observed& observed, const Owned& owned,
                           std::span<const PolicyNic> nics) {
    PolicyLayout layout;
    if (nics.size() < 2) return layout;
    for (const PolicyNic& nic : nics)
        if (nic.number < most_policy_nics)
            layout.ways.push_back(way_of(nic, nics, observed, owned));
    for (const bool v6 : {false, true}) {
        const bool used = std::ranges::any_of(layout.ways, [&](const PolicyWay& way) {
            return std::ranges::any_of(way.rules,
                                       [&](const KernelRule& rule) { return rule.v6 == v6; });
        });
        if (used)
            layout.elsewhere.push_back({.v6 = v6,
                                        .priority = elsewhere_priority,
                                        .table = table_main,
                                        .protocol = our_protocol,
                                        .suppress_length = 0,
                                        .suppress_group = policy_group});
    }
    return layout;
}

std::vector<Owned::Setting> settings_after(const Observed& observed, const Owned& before,
                                           std::span<const PolicyNic> nics) {
    const PolicyLayout layout = policy_layout(observed, before, nics);
    std::vector<Owned::Setting> after;
    const auto is_wanted = [&](const Link& link, NicSetting key) {
        return std::ranges::any_of(layout.ways, [&](const PolicyWay& way) {
            return way.nic->index == link.index &&
                   std::ranges::find(way.settings, key,
                                     &std::pair<NicSetting, std::int32_t>::first) !=
                       way.settings.end();
        });
    };
    for (const Owned::Setting& each : before.settings) {
        const Link* link = link_of(observed, each);
        if (link != nullptr && is_set(*link, each.key)) after.push_back(each);
    }
    for (const Link& link : observed.links)
        for (const NicSetting key : all_settings)
            if (is_wanted(link, key) && !is_set(link, key))
                after.push_back({lasting_mac(link), link.name, key, value_of(link, key)});
    return after;
}

std::vector<std::uint32_t> policy_tables(const Observed& observed, unsigned nics) {
    std::set<std::uint32_t> tables;
    for (const KernelRule& rule : observed.rules)
        if (is_policy_table(rule.table)) tables.insert(rule.table);
    for (unsigned i = 0; nics > 1 && i < nics; ++i) tables.insert(policy_table + i);
    return {tables.begin(), tables.end()};
}

}  // namespace metalwright::netcfg
