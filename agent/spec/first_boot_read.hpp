#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/spec/cursor.hpp"
#include "agent/spec/model.hpp"

namespace metalwright::spec {

/// A script in strict Base64, decoded and looked at: first line, size, no NUL. Never quoted.
std::optional<std::string> read_script(const Cursor& base64);

/// {"base64","timeoutSeconds","rerunInterrupted"}
std::optional<UserData> read_user_data(Fields& fields);

/// One OpenSSH public key as a line "type base64 [comment]"; the Base64 must hold that type.
std::optional<std::string> read_public_key(const Cursor& at);

/// A list of such lines, no key twice.
std::vector<std::string> read_public_keys(const Cursor& at);

}  // namespace metalwright::spec
