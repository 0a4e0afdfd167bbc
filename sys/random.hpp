#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/error.hpp"

namespace metalwright::sys {

/// Fills `bytes` from getrandom(2); waits until the kernel has entropy (seconds at most, early in
/// the first boot). Errors: io, when the kernel refuses.
Result<void> fill_random(std::span<std::byte> bytes);

/// A version 4 UUID, lower case: "f47ac10b-58cc-4372-a567-0e02b2c3d479". Source: RFC 9562.
/// Errors: io.
Result<std::string> random_uuid();

/// The same 128 bits as mdadm writes them: "f47ac10b:58cc4372:a5670e02:b2c3d479". Errors: io.
Result<std::string> random_md_uuid();

}  // namespace metalwright::sys
