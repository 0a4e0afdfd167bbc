#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "core/error.hpp"

namespace metalwright::sys {

/// Refuses a secret that others on this host could read. Errors: not_found, io (cannot be looked
/// at, not a regular file), refused (others may read it).
Result<void> check_secret_file(const std::filesystem::path& path);

/// Its content, at most `most` bytes of it. Errors: those above. The content is in none.
Result<std::string> read_secret_file(const std::filesystem::path& path,
                                     std::size_t most = std::size_t{64} << 10);

/// The content, at most `most` bytes of it, of a file that anybody may read and nobody but root or
/// we ourselves may change. Errors: not_found, io, refused (others may write it).
Result<std::string> read_own_file(const std::filesystem::path& path,
                                  std::size_t most = std::size_t{64} << 10);

}  // namespace metalwright::sys
