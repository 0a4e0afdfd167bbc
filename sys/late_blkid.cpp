// libblkid, loaded when a disk is first looked at.

#include <blkid/blkid.h>

#include "sys/late.hpp"

// What the header has its callers warned of says nothing to a type.
#pragma GCC diagnostic ignored "-Wignored-attributes"

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
// clang-format off
#define LATE_FROM(name) "libblkid.so.1"
LATE_0(blkid_new_probe)
LATE_1(blkid_do_probe) LATE_1(blkid_free_probe)
LATE_2(blkid_probe_enable_partitions) LATE_2(blkid_probe_enable_superblocks)
LATE_2(blkid_probe_set_partitions_flags) LATE_2(blkid_probe_set_superblocks_flags)
LATE_4(blkid_probe_lookup_value) LATE_4(blkid_probe_set_device)
    // clang-format on
    // NOLINTEND(readability-inconsistent-declaration-parameter-name)
