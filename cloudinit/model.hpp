#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace metalwright::cloudinit {

/// What is done once for an instance; afterwards it is the tenant's own.
struct Wanted {
    std::string instance_id;
    std::optional<std::string> hostname{};
    std::optional<std::string> password_hash{};                 ///< crypt(5) form, for root
    std::optional<std::vector<std::string>> authorized_keys{};  ///< whole lines, for root
    std::set<std::string> done{};  ///< items the store has as done for this instance

    bool operator==(const Wanted&) const = default;
};

struct Observed {
    std::string hostname_file{};
    std::string hostname_now{};
    std::string hosts{};            ///< /etc/hosts, whole
    std::string shadow{};           ///< /etc/shadow, whole
    std::string authorized_keys{};  ///< /root/.ssh/authorized_keys, whole

    bool operator==(const Observed&) const = default;
};

/// The life of user data. `started` is durable before anything runs; at most one run, ever.
enum class ScriptState { none, pending, started, exited, killed, timed_out, interrupted, unknown };

std::string_view to_string(ScriptState state) noexcept;         ///< "none", ..., "timed-out", ...
ScriptState script_state_from(std::string_view word) noexcept;  ///< unknown for an unknown word

/// A script as ordered, decoded.
struct Script {
    std::string instance_id;
    std::string bytes;
    std::chrono::seconds timeout{3600};

    bool operator==(const Script&) const = default;
};

/// What is known of a run.
struct ScriptStatus {
    ScriptState state = ScriptState::none;
    std::optional<int> exit_code{};  ///< when exited
    std::optional<int> signal{};     ///< when killed

    bool operator==(const ScriptStatus&) const = default;
};

}  // namespace metalwright::cloudinit
