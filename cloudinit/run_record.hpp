#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cloudinit/model.hpp"
#include "core/error.hpp"

namespace metalwright::cloudinit {

// What a run of user data leaves on disk, in its directory. Each file appears whole or not at all
// (write, fsync, rename) except `claim`, whose creation alone is what counts.

namespace run_files {
inline constexpr const char* script = "script";  ///< the customer's; "script.2" is the second part
inline constexpr const char* environment = "environment";  ///< "KEY=VALUE", each ended by a NUL
inline constexpr const char* secrets = "secrets";          ///< what is masked, each ended by a NUL
inline constexpr const char* cloud_init_user_data = "user-data";  ///< what cloud-init is given
inline constexpr const char* cloud_init_meta_data = "meta-data";  ///< likewise
inline constexpr const char* started = "started";        ///< a launch was decided; made before it
inline constexpr const char* claim = "claim";            ///< made by the one runner that may run it
inline constexpr const char* result = "result";          ///< how it ended
inline constexpr const char* log = "log";                ///< symbolic link to the output
inline constexpr const char* log_begins = "log-begins";  ///< at which byte of it this run begins
inline constexpr const char* last_output = "last-output";  ///< its end, kept by the runner
}  // namespace run_files

/// Who runs, or ran, the script. `start_time` is field 22 of /proc/PID/stat: with it and the boot
/// id a reused pid is not taken for the runner.
struct Claim {
    int pid = 0;
    std::uint64_t start_time = 0;
    std::string boot_id{};
    std::string invocation{};  ///< systemd's INVOCATION_ID; empty without systemd

    bool operator==(const Claim&) const = default;
};

std::string format_claim(const Claim& claim);
/// Errors: invalid_spec (a power cut may leave it empty).
Result<Claim> parse_claim(std::string_view text);

/// The file of one part, from 1 on: "script", "script.2", ...
std::string script_file(std::size_t part);

/// Each text with a NUL behind it, and back; an unfinished last one is none.
std::string join_nul(const std::vector<std::string>& texts);
std::vector<std::string> split_nul(std::string_view joined);

/// "exited 3\n", "killed 9\n", "timed-out\n", "interrupted\n"; then "attempts 2\n" where there were
/// several, and "part script.2\n".
std::string format_result(const ScriptStatus& status);
/// Errors: invalid_spec.
Result<ScriptStatus> parse_result(std::string_view text);

/// Field 22 of /proc/PID/stat; the name in field 2 may hold blanks and brackets. 0 when the process
/// is gone (a zombie is gone too) or the text is none.
std::uint64_t start_time_of(std::string_view proc_stat);

}  // namespace metalwright::cloudinit
