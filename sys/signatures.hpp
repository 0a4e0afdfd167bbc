#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace metalwright::sys {

/// One thing that libblkid recognises on a block device: a file system, a RAID or LVM member, swap,
/// a crypto header, a partition table.
struct BlockSignature {
    std::string type;          ///< blkid's word: "ext4", "LVM2_member", "linux_raid_member", "gpt"
    std::uint64_t offset = 0;  ///< of its magic, bytes from the start of the device
    std::string label{};
    std::string uuid{};

    bool operator==(const BlockSignature&) const = default;
};

/// The door to what is written on a disk. Real: BlkidSignatures.
/// Fake: tests/fakes/fake_signatures.hpp.
class Signatures {
 public:
    virtual ~Signatures() = default;

    /// Every signature on the device, in libblkid's order, then what end_marks() alone sees; empty
    /// when none is known to either (data without a signature are not seen). Errors: not_found, io
    /// (no medium, a read error).
    virtual Result<std::vector<BlockSignature>> probe(const std::string& device) = 0;
};

/// libblkid's low-level probing; the device is opened read-only, superblocks with broken checksums
/// count too. Works on image files as well.
class BlkidSignatures final : public Signatures {
 public:
    Result<std::vector<BlockSignature>> probe(const std::string& device) override;
};

}  // namespace metalwright::sys
