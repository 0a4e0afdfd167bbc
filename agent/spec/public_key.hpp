#pragma once

#include <string>
#include <string_view>

namespace metalwright::spec {

// A line of authorized_keys(5): options, type, key, comment. Pure.

/// "type base64" of a line, without its options and its comment.
std::string_view public_key_of(std::string_view line);

/// Why `line` is no public key; empty when it is one. RFC 4253 section 6.6: the blob starts with
/// the length and the name of its type.
std::string not_a_public_key(std::string_view line);

}  // namespace metalwright::spec
