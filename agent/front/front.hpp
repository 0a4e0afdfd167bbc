#pragma once

#include <chrono>
#include <filesystem>

namespace metalwright::agent::front {

struct FrontOptions {
    std::filesystem::path gate = "/run/metalwright-link/link.sock";
    std::filesystem::path state = "/var/lib/metalwright-link";  ///< its own: what it was issued
    std::chrono::milliseconds again{1'000};                     ///< between two tries to connect
};

/// The process that faces the network, until SIGTERM or SIGINT: connects to the gate of
/// metalwrightd, does what its hello says (the https link, the listener over TCP), and connects
/// again whenever the connection is lost. Reads no configuration, opens no file but its own.
/// Returns the exit code: 0 after a stop that was asked for, 1 when it can do nothing here.
int run(const FrontOptions& options);

}  // namespace metalwright::agent::front
