#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "sys/files.hpp"
#include "sys/signatures.hpp"

namespace metalwright::sys {

/// Reads a device again only when the kernel has counted a write or a discard to it since, or when
/// it is another device (its sequence number): a look at two dozen disks costs seconds of seeking.
/// Where the kernel does not count (statistics are off, a driver that does not account, a kernel
/// before 5.15 without such numbers), each probe reads. For plans; what is about to write to a disk
/// looks for itself. May be used from several threads.
class RememberedSignatures final : public Signatures {
 public:
    RememberedSignatures(Signatures& reader, Files& files, std::filesystem::path sys = "/sys")
        : reader_(reader), files_(files), sys_(std::move(sys)) {}

    Result<std::vector<BlockSignature>> probe(const std::string& device) override;

 private:
    /// What the kernel says of the disk that a device is, or is a part of.
    struct Count {
        std::string reads{};    ///< ever since
        std::string changes{};  ///< differs after a write, and on another disk; empty: not told
    };
    struct Known {
        std::string changes;
        std::vector<BlockSignature> found;
    };
    Count count(const std::string& device);

    Signatures& reader_;
    Files& files_;
    std::filesystem::path sys_;
    std::mutex mutex_;
    std::map<std::string, Known> known_;  // by device
};

}  // namespace metalwright::sys
