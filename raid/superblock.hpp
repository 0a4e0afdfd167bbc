#pragma once

#include <string>
#include <string_view>

namespace metalwright::raid {

/// Why a version 1 superblock that the kernel `running` writes keeps the kernel `boots` from
/// starting its array; empty when it does not, or when it is not known. Releases as uname(2) has
/// them. Source: Linux 6.19 writes logical_block_size into the superblock, and kernels before it
/// refuse one that has it ("does not have a valid v1.2 superblock").
std::string superblock_trouble(std::string_view running, std::string_view boots);

}  // namespace metalwright::raid
