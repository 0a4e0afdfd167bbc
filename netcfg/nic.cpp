#include "netcfg/nic.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <vector>

namespace metalwright::netcfg {
namespace {

constexpr std::uint32_t main_table = 254;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string name_of(const Link& link) {
    return link.name + " (" + link.mac + ')';
}

std::string all_nics(const Observed& observed) {
    std::string list;
    for (const Link& link : observed.links) {
        if (link.loopback) continue;
        list += (list.empty() ? "" : ", ") + name_of(link);
    }
    return list.empty() ? "this host has no NIC" : "there are " + list;
}

/// A port of a bond is used up.
bool is_free_physical(const Link& link) {
    return !link.loopback && !link.bus_path.empty() && link.master == 0;
}

/// The last "0000:03:00.1" of a sysfs path; fixed width, so text order is PCI order.
std::string pci_address(const Link& link) {
    const std::string& path = link.bus_path;
    const auto is_pci = [](std::string_view part) {
        constexpr std::string_view shape = "xxxx:xx:xx.x";
        return part.size() == shape.size() && std::ranges::equal(part, shape, [](char c, char s) {
                   const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                   return s == 'x' ? hex : c == s;
               });
    };
    std::string found = "~";  // after every PCI address
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        if (is_pci(std::string_view(path).substr(at, end - at))) found = path.substr(at, end - at);
        at = end + 1;
    }
    return found;
}

std::tuple<std::string, std::string, std::string> pci_order(const Link* link) {
    return {pci_address(*link), link->bus_path, link->name};
}

const Link* lowest_pci(const std::vector<const Link*>& links) {
    return *std::ranges::min_element(links, {}, pci_order);
}

const Link* by_index(const Observed& observed, int index) {
    const auto it = std::ranges::find(observed.links, index, &Link::index);
    return it == observed.links.end() ? nullptr : &*it;
}

const Link* with_default_route(const Observed& observed) {
    const Link* best = nullptr;
    std::pair<bool, std::uint32_t> best_key{true, std::numeric_limits<std::uint32_t>::max()};
    for (const KernelRoute& route : observed.routes) {
        if (route.to.length != 0 || route.table != main_table || route.type != 1) continue;
        const Link* link = by_index(observed, route.ifindex);
        if (link == nullptr || link->loopback) continue;
        const std::pair key{route.to.address.v6, route.metric};  // IPv4 first, then the metric
        if (best == nullptr || key < best_key) {
            best = link;
            best_key = key;
        }
    }
    return best;
}

Result<NicChoice> automatic(const Observed& observed, std::string_view remembered_mac) {
    if (!remembered_mac.empty())
        if (const Link* link = link_by_mac(observed, remembered_mac))
            return NicChoice{link, name_of(*link) + ": it carries our addresses already"};
    if (const Link* link = with_default_route(observed))
        return NicChoice{link, name_of(*link) + ": it carries the default route"};

    std::vector<const Link*> physical;
    for (const Link& link : observed.links)
        if (is_free_physical(link)) physical.push_back(&link);
    if (physical.empty())
        return fail(Errc::not_found,
                    "no NIC carries the default route and none is a physical one; name one in the "
                    "spec (" +
                        all_nics(observed) + ')',
                    "nic");
    const Link* link = lowest_pci(physical);
    return NicChoice{link, name_of(*link) + (physical.size() == 1
                                                 ? ": it is the only physical NIC"
                                                 : ": no NIC carries the default route, and this "
                                                   "one has the lowest PCI address")};
}

}  // namespace

Result<NicChoice> choose_other(const NicSelector& selector, const Observed& observed,
                               std::span<const int> given) {
    const auto is_given = [&](const Link& link) {
        return std::ranges::find(given, link.index) != given.end();
    };
    if (!selector.mac.empty() || !selector.name.empty()) {
        Result<NicChoice> named = choose_nic(selector, observed, {});
        if (named && is_given(*named->link))
            return fail(Errc::conflict,
                        named->link->name +
                            " is spoken of already; say all that is wanted on it in one place",
                        "nic");
        return named;
    }
    std::vector<const Link*> physical;
    for (const Link& link : observed.links)
        if (is_free_physical(link) && !is_given(link)) physical.push_back(&link);
    if (physical.empty())
        return fail(Errc::not_found, "there is no other physical NIC; " + all_nics(observed),
                    "nic");
    const Link* link = lowest_pci(physical);
    return NicChoice{link, name_of(*link) + (physical.size() == 1
                                                 ? ": it is the only other physical NIC"
                                                 : ": it has the lowest PCI address of the other "
                                                   "physical NICs")};
}

std::vector<const Link*> physical_by_pci(const Observed& observed) {
    std::vector<const Link*> physical;
    for (const Link& link : observed.links)
        if (!link.loopback && !link.bus_path.empty()) physical.push_back(&link);
    std::ranges::sort(physical, {}, pci_order);
    return physical;
}

Result<NicChoice> choose_port(const NicSelector& selector, const Observed& observed) {
    if (!selector.name.empty()) return choose_nic(selector, observed, {});
    const Link* best = nullptr;
    for (const Link& link : observed.links) {
        if (link.loopback || link.kind == "bond" || link.kind == "vlan") continue;
        if (same_mac(link.permanent_mac, selector.mac)) return NicChoice{&link, name_of(link)};
        // A port has the MAC of its bond.
        if (link.master == 0 && same_mac(link.mac, selector.mac)) best = &link;
    }
    if (best != nullptr) return NicChoice{best, name_of(*best)};
    return fail(Errc::not_found,
                "there is no NIC with the MAC " + selector.mac + "; " + all_nics(observed), "nic");
}

bool same_mac(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, {}, lower, lower);
}

const Link* link_by_mac(const Observed& observed, std::string_view mac) noexcept {
    const Link* best = nullptr;
    // Ports of a bond share its MAC, and so do VLANs on a NIC.
    const auto rank = [&](const Link& link) {
        return std::tuple(link.master != 0, !same_mac(link.permanent_mac, mac),
                          link.bus_path.empty(), link.index);
    };
    for (const Link& link : observed.links) {
        if (link.loopback || !(same_mac(link.mac, mac) || same_mac(link.permanent_mac, mac)))
            continue;
        if (best == nullptr || rank(link) < rank(*best)) best = &link;
    }
    return best;
}

Result<NicChoice> choose_nic(const NicSelector& selector, const Observed& observed,
                             std::string_view remembered_mac) {
    if (selector.mac.empty() && selector.name.empty()) return automatic(observed, remembered_mac);

    if (!selector.name.empty()) {
        const auto it = std::ranges::find(observed.links, selector.name, &Link::name);
        if (it == observed.links.end())
            return fail(Errc::not_found,
                        "there is no NIC named " + selector.name + "; " + all_nics(observed),
                        "nic");
        if (!selector.mac.empty() && !same_mac(it->mac, selector.mac) &&
            !same_mac(it->permanent_mac, selector.mac))
            return fail(Errc::not_found,
                        selector.name + " does not have the MAC " + selector.mac + "; " +
                            all_nics(observed),
                        "nic");
        return NicChoice{&*it, name_of(*it) + ": named by the spec"};
    }
    const Link* link = link_by_mac(observed, selector.mac);
    if (link == nullptr)
        return fail(Errc::not_found,
                    "there is no NIC with the MAC " + selector.mac + "; " + all_nics(observed),
                    "nic");
    return NicChoice{link, name_of(*link) + ": its MAC is named by the spec"};
}

Result<NicChoice> choose_wan(const NicSelector& configured, const Observed& observed,
                             const Result<NicChoice>& primary) {
    if (configured != NicSelector()) {
        Result<NicChoice> chosen = choose_nic(configured, observed, {});
        if (!chosen)
            return fail(chosen.error().code,
                        "the configured WAN NIC is not there: " + chosen.error().message, "nic");
        chosen->why = name_of(*chosen->link) + ": the configured WAN NIC";
        return chosen;
    }
    for (const std::string_view name : {"wan0", "bond0"})
        if (const auto it = std::ranges::find(observed.links, name, &Link::name);
            it != observed.links.end())
            return NicChoice{&*it, name_of(*it) + ": by its name it is the WAN NIC"};
    if (!primary) return primary;
    return NicChoice{primary->link, name_of(*primary->link) +
                                        ": no WAN NIC is configured, and there is no wan0 or "
                                        "bond0, so it is the primary one"};
}

}  // namespace metalwright::netcfg
