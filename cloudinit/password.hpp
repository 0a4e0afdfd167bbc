#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"

namespace metalwright::cloudinit {

/// JD Cloud's rules: 8 to 30 characters of letters, digits and ()`~!@#$%^&*_-+=|{}[]:";'<>,.?/ ; at
/// least three of upper case, lower case, digit, special; not the user name root; none of the words
/// jd JD 360 bug BUG com COM cloud CLOUD password PASSWORD as they are written here; no three or
/// more consecutive digits (123, 987), letters of one case (abc, CBA) or neighbours on a keyboard
/// row or column (qwe, qaz, trewq).
/// Errors: invalid_spec; the message names the rule, never the password or a part of it.
Result<void> check_password(std::string_view plain);

/// Twenty characters, drawn by the kernel, that keep those rules and go through any shell unquoted:
/// letters, digits, and -_.+=@ . Errors: io.
Result<std::string> random_password();

/// The crypt(5) form to put into /etc/shadow: yescrypt, the library's default cost (about 0.1 s),
/// a salt of the kernel's. Every copy made on the way is wiped; `plain` stays the caller's to wipe.
/// Errors: invalid_spec (empty, over 511 bytes, a NUL inside), internal (libcrypt without
/// yescrypt).
Result<std::string> hash_password(std::string_view plain);

/// Whether `hash` may stand in /etc/shadow: "$id$...", no colon, blank or control character.
/// Errors: invalid_spec; never quotes it.
Result<void> check_password_hash(std::string_view hash);

/// Overwrites the characters so that the compiler cannot leave it out, and empties the string.
void wipe(std::string& secret) noexcept;

}  // namespace metalwright::cloudinit
