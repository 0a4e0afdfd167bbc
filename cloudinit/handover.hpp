#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace metalwright::cloudinit {

// What only cloud-init reads is handed to the real one. It is given its own kind of source, a
// NoCloud seed, with the instance's id, by which it knows what it has done: a boot later it does
// nothing again that is once per instance.

/// The script that is run in the place of user data: it puts the seed from `directory` where
/// cloud-init looks for it, keeps it away from what is settled here (network, and the host name
/// where the order `names_host`), and runs its four stages. Its exit status is that of `cloud-init
/// status`: 0, or 1 when a stage had errors.
std::string cloud_init_script(const std::filesystem::path& directory,
                              const std::filesystem::path& cloud_init, bool names_host);

/// The seed's meta-data.
std::string cloud_init_meta_data(std::string_view instance_id);

}  // namespace metalwright::cloudinit
