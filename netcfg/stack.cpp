#include "netcfg/stack.hpp"

#include <algorithm>

#include "netcfg/persist/links.hpp"

namespace metalwright::netcfg {

const Link* link_named(const Observed& observed, std::string_view name) {
    const auto it = std::ranges::find(observed.links, name, &Link::name);
    return it == observed.links.end() ? nullptr : &*it;
}

const Link* vlan_on(const Observed& observed, int parent, std::uint16_t id) {
    const auto it = std::ranges::find_if(observed.links, [&](const Link& link) {
        return link.kind == "vlan" && link.parent == parent && link.vlan == id;
    });
    return it == observed.links.end() ? nullptr : &*it;
}

bool is_made_by_us(const Link& link, const Persisted& persisted) {
    if (link.kind != "bond" && link.kind != "vlan") return false;
    return link.alias == our_link_alias ||
           std::ranges::any_of(persisted.files,
                               [&](const TextFile& file) { return persist::makes(file, link); });
}

std::string vlan_name(const Link& parent, std::uint16_t id) {
    constexpr std::size_t longest = 15;  // IFNAMSIZ without its zero byte
    std::string name = parent.name + '.' + std::to_string(id);
    return name.size() <= longest ? name : "vlan" + std::to_string(id);
}

Result<std::vector<Link>> ports_of(const Bond& bond, const Observed& observed) {
    const Link* there = link_named(observed, bond.name);
    const int own = there == nullptr ? 0 : there->index;
    std::vector<Link> ports;
    if (!bond.ports) {
        const std::vector<const Link*> all = physical_by_pci(observed);
        for (const Link* link : all)
            if (ports.size() < 2 && (link->master == 0 || link->master == own))
                ports.push_back(*link);
        if (ports.size() < 2)
            return fail(
                Errc::not_found,
                "a bond is made of two physical NICs that nothing else uses, and there " +
                    (ports.empty() ? std::string("is none") : "is only " + ports.front().name),
                "bond");
        return ports;
    }
    for (const NicSelector& selector : *bond.ports) {
        const Result<NicChoice> chosen = choose_port(selector, observed);
        if (!chosen) return std::unexpected(chosen.error());
        const Link& link = *chosen->link;
        const auto refuse = [&](const std::string& why) {
            return fail(Errc::conflict, link.name + ' ' + why, "bond");
        };
        if (link.loopback || link.kind == "bond" || link.kind == "vlan")
            return refuse("cannot be a port of a bond");
        if (link.master != 0 && link.master != own)
            return refuse("is a port of something else already; take it out of that first");
        if (std::ranges::find(ports, link.index, &Link::index) != ports.end())
            return refuse("is named twice");
        ports.push_back(link);
    }
    return ports;
}

namespace {

Result<NicChoice> bond_of(const Bond& wanted, const Observed& observed) {
    const Link* bond = link_named(observed, wanted.name);
    if (bond == nullptr || bond->kind != "bond")
        return fail(Errc::not_found, "the bond " + wanted.name + " is not there; see the item bond",
                    "nic");
    return NicChoice{bond, bond->name + " (" + bond->mac + "): the bond of the order"};
}

/// The VLAN of the order on its NIC.
Result<NicChoice> vlan_of(const Wanted& one, const Observed& observed, Result<NicChoice> base) {
    if (!base || one.vlan.value_or(0) == 0) return base;
    const Link* vlan = vlan_on(observed, base->link->index, *one.vlan);
    if (vlan == nullptr)
        return fail(Errc::not_found,
                    "VLAN " + std::to_string(*one.vlan) + " on " + base->link->name +
                        " is not there; see the item vlan",
                    "nic");
    return NicChoice{vlan, vlan->name + " (" + vlan->mac + "): VLAN " + std::to_string(*one.vlan) +
                               " on " + base->link->name};
}

}  // namespace

Result<NicChoice> choose_base(const Wanted& one, const Observed& observed,
                              std::string_view remembered_mac) {
    if (one.bonded()) return bond_of(*one.bond, observed);
    Result<NicChoice> base = choose_nic(one.nic, observed, remembered_mac);
    // By its address or the default route the VLAN itself may have been found.
    if (base && one.vlan && one.nic == NicSelector() && base->link->kind == "vlan")
        if (const auto parent = std::ranges::find(observed.links, base->link->parent, &Link::index);
            parent != observed.links.end())
            base->link = &*parent;
    return base;
}

Result<NicChoice> choose_wanted(const Wanted& one, const Observed& observed,
                                std::string_view remembered_mac) {
    return vlan_of(one, observed, choose_base(one, observed, remembered_mac));
}

Result<NicChoice> choose_wanted_other(const Wanted& one, const Observed& observed,
                                      std::span<const int> given) {
    if (!one.bond && !one.vlan) return choose_other(one.nic, observed, given);
    // The NIC under a VLAN may be the order's as well.
    const bool named = one.bonded() || one.nic != NicSelector();
    Result<NicChoice> chosen =
        vlan_of(one, observed,
                named ? choose_base(one, observed, {}) : choose_other(one.nic, observed, given));
    if (chosen && std::ranges::find(given, chosen->link->index) != given.end())
        return fail(
            Errc::conflict,
            chosen->link->name + " is spoken of already; say all that is wanted on it in one place",
            "nic");
    return chosen;
}

}  // namespace metalwright::netcfg
