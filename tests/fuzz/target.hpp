#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace metalwright::fuzz {

using Bytes = std::vector<std::uint8_t>;

/// Puts one input through the code under test and aborts where a promise of its header is broken.
/// Each target has one of its own; LLVMFuzzerTestOneInput and the replay both call it.
void run(std::span<const std::uint8_t> input);

/// Valid inputs to start from.
std::vector<Bytes> seeds();

}  // namespace metalwright::fuzz
