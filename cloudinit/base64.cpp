#include "cloudinit/base64.hpp"

#include <array>
#include <cstdint>

namespace metalwright::cloudinit {
namespace {

constexpr std::uint8_t not_in_alphabet = 0xff;

constexpr std::string_view standard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_safe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

using Values = std::array<std::uint8_t, 256>;

constexpr Values values_of(std::string_view alphabet) {
    Values values{};
    values.fill(not_in_alphabet);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    return values;
}

constexpr Values standard_values = values_of(standard);
constexpr Values url_safe_values = values_of(url_safe);

std::uint8_t value_of(const Values& values, char c) {
    return values[static_cast<unsigned char>(c)];
}

std::unexpected<Error> wrong(std::size_t at, char c) {
    const std::string where = " at offset " + std::to_string(at);
    if (c == '\n' || c == '\r')
        return fail(Errc::invalid_spec,
                    "Base64 has a line break" + where + ": encode it as one line (base64 -w0)");
    if (c == '-' || c == '_')
        return fail(Errc::invalid_spec, "Base64 is of the URL alphabet" + where +
                                            ": use the standard one, with + and /");
    if (c == '=') return fail(Errc::invalid_spec, "Base64 has padding before its end" + where);
    return fail(Errc::invalid_spec, "not Base64: a character outside the alphabet" + where);
}

std::unexpected<Error> wrong_in_url(std::size_t at, char c) {
    const std::string where = " at offset " + std::to_string(at);
    if (c == '=')
        return fail(Errc::invalid_spec, "base64url has padding" + where + ": leave the = away");
    if (c == '+' || c == '/')
        return fail(Errc::invalid_spec, "base64url is of the standard alphabet" + where +
                                            ": use the URL one, with - and _");
    if (c == '\n' || c == '\r' || c == ' ' || c == '\t')
        return fail(Errc::invalid_spec,
                    "base64url has a blank or a line break" + where + ": write it as one word");
    return fail(Errc::invalid_spec, "not base64url: a character outside the alphabet" + where);
}

/// All `digits` are of the alphabet.
Result<std::string> bytes_of(std::string_view digits, const Values& values) {
    std::string bytes;
    bytes.reserve(digits.size() / 4 * 3 + 2);
    std::uint32_t held = 0;  // bits not yet given out
    unsigned count = 0;
    for (const char digit : digits) {
        held = (held << 6u) | value_of(values, digit);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(static_cast<unsigned char>((held >> count) & 0xffu));
        held &= (1u << count) - 1u;
    }
    if (held != 0)
        return fail(Errc::invalid_spec,
                    "Base64 has bits left over in its last character: it was cut or altered");
    return bytes;
}

/// Without padding.
std::string digits_of(std::string_view bytes, std::string_view alphabet) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    std::uint32_t held = 0;  // bits not yet given out
    unsigned count = 0;
    for (const char c : bytes) {
        held = ((held & 0x3fu) << 8u) | static_cast<unsigned char>(c);
        for (count += 8; count >= 6; count -= 6) text += alphabet[(held >> (count - 6)) & 0x3fu];
    }
    if (count > 0) text += alphabet[(held << (6 - count)) & 0x3fu];
    return text;
}

}  // namespace

Result<std::string> decode_base64(std::string_view text) {
    std::size_t digits = text.size();
    while (digits > 0 && text.size() - digits < 2 && text[digits - 1] == '=') --digits;
    for (std::size_t i = 0; i < digits; ++i)
        if (value_of(standard_values, text[i]) == not_in_alphabet) return wrong(i, text[i]);
    if (text.size() % 4 != 0)
        return fail(Errc::invalid_spec, "Base64 is " + std::to_string(text.size()) +
                                            " characters long, not a multiple of 4: it was cut, or "
                                            "its padding is missing");
    return bytes_of(text.substr(0, digits), standard_values);
}

std::string encode_base64(std::string_view bytes) {
    std::string text = digits_of(bytes, standard);
    text.resize((text.size() + 3) / 4 * 4, '=');
    return text;
}

Result<std::string> decode_base64url(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i)
        if (value_of(url_safe_values, text[i]) == not_in_alphabet) return wrong_in_url(i, text[i]);
    if (text.size() % 4 == 1)
        return fail(Errc::invalid_spec, "base64url is " + std::to_string(text.size()) +
                                            " characters long, which no bytes are: it was cut");
    return bytes_of(text, url_safe_values);
}

std::string encode_base64url(std::string_view bytes) {
    return digits_of(bytes, url_safe);
}

}  // namespace metalwright::cloudinit
