#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/spec/cursor.hpp"
#include "agent/spec/model.hpp"

namespace metalwright::spec {

/// User data in strict Base64, decoded and looked at (cloudinit/user_data.hpp); what was put right
/// in it becomes a note. Never quoted.
std::optional<std::string> read_script(const Cursor& base64);

/// {"base64","timeoutSeconds","onInterrupted","retries","backoffSeconds","afterFailure","stream",
/// "metadata","secrets"}
std::optional<UserData> read_user_data(Fields& fields);

/// One OpenSSH public key as a line "[options] type base64 [comment]"; the Base64 must hold that
/// type.
std::optional<std::string> read_public_key(const Cursor& at);

/// A list of such lines, no key twice.
std::vector<std::string> read_public_keys(const Cursor& at);

}  // namespace metalwright::spec
