#pragma once

#include <filesystem>
#include <string>

#include "core/error.hpp"

namespace metalwright::agent::link {

/// The bearer token in `path`: one line of at most 4096 printable characters, the newline dropped.
/// Its content is in no error. Errors: those of sys::read_secret_file(), invalid_spec (empty, or no
/// token).
Result<std::string> read_token(const std::filesystem::path& path);

}  // namespace metalwright::agent::link
