#pragma once

#include <cstdint>
#include <string>

#include "core/error.hpp"

namespace metalwright::sys {

/// The door through which a block device is written to by ourselves, always opened O_EXCL: the
/// kernel refuses that while it is mounted, swapped on, or held by md, device-mapper or bcache.
/// Real: BlockEraser. Fake: tests/fakes/fake_eraser.hpp.
class Eraser {
 public:
    virtual ~Eraser() = default;

    /// Whether nobody uses the device now: it is opened alone and closed again, nothing is written.
    /// Errors: busy (somebody holds it), not_found, io.
    virtual Result<void> claim(const std::string& device) = 0;

    /// Zeros over the first and the last `bytes` of the device (over all of a smaller one), durable
    /// when it returns. Errors: as claim().
    virtual Result<void> zero_ends(const std::string& device, std::uint64_t bytes) = 0;
};

/// Works on image files as well, where O_EXCL means nothing.
class BlockEraser final : public Eraser {
 public:
    Result<void> claim(const std::string& device) override;
    Result<void> zero_ends(const std::string& device, std::uint64_t bytes) override;
};

}  // namespace metalwright::sys
