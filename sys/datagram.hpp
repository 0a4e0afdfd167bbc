#pragma once

#include <string_view>

namespace metalwright::sys {

/// Sends one datagram to a Unix socket: a path, or "@name" for an abstract one. False when it was
/// not taken: nobody is there, or it is too large for the socket.
bool send_datagram(std::string_view address, std::string_view bytes);

}  // namespace metalwright::sys
