#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace metalwright::raid::storcli {

/// A JSON value of a tool's answer, read with a light hand: what is absent or of another type is
/// empty. Numbers are kept as they are written, since the tools write the same fact as 0, "0", "-".
struct Value {
    enum class Kind { nothing, text, number, list, object };

    Kind kind = Kind::nothing;
    std::string word{};               ///< of a text or a number, without blanks at its ends
    std::vector<std::string> keys{};  ///< of an object, one for each of `items`, in order
    std::vector<Value> items{};

    bool is(Kind wanted) const noexcept { return kind == wanted; }
    /// The member of an object; an empty value where there is none.
    const Value& operator[](std::string_view key) const noexcept;
    /// The word of the first of these members that has one; "-", "NA" and "N/A" count as none.
    std::string word_of(std::initializer_list<std::string_view> wanted) const;
    std::optional<std::uint64_t> whole() const noexcept;
};

/// The first JSON object in `text`; whatever stands before or after it is passed over. Control
/// bytes and what is not ASCII are taken for blanks and "?": tools print raw bytes out of a drive's
/// label. Errors: io when there is no object, or one that is broken, nested deeper than 24 or of
/// more than 500,000 values (`text` beyond 32 MiB is not looked at).
Result<Value> read_json(std::string_view text);

/// Without blanks and control characters at its ends.
std::string_view trimmed(std::string_view text) noexcept;

}  // namespace metalwright::raid::storcli
