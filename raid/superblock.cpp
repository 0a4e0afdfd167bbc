#include "raid/superblock.hpp"

#include <charconv>
#include <optional>
#include <utility>

namespace metalwright::raid {
namespace {

using Version = std::pair<unsigned, unsigned>;

/// "6.1.0-30-amd64" -> 6, 1.
std::optional<Version> version_of(std::string_view release) {
    Version version;
    const char* const end = release.data() + release.size();
    const auto [dot, bad] = std::from_chars(release.data(), end, version.first);
    if (bad != std::errc() || dot == end || *dot != '.') return std::nullopt;
    if (std::from_chars(dot + 1, end, version.second).ec != std::errc()) return std::nullopt;
    return version;
}

constexpr Version first_with_block_size{6, 19};

}  // namespace

std::string superblock_trouble(std::string_view running, std::string_view boots) {
    const std::optional<Version> now = version_of(running), then = version_of(boots);
    if (!now || !then || *now < first_with_block_size || *then >= first_with_block_size) return {};
    return "the kernel that runs (" + std::string(running) +
           ") writes superblocks that the one which the host will boot (" + std::string(boots) +
           ") refuses: make the array under a kernel before 6.19, or boot 6.19 or later";
}

}  // namespace metalwright::raid
