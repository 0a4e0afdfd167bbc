#pragma once

#include <string>

namespace metalwright::daemon {

/// Where the log goes: "journal" (structured fields: OPERATION=, ITEM=, ...), "stderr" (one line
/// each, the fields at its end), or "auto": the journal when stderr is one (systemd's
/// JOURNAL_STREAM), else stderr. `level`: trace debug info warn error.
void set_up_log(const std::string& target, const std::string& level);

}  // namespace metalwright::daemon
