#include <algorithm>

#include "cloudinit/paths.hpp"
#include "cloudinit/room.hpp"

namespace metalwright::cloudinit {
namespace {

Result<void> read_if_there(sys::Files& files, const char* path, std::string& into) {
    Result<std::string> content = files.read(path);
    if (!content && content.error().code != Errc::not_found)
        return std::unexpected(std::move(content).error());
    if (content) into = *std::move(content);
    return {};
}

bool is_host_key(std::string_view name) {
    return name.starts_with("ssh_host_") && name.ends_with("_key");
}

Result<HostIdentity> observe_identity(sys::Files& files) {
    HostIdentity identity;
    if (Result<void> read = read_if_there(files, paths::machine_id, identity.machine_id); !read)
        return std::unexpected(read.error());
    identity.machine_id.erase(std::min(identity.machine_id.find('\n'), identity.machine_id.size()));
    const Result<std::vector<std::string>> names = files.list(paths::host_keys);
    if (!names) return std::unexpected(names.error());
    for (const std::string& name : *names) {
        if (!is_host_key(name)) continue;
        const std::string path = std::string(paths::host_keys) + '/' + name + ".pub";
        if (Result<void> read = read_if_there(files, path.c_str(), identity.host_keys[name]); !read)
            return std::unexpected(read.error());
    }
    return identity;
}

}  // namespace

Result<Observed> observe(Doors& doors) {
    Observed seen{.hostname_now = doors.host.name()};
    for (const auto& [path, into] :
         {std::pair{paths::hostname, &seen.hostname_file}, std::pair{paths::hosts, &seen.hosts},
          std::pair{paths::shadow, &seen.shadow},
          std::pair{paths::authorized_keys, &seen.authorized_keys},
          std::pair{paths::cloud_init_host_name, &seen.cloud_init_told}})
        if (Result<void> read = read_if_there(doors.files, path, *into); !read)
            return std::unexpected(std::move(read).error());
    seen.cloud_init = doors.files.exists(paths::cloud_init);
    Result<HostIdentity> identity = observe_identity(doors.files);
    if (!identity) return std::unexpected(identity.error());
    seen.identity = std::move(*identity);
    return seen;
}

}  // namespace metalwright::cloudinit
