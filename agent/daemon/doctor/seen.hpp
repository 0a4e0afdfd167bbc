#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/daemon/config.hpp"
#include "agent/link/certificate.hpp"
#include "agent/link/host_certificate.hpp"
#include "agent/link/url.hpp"
#include "agent/store/checkup.hpp"
#include "core/error.hpp"
#include "netcfg/model.hpp"
#include "raid/controller.hpp"
#include "raid/model.hpp"

/// What the doctor has seen of this host: plain data, of which judge.hpp makes findings. What was
/// not looked at is empty.
namespace metalwright::daemon::doctor {

/// As stat(2) and open(2) tell of a file.
struct File {
    enum class Kind { regular, directory, other };

    std::filesystem::path path{};
    int error = ENOENT;  ///< errno of stat(2); 0: it is there
    Kind kind = Kind::regular;
    unsigned mode = 0;   ///< permission bits
    unsigned uid = 0;    ///< its owner
    int open_error = 0;  ///< errno of reading it

    bool there() const noexcept { return error == 0; }
    /// We were not let to it: nothing is known.
    bool hidden() const noexcept {
        return error == EACCES || error == EPERM || open_error == EACCES || open_error == EPERM;
    }
};

/// A file of the configuration that holds a secret.
struct Secret {
    std::string key;  ///< "link.https.token_file"
    File file{};
    Result<void> content{};  ///< what is wrong with what is in it, without a word of it
};

/// Of the file system that the state is on.
struct Space {
    std::filesystem::path at{};
    std::uint64_t bytes = 0;   ///< free
    std::uint64_t inodes = 0;  ///< free
    bool counts_inodes = true;
    bool read_only = false;
};

/// A URL of the configuration.
struct NamedUrl {
    std::string key;
    std::string text;
    Result<agent::link::Url> url{};
};

/// A name and what became of looking it up.
struct NamedHost {
    std::string name;
    Result<std::vector<std::string>> addresses{};
};

/// Certificates of one file of the configuration.
struct Certificates {
    std::string key;
    std::filesystem::path file{};
    Result<std::vector<agent::link::Validity>> validities{};
    bool authorities = false;  ///< any one of them may do
};

/// A program that something is done with.
struct Tool {
    std::string name;
    std::string needed_for;
    Result<std::string> path{};
    bool optional = false;  ///< most orders do without
};

/// A RAID controller as the PCI bus shows it.
struct PciController {
    std::string slot;  ///< "0000:3b:00.0"
    unsigned vendor = 0;
    unsigned subsystem_vendor = 0;
    std::string driver{};  ///< empty: none has it

    bool operator==(const PciController&) const = default;
};

/// Who else configures a NIC.
struct NicOwners {
    std::string network_file{};    ///< of systemd-networkd, where it manages the NIC
    bool network_manager = false;  ///< NetworkManager manages it
};

/// Who this host is to its control plane, where it is enrolled.
struct IdentitySeen {
    std::filesystem::path directory{};
    std::optional<Error> error{};  ///< it could not be looked at, or cannot be used
    std::optional<agent::link::HostCertificate> certificate{};
    bool revoked = false;   ///< and the control plane has revoked it
    std::string trouble{};  ///< why the next certificate is not there yet, as the daemon noted it
    File token_file{};
    bool token_used = false;  ///< the token in it has been exchanged
};

struct Seen {
    unsigned uid = 0;  ///< who looks
    std::chrono::sys_seconds now{};
    int built_in = 0;  ///< the year that this program was built in

    File config_file{};
    bool config_named = false;  ///< asked for by name: it has to be there
    Errors config_errors{};
    Config config{};  ///< where it is wrong: the defaults
    Errors catalogue_errors{};
    std::vector<Secret> secrets{};

    File state_dir{};
    File database{};
    std::optional<Space> space{};
    std::optional<Result<store::Checkup>> store{};

    std::vector<NamedUrl> urls{};
    std::vector<NamedHost> hosts{};
    std::vector<Certificates> certificates{};
    std::optional<IdentitySeen> identity{};  ///< where [link.https] enrolment_file is named
    Result<void> link_tls{};
    Result<void> api_tls{};
    std::optional<File> watched_directory{};
    File gate{};  ///< the socket on which metalwright-link is met

    std::optional<bool> synchronized{};  ///< what the kernel says of its clock

    bool systemd = false;  ///< it started this host
    File runner{};
    std::vector<Tool> tools{};

    Result<netcfg::Observed> network{};
    std::map<int, NicOwners> owners{};  ///< by ifindex

    Result<std::vector<raid::Array>> arrays{};
    std::vector<PciController> pci_controllers{};
    std::vector<std::string> raid_tools{};           ///< that are there, or that are named
    std::optional<raid::Controllers> controllers{};  ///< none: no tool was asked
};

}  // namespace metalwright::daemon::doctor
