#include <algorithm>

#include "netcfg/persist/links.hpp"
#include "netcfg/persist/text.hpp"
#include "netcfg/planner.hpp"
#include "netcfg/stack.hpp"

namespace metalwright::netcfg {
namespace {

const TextFile* file_at(const Persisted& persisted, std::string_view path) {
    const auto it = std::ranges::find(persisted.files, path, &TextFile::path);
    return it == persisted.files.end() ? nullptr : &*it;
}

/// What our boot file is to be; a reason when there is to be none of ours.
struct BootFile {
    TextFile file{};
    std::vector<TextFile> links{};  ///< what makes the NIC, where it is a bond or a VLAN of ours
    std::optional<Error> reason{};
};

/// The links as they will be, with those that somebody else makes as if they were plain NICs.
std::vector<Link> links_of_ours(const Draft& draft) {
    const Site& site = draft.site;
    std::vector<Link> links = site.observed().links;
    for (Link& link : links) {
        if (link.index == site.nic().index && draft.primary)
            link.mtu = draft.primary->accepted.mtu.value_or(link.mtu);
        if (is_made_by_us(link, site.observed().persisted)) continue;
        link.kind.clear();
        link.bond.reset();
    }
    return links;
}

bool stands_on_another(const Site& site) {
    return site.nic().kind == "vlan" && is_made_by_us(site.nic(), site.observed().persisted);
}

std::vector<std::string> vlans_on(const Site& site, int parent) {
    std::vector<std::string> names;
    for (const Link& link : site.observed().links)
        if (link.kind == "vlan" && link.parent == parent && site.in_plan(link.index) &&
            is_made_by_us(link, site.observed().persisted))
            names.push_back(link.name);
    return names;
}

/// Our file for what a VLAN stands on would take all of it from whoever sets it up.
std::optional<Error> parent_left_to_others(const Site& site) {
    if (!stands_on_another(site) || site.in_plan(site.nic().parent)) return std::nullopt;
    for (const KernelAddress& address : site.observed().addresses)
        if (address.ifindex == site.nic().parent && !address.prefix.address.is_link_local() &&
            !site.ours(address))
            return Error{Errc::unsupported,
                         "somebody else sets up " + site.link_name(address.ifindex) +
                             ", on which " + site.nic().name +
                             " stands: after a reboot the agent makes the VLAN itself",
                         "persist"};
    return std::nullopt;
}

std::optional<Error> left_to_others(const Draft& draft) {
    if (std::optional<Error> parents = parent_left_to_others(draft.site)) return parents;
    const Persisted& persisted = draft.site.observed().persisted;
    const std::string& nic = draft.site.nic().name;
    if (persisted.persister == Persister::none)
        return Error{Errc::unsupported,
                     "neither systemd-networkd nor ifupdown sets NICs up here: after a reboot the "
                     "agent sets the addresses itself",
                     "persist"};
    if (draft.primary && draft.primary->address)
        return Error{draft.primary->address->code,
                     "the primary address was refused; what is set up at boot stays as it is",
                     "persist"};
    if (persisted.persister == Persister::ifupdown)
        for (const TextFile& file : persisted.files)
            if (file.path.starts_with("/etc/network/") && !persist::is_ours(file.path) &&
                persist::has_stanza(file.content, nic))
                return Error{Errc::conflict,
                             file.path + " sets up " + nic +
                                 " already and is left alone; take its stanza out to have the "
                                 "addresses before the agent is there",
                             file.path};
    return std::nullopt;
}

std::string path_for(const Draft& draft, const Link& nic) {
    return draft.site.observed().persisted.persister == Persister::networkd
               ? persist::networkd_path(nic)
               : persist::ifupdown_path(nic);
}

/// The files that make a NIC of this plan, without those that are a NIC's own.
std::vector<TextFile> files_that_make(const Draft& draft, const Link& nic) {
    const Site& site = draft.site;
    if (site.observed().persisted.persister != Persister::networkd) return {};
    const std::vector<Link> links = links_of_ours(draft);
    const auto own = std::ranges::find(links, nic.index, &Link::index);
    if (own == links.end()) return {};
    std::vector<TextFile> files = persist::networkd_links(*own, links, vlans_on(site, own->parent));
    std::erase_if(files, [&](const TextFile& file) {
        return std::ranges::any_of(links, [&](const Link& link) {
            return site.in_plan(link.index) && file.path == path_for(draft, link);
        });
    });
    return files;
}

/// Whether this file is that of a NIC of this plan.
bool is_of_plan(const Draft& draft, std::string_view path) {
    const Site& site = draft.site;
    return std::ranges::any_of(site.observed().links, [&](const Link& link) {
        if (!site.in_plan(link.index)) return false;
        if (path == path_for(draft, link)) return true;
        const std::vector<TextFile> files = files_that_make(draft, link);
        return std::ranges::find(files, path, &TextFile::path) != files.end();
    });
}

std::string commands_for(const Draft& draft) {
    const std::vector<Link> links = links_of_ours(draft);
    const auto own = std::ranges::find(links, draft.site.nic().index, &Link::index);
    return own == links.end() ? std::string() : persist::ifupdown_links(*own, links);
}

BootFile boot_file(const Draft& draft) {
    BootFile boot;
    boot.reason = left_to_others(draft);
    if (boot.reason) return boot;

    const Link& nic = draft.site.nic();
    const bool networkd = draft.site.observed().persisted.persister == Persister::networkd;
    boot.file.path = path_for(draft, nic);
    const TextFile* current = file_at(draft.site.observed().persisted, boot.file.path);
    persist::Halves halves = persist::split(current == nullptr ? "" : current->content);

    if (draft.primary) {
        halves.head =
            networkd ? persist::networkd_head(nic, draft.primary->accepted,
                                              vlans_on(draft.site, nic.index))
                     : persist::ifupdown_head(nic, draft.primary->accepted, commands_for(draft));
        boot.links = files_that_make(draft, nic);
    } else if (halves.head.empty()) {
        // A file of ours would take the whole NIC from whoever sets up its primary address.
        boot.reason = Error{Errc::unsupported,
                            "the primary address is not in the spec, so the set-up at boot stays "
                            "somebody else's: after a reboot the agent sets the aliases itself",
                            "persist"};
        return boot;
    }
    if (draft.site.wanted().aliases) {
        std::vector<Alias> accepted;
        for (const JudgedAlias& judged : draft.aliases)
            if (!judged.error) accepted.push_back(*judged.alias);
        halves.tail =
            networkd ? persist::networkd_tail(accepted) : persist::ifupdown_tail(nic, accepted);
    }
    boot.file.content = persist::join(halves);
    return boot;
}

/// What networkd has to be told with new files of links that are there already.
ReloadPersister reload_for(const PersistConfig& op, const Draft& draft) {
    ReloadPersister reload{.stale = draft.stale};
    const auto is_written = [&](const std::string& path) {
        return std::ranges::find(op.write, path, &TextFile::path) != op.write.end();
    };
    for (const Link& link : draft.site.observed().links) {
        if (is_written(persist::netdev_path(link))) reload.made.push_back({link.index, link.name});
        if (is_written(persist::networkd_path(link))) reload.nics.push_back(link.name);
    }
    return reload;
}

void plan_boot(Draft& draft, const BootFile& boot) {
    const Persisted& persisted = draft.site.observed().persisted;
    if (boot.reason) return draft.skipped(draft.site.line("persist"), *boot.reason);

    PersistConfig op;
    const TextFile* current = file_at(persisted, boot.file.path);
    bool networkd_files = false;
    if (current == nullptr || current->content != boot.file.content) {
        op.write.push_back(boot.file);
        networkd_files = persisted.persister == Persister::networkd;
    }
    for (const TextFile& file : boot.links)
        if (std::ranges::find(persisted.files, file) == persisted.files.end()) {
            op.write.push_back(file);
            networkd_files = true;
        }
    if (persisted.persister == Persister::ifupdown) {
        const TextFile* interfaces = file_at(persisted, persist::interfaces_file);
        const std::string text = interfaces == nullptr ? "" : interfaces->content;
        if (!persist::is_sourced(text, boot.file.path))
            op.write.push_back(
                {std::string(persist::interfaces_file), persist::with_source_line(text)});
    }
    // Of a NIC that is in no plan any more, or of the other way of setting NICs up.
    if (draft.primary && draft.site.first())
        for (const TextFile& file : persisted.files)
            if (persist::is_ours(file.path) && !is_of_plan(draft, file.path)) {
                op.remove.push_back(file.path);
                networkd_files = networkd_files || file.path.starts_with("/etc/systemd/network/");
            }
    if (op == PersistConfig{}) return draft.unchanged(draft.site.line("persist"));
    ReloadPersister reload = reload_for(op, draft);
    draft.step_after_guard(
        draft.site.line("persist"),
        "write " + boot.file.path + (boot.links.empty() ? "" : ", and what makes the NIC"),
        std::move(op));
    if (networkd_files && persisted.networkd_running)
        draft.step_after_guard(draft.site.line("persist"),
                               "have systemd-networkd read its files again", std::move(reload));
}

void plan_dns(Draft& draft, const BootFile& boot) {
    if (!draft.primary || draft.site.wanted().primary->dns.empty()) return;
    if (draft.primary->dns) return draft.failed("dns", *draft.primary->dns);
    const Persisted& persisted = draft.site.observed().persisted;
    const std::vector<Address>& servers = draft.primary->accepted.dns;

    const bool ours_to_write =
        persisted.resolv_conf == ResolvConf::file || persisted.resolv_conf == ResolvConf::absent;
    const std::string path =
        ours_to_write ? std::string(persist::resolv_conf_file) : boot.file.path;
    const TextFile* current = file_at(persisted, path);
    const std::string text = current == nullptr ? "" : current->content;
    if (ours_to_write) {
        const std::string wanted = persist::resolv_conf(text, servers);
        // The C library's own bound: MAXNS in resolv.h.
        const std::string note =
            servers.size() > 3 ? "programs ask the first three name servers only" : "";
        if (wanted == text) return draft.unchanged("dns", note);
        return draft.step_after_guard("dns", "write the name servers to " + path,
                                      PersistConfig{.write = {{path, wanted}}});
    }
    if (boot.reason)
        return draft.skipped(
            "dns", {boot.reason->code,
                    path.empty() || persisted.resolv_conf == ResolvConf::resolved
                        ? "/etc/resolv.conf is written by systemd-resolved, and there is no file "
                          "of ours to name the servers to it; name them there"
                        : "/etc/resolv.conf is a link to somebody else's file; name the servers "
                          "there",
                    "dns"});
    if (persist::dns_lines(text) == persist::dns_lines(boot.file.content))
        return draft.unchanged("dns", "named to the resolver in " + path);
    draft.step_after_guard("dns", "name the servers to the resolver in " + path,
                           PersistConfig{.write = {boot.file}});
}

}  // namespace

void plan_persist(Draft& draft) {
    const BootFile boot = boot_file(draft);
    plan_dns(draft, boot);
    plan_boot(draft, boot);
    if (draft.site.first()) plan_neighbours(draft, boot.reason ? std::string() : boot.file.path);
}

}  // namespace metalwright::netcfg
