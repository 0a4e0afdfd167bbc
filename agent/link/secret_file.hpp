#pragma once

#include <filesystem>
#include <string>

#include "core/error.hpp"

namespace metalwright::agent::link {

/// Refuses a secret that others on this host could read. Errors: not_found, io (cannot be looked
/// at, not a regular file), refused (others may read it).
Result<void> check_secret_file(const std::filesystem::path& path);

/// The bearer token in `path`: one line of at most 4096 printable characters, the newline dropped.
/// Its content is in no error. Errors: those above, invalid_spec (empty, or no token).
Result<std::string> read_token(const std::filesystem::path& path);

}  // namespace metalwright::agent::link
