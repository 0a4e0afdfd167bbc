#include "agent/spec/address_edit.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "agent/spec/native.hpp"
#include "agent/spec/network_read.hpp"

namespace metalwright::spec {
namespace {

constexpr std::size_t most_at_once = 16384;

/// Two lengths of one address are one thing on the wire; two ranges only when they are equal.
netcfg::Prefix key_of(const netcfg::Prefix& cidr) {
    return cidr.is_range() ? cidr : netcfg::Prefix::single(cidr.address);
}

class Edit {
 public:
    Edit(std::span<const Sourced> in_force, const std::string& instance) {
        for (const Sourced& one : in_force)
            if (one.source == address_source) edited_.document = one.spec;
        for (const Sourced& one : in_force)
            if (one.source != address_source) others(one);
        HostSpec& document = edited_.document;
        if (document.host_id.empty() && !in_force.empty())
            document.host_id = in_force.front().spec.host_id;
        document.instance_id = instance;
        document.generation.reset();
        document.token.reset();
        if (!document.network) document.network.emplace();
        if (!document.network->aliases) document.network->aliases.emplace();
        const std::set<netcfg::Prefix> leases(document.leases.begin(), document.leases.end());
        for (const netcfg::Alias& alias : *document.network->aliases)
            if (!leases.contains(alias.cidr)) keep(alias);
        for (const netcfg::Prefix& lease : document.leases) leased_.insert(key_of(lease));
    }

    void count(const SecondaryCount& more) {
        if (more == SecondaryCount()) return;
        SecondaryCount& count = edited_.document.secondary_count.emplace(
            edited_.document.secondary_count.value_or(SecondaryCount()));
        count.ipv4 += more.ipv4;
        count.ipv6 += more.ipv6;
        edited_.counts = true;
    }

    void add(const netcfg::Alias& alias) {
        const std::string cidr = alias.cidr.text();
        const auto own = own_.find(key_of(alias.cidr));
        if (own == own_.end()) {
            if (leased_.contains(key_of(alias.cidr))) return edited_.unchanged.push_back(cidr);
            // What was taken away comes back as it was ordered.
            if (std::erase(edited_.document.withdrawn, alias.cidr) > 0)
                return edited_.added.push_back(cidr);
            if (const auto other = others_.find(key_of(alias.cidr)); other != others_.end())
                return conflict(cidr + " is wanted by " + other->second.name + " already",
                                alias.where);
            keep(alias);
            edited_.added.push_back(cidr);
            return;
        }
        const netcfg::Alias& known = order_[own->second].alias;
        if (known.cidr != alias.cidr)
            return conflict(known.cidr.text() +
                                " is there, the same address with another length; "
                                "remove it first",
                            alias.where);
        const bool another_way = (alias.routed && !known.routed) || (alias.adopt && !known.adopt) ||
                                 (alias.preferred && !known.preferred) ||
                                 (alias.detect_duplicate && !known.detect_duplicate) ||
                                 (alias.as != netcfg::Alias::As::automatic && alias.as != known.as);
        if (alias.kind != known.kind)
            return conflict(cidr + " is there, of the kind " +
                                std::string(netcfg::to_string(known.kind)) + "; remove it first",
                            alias.where);
        if ((!alias.id.empty() && alias.id != known.id) || another_way)
            return conflict(cidr + " is there with another id or way; remove it first",
                            alias.where);
        edited_.unchanged.push_back(cidr);
    }

    void remove(const AddressEdit::Removal& removal) {
        const std::string cidr = removal.cidr.text();
        const netcfg::Prefix key = key_of(removal.cidr);
        const auto own = own_.find(key);
        if (own != own_.end() && (removal.bare || order_[own->second].alias.cidr == removal.cidr)) {
            Kept& kept = order_[own->second];
            edited_.removed.push_back(kept.alias.cidr.text());
            kept.gone = true;
            own_.erase(own);
            return;
        }
        if (own == own_.end() && leased_.erase(key) > 0) return give_back(removal.cidr.address);
        if (own != own_.end())
            return absent(
                cidr + " is not wanted; it is there as " + order_[own->second].alias.cidr.text(),
                removal.where);
        const auto other = others_.find(key);
        if (other != others_.end() && other->second.ordered) {
            edited_.document.withdrawn.push_back(other->second.cidr);
            edited_.removed.push_back(other->second.cidr.text());
            others_.erase(other);
            return;
        }
        if (other != others_.end())
            return conflict(cidr + " is wanted by " + other->second.name +
                                ", and only a document of that source takes it away",
                            removal.where);
        absent(cidr + " is wanted by nobody; `metalwright ip list` shows what is", removal.where);
    }

    std::expected<EditedAddresses, Errors> take() {
        if (!errors_.empty()) return std::unexpected(std::move(errors_));
        netcfg::Wanted& network = *edited_.document.network;
        network.aliases->clear();
        for (Kept& kept : order_) {
            if (kept.gone) continue;
            network.managed.add(kept.alias.kind);
            network.aliases->push_back(std::move(kept.alias));
        }
        return std::move(edited_);
    }

 private:
    struct Kept {
        netcfg::Alias alias;
        bool gone = false;
    };

    void give_back(const netcfg::Address& address) {
        HostSpec& document = edited_.document;
        std::erase_if(document.leases,
                      [&](const netcfg::Prefix& lease) { return lease.address == address; });
        SecondaryCount& count = *document.secondary_count;
        std::uint32_t& of_family = address.v6 ? count.ipv6 : count.ipv4;
        if (of_family > 0) --of_family;
        edited_.removed.push_back(netcfg::Prefix::single(address).text());
    }

    void keep(const netcfg::Alias& alias) {
        own_.emplace(key_of(alias.cidr), order_.size());
        order_.push_back({alias});
    }

    void others(const Sourced& source) {
        if (!source.spec.network) return;
        const std::string name =
            source.source + " (generation " + std::to_string(source.generation) + ")";
        const netcfg::Wanted& network = *source.spec.network;
        if (network.primary)
            others_.try_emplace(netcfg::Prefix::single(network.primary->address.address),
                                Wanting{name + ", as the primary address,"});
        if (!network.aliases) return;
        const auto& withdrawn = edited_.document.withdrawn;
        for (const netcfg::Alias& alias : *network.aliases)
            if (std::ranges::find(withdrawn, alias.cidr) == withdrawn.end())
                others_.try_emplace(key_of(alias.cidr),
                                    Wanting{name, !source.spec.dialect.empty(), alias.cidr});
    }

    void conflict(std::string message, const std::string& where) {
        errors_.push_back({Errc::conflict, std::move(message), where});
    }
    void absent(std::string message, const std::string& where) {
        errors_.push_back({Errc::not_found, std::move(message), where});
    }

    EditedAddresses edited_;
    std::vector<Kept> order_;
    std::map<netcfg::Prefix, std::size_t> own_;
    std::set<netcfg::Prefix> leased_;
    /// Another source that wants an address.
    struct Wanting {
        std::string name;
        bool ordered = false;  ///< as part of a vendor's order, from which a later call takes it
        netcfg::Prefix cidr{};
    };
    std::map<netcfg::Prefix, Wanting> others_;
    Errors errors_;
};

void read_removals(const Cursor& at, std::vector<AddressEdit::Removal>& removals) {
    const auto items = at.items(most_at_once);
    if (!items) return;
    for (const Cursor& item : *items) {
        const auto cidr = read_prefix(item);
        if (!cidr) continue;
        const bool bare = item.text({.most = 64})->find('/') == std::string::npos;
        const auto same = [&](const AddressEdit::Removal& other) { return other.cidr == *cidr; };
        if (std::ranges::any_of(removals, same))
            item.error(cidr->text() + " stands before");
        else
            removals.push_back({*cidr, bare, item.pointer()});
    }
}

}  // namespace

std::expected<AddressEdit, Errors> read_address_edit(std::string_view request) {
    const auto document = parse_json(request);
    if (!document) return std::unexpected(document.error());
    Findings findings;
    AddressEdit edit;
    if (auto fields = Cursor(*document, "", findings).fields()) {
        if (const auto at = fields->find("add"))
            edit.add = read_aliases(*at, most_at_once, AliasForm::edit);
        if (auto count = fields->fields("count")) {
            edit.count = {.ipv4 = count->number32("ipv4", 0, most_leases).value_or(0),
                          .ipv6 = count->number32("ipv6", 0, most_leases).value_or(0)};
            count->refuse_unknown();
        }
        if (const auto at = fields->find("remove")) read_removals(*at, edit.remove);
        edit.dry_run = fields->flag("dryRun").value_or(false);
        fields->refuse_unknown();
        for (const AddressEdit::Removal& removal : edit.remove)
            if (std::ranges::find(edit.add, removal.cidr, &netcfg::Alias::cidr) != edit.add.end())
                findings.error(removal.where, removal.cidr.text() + " is to be added too");
        if (findings.clean() && edit.add.empty() && edit.remove.empty() &&
            edit.count == SecondaryCount())
            fields->self().error(R"(names no address: give "add", "count" or "remove")");
    }
    if (!findings.clean()) return std::unexpected(findings.take_errors(*document));
    return edit;
}

std::expected<EditedAddresses, Errors> edit_addresses(const AddressEdit& edit,
                                                      std::span<const Sourced> in_force,
                                                      const std::string& instance) {
    Edit edited(in_force, instance);
    for (const AddressEdit::Removal& removal : edit.remove) edited.remove(removal);
    for (const netcfg::Alias& alias : edit.add) edited.add(alias);
    edited.count(edit.count);
    return edited.take();
}

std::string native_text(const HostSpec& spec) {
    return native_json(spec, Secrets::leave_out).dump();
}

}  // namespace metalwright::spec
