#pragma once

#include "agent/daemon/config.hpp"

namespace metalwright::daemon {

/// Runs until SIGTERM or SIGINT: the wiring of the whole agent. Returns the exit code: 0 after a
/// stop that was asked for, 1 when it could not start (the log says why).
int run(const Config& config);

}  // namespace metalwright::daemon
