#pragma once

#include <filesystem>
#include <string_view>

#include "cloudinit/run_record.hpp"
#include "core/error.hpp"

namespace metalwright::runner {

/// Creates DIR/claim as this process's, durably. Only one process ever can.
/// Errors: conflict (the run was claimed before), io.
Result<void> claim_run(const std::filesystem::path& directory);

/// Writes DIR/result whole and durably. Errors: io.
Result<void> leave_result(const std::filesystem::path& directory,
                          const cloudinit::ScriptStatus& status);

/// For ExecStopPost: makes sure that DIR/result tells how the unit ended, from systemd's
/// $SERVICE_RESULT, $EXIT_CODE and $EXIT_STATUS. What the runner wrote itself stays, and so does
/// the record of another invocation. Errors: io.
Result<void> record_end(const std::filesystem::path& directory);

}  // namespace metalwright::runner
