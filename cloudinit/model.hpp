#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace metalwright::cloudinit {

/// By what a host is told from others. A copy of an image has those of the image until it gets its
/// own.
struct HostIdentity {
    std::string machine_id{};
    /// "ssh_host_ed25519_key" -> its public half, a line.
    std::map<std::string, std::string> host_keys{};

    bool operator==(const HostIdentity&) const = default;
};

/// What is done once for an instance; afterwards it is the tenant's own.
struct Wanted {
    std::string instance_id;
    std::optional<std::string> hostname{};
    std::optional<std::string> password_hash{};                 ///< crypt(5) form, for root
    std::optional<std::vector<std::string>> authorized_keys{};  ///< whole lines, for root
    bool renew_machine_id = false;
    bool renew_host_keys = false;
    /// As it was when this began; what is still the same has not been renewed. Absent: as it is.
    std::optional<HostIdentity> before{};
    std::set<std::string> done{};  ///< items the store has as done for this instance

    bool operator==(const Wanted&) const = default;
};

/// An instance that leaves the host: what was its own goes.
struct Leaving {
    std::string instance_id;
    std::set<std::string> done{};  ///< items the store has as done for it

    bool operator==(const Leaving&) const = default;
};

struct Observed {
    std::string hostname_file{};
    std::string hostname_now{};
    std::string hosts{};            ///< /etc/hosts, whole
    std::string shadow{};           ///< /etc/shadow, whole
    std::string authorized_keys{};  ///< /root/.ssh/authorized_keys, whole
    HostIdentity identity{};
    bool cloud_init = false;        ///< it is installed, and could name the host at each boot
    std::string cloud_init_told{};  ///< what paths::cloud_init_host_name holds
    /// What a run of user data has left, where it was asked about: its files but for the marks.
    std::vector<std::string> left_by_run{};

    bool operator==(const Observed&) const = default;
};

/// The life of user data. `started` is durable before anything runs; at most one run, ever.
enum class ScriptState { none, pending, started, exited, killed, timed_out, interrupted, unknown };

std::string_view to_string(ScriptState state) noexcept;         ///< "none", ..., "timed-out", ...
ScriptState script_state_from(std::string_view word) noexcept;  ///< unknown for an unknown word

/// User data as ordered, and how it is to be run.
struct Script {
    std::string instance_id;
    std::string bytes;                   ///< decoded; read_user_data() takes it
    std::chrono::seconds timeout{3600};  ///< of the whole run, all attempts and parts together
    unsigned retries = 0;                ///< more attempts after one that did not exit 0
    std::chrono::seconds backoff{10};    ///< before the first of them; doubled before each other
    std::vector<std::string> environment{};  ///< "KEY=VALUE", beside what every script gets
    std::vector<std::string> secrets{};      ///< never seen in the output: "***" stands for them

    bool operator==(const Script&) const = default;
};

/// What is known of a run.
struct ScriptStatus {
    ScriptState state = ScriptState::none;
    std::optional<int> exit_code{};  ///< when exited; of several parts the first that is not 0
    std::optional<int> signal{};     ///< when killed
    unsigned attempts = 1;           ///< so many times it was tried, within the one run
    std::string failed_part{};       ///< which of several parts that code or signal is of

    bool operator==(const ScriptStatus&) const = default;
};

}  // namespace metalwright::cloudinit
