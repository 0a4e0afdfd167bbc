#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/cli/fields.hpp"

/// What must not leave a host is taken out of what does. Pure.
namespace metalwright::agent::cli {

/// What stands in the place of a secret.
inline constexpr std::string_view redacted_word = "[redacted]";

/// The text without: each of `secrets`, as it is and in Base64, wherever it stands; hashes of
/// passwords (crypt(5)); private keys (PEM); users and passwords in URLs; what stands behind
/// "Bearer"; long Base64, which may be user data; and the values of settings whose name says that
/// they are secret (`password = ...`). Secrets of fewer than six bytes are not looked for: they
/// would be found everywhere.
std::string redacted(std::string_view text, const std::vector<std::string>& secrets);

/// The same in every string of it, and without the members that hold secrets or what is the
/// tenant's by their name: passwords, tokens, user data and what it has put out.
Json redacted_json(const Json& json, const std::vector<std::string>& secrets);

}  // namespace metalwright::agent::cli
