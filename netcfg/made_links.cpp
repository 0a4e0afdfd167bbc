#include "netcfg/made_links.hpp"

#include <algorithm>

#include "netcfg/stack.hpp"

namespace metalwright::netcfg {
namespace {

/// Where our link numbers begin: the kernel counts its own up from 1.
constexpr int first_index = 7700;
/// How often a bond looks at its ports' carriers. Source: the kernel's bonding.rst, "miimon".
constexpr std::uint32_t miimon_ms = 100;

BondState state_of(const Bond& bond) {
    const bool lacp = bond.mode == Bond::Mode::lacp;
    return {.mode = static_cast<std::uint8_t>(bond.mode),
            .hash = static_cast<std::uint8_t>(bond.hash),
            .fast = lacp && bond.fast,
            .miimon_ms = miimon_ms};
}

/// How its ports are chosen for a flow does not matter where one port carries everything.
bool works_as(const std::optional<BondState>& is, const Bond& wanted) {
    if (!is || is->mode != static_cast<std::uint8_t>(wanted.mode)) return false;
    return wanted.mode != Bond::Mode::lacp ||
           (is->fast == wanted.fast && is->hash == static_cast<std::uint8_t>(wanted.hash));
}

std::string names_of(const std::vector<Link>& links) {
    std::string names;
    for (const Link& link : links) names += (names.empty() ? "" : ", ") + link.name;
    return names;
}

int free_index(const Observed& observed) {
    int index = first_index;
    while (std::ranges::find(observed.links, index, &Link::index) != observed.links.end()) ++index;
    return index;
}

MakeLink as_it_is(const Link& link) {
    return {.ifindex = link.index,
            .name = link.name,
            .mac = link.kind == "bond" ? link.mac : std::string(),
            .mtu = link.mtu,
            .bond = link.bond,
            .parent = link.parent,
            .vlan = link.vlan};
}

Step<Op> step(const std::string& item, std::string why, const KernelOp& op,
              std::vector<Op> undo = {}) {
    return {.item = item, .why = std::move(why), .op = op, .undo = std::move(undo)};
}

/// Of a link that goes down the kernel drops the routes, but for IPv4 ones of table local.
bool outlives_its_link(const KernelRoute& route) {
    return route.table == table_local && !route.to.address.v6;
}

ItemResult line(const std::string& item, Outcome outcome, std::string note) {
    return {.item = item, .outcome = outcome, .note = std::move(note)};
}

}  // namespace

MadeLinks::MadeLinks(const Wanted& wanted, const Observed& observed, const Owned& owned)
    : wanted_(wanted), before_(observed), owned_(owned), works_(1 + wanted.others.size()) {
    const auto makes_some = [](const Wanted& one) { return one.bond || one.vlan; };
    if (!makes_some(wanted) && std::ranges::none_of(wanted.others, makes_some)) return;
    if (observed.links.empty()) return;
    site_.emplace(wanted, before_, owned, before_.links.front());
    for (std::size_t at = 0; at < works_.size(); ++at) {
        const Wanted& one = nic(at);
        const auto item = [&](const std::string& what, const std::string& on) {
            std::string words = what;
            if (at != 0) (words += " on ") += on;
            return words;
        };
        if (one.bond) make_bond(one, item("bond", one.bond->name), works_[at]);
        if (one.vlan && *one.vlan != 0)
            make_vlan(one, item("vlan", "VLAN " + std::to_string(*one.vlan)), works_[at]);
    }
    for (std::size_t at = 0; at < works_.size(); ++at)
        if (nic(at).vlan) sweep_vlans(at, at == 0 ? "vlan" : "vlan on another NIC");
}

Observed& MadeLinks::change() {
    return changed_ ? *changed_ : changed_.emplace(before_);
}

Link& MadeLinks::changed_link(int ifindex) {
    return *std::ranges::find(change().links, ifindex, &Link::index);
}

Link MadeLinks::new_bond(const Wanted& one, const std::vector<Link>& ports) const {
    const Link& first = ports.front();
    return {.index = free_index(observed()),
            .name = one.bond->name,
            .mac = first.permanent_mac.empty() ? first.mac : first.permanent_mac,
            .kind = "bond",
            .mtu = one.primary && one.primary->mtu ? *one.primary->mtu : first.mtu,
            .up = true,
            .carrier = true,
            .alias = std::string(our_link_alias),
            .bond = state_of(*one.bond)};
}

void MadeLinks::make_bond(const Wanted& one, const std::string& item, Work& work) {
    const Bond& wanted = *one.bond;
    // Of one that cannot be made whole nothing is made.
    const std::optional<Observed> changed_before = changed_;
    const std::size_t dropped_before = dropped_.size();
    const auto failed = [&](const Error& error) {
        work.steps.clear();
        work.stale.clear();
        work.cuts_way = false;
        changed_ = changed_before;
        dropped_.resize(dropped_before);
        work.settled.push_back({.item = item, .outcome = Outcome::failed, .error = error});
    };
    const Link* there = link_named(observed(), wanted.name);
    if (there != nullptr && there->kind != "bond")
        return failed({Errc::conflict,
                       "there is a NIC named " + wanted.name +
                           " already, and it is no bond; name the bond another way",
                       "bond"});
    const bool ours = there != nullptr && is_made_by_us(*there, before_.persisted);
    if (wanted.none() || (ours && !works_as(there->bond, wanted))) {
        if (ours)
            if (Result<void> done = take_apart(Link(*there), item, work); !done)
                return failed(done.error());
        if (wanted.none()) {
            if (work.steps.empty())
                work.settled.push_back(line(item, Outcome::unchanged,
                                            there == nullptr
                                                ? "there is none"
                                                : there->name + " is somebody else's and stays"));
            return;
        }
        there = nullptr;
    }
    const Result<std::vector<Link>> ports = ports_of(wanted, observed());
    if (!ports) return failed(ports.error());
    if (there != nullptr && !ours) {
        if (Result<void> fits = keep_bond(wanted, *there, *ports, item, work); !fits)
            failed(fits.error());
        return;
    }
    const Link bond = there != nullptr ? *there : new_bond(one, *ports);
    if (there == nullptr) {
        work.steps.push_back(step(item,
                                  "make the bond " + bond.name + " (" +
                                      std::string(to_string(wanted.mode)) + ") of " +
                                      names_of(*ports),
                                  as_it_is(bond), {KernelOp{RemoveLink{bond.index, bond.name}}}));
        change().links.push_back(bond);
    } else if (!bond.up) {
        work.steps.push_back(
            step(item, "bring up " + bond.name, SetLink{.ifindex = bond.index, .up = true}));
        changed_link(bond.index).up = true;
    }
    for (const Link& port : std::vector<Link>(observed().links)) {
        const bool is_wanted = std::ranges::find(*ports, port.index, &Link::index) != ports->end();
        if (is_wanted || port.master != bond.index) continue;
        work.steps.push_back(step(item, "take " + port.name + " out of " + bond.name,
                                  SetMaster{port.index, port.name, 0},
                                  {KernelOp{SetMaster{port.index, port.name, bond.index}}}));
        changed_link(port.index).master = 0;
    }
    for (const Link& port : *ports)
        if (port.master != bond.index)
            if (Result<void> joined = join(port, bond, item, work); !joined)
                return failed(joined.error());
    if (work.steps.empty())
        work.settled.push_back(line(item, Outcome::unchanged, names_of(*ports)));
}

/// Of somebody else's bond nothing is changed; it may be what is wanted.
Result<void> MadeLinks::keep_bond(const Bond& wanted, const Link& bond,
                                  const std::vector<Link>& ports, const std::string& item,
                                  Work& work) {
    if (!bond.bond || bond.bond->mode != static_cast<std::uint8_t>(wanted.mode))
        return fail(Errc::conflict,
                    "there is a bond " + bond.name +
                        " that somebody else has made, and its mode "
                        "is not " +
                        std::string(to_string(wanted.mode)) +
                        "; it is left alone: take it away, or name ours another way",
                    bond.name);
    for (const Link& port : ports)
        if (port.master != bond.index)
            return fail(Errc::conflict,
                        "somebody else has made the bond " + bond.name + ", and " + port.name +
                            " is no port of it; it is left alone",
                        bond.name);
    work.settled.push_back(
        line(item, Outcome::unchanged, bond.name + " was already there; it is not ours"));
    return {};
}

Result<void> MadeLinks::join(const Link& port, const Link& bond, const std::string& item,
                             Work& work) {
    if (Result<void> free = nothing_foreign(port, "a port of a bond has none"); !free) return free;
    for (const Link& upper : std::vector<Link>(observed().links))
        if (upper.kind == "vlan" && upper.parent == port.index) {
            if (!is_made_by_us(upper, before_.persisted))
                return fail(Errc::conflict,
                            upper.name + ", which somebody else has made, stands on " + port.name +
                                "; take it away first",
                            port.name);
            if (Result<void> gone = take_apart(upper, item, work); !gone) return gone;
        }
    // Down, the NIC loses its IPv6 addresses and most routes; the others are taken off it below.
    std::vector<Op> undo = put_back(port, false);
    undo.insert(undo.begin(), KernelOp{SetMaster{port.index, port.name, 0}});
    work.cuts_way = work.cuts_way || undo.size() > 1;
    work.steps.push_back(step(item, "put " + port.name + " into " + bond.name,
                              SetMaster{port.index, port.name, bond.index}, std::move(undo)));
    for (const KernelRoute& route : observed().routes)
        if (route.ifindex == port.index && Site::ours(route) && outlives_its_link(route))
            work.steps.push_back(step(item, "take " + route.to.text() + " off " + port.name,
                                      RemoveRoute{route}, {KernelOp{AddRoute{.route = route}}}));
    for (const KernelAddress& address : observed().addresses) {
        if (address.ifindex != port.index || address.prefix.address.v6) continue;
        work.cuts_way = true;
        work.steps.push_back(
            step(item, "take " + address.prefix.text() + " off " + port.name,
                 RemoveAddress{.ifindex = port.index, .prefix = address.prefix},
                 {KernelOp{AddAddress{.ifindex = port.index, .first = address.prefix}}}));
    }
    for (const KernelAddress& address : observed().addresses)
        if (address.ifindex == port.index && !address.prefix.address.is_link_local())
            work.stale.push_back({.ifindex = port.index, .prefix = address.prefix});
    drop_from(port.index);
    Link& now = changed_link(port.index);
    now.master = bond.index;
    now.mac = bond.mac;
    now.up = true;
    return {};
}

void MadeLinks::make_vlan(const Wanted& one, const std::string& item, Work& work) {
    const auto failed = [&](const Error& error) {
        work.settled.push_back({.item = item, .outcome = Outcome::failed, .error = error});
    };
    const Result<NicChoice> base = choose_base(one, observed(), owned_.mac);
    if (!base) return failed(base.error());
    const Link parent = *base->link;
    const std::uint16_t id = *one.vlan;
    // The kernel gives a VLAN no more than the link under it has.
    const auto make_room = [&](std::uint32_t mtu) {
        if (parent.mtu >= mtu) return;
        work.steps.push_back(step(item,
                                  "set the MTU of " + parent.name + " to " + std::to_string(mtu) +
                                      ", it is " + std::to_string(parent.mtu),
                                  SetLink{.ifindex = parent.index, .mtu = mtu},
                                  {KernelOp{SetLink{.ifindex = parent.index, .mtu = parent.mtu}}}));
        changed_link(parent.index).mtu = mtu;
    };
    const std::optional<std::uint32_t> mtu = one.primary ? one.primary->mtu : std::nullopt;
    if (const Link* found = vlan_on(observed(), parent.index, id)) {
        const Link there = *found;
        const bool ours = is_made_by_us(there, before_.persisted);
        const std::size_t steps = work.steps.size();
        if (ours && mtu) make_room(*mtu);
        if (!there.up && ours) {
            work.steps.push_back(
                step(item, "bring up " + there.name, SetLink{.ifindex = there.index, .up = true}));
            changed_link(there.index).up = true;
        }
        if (work.steps.size() == steps)
            work.settled.push_back(
                line(item, Outcome::unchanged,
                     there.name + (ours ? "" : " was already there; it is not ours")));
        return;
    }
    Link vlan{.index = free_index(observed()),
              .name = vlan_name(parent, id),
              .mac = parent.mac,
              .kind = "vlan",
              .mtu = mtu.value_or(parent.mtu),
              .up = true,
              .carrier = parent.carrier,
              .parent = parent.index,
              .vlan = id,
              .alias = std::string(our_link_alias)};
    if (link_named(observed(), vlan.name) != nullptr)
        return failed({Errc::conflict,
                       "there is a NIC named " + vlan.name + " already, and it is not VLAN " +
                           std::to_string(id) + " on " + parent.name,
                       "vlan"});
    if (mtu) make_room(*mtu);
    if (!parent.up) {
        work.steps.push_back(
            step(item, "bring up " + parent.name, SetLink{.ifindex = parent.index, .up = true}));
        changed_link(parent.index).up = true;
    }
    work.steps.push_back(step(item, "make the VLAN " + vlan.name, as_it_is(vlan),
                              {KernelOp{RemoveLink{vlan.index, vlan.name}}}));
    change().links.push_back(std::move(vlan));
}

Result<void> MadeLinks::take_apart(const Link& link, const std::string& item, Work& work) {
    if (Result<void> free = nothing_foreign(link, "it would go with it"); !free) return free;
    std::vector<Link> ports;
    for (const Link& other : std::vector<Link>(observed().links)) {
        if (other.master == link.index) ports.push_back(other);
        if (other.kind != "vlan" || other.parent != link.index) continue;
        if (!is_made_by_us(other, before_.persisted))
            return fail(Errc::conflict,
                        other.name + ", which somebody else has made, stands on " + link.name +
                            "; take it away first",
                        link.name);
        if (Result<void> gone = take_apart(other, item, work); !gone) return gone;
    }
    std::vector<Op> undo{KernelOp{as_it_is(link)}};
    for (const Link& port : ports)
        undo.emplace_back(KernelOp{SetMaster{port.index, port.name, link.index}});
    const std::size_t bare = undo.size();
    std::ranges::move(put_back(link, true), std::back_inserter(undo));
    work.cuts_way = work.cuts_way || undo.size() > bare;
    work.steps.push_back(
        step(item, "take apart " + link.name, RemoveLink{link.index, link.name}, std::move(undo)));
    for (const Link& port : ports) {
        work.steps.push_back(
            step(item, "bring up " + port.name, SetLink{.ifindex = port.index, .up = true}));
        Link& now = changed_link(port.index);
        now.master = 0;
        if (!now.permanent_mac.empty()) now.mac = now.permanent_mac;
    }
    drop_from(link.index);
    std::erase_if(change().links, [&](const Link& one) { return one.index == link.index; });
    return {};
}

void MadeLinks::sweep_vlans(std::size_t at, const std::string& item) {
    const Result<NicChoice> base = choose_base(nic(at), observed(), owned_.mac);
    if (!base) return;
    const auto is_wanted = [&](const Link& vlan) {
        for (std::size_t other = 0; other < works_.size(); ++other) {
            if (nic(other).vlan != vlan.vlan) continue;
            const Result<NicChoice> stands = choose_base(nic(other), observed(), owned_.mac);
            if (stands && stands->link->index == vlan.parent) return true;
        }
        return false;
    };
    for (const Link& vlan : observed().links) {
        if (vlan.kind != "vlan" || vlan.parent != base->link->index ||
            !is_made_by_us(vlan, before_.persisted) || is_wanted(vlan))
            continue;
        const auto goes = [&](const Step<Op>& one) {
            const auto* op = std::get_if<RemoveLink>(&std::get<KernelOp>(one.op));
            return op != nullptr && op->ifindex == vlan.index;
        };
        if (std::ranges::any_of(
                works_, [&](const Work& work) { return std::ranges::any_of(work.removals, goes); }))
            continue;
        works_[at].removals.push_back(step(item, "take away " + vlan.name + ", which is ours",
                                           RemoveLink{vlan.index, vlan.name}));
    }
    Work& work = works_[at];
    if (*nic(at).vlan == 0 && work.removals.empty())
        work.settled.push_back(line(item, Outcome::unchanged, "there is none of ours"));
}

/// What is somebody else's on a link that is to become another one is not taken away.
Result<void> MadeLinks::nothing_foreign(const Link& link, std::string_view otherwise) const {
    for (const KernelAddress& address : observed().addresses)
        if (address.ifindex == link.index && !address.prefix.address.is_link_local() &&
            !site_->ours(address))
            return fail(Errc::conflict,
                        link.name + " has " + address.prefix.text() +
                            ", which somebody else has set, and " + std::string(otherwise) +
                            "; have it taken away first",
                        link.name);
    return {};
}

/// What a link of ours loses: addresses, then the routes through it. Unless `all` only what it
/// loses by being down.
std::vector<Op> MadeLinks::put_back(const Link& link, bool all) const {
    std::vector<Op> ops;
    for (const KernelAddress& address : observed().addresses)
        if (address.ifindex == link.index && !address.prefix.address.is_link_local() &&
            (all || address.prefix.address.v6))
            ops.emplace_back(KernelOp{AddAddress{.ifindex = link.index, .first = address.prefix}});
    for (const KernelRoute& route : observed().routes)
        if (route.ifindex == link.index && Site::ours(route) && (all || !outlives_its_link(route)))
            ops.emplace_back(
                KernelOp{AddRoute{.route = route, .replace = route.table != table_local}});
    return ops;
}

void MadeLinks::drop_from(int ifindex) {
    Observed& now = change();
    for (const KernelAddress& address : now.addresses)
        if (address.ifindex == ifindex) dropped_.push_back(address);
    std::erase_if(now.addresses, [&](const auto& each) { return each.ifindex == ifindex; });
    std::erase_if(now.routes, [&](const auto& each) { return each.ifindex == ifindex; });
}

}  // namespace metalwright::netcfg
