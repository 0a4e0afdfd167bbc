#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/daemon/config.hpp"
#include "core/error.hpp"

namespace metalwright::daemon {

/// Something that was taken away, or would be.
struct Cleaned {
    std::string path;
    std::string what;  ///< in words, for people: "the machine-id; made anew at the next boot"

    bool operator==(const Cleaned&) const = default;
};

/// What makes a host this host and not another: what metalwright knows and has done (its state,
/// boot files, mounts, its own certificate, the instance's keys, root's password if an order has
/// set it), user data with its output, the machine-id, sshd's keys, DHCP leases and the journal
/// kept under the old machine-id. Disks, arrays and the running kernel are left alone.
///
/// `root`: this host, or an image unpacked there, of which no link leads out. `dry_run` changes
/// nothing. Errors: busy (the daemon is at work on it), io; what was cleaned before stays so, and
/// the same call goes on from there.
std::expected<std::vector<Cleaned>, Errors> clean(const Config& config,
                                                  const std::filesystem::path& root, bool dry_run);

/// {"root","dryRun","cleaned":[{"path","what"}]}
std::string clean_json(const std::vector<Cleaned>& cleaned, const std::filesystem::path& root,
                       bool dry_run);

/// {"errors":[{"code","message","where"}]}
std::string errors_json(const Errors& errors);

}  // namespace metalwright::daemon
