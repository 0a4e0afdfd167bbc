#include <algorithm>

#include "netcfg/judge.hpp"

namespace metalwright::netcfg {
namespace {

std::optional<Error> bad_primary(const Site& site, const Primary& primary) {
    const Prefix& prefix = primary.address;
    const std::string text = prefix.text();
    if (auto why = unusable(prefix.address))
        return invalid(prefix.address.text() + ' ' + *why + "; no host can have it", "primary");
    if (prefix.length == 0)
        return invalid(text + " has no subnet; give its prefix length", "primary");
    if (auto why = unusable_in(prefix, prefix.address))
        return invalid(prefix.address.text() + ' ' + *why + "; no host can have it", "primary");
    if (site.taken() != nullptr)
        if (const std::string* nic = site.taken()->nic_of(Prefix::single(prefix.address)))
            return Error{Errc::conflict,
                         prefix.address.text() + " is wanted on " + *nic +
                             " already; one address is on one NIC only",
                         "primary"};
    for (const KernelAddress* other : site.places(prefix.address)) {
        if (site.ours(*other)) continue;
        if (other->ifindex != site.nic().index)
            return Error{Errc::conflict,
                         other->prefix.text() + " is on " + site.link_name(other->ifindex) +
                             " already; remove it there, or name that NIC in the spec",
                         "primary"};
        if (prefix.address.v6 && other->prefix != prefix)
            return Error{Errc::conflict,
                         "somebody else has set " + other->prefix.text() + " on " +
                             site.nic().name +
                             "; IPv6 has an address once only, so remove that one first",
                         "primary"};
    }
    return std::nullopt;
}

std::optional<Error> bad_gateway(const Primary& primary) {
    const Address& gateway = *primary.gateway;
    const std::string text = "the gateway " + gateway.text();
    if (auto why = unusable(gateway)) return invalid(text + ' ' + *why, "route/default");
    if (gateway.v6 != primary.address.address.v6)
        return invalid(text + " is of another family than the address " + primary.address.text(),
                       "route/default");
    if (gateway.is_link_local()) return std::nullopt;
    if (!primary.address.contains(gateway))
        return invalid(
            text + " is not on link: " + primary.address.network().text() + " does not contain it",
            "route/default");
    if (gateway == primary.address.address)
        return invalid(text + " is the primary address itself", "route/default");
    if (auto why = unusable_in(primary.address, gateway))
        return invalid(text + ' ' + *why, "route/default");
    return std::nullopt;
}

std::string item_of(const StaticRoute& route) {
    if (route.to.length == 0) return "route/default";
    return "route/" + route.to.text() +
           (route.metric ? " metric " + std::to_string(*route.metric) : "");
}

std::optional<Error> bad_route(const StaticRoute& route) {
    const std::string item = item_of(route);
    if (route.to.has_host_bits())
        return invalid(route.to.text() + " has bits set behind its prefix length; write " +
                           route.to.network().text(),
                       item);
    if (!route.via) return std::nullopt;
    if (auto why = unusable(*route.via))
        return invalid("the next hop " + route.via->text() + ' ' + *why, item);
    if (route.via->v6 != route.to.address.v6)
        return invalid(
            "the next hop " + route.via->text() + " is of another family than " + route.to.text(),
            item);
    return std::nullopt;
}

std::optional<Error> bad_mtu(const Wanted& wanted) {
    const std::uint32_t mtu = *wanted.primary->mtu;
    if (mtu < 576 || mtu > 9216)
        return invalid("an MTU of " + std::to_string(mtu) + " is out of bounds; 576 to 9216",
                       "mtu");
    const bool v6 = wanted.primary->address.address.v6 ||
                    (wanted.aliases && std::ranges::any_of(*wanted.aliases, [](const Alias& alias) {
                         return alias.cidr.address.v6;
                     }));
    // The kernel takes IPv6 off the NIC then, addresses and all.
    if (v6 && mtu < 1280)
        return invalid("IPv6 needs an MTU of 1280 at least, not " + std::to_string(mtu), "mtu");
    return std::nullopt;
}

}  // namespace

std::optional<JudgedPrimary> judge_primary(const Site& site) {
    if (!site.wanted().primary) return std::nullopt;
    const Primary& primary = *site.wanted().primary;
    JudgedPrimary judged{.address = bad_primary(site, primary)};
    judged.accepted.address = primary.address;

    std::unordered_map<std::string, unsigned> times;
    const auto add = [&](const StaticRoute& route, std::optional<Error> error) {
        JudgedRoute one{site.line(item_of(route)), route, std::move(error)};
        if (site.taken() != nullptr && !one.error)
            if (const std::string* nic = site.taken()->nic_of(route))
                one.error =
                    Error{Errc::conflict,
                          "a route to " + route.to.text() + " with this metric is wanted on " +
                              *nic + " already; give one of the two another metric",
                          one.item};
        const unsigned time = ++times[one.item];
        if (time > 1) {
            if (!one.error)
                one.error =
                    invalid(one.item.substr(6) + " is asked for twice; leave one out", one.item);
            one.item += '#' + std::to_string(time);
        }
        judged.routes.push_back(std::move(one));
    };
    if (primary.gateway) {
        const Prefix everywhere{Address{.v6 = primary.gateway->v6}, 0};
        std::optional<Error> error = bad_gateway(primary);
        if (!error) judged.accepted.gateway = primary.gateway;
        // The host has one default route; another NIC's gateway is for what comes from that NIC.
        if (site.first() || error)
            add({.to = everywhere, .via = primary.gateway}, std::move(error));
    }
    for (const StaticRoute& route : primary.routes) {
        add(route, bad_route(route));
        if (!judged.routes.back().error) judged.accepted.routes.push_back(route);
    }

    if (primary.mtu) {
        judged.mtu = bad_mtu(site.wanted());
        if (!judged.mtu) judged.accepted.mtu = primary.mtu;
    }
    if (!site.first()) return judged;
    for (const Address& server : primary.dns) {
        const bool loopback = !server.v6 && server.bytes[0] == 127;  // a resolver on this host
        if (const auto why = unusable(server); why && !loopback && !judged.dns)
            judged.dns = invalid("the name server " + server.text() + ' ' + *why, "dns");
    }
    if (!judged.dns) judged.accepted.dns = primary.dns;
    return judged;
}

}  // namespace metalwright::netcfg
