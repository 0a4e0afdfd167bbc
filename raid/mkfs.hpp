#pragma once

#include <string>
#include <vector>

#include "raid/op.hpp"

namespace metalwright::raid {

/// Arguments of mkfs.<op.type> for this device. Neither asks anything, and neither discards: on a
/// large array that takes minutes, and fstrim does it later. ext4 fills its inode tables in the
/// background. Source: mke2fs(8), mkfs.xfs(8).
std::vector<std::string> mkfs_args(const MakeFilesystem& op, const std::string& device);

}  // namespace metalwright::raid
