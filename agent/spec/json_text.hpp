#pragma once

#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace metalwright::spec {

/// Keeps the document's own order of fields, so that errors can be told in it.
using Json = nlohmann::ordered_json;

/// The bound on how deep objects and arrays may stand in each other.
inline constexpr std::size_t most_depth = 32;

/// JSON text to a value, stricter than RFC 8259: no key twice in one object (two readers would take
/// different ones), no more than most_document_bytes, no deeper than most_depth, UTF-8, no byte
/// order mark. Errors (invalid_spec): one for size, depth or syntax (byte, line and column, never
/// the text itself), or one for each duplicate key with its pointer.
std::expected<Json, Errors> parse_json(std::string_view text);

/// `text` in quotes, for an error message: cut to 64 bytes, control characters as \xNN.
std::string in_quotes(std::string_view text);

/// How many characters (Unicode code points) valid UTF-8 holds.
std::size_t characters(std::string_view utf8) noexcept;

}  // namespace metalwright::spec
