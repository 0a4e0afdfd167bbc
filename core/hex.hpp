#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace metalwright {

/// Two lower-case hexadecimal digits.
inline void append_hex(std::string& text, unsigned char byte) {
    constexpr std::string_view digits = "0123456789abcdef";
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
}

inline std::string hex_of(std::span<const unsigned char> bytes) {
    std::string text;
    text.reserve(2 * bytes.size());
    for (const unsigned char byte : bytes) append_hex(text, byte);
    return text;
}

inline std::string hex_of(std::string_view bytes) {
    return hex_of({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
}

}  // namespace metalwright
