#include "agent/spec/network_read.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/json_pointer.hpp"

namespace metalwright::spec {
namespace {

constexpr std::size_t most_items = 16384;
constexpr std::size_t most_pools = 64;
constexpr std::size_t most_other_nics = 16;
constexpr std::size_t most_ports = 16;
constexpr std::uint64_t most_vlan = 4094;
constexpr Text address_text{.most = 64};

std::optional<netcfg::NicSelector> read_nic(Fields& nic) {
    netcfg::NicSelector selector;
    if (auto mac = nic.text("mac", {.most = 17, .form = &forms::mac})) selector.mac = *mac;
    if (auto name = nic.text("name", {.most = 15, .form = &forms::nic_name})) selector.name = *name;
    if (nic.has("mac") && nic.has("name"))
        nic.error("name", R"(cannot stand beside "mac": name the NIC one way)");
    else if (!nic.has("mac") && !nic.has("name"))
        nic.self().error(R"(names no NIC: give "mac" or "name", or leave "nic" out)");
    nic.refuse_unknown();
    return selector;
}

/// A NIC that makes sense as part of another one only.
void read_port(const Cursor& at, std::vector<netcfg::NicSelector>& ports) {
    auto fields = at.fields();
    if (!fields) return;
    const auto port = read_nic(*fields);
    if (!port) return;
    if (std::find(ports.begin(), ports.end(), *port) != ports.end())
        at.error("stands before: a NIC is one port only");
    else
        ports.push_back(*port);
}

netcfg::Bond read_bond(Fields& fields) {
    netcfg::Bond bond;
    if (auto name = fields.text("name", {.most = 15, .form = &forms::nic_name})) bond.name = *name;
    constexpr std::array<std::string_view, 2> modes{"802.3ad", "active-backup"};
    constexpr std::array<std::string_view, 3> hashes{"layer2", "layer2+3", "layer3+4"};
    constexpr std::array<std::string_view, 2> rates{"fast", "slow"};
    if (const auto mode = fields.word("mode", modes)) bond.mode = *netcfg::bond_mode_from(*mode);
    if (const auto hash = fields.word("hashPolicy", hashes))
        bond.hash = *netcfg::bond_hash_from(*hash);
    if (const auto rate = fields.word("lacpRate", rates)) bond.fast = *rate == "fast";
    if (bond.mode != netcfg::Bond::Mode::lacp)
        for (const std::string_view name : {"hashPolicy", "lacpRate"})
            if (fields.has(name)) fields.error(name, "is for mode 802.3ad; leave it out");
    if (const auto at = fields.find("ports"))
        if (const auto items = at->items(most_ports)) {
            bond.ports.emplace();
            for (const Cursor& item : *items) read_port(item, *bond.ports);
        }
    fields.refuse_unknown();
    return bond;
}

/// What the NIC is made of.
void read_made(Fields& network, bool first, netcfg::Wanted& wanted) {
    if (auto bond = network.fields("bond")) wanted.bond = read_bond(*bond);
    if (const auto id = network.number32("vlan", 0, most_vlan))
        wanted.vlan = static_cast<std::uint16_t>(*id);
    if (wanted.bonded() && network.has("nic"))
        network.error("nic", R"(cannot stand beside "bond": the bond is the NIC)");
    if (!first && wanted.vlan && !wanted.bonded() && !network.has("nic"))
        network.error("vlan", R"(stands on no NIC: give "nic" or "bond" beside it)");
}

void read_route(Fields& route, std::vector<netcfg::StaticRoute>& routes,
                const netcfg::Primary& primary) {
    netcfg::StaticRoute wanted;
    std::optional<netcfg::Prefix> to;
    if (const auto at = route.need("to")) to = read_network_prefix(*at);
    if (const auto at = route.find("via")) wanted.via = read_address(*at);
    wanted.metric = route.number32("metric", 0);
    route.refuse_unknown();
    if (!to) return;
    wanted.to = *to;
    if (wanted.via && wanted.via->v6 != to->address.v6) {
        route.error("via", "is of another family than \"to\"");
        return;
    }
    if (to->length == 0 && primary.gateway && primary.gateway->v6 == to->address.v6) {
        route.error("to", "the default route goes through \"gateway\" already");
        return;
    }
    const bool twice = std::any_of(routes.begin(), routes.end(), [&](const auto& other) {
        return other.to == wanted.to && other.metric == wanted.metric;
    });
    if (twice) {
        route.error("to", "a route to " + to->text() + " with this metric stands before");
        return;
    }
    routes.push_back(wanted);
}

/// What a single IPv4 address becomes; other forms have no choice, so an order of one is an error.
netcfg::Alias::As read_as(Fields& alias, const std::optional<netcfg::Prefix>& cidr) {
    constexpr std::array<std::string_view, 2> words{"address", "route"};
    const auto word = alias.word("as", words);
    if (!word) return netcfg::Alias::As::automatic;
    if (cidr && (cidr->address.v6 || !cidr->is_single()))
        alias.error("as", "is for a single IPv4 address, and " + cidr->text() +
                              " is none; leave \"as\" out");
    return *word == "route" ? netcfg::Alias::As::local_route : netcfg::Alias::As::address;
}

/// What only some single addresses have a choice of.
void read_ways(Fields& fields, const std::optional<netcfg::Prefix>& cidr, AliasForm form,
               netcfg::Alias& alias) {
    if (form == AliasForm::edit) {
        constexpr std::array<std::string_view, 3> words{"alias", "secondary", "elastic"};
        if (const auto word = fields.word("kind", words)) alias.kind = *netcfg::kind_from(*word);
    }
    const bool is_alias = alias.kind == netcfg::Kind::alias;
    if (is_alias || form == AliasForm::edit) {
        alias.routed = fields.flag("routed").value_or(false);
        alias.as = read_as(fields, cidr);
        if (!is_alias && (alias.routed || alias.as != netcfg::Alias::As::automatic))
            fields.error(alias.routed ? "routed" : "as", "is for aliases only");
    }
    if (!is_alias && cidr && cidr->is_range())
        fields.error(form == AliasForm::edit ? "cidr" : list_of(alias.kind).field,
                     cidr->text() + " is a range: give a single address");
    alias.adopt = fields.flag("adopt").value_or(false);
    if (alias.kind == netcfg::Kind::elastic) {
        if (cidr && cidr->address.v6)
            fields.error(form == AliasForm::edit ? "cidr" : "address",
                         cidr->text() + " is IPv6: elastic addresses are IPv4");
        if (form != AliasForm::edit) return;
    }
    alias.preferred = fields.flag("preferred").value_or(false);
    alias.detect_duplicate = fields.flag("detectDuplicate").value_or(false);
    for (const std::string_view name : {"preferred", "detectDuplicate"})
        if (fields.has(name) && cidr && !cidr->address.v6)
            fields.error(name, "is for IPv6, and " + cidr->text() + " is none; leave it out");
    if (alias.detect_duplicate && cidr && cidr->is_range())
        fields.error("detectDuplicate",
                     "is for a single address, and " + cidr->text() + " is a range; leave it out");
}

/// What is wanted on one NIC; the first one alone has name servers.
std::optional<netcfg::Primary> read_primary(Fields& fields, bool first) {
    netcfg::Primary primary;
    std::optional<netcfg::Prefix> address;
    if (const auto at = fields.need("address")) {
        address = read_prefix(*at);
        if (address && at->text(address_text)->find('/') == std::string::npos) {
            at->error("has no prefix length: write it as " + address->address.text() + "/24");
            address.reset();
        }
        if (address) {
            primary.address = *address;
            const std::string unfit = unfit_for_host(address->address, *address);
            if (!unfit.empty()) {
                at->error(address->address.text() + " " + unfit);
                address.reset();
            }
        }
    }
    if (const auto at = fields.find("gateway")) {
        primary.gateway = read_address(*at);
        // An IPv6 gateway is often link-local, which is on link whatever the prefix says.
        const bool link_local = primary.gateway && primary.gateway->is_link_local();
        if (primary.gateway && address) {
            if (primary.gateway->v6 != address->address.v6)
                at->error("is of another family than \"address\"");
            else if (*primary.gateway == address->address)
                at->error("is the host's own address");
            else if (!link_local && !address->contains(*primary.gateway))
                at->error(primary.gateway->text() + " is not in " + address->network().text() +
                          ": a gateway must be on link");
        }
    }
    if (const auto at = first ? fields.find("dns") : std::nullopt)
        primary.dns = read_addresses(*at, 8);
    primary.mtu = fields.number32("mtu", 576, 9216);
    if (primary.mtu && address && address->address.v6 && *primary.mtu < 1280)
        fields.error("mtu", std::to_string(*primary.mtu) + " is too small: IPv6 needs 1280");
    if (const auto at = fields.find("routes"))
        if (const auto items = at->items(most_items))
            for (const Cursor& item : *items)
                if (auto route = item.fields()) read_route(*route, primary.routes, primary);
    fields.refuse_unknown();
    if (!address) return std::nullopt;
    return primary;
}

/// Two entries of different lists, or the primary address and one.
void refuse_twice(Fields& network, const netcfg::Wanted& wanted) {
    std::map<netcfg::Address, const netcfg::Alias*> single;
    for (const netcfg::Alias& alias : *wanted.aliases) {
        const netcfg::Address& address = alias.cidr.address;
        if (alias.cidr.is_range()) continue;
        if (wanted.primary && wanted.primary->address.address == address) {
            network.self().findings().error(
                alias.where, address.text() + " is the host's primary address already");
            continue;
        }
        const auto [before, added] = single.try_emplace(address, &alias);
        if (!added && before->second->kind != alias.kind)
            network.self().findings().error(
                alias.where, address.text() + " stands before, in \"" +
                                 std::string(list_of(before->second->kind).name) + '"');
    }
}

netcfg::Wanted read_one_nic(Fields& network, bool first) {
    netcfg::Wanted wanted;
    if (auto nic = network.fields("nic"))
        if (auto selector = read_nic(*nic)) wanted.nic = std::move(*selector);
    read_made(network, first, wanted);
    if (auto primary = network.fields("primary")) wanted.primary = read_primary(*primary, first);
    for (const netcfg::Kind kind : listed_kinds) {
        if (!first && kind == netcfg::Kind::elastic) continue;  // they choose their NIC themselves
        const auto at = network.find(list_of(kind).name);
        if (!at) continue;
        netcfg::Kinds kinds;
        kinds.add(kind);
        std::vector<netcfg::Alias>& all = wanted.manage(kinds);
        std::vector<netcfg::Alias> more = read_aliases(*at, most_items, AliasForm::native, kind);
        all.insert(all.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
    }
    if (wanted.aliases) refuse_twice(network, wanted);
    return wanted;
}

/// A list of which each element is read by itself, none twice.
template <class T>
std::vector<T> read_distinct(const Cursor& at, std::size_t most,
                             std::optional<T> (*read)(const Cursor&)) {
    std::vector<T> all;
    const auto items = at.items(most);
    if (!items) return all;
    for (const Cursor& item : *items) {
        const auto one = read(item);
        if (!one) continue;
        if (std::find(all.begin(), all.end(), *one) != all.end())
            item.error(one->text() + " stands before");
        else
            all.push_back(*one);
    }
    return all;
}

}  // namespace

std::optional<netcfg::Address> read_address(const Cursor& at) {
    const auto text = at.text(address_text);
    if (!text) return std::nullopt;
    const auto address = netcfg::Address::parse(*text);
    if (address) return *address;
    at.error(in_quotes(*text) + " is not an IP address");
    return std::nullopt;
}

std::optional<netcfg::Prefix> read_prefix(const Cursor& at) {
    const auto text = at.text(address_text);
    if (!text) return std::nullopt;
    const auto prefix = netcfg::Prefix::parse(*text);
    if (prefix) return *prefix;
    at.error(in_quotes(*text) + " is not an IP address with a prefix length, such as 10.0.1.0/24");
    return std::nullopt;
}

std::optional<netcfg::Prefix> read_network_prefix(const Cursor& at) {
    const auto prefix = read_prefix(at);
    if (!prefix || !prefix->has_host_bits()) return prefix;
    at.error(prefix->text() + " has host bits set: the network is " + prefix->network().text());
    return std::nullopt;
}

std::vector<netcfg::Address> read_addresses(const Cursor& at, std::size_t most) {
    return read_distinct(at, most, read_address);
}

std::string unfit_for_host(const netcfg::Address& address, const netcfg::Prefix& network) {
    const auto& bytes = address.bytes;
    if (address.v6) {
        if (bytes[0] == 0xFF) return "is a multicast address";
        if (std::all_of(bytes.begin(), bytes.end() - 1, [](auto byte) { return byte == 0; }) &&
            bytes[15] <= 1)
            return bytes[15] == 0 ? "is the unspecified address" : "is the loopback address";
        return {};
    }
    if (bytes[0] == 0) return "is in 0.0.0.0/8, which no host can have";
    if (bytes[0] == 127) return "is a loopback address";
    if (bytes[0] >= 240) return "is in 240.0.0.0/4, which no host can have";
    if (bytes[0] >= 224) return "is a multicast address";
    if (network.length > 30) return {};
    if (address == network.network().address) return "is the address of the network itself";
    bool broadcast = true;
    for (unsigned bit = network.length; bit < 32; ++bit)
        broadcast =
            broadcast && ((static_cast<unsigned>(bytes[bit / 8]) >> (7 - bit % 8)) & 1U) != 0;
    return broadcast ? "is the broadcast address of " + network.network().text() : std::string();
}

AddressList list_of(netcfg::Kind kind) noexcept {
    if (kind == netcfg::Kind::secondary) return {"secondaries", "address"};
    if (kind == netcfg::Kind::elastic) return {"elastics", "address"};
    return {"aliases", "cidr"};
}

std::vector<netcfg::Prefix> read_pools(const Cursor& at) {
    return read_distinct(at, most_pools, read_network_prefix);
}

std::vector<netcfg::Prefix> read_withdrawn(const Cursor& at) {
    return read_distinct(at, most_items, read_prefix);
}

std::vector<netcfg::Alias> read_aliases(const Cursor& at, std::size_t most, AliasForm form,
                                        netcfg::Kind kind) {
    std::vector<netcfg::Alias> aliases;
    const auto items = at.items(most);
    if (!items) return aliases;
    std::set<netcfg::Prefix> seen;
    const std::string_view field = form == AliasForm::edit ? "cidr" : list_of(kind).field;
    for (const Cursor& item : *items) {
        auto fields = item.fields();
        if (!fields) continue;
        netcfg::Alias alias{.where = pointer_to(item.pointer(), field), .kind = kind};
        std::optional<netcfg::Prefix> cidr;
        const bool vendor = form == AliasForm::vendor;
        if (auto id = vendor ? fields->need_text("id", {.most = 128, .form = &forms::id})
                             : fields->text("id", {.most = 128, .form = &forms::id}))
            alias.id = std::move(*id);
        if (const auto where = fields->need(field)) cidr = read_prefix(*where);
        if (!vendor) read_ways(*fields, cidr, form, alias);
        vendor ? fields->note_unknown() : fields->refuse_unknown();
        if (!cidr) continue;
        if (!seen.insert(*cidr).second) {
            fields->error(field, cidr->text() + " stands before");
            continue;
        }
        alias.cidr = *cidr;
        aliases.push_back(std::move(alias));
    }
    return aliases;
}

netcfg::Wanted read_network(Fields& network) {
    netcfg::Wanted wanted = read_one_nic(network, true);
    if (const auto at = network.find("pools")) wanted.pools = read_pools(*at);
    const auto others = network.find("otherNics");
    const auto items = others ? others->items(most_other_nics) : std::nullopt;
    if (!items) return wanted;
    for (const Cursor& item : *items) {
        auto fields = item.fields();
        if (!fields) continue;
        netcfg::Wanted other = read_one_nic(*fields, false);
        fields->refuse_unknown();
        const bool twice =
            std::any_of(wanted.others.begin(), wanted.others.end(),
                        [&](const netcfg::Wanted& before) { return before.same_nic(other); });
        if (twice ||
            (wanted.same_nic(other) && (other.nic != netcfg::NicSelector() || other.bonded())))
            item.error("is the same NIC as one before: say all that is wanted on it in one place");
        else
            wanted.others.push_back(std::move(other));
    }
    return wanted;
}

}  // namespace metalwright::spec
