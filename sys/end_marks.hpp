#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "sys/signatures.hpp"

namespace metalwright::sys {

/// Reads up to `bytes` at `offset`; shorter only at the end of the device. Errors: io.
using ReadAt = std::function<Result<std::string>(std::uint64_t offset, std::size_t bytes)>;

/// The magics that RAID, LVM, LUKS, swap, bcache, ZFS and GPT leave at both ends of a device of
/// this size, each looked for by itself: libblkid wants a whole header and misses what was half
/// overwritten, as a ZFS pool of which only the labels at the end are left. One finding a type, at
/// the first offset. Types in libblkid's words.
/// Source: the kernel's md_p.h, LVM2's label.c, cryptsetup's LUKS2 on-disk format, mkswap(8),
/// bcache's on-disk format, OpenZFS' vdev_label.c, the UEFI specification, SNIA's DDF.
Result<std::vector<BlockSignature>> end_marks(std::uint64_t size, const ReadAt& read);

}  // namespace metalwright::sys
