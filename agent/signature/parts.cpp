#include "agent/signature/parts.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "core/hex.hpp"

namespace metalwright::signature {
namespace {

std::string digest(const EVP_MD* kind, std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, kind, nullptr) != 1) return {};
    return {reinterpret_cast<const char*>(out.data()), size};
}

bool plain(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

int nibble(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// The digits of a time, in the order YYYYMMDDhhmmss.
std::optional<std::int64_t> time_of(std::string_view digits) {
    constexpr std::size_t length = 14;
    if (digits.size() != length) return std::nullopt;
    const auto number = [&](std::size_t at, std::size_t count) {
        int value = -1;
        std::from_chars(digits.data() + at, digits.data() + at + count, value);
        return value;
    };
    for (const char c : digits)
        if (c < '0' || c > '9') return std::nullopt;
    using namespace std::chrono;
    const year_month_day date{year(number(0, 4)), month(static_cast<unsigned>(number(4, 2))),
                              day(static_cast<unsigned>(number(6, 2)))};
    if (!date.ok() || number(8, 2) > 23 || number(10, 2) > 59 || number(12, 2) > 60)
        return std::nullopt;
    const auto at =
        sys_days(date) + hours(number(8, 2)) + minutes(number(10, 2)) + seconds(number(12, 2));
    return duration_cast<milliseconds>(at.time_since_epoch()).count();
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
    return hex_of(digest(EVP_sha256(), bytes));
}

std::string md5_base64(std::string_view bytes) {
    const std::string raw = digest(EVP_md5(), bytes);
    std::array<unsigned char, 32> text{};
    const int size =
        EVP_EncodeBlock(text.data(), reinterpret_cast<const unsigned char*>(raw.data()),
                        static_cast<int>(raw.size()));
    return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size)};
}

std::string hmac(std::string_view key, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
    return {reinterpret_cast<const char*>(out.data()), size};
}

bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string lower(std::string_view text) {
    std::string all(text);
    for (char& c : all)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return all;
}

std::string trimmed(std::string_view text) {
    const std::size_t from = text.find_first_not_of(" \t");
    if (from == std::string_view::npos) return {};
    return std::string(text.substr(from, text.find_last_not_of(" \t") - from + 1));
}

std::vector<std::string> split(std::string_view text, char at) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t end = text.find(at);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::optional<std::string> header(const Message& message, std::string_view name) {
    std::optional<std::string> found;
    for (const auto& [its, value] : message.headers)
        if (lower(its) == name) found = found ? *found + "," + value : value;
    return found;
}

std::string encoded(std::string_view text, std::string_view safe) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (plain(c) || safe.contains(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', digits[byte >> 4U], digits[byte & 0xFU]};
    }
    return out;
}

std::string decoded(std::string_view text, bool plus) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && nibble(text[i + 1]) >= 0 &&
            nibble(text[i + 2]) >= 0) {
            out += static_cast<char>(nibble(text[i + 1]) * 16 + nibble(text[i + 2]));
            i += 2;
        } else {
            out += plus && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

std::optional<std::int64_t> basic_time(std::string_view text) {
    if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
    return time_of(std::string(text.substr(0, 8)) + std::string(text.substr(9, 6)));
}

std::optional<std::int64_t> extended_time(std::string_view text) {
    if (text.size() != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
        text[13] != ':' || text[16] != ':' || text[19] != 'Z')
        return std::nullopt;
    std::string digits;
    for (const char c : text)
        if (c >= '0' && c <= '9') digits += c;
    return time_of(digits);
}

const Key* find_key(std::span<const Key> keys, std::string_view vendor, std::string_view id) {
    const auto it = std::ranges::find_if(
        keys, [&](const Key& key) { return key.vendor == vendor && key.id == id; });
    return it == keys.end() ? nullptr : &*it;
}

std::unexpected<Refused> refuse(Fault fault, std::string message) {
    return std::unexpected(Refused{fault, std::move(message)});
}

std::optional<Authorization> read_authorization(std::string_view text) {
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    Authorization read{.scheme = std::string(text.substr(0, blank))};
    for (const std::string& part : split(text.substr(blank + 1), ',')) {
        const std::string word = trimmed(part);
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos) return std::nullopt;
        const std::string name = word.substr(0, equals), value = word.substr(equals + 1);
        if (name == "Credential")
            read.credential = value;
        else if (name == "SignedHeaders")
            read.signed_headers = split(value, ';');
        else if (name == "Signature")
            read.signature = value;
    }
    if (read.credential.empty() || read.signed_headers.empty() || read.signature.empty())
        return std::nullopt;
    return read;
}

}  // namespace metalwright::signature
