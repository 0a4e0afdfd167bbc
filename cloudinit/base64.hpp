#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"

namespace metalwright::cloudinit {

/// Strict Base64: the standard alphabet, padding required, no blanks or line breaks, no bits left
/// over. Source: RFC 4648 sections 3.2, 3.3, 3.5, 4. Empty text is empty bytes.
/// Errors: invalid_spec, with the offset of the first wrong character; never quotes the text.
Result<std::string> decode_base64(std::string_view text);

/// The same alphabet, with padding, on one line.
std::string encode_base64(std::string_view bytes);

/// Strict base64url: the URL alphabet, no padding, else as above. Each byte string has one text
/// alone. Source: RFC 7515 section 2, RFC 4648 section 5. Errors: as decode_base64().
Result<std::string> decode_base64url(std::string_view text);

std::string encode_base64url(std::string_view bytes);

}  // namespace metalwright::cloudinit
