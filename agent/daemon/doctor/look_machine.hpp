#pragma once

#include "agent/daemon/doctor/seen.hpp"

namespace metalwright::daemon::doctor {

/// Tools, NICs, arrays and controllers.
void look_at_machine(Seen& seen);

File look_at_file(const std::filesystem::path& path);

}  // namespace metalwright::daemon::doctor
