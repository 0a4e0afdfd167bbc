#include "cloudinit/mime.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "cloudinit/base64.hpp"

namespace metalwright::cloudinit {
namespace {

constexpr std::size_t deepest = 4;
constexpr std::size_t most_parts = 64;
constexpr std::size_t longest_boundary = 70;  // RFC 2046 section 5.1.1

char folded(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string in_lower_case(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), folded);
    return lower;
}

bool starts_like(std::string_view text, std::string_view head) {
    return text.size() >= head.size() &&
           std::ranges::equal(text.substr(0, head.size()), head, {}, folded, folded);
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::unexpected<Error> wrong(std::string what, std::size_t offset) {
    return fail(Errc::invalid_spec,
                "the MIME message " + std::move(what) + ", at byte " + std::to_string(offset));
}

/// Cuts the first line off, its end included.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    const std::string_view line =
        text.substr(0, end == std::string_view::npos ? text.size() : end + 1);
    text.remove_prefix(line.size());
    return line;
}

std::string_view without_end(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

/// A header field's value and its parameters: `text/plain; charset="utf-8"`.
struct Field {
    std::string value;
    std::map<std::string, std::string, std::less<>> parameters{};
};

/// A token or a quoted string, cut off the front of `text`.
std::string take_value(std::string_view& text) {
    text = trimmed(text);
    std::string value;
    if (!text.starts_with('"')) {
        const std::string_view token = trimmed(text.substr(0, text.find(';')));
        text.remove_prefix(std::min(text.find(';'), text.size()));
        return std::string(token);
    }
    std::size_t at = 1;
    for (; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        value += text[at];
    }
    text.remove_prefix(std::min(at + 1, text.size()));
    text.remove_prefix(std::min(text.find(';'), text.size()));
    return value;
}

Field read_field(std::string_view text) {
    Field field{.value = in_lower_case(trimmed(text.substr(0, text.find(';'))))};
    text.remove_prefix(std::min(text.find(';'), text.size()));
    while (text.starts_with(';')) {
        text.remove_prefix(1);
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) break;
        std::string name = in_lower_case(trimmed(text.substr(0, equals)));
        text.remove_prefix(equals + 1);
        field.parameters.emplace(std::move(name), take_value(text));
    }
    return field;
}

/// The header fields of one entity, folded lines joined; what is left of `text` is its body.
using Headers = std::map<std::string, Field, std::less<>>;

std::optional<Headers> take_headers(std::string_view& text) {
    Headers headers;
    std::string name, value;
    const auto keep = [&] {
        if (!name.empty()) headers.emplace(in_lower_case(name), read_field(value));
    };
    while (!text.empty()) {
        std::string_view rest = text;
        const std::string_view line = without_end(take_line(rest));
        if (line.empty()) {
            text = rest;
            break;
        }
        if (line.front() == ' ' || line.front() == '\t') {
            value += line;
        } else {
            const std::size_t colon = line.find(':');
            if (colon == std::string_view::npos || colon == 0) return std::nullopt;
            keep();
            name = trimmed(line.substr(0, colon));
            value = line.substr(colon + 1);
        }
        text = rest;
    }
    keep();
    return headers;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

/// What no encoder writes stays as it is, as RFC 2045 section 6.7 advises.
std::string decode_quoted_printable(std::string_view text) {
    std::string bytes;
    while (!text.empty()) {
        const std::string_view whole = take_line(text);
        std::string_view line = without_end(whole);
        const std::string_view end = whole.substr(line.size());
        line = line.substr(0, line.find_last_not_of(" \t") + 1);
        const bool goes_on = line.ends_with('=');
        if (goes_on) line.remove_suffix(1);
        for (std::size_t i = 0; i < line.size(); ++i) {
            const bool coded = line[i] == '=' && i + 2 < line.size() &&
                               hex_digit(line[i + 1]) >= 0 && hex_digit(line[i + 2]) >= 0;
            if (!coded) {
                bytes += line[i];
                continue;
            }
            bytes += static_cast<char>(hex_digit(line[i + 1]) * 16 + hex_digit(line[i + 2]));
            i += 2;
        }
        if (!goes_on) bytes += end;
    }
    return bytes;
}

class Splitter {
 public:
    explicit Splitter(std::string_view message) : message_(message) {}

    Result<void> entity(std::string_view text, std::size_t depth) {
        const std::size_t at = offset_of(text);
        std::optional<Headers> headers = take_headers(text);
        if (!headers) return wrong("has a header line without a colon", offset_of(text));
        const auto type = headers->find("content-type");
        const Field plain{.value = "text/plain"};
        const Field& is = type == headers->end() ? plain : type->second;
        if (!is.value.starts_with("multipart/")) return leaf(*headers, is, text, at);
        if (depth == deepest) return wrong("is nested too deep", at);
        const auto boundary = is.parameters.find("boundary");
        if (boundary == is.parameters.end() || boundary->second.empty() ||
            boundary->second.size() > longest_boundary)
            return wrong("is multipart without a boundary", at);
        return multipart(text, "--" + boundary->second, depth);
    }

    std::vector<MimePart> parts;

 private:
    std::size_t offset_of(std::string_view text) const {
        return static_cast<std::size_t>(text.data() - message_.data());
    }

    Result<void> multipart(std::string_view text, const std::string& delimiter, std::size_t depth) {
        const std::size_t begin = offset_of(text);
        const char* start = nullptr;  // of the part under way
        for (;;) {
            if (text.empty())
                return start == nullptr
                           ? wrong("has no part behind its boundary", begin)
                           : wrong("ends before its closing boundary", message_.size());
            const char* const here = text.data();
            const std::string_view line = without_end(take_line(text));
            if (!line.starts_with(delimiter)) continue;
            const std::string_view rest = line.substr(delimiter.size());
            const bool closes = rest.starts_with("--") && trimmed(rest.substr(2)).empty();
            if (!closes && !trimmed(rest).empty()) continue;  // a longer one, of somebody else
            if (start != nullptr) {
                // The line break before a boundary belongs to the boundary.
                const std::string_view part =
                    without_end({start, static_cast<std::size_t>(here - start)});
                if (Result<void> done = entity(part, depth + 1); !done) return done;
            }
            if (closes && start == nullptr) return wrong("has no part behind its boundary", begin);
            if (closes) return {};
            start = text.data();
        }
    }

    Result<void> leaf(const Headers& headers, const Field& type, std::string_view body,
                      std::size_t at) {
        if (parts.size() == most_parts)
            return wrong("has more than " + std::to_string(most_parts) + " parts", at);
        MimePart part{.type = type.value, .body = std::string(body), .offset = at};
        const auto name_in = [&](const Field& field, std::string_view parameter) {
            const auto it = field.parameters.find(parameter);
            if (part.name.empty() && it != field.parameters.end()) part.name = it->second;
        };
        if (const auto it = headers.find("content-disposition"); it != headers.end())
            name_in(it->second, "filename");
        name_in(type, "name");
        const auto coding = headers.find("content-transfer-encoding");
        const std::string how = coding == headers.end() ? "7bit" : coding->second.value;
        if (how == "base64") {
            std::string digits(body);
            std::erase_if(digits, [](char c) { return c == '\r' || c == '\n' || c == ' '; });
            Result<std::string> bytes = decode_base64(digits);
            if (!bytes)
                return wrong("has a part that is not as it says: " + bytes.error().message, at);
            part.body = std::move(*bytes);
        } else if (how == "quoted-printable") {
            part.body = decode_quoted_printable(body);
        } else if (how != "7bit" && how != "8bit" && how != "binary") {
            return wrong("has a part in the unknown transfer encoding '" + how + '\'', at);
        }
        parts.push_back(std::move(part));
        return {};
    }

    std::string_view message_;
};

}  // namespace

bool is_mime(std::string_view text) noexcept {
    constexpr std::array<std::string_view, 4> fields{
        "content-type:", "mime-version:", "content-disposition:", "content-transfer-encoding:"};
    return std::ranges::any_of(fields,
                               [&](std::string_view field) { return starts_like(text, field); });
}

Result<std::vector<MimePart>> split_mime(std::string_view message) {
    Splitter splitter(message);
    if (Result<void> split = splitter.entity(message, 0); !split)
        return std::unexpected(split.error());
    return std::move(splitter.parts);
}

}  // namespace metalwright::cloudinit
