#include "agent/front/held_file.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace metalwright::agent::front {

Result<HeldFile> HeldFile::of(std::string_view content) {
    sys::Fd memory(::memfd_create("metalwright-file", MFD_CLOEXEC));
    // Secrets are looked at as if they lay on a disk.
    bool written = memory && ::fchmod(memory.get(), 0600) == 0;
    while (written && !content.empty()) {
        const ssize_t count = ::write(memory.get(), content.data(), content.size());
        if (count < 0 && errno == EINTR) continue;
        written = count > 0;
        if (written) content.remove_prefix(static_cast<std::size_t>(count));
    }
    if (!written) return fail(Errc::no_space, "there is no memory to hold a file", {}, errno);
    return HeldFile(std::move(memory));
}

std::string HeldFile::path() const {
    return "/proc/self/fd/" + std::to_string(memory_.get());
}

}  // namespace metalwright::agent::front
