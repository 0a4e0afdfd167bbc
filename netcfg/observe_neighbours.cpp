#include "netcfg/observe_neighbours.hpp"

#include <algorithm>

#include "netcfg/persist/lines.hpp"
#include "netcfg/persist/neighbours.hpp"

namespace metalwright::netcfg {
namespace {

constexpr std::string_view networkd_files = "/etc/systemd/network";
constexpr std::string_view link_states = "/run/systemd/netif/links/";
constexpr std::string_view network_manager_state = "/run/NetworkManager";

/// The content of a file; nothing when it is not there.
Result<std::optional<std::string>> content_of(sys::Files& files, const std::string& path) {
    Result<std::string> content = files.read(path);
    if (content) return std::optional(std::move(*content));
    if (content.error().code == Errc::not_found) return std::optional<std::string>();
    return std::unexpected(content.error());
}

/// `path` is left empty when networkd does not manage the link.
Result<TextFile> network_file_of(sys::Files& files, int ifindex) {
    auto state = content_of(files, std::string(link_states) + std::to_string(ifindex));
    if (!state) return std::unexpected(state.error());
    TextFile found;
    if (!*state) return found;
    constexpr std::string_view key = "NETWORK_FILE=";
    for (const std::string_view line : persist::lines(**state))
        if (line.starts_with(key)) found.path = line.substr(key.size());
    if (found.path.empty()) return found;
    auto content = content_of(files, found.path);
    if (!content) return std::unexpected(content.error());
    found.content = std::move(*content).value_or("");
    return found;
}

Result<void> add_drop_ins(sys::Files& files, TextFile& file) {
    const std::string folder = file.path.substr(file.path.rfind('/') + 1) + ".d/";
    for (const std::string_view root :
         {"/usr/lib/systemd/network/", "/run/systemd/network/", "/etc/systemd/network/"}) {
        const std::string directory = std::string(root) + folder;
        Result<std::vector<std::string>> names = files.list(directory);
        if (!names) return std::unexpected(names.error());
        for (const std::string& name : *names) {
            const std::string path = directory + name;
            if (!name.ends_with(".conf") || persist::is_neighbour_file(path)) continue;
            auto content = content_of(files, path);
            if (!content) return std::unexpected(content.error());
            if (*content) file.content += '\n' + **content;
        }
    }
    return {};
}

}  // namespace

Result<void> observe_neighbours(sys::Files& files, const NeighbourFiles& told, Observed& observed) {
    Persisted& persisted = observed.persisted;
    persisted.network_manager_running = files.exists(network_manager_state);

    std::vector<std::string> paths{std::string(persist::networkd_conf_file),
                                   std::string(persist::network_manager_conf_file)};
    Result<std::vector<std::string>> names = files.list(networkd_files);
    if (!names) return std::unexpected(names.error());
    for (const std::string& name : *names)
        if (name.ends_with(".network.d"))
            paths.push_back(persist::networkd_drop_in_path(name.substr(0, name.size() - 2)));
    for (const std::string& path : paths) {
        auto content = content_of(files, path);
        if (!content) return std::unexpected(content.error());
        if (*content) persisted.files.push_back({path, std::move(**content)});
    }
    std::ranges::sort(persisted.files);

    if (!told.networkd) return {};
    for (const Link& link : observed.links) {
        Result<TextFile> file = network_file_of(files, link.index);
        if (!file) return std::unexpected(file.error());
        if (file->path.empty()) continue;
        if (Result<void> added = add_drop_ins(files, *file); !added) return added;
        persisted.network_files.push_back({link.index, std::move(*file)});
    }
    return {};
}

}  // namespace metalwright::netcfg
