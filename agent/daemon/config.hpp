#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cloudinit/userdata.hpp"
#include "core/error.hpp"
#include "netcfg/model.hpp"

namespace metalwright::daemon {

/// /etc/metalwright/metalwright.toml. Every key is described in metalwright.toml(5); one that is
/// not known there is an error, so that a misspelt key is not a silent default.
struct Config {
    std::string host_id{};  ///< empty: the chassis' serial number, else the machine id
    std::filesystem::path catalogue{};

    std::string log_level = "info";   ///< trace debug info warn error
    std::string log_target = "auto";  ///< auto journal stderr

    std::filesystem::path admin_socket = "/run/metalwright/admin.sock";

    /// The vendors' APIs over TCP; empty: nobody listens.
    std::string tcp_address{};
    unsigned tcp_port = 7443;
    std::filesystem::path tcp_keys_file{};
    std::filesystem::path tcp_cert_file{};
    std::filesystem::path tcp_key_file{};
    std::chrono::seconds tcp_skew{900};  ///< how far a signer's clock may be off

    std::filesystem::path state_dir = "/var/lib/metalwright";
    std::uint64_t outbox_max_bytes = 64ULL << 20;

    netcfg::NicSelector nic{};
    std::string persist = "auto";  ///< auto systemd-networkd ifupdown none
    netcfg::Limits limits{};
    netcfg::Guard guard{};
    netcfg::NicSelector wan{};
    std::vector<netcfg::Prefix> pools{};
    bool shape_ingress = false;
    netcfg::NeighbourFiles neighbours{};

    /// Programs of the storcli family; none: those that are installed where their packages put
    /// them; empty: none is asked.
    std::optional<std::vector<std::string>> raid_tools{};
    std::chrono::seconds watch_controllers{60};  ///< between two looks; 0: nobody looks

    std::chrono::seconds script_timeout{3600};
    std::filesystem::path runner{};  ///< of user data; empty: where it is installed
    cloudinit::UserDataLimits user_data{};
    cloudinit::RunLimits run_limits{};

    std::string reporting_link = "auto";  ///< auto https file none
    std::filesystem::path trusted_keys_file{};
    bool require_signature = false;

    std::vector<std::string> urls{};
    std::filesystem::path token_file{};
    std::filesystem::path ca_file{};
    std::filesystem::path cert_file{};
    std::filesystem::path key_file{};
    std::filesystem::path enrolment_file{};
    std::filesystem::path crl_file{};
    std::string proxy{};
    std::chrono::seconds wait{60};
    std::chrono::milliseconds backoff_min{500};
    std::chrono::milliseconds backoff_max{60'000};
    std::uint64_t batch = 64;

    std::filesystem::path watched_directory{};
};

/// Reads the TOML text; all errors at once, each with line and key. `file` is for the messages.
std::expected<Config, Errors> read_config(std::string_view text, std::string_view file);

/// The host's id where the configuration names none: /sys/class/dmi/id/product_serial, else
/// /etc/machine-id. Errors: not_found, with the key to set.
Result<std::string> default_host_id();

}  // namespace metalwright::daemon
