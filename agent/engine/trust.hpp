#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/desk/desk.hpp"
#include "agent/spec/trusted_keys.hpp"
#include "core/error.hpp"

namespace metalwright::engine {

struct Options;

/// Whether documents of this source come from afar, so that nobody here has vouched for them. All
/// do but those that somebody on the host has handed in, or a vendor's call that was verified.
bool came_over_a_link(std::string_view source);

/// The keys in `file`, read anew each time: an operator changes them while we run. Errors: those of
/// sys::read_own_file() and spec::read_trusted_keys(), which name the file.
std::expected<std::vector<spec::TrustedKey>, Errors> load_trusted_keys(
    const std::filesystem::path& file);

/// The generation that a document is signed as, where that can be verified; nothing where it need
/// not be signed and is not. Errors: refused when it may not be believed; those of
/// load_trusted_keys().
std::expected<std::optional<std::uint64_t>, Errors> signed_generation(
    const agent::Submission& submission, const Options& options);

}  // namespace metalwright::engine
