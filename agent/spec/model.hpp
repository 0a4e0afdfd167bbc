#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cloudinit/model.hpp"
#include "core/error.hpp"
#include "netcfg/model.hpp"
#include "raid/model.hpp"

namespace metalwright::spec {

/// The one version of the native document that this agent reads.
inline constexpr std::string_view api_version = "metalwright/v1";

/// The bound on a document, in bytes of JSON text.
inline constexpr std::size_t most_document_bytes = std::size_t{1} << 20;

/// The most addresses that may be asked for by number, of each family.
inline constexpr std::uint32_t most_leases = 4096;

/// User data to run once for the instance, and how.
struct UserData {
    std::string bytes;                ///< decoded; cloudinit::read_user_data() takes it
    std::chrono::seconds timeout{0};  ///< 0: the host's default, [user_data] timeout_seconds
    bool rerun_interrupted = false;   ///< a run that was cut off is begun again
    std::uint32_t retries = 0;        ///< more attempts after one that did not exit 0
    std::chrono::seconds backoff{10};
    bool run_after_failure = false;                 ///< also when other items have failed
    bool stream = false;                            ///< its output goes to the control plane live
    std::map<std::string, std::string> metadata{};  ///< METALWRIGHT_META_<name> of the script
    std::map<std::string, std::string> secrets{};   ///< METALWRIGHT_SECRET_<name>, masked

    bool operator==(const UserData&) const = default;
};

/// Frees the host: holds only when `instance_id` is the instance in force.
struct Release {
    std::string instance_id;
    bool remove_arrays = false;  ///< those that metalwright made are taken down with their data

    bool operator==(const Release&) const = default;
};

/// How root's password is given: in one of these ways.
struct RootPassword {
    std::optional<std::string> plain{};  ///< only until accepted
    std::optional<std::string> hash{};   ///< crypt(5) form
    /// Drawn by the host, and told encrypted to this public key (PEM); only until accepted.
    std::optional<std::string> sealed_to{};

    bool operator==(const RootPassword&) const = default;
};

/// A new password of root for the instance in force: an operation of its own, which wants nothing
/// else and leaves everything else in force.
struct PasswordReset {
    std::string instance_id;
    RootPassword password{};

    bool operator==(const PasswordReset&) const = default;
};

/// Secondary addresses by number: which ones is the host's choice, from its pools.
struct SecondaryCount {
    std::uint32_t ipv4 = 0;
    std::uint32_t ipv6 = 0;

    bool operator==(const SecondaryCount&) const = default;
};

/// Something worth telling that is no error: a vendor's field this agent does not know.
struct Note {
    std::string where;    ///< JSON pointer
    std::string message;  ///< one sentence, no trailing period

    bool operator==(const Note&) const = default;
};

/// What one document wants of this host. An absent optional is unmanaged: nobody touches it. An
/// empty list is a wish: nothing of ours shall remain.
struct HostSpec {
    std::string host_id{};  ///< empty only when neither document nor context names one
    std::optional<std::string> instance_id{};  ///< a dialect's document may come without
    std::optional<std::string> instance_name{};
    std::optional<std::string> description{};
    std::optional<std::uint64_t> generation{};      ///< 1 .. 2^53-1
    std::optional<std::string> token{};             ///< idempotency; 1..64 printable ASCII
    std::vector<raid::WipeConsent> wipe_consent{};  ///< of the one operation this document starts
    std::vector<raid::Replacement> replace{};       ///< members that this one operation replaces
    bool reinstall = false;                 ///< what is done once for an instance is done once more
    std::optional<raid::Wanted> storage{};  ///< its `consent` is empty: see wipe_consent
    std::optional<netcfg::Wanted> network{};           ///< its `limits` are the defaults
    std::optional<std::uint32_t> bandwidth_mbps{};     ///< of the WAN NIC; 0: no limit of ours
    std::optional<std::uint32_t> extra_uplink_mbps{};  ///< on top, for what goes out
    std::optional<SecondaryCount> secondary_count{};
    /// Aliases that a vendor's order had, and that a later call has taken away: nobody wants them.
    std::vector<netcfg::Prefix> withdrawn{};
    std::vector<netcfg::Prefix>
        leases{};  ///< the addresses that were given for that, once it is in force
    std::optional<std::string> hostname{};
    bool renew_machine_id = false;
    bool renew_host_keys = false;
    RootPassword password{};
    std::optional<std::vector<std::string>> authorized_keys{};  ///< whole lines, for root
    std::optional<UserData> user_data{};
    // With one of these nothing else but host, generation and token is set:
    std::optional<Release> release{};
    std::optional<PasswordReset> reset{};

    std::string dialect{};  ///< "jdcloud.createInstances"; empty for a native document
    std::string kept{};     ///< a dialect's checked-only fields: compact JSON object, keys sorted
    std::vector<Note> notes{};

    bool operator==(const HostSpec&) const = default;
};

/// Whether there is something to do for the network room: addresses, or the bandwidth alone.
bool has_network(const HostSpec& spec) noexcept;

/// What `bandwidth_mbps` and `extra_uplink_mbps` come to; absent when there is no bandwidth, for
/// something extra is no limit by itself. What comes in is limited only where `ingress` says so.
std::optional<netcfg::Shaping> shaping_of(const HostSpec& spec, bool ingress) noexcept;

/// The cloudinit room's share of a spec: what is done once for the instance. `done` is the store's.
cloudinit::Wanted first_boot_of(const HostSpec& spec);

}  // namespace metalwright::spec
