#pragma once

#include <filesystem>
#include <string>

#include "core/error.hpp"

namespace metalwright::agent::link {

/// The bearer token in `path`: one line of at most 4096 printable characters, the newline dropped.
/// Its content is in no error. Errors: those of sys::read_secret_file(), invalid_spec (empty, or no
/// token).
Result<std::string> read_token(const std::filesystem::path& path);

/// The same of what a file holds; `where` is for the error. Errors: invalid_spec.
Result<std::string> token_in(std::string text, const std::string& where);

}  // namespace metalwright::agent::link
