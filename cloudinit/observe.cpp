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

}  // namespace

Result<Observed> observe(Doors& doors) {
    Observed seen{.hostname_now = doors.host.name()};
    for (const auto& [path, into] :
         {std::pair{paths::hostname, &seen.hostname_file}, std::pair{paths::hosts, &seen.hosts},
          std::pair{paths::shadow, &seen.shadow},
          std::pair{paths::authorized_keys, &seen.authorized_keys}})
        if (Result<void> read = read_if_there(doors.files, path, *into); !read)
            return std::unexpected(std::move(read).error());
    return seen;
}

}  // namespace metalwright::cloudinit
