#include "sys/datagram.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>

#include "sys/fd.hpp"

namespace metalwright::sys {

bool send_datagram(std::string_view address, std::string_view bytes) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    const bool abstract = address.starts_with('@');
    if (address.size() < 2 || (!abstract && address.front() != '/') ||
        address.size() >= sizeof to.sun_path)
        return false;
    std::ranges::copy(address, to.sun_path);
    if (abstract) to.sun_path[0] = '\0';
    // The name of an abstract socket ends where the length says, not at a NUL.
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size() +
                                               (abstract ? 0 : 1));
    const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket) return false;
    return ::sendto(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&to), length) >= 0;
}

}  // namespace metalwright::sys
