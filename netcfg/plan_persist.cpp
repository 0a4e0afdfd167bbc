#include <algorithm>

#include "netcfg/persist/text.hpp"
#include "netcfg/planner.hpp"

namespace metalwright::netcfg {
namespace {

const TextFile* file_at(const Persisted& persisted, std::string_view path) {
    const auto it = std::ranges::find(persisted.files, path, &TextFile::path);
    return it == persisted.files.end() ? nullptr : &*it;
}

/// What our boot file is to be; a reason when there is to be none of ours.
struct BootFile {
    TextFile file{};
    std::optional<Error> reason{};
};

std::optional<Error> left_to_others(const Draft& draft) {
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

/// Whether this file is that of a NIC of this plan.
bool is_of_plan(const Draft& draft, std::string_view path) {
    const Site& site = draft.site;
    return std::ranges::any_of(site.observed().links, [&](const Link& link) {
        return (link.index == site.nic().index || !site.answers_for(link.index)) &&
               path == path_for(draft, link);
    });
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
        halves.head = networkd ? persist::networkd_head(nic, draft.primary->accepted)
                               : persist::ifupdown_head(nic, draft.primary->accepted);
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
                networkd_files = networkd_files || file.path.ends_with(".network");
            }
    if (op == PersistConfig{}) return draft.unchanged(draft.site.line("persist"));
    draft.step_after_guard(draft.site.line("persist"), "write " + boot.file.path, std::move(op));
    if (networkd_files && persisted.networkd_running)
        draft.step_after_guard(draft.site.line("persist"),
                               "have systemd-networkd read its files again", ReloadPersister{});
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
