#pragma once

#include <string>

#include "agent/daemon/config.hpp"
#include "agent/gate/gate.hpp"
#include "core/error.hpp"

/// The daemon where metalwright-link faces the network in its place: it was handed a socket named
/// `link` to meet it on.
namespace metalwright::daemon {

/// Where metalwright-link is met, and where it keeps what this host was issued, as the units have
/// it.
inline constexpr const char* gate_socket = "/run/metalwright-link/link.sock";
inline constexpr const char* outside_state = "/var/lib/metalwright-link";
inline constexpr const char* outside_identity = "/var/lib/metalwright-link/identity";

/// FileDescriptorName= of metalwright-link.socket.
constexpr const char* gate_name = "link";

/// What stays inside then: every link but https.
Config inside_of(const Config& config);

/// What metalwright-link is told to do. Errors: as make_links() has them, of https.
Result<agent::gate::GateOptions> gate_options(const Config& config, const std::string& host_id);

}  // namespace metalwright::daemon
