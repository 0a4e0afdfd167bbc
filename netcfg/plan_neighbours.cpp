#include <algorithm>

#include "netcfg/persist/neighbours.hpp"
#include "netcfg/persist/text.hpp"
#include "netcfg/planner.hpp"

namespace metalwright::netcfg {
namespace {

std::string_view name_in(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

/// The .network file of the NIC that needs a drop-in of ours; nullptr when none does.
const TextFile* somebody_elses_network_file(const Draft& draft, std::string_view boot_file) {
    const Persisted& persisted = draft.site.observed().persisted;
    const auto managed =
        std::ranges::find(persisted.network_files, draft.site.nic().index, &NetworkFile::ifindex);
    if (managed == persisted.network_files.end() || persist::is_ours(managed->file.path))
        return nullptr;
    // networkd takes the first file by name: ours, as soon as it has read it.
    if (persist::is_ours(boot_file) && boot_file.ends_with(".network") &&
        name_in(boot_file) < name_in(managed->file.path))
        return nullptr;
    return &managed->file;
}

/// The NIC, and what it stands on.
std::vector<Link> made_of(const Site& site) {
    std::vector<Link> links{site.nic()};
    for (std::size_t at = 0; at < links.size(); ++at)
        for (const Link& link : site.observed().links)
            if (link.index == links[at].parent || link.master == links[at].index)
                links.push_back(link);
    return links;
}

std::vector<TextFile> wanted_files(const Draft& draft, std::string_view boot_file) {
    const NeighbourFiles& told = draft.site.wanted().neighbours;
    std::vector<TextFile> files;
    if (told.networkd) {
        files.push_back({std::string(persist::networkd_conf_file), persist::networkd_conf()});
        if (const TextFile* network = somebody_elses_network_file(draft, boot_file))
            files.push_back({persist::networkd_drop_in_path(network->path),
                             persist::networkd_drop_in(persist::takes_leases(network->content))});
    }
    if (told.network_manager)
        files.push_back({std::string(persist::network_manager_conf_file),
                         persist::network_manager_conf(made_of(draft.site), !boot_file.empty())});
    return files;
}

std::string words_of(const PersistConfig& op) {
    std::string words;
    const auto add = [&](const char* verb, const std::string& path) {
        words += (words.empty() ? "" : ", ") + std::string(verb) + path;
    };
    for (const TextFile& file : op.write) add("write ", file.path);
    for (const std::string& path : op.remove) add("remove ", path);
    return words;
}

}  // namespace

void plan_neighbours(Draft& draft, const std::string& boot_file) {
    const Persisted& persisted = draft.site.observed().persisted;
    const std::vector<TextFile> wanted = wanted_files(draft, boot_file);
    PersistConfig op;
    // NetworkManager takes all addresses off a NIC that ceases to be its own while it runs, so that
    // is left to its next start, when it finds the NIC so from the beginning.
    bool may_reload = true;
    const auto look = [&](const TextFile& file) {
        may_reload = may_reload && !(file.path == persist::network_manager_conf_file &&
                                     persist::hands_over(file.content));
    };
    for (const TextFile& file : wanted) {
        look(file);
        if (std::ranges::find(persisted.files, file) == persisted.files.end())
            op.write.push_back(file);
    }
    for (const TextFile& file : persisted.files) {
        if (!persist::is_neighbour_file(file.path)) continue;
        look(file);
        if (std::ranges::find(wanted, file.path, &TextFile::path) == wanted.end())
            op.remove.push_back(file.path);
    }
    if (op == PersistConfig{}) {
        if (!wanted.empty()) draft.unchanged("neighbours");
        return;
    }

    // What is taken away from networkd it may find out by itself: a reload would have it set the
    // NIC up anew, and drop what others have put there.
    const bool reload_networkd =
        persisted.networkd_running && std::ranges::any_of(op.write, [](const TextFile& file) {
            return file.path.starts_with("/etc/systemd/network/");
        });
    const auto is_network_managers = [](std::string_view path) {
        return path == persist::network_manager_conf_file;
    };
    const bool reload_network_manager =
        may_reload && persisted.network_manager_running &&
        (std::ranges::any_of(op.write, is_network_managers, &TextFile::path) ||
         std::ranges::any_of(op.remove, is_network_managers));
    std::string words = words_of(op);
    draft.step_after_guard("neighbours", std::move(words), std::move(op));
    if (reload_networkd)
        draft.step_after_guard("neighbours", "have systemd-networkd read its files again",
                               ReloadPersister{});
    if (reload_network_manager)
        draft.step_after_guard("neighbours", "have NetworkManager read its configuration again",
                               ReloadNetworkManager{});
}

}  // namespace metalwright::netcfg
