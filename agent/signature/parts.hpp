#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/signature/signature.hpp"

namespace metalwright::signature {

// What the schemes are made of.

std::string sha256_hex(std::string_view bytes);
std::string md5_base64(std::string_view bytes);
std::string hmac(std::string_view key, std::string_view text);  ///< 32 bytes
bool same(std::string_view a, std::string_view b);  ///< takes as long wherever they differ

std::string lower(std::string_view text);
std::string trimmed(std::string_view text);
std::vector<std::string> split(std::string_view text, char at);

/// The value of a header; several of one name are joined by commas. Nothing when it is absent.
std::optional<std::string> header(const Message& message, std::string_view name);

/// RFC 3986: everything but letters, digits and "-._~" as %XX; `safe` are left too.
std::string encoded(std::string_view text, std::string_view safe = {});
/// Malformed escapes stay as they are; `plus` makes blanks of '+'.
std::string decoded(std::string_view text, bool plus = false);

/// "20261121T191458Z" and "2026-11-21T19:14:58Z" -> milliseconds since 1970.
std::optional<std::int64_t> basic_time(std::string_view text);
std::optional<std::int64_t> extended_time(std::string_view text);

const Key* find_key(std::span<const Key> keys, std::string_view vendor, std::string_view id);

std::unexpected<Refused> refuse(Fault fault, std::string message);

/// Credential=..., SignedHeaders=..., Signature=... behind the scheme's name.
struct Authorization {
    std::string scheme;
    std::string credential;
    std::vector<std::string> signed_headers{};
    std::string signature;
};
std::optional<Authorization> read_authorization(std::string_view text);

}  // namespace metalwright::signature
