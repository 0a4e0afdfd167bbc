#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace metalwright::cloudinit {

/// One leaf of a MIME message.
struct MimePart {
    std::string type;    ///< "text/x-shellscript", in lower case; "text/plain" where none is said
    std::string name{};  ///< its file name; may be empty
    std::string body;    ///< decoded
    std::size_t offset = 0;  ///< of its first header in the message, in bytes

    bool operator==(const MimePart&) const = default;
};

/// Whether a text begins with a header field of MIME.
bool is_mime(std::string_view text) noexcept;

/// The leaves of a message in their order, multiparts inside multiparts opened up to four deep, at
/// most 64 of them. Transfer encodings 7bit, 8bit, binary, base64 and quoted-printable; lines may
/// end with LF alone. Errors: invalid_spec, with the offset.
/// Source: RFC 2045 sections 5 and 6, RFC 2046 section 5.1, RFC 2183.
Result<std::vector<MimePart>> split_mime(std::string_view message);

}  // namespace metalwright::cloudinit
