#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/spec/findings.hpp"
#include "agent/spec/forms.hpp"
#include "agent/spec/json_text.hpp"

namespace metalwright::spec {

/// The largest number that every JSON reader keeps exactly: 2^53-1.
inline constexpr std::uint64_t most_number = 9'007'199'254'740'991;

/// Bounds and form of a string.
struct Text {
    std::size_t least = 1;  ///< characters
    std::size_t most = 256;
    const Form* form = nullptr;
    bool secret = false;  ///< never quoted in a message
};

class Fields;

/// One JSON value, where it stands, and where complaints about it go. The reading functions answer
/// nothing after they have complained; the caller goes on with the next field.
class Cursor {
 public:
    Cursor(const Json& value, std::string pointer, Findings& findings)
        : value_(&value), pointer_(std::move(pointer)), findings_(&findings) {}

    const Json& json() const noexcept { return *value_; }
    const std::string& pointer() const noexcept { return pointer_; }
    Findings& findings() const noexcept { return *findings_; }
    void error(std::string message, Errc code = Errc::invalid_spec) const;
    void note(std::string message) const;

    std::optional<std::string> text(const Text& rule) const;
    std::optional<std::string> word(std::span<const std::string_view> allowed) const;
    std::optional<std::uint64_t> number(std::uint64_t least, std::uint64_t most) const;
    std::optional<std::uint32_t> number32(
        std::uint32_t least, std::uint32_t most = std::numeric_limits<std::uint32_t>::max()) const;
    std::optional<bool> flag() const;
    std::optional<Fields> fields() const;
    /// The elements of an array of at most `most`.
    std::optional<std::vector<Cursor>> items(std::size_t most) const;

 private:
    void expected(std::string_view what) const;

    const Json* value_;
    std::string pointer_;
    Findings* findings_;
};

/// The fields of one JSON object. It remembers which were asked for, so that the others can be
/// told.
class Fields {
 public:
    explicit Fields(Cursor object) : object_(std::move(object)) {}

    const Cursor& self() const noexcept { return object_; }
    /// Where a field stands, or would stand.
    std::string pointer(std::string_view name) const;
    void error(std::string_view name, std::string message, Errc code = Errc::invalid_spec) const;

    /// Absent and null are the same: nothing. `name` must outlive this.
    std::optional<Cursor> find(std::string_view name);
    /// As find(), but complains when there is nothing.
    std::optional<Cursor> need(std::string_view name);
    /// Whether a field is there and not null; does not count as asked for.
    bool has(std::string_view name) const;

    std::optional<std::string> text(std::string_view name, const Text& rule);
    std::optional<std::string> need_text(std::string_view name, const Text& rule);
    std::optional<std::string> word(std::string_view name,
                                    std::span<const std::string_view> allowed);
    std::optional<std::uint64_t> number(std::string_view name, std::uint64_t least,
                                        std::uint64_t most);
    std::optional<std::uint32_t> number32(
        std::string_view name, std::uint32_t least,
        std::uint32_t most = std::numeric_limits<std::uint32_t>::max());
    std::optional<bool> flag(std::string_view name);
    std::optional<Fields> fields(std::string_view name);
    std::optional<Fields> need_fields(std::string_view name);

    /// An error for each field that was never asked for, with the nearest known name.
    void refuse_unknown() const;
    /// The same as notes: a vendor may add fields.
    void note_unknown() const;

 private:
    const Json* value_of(std::string_view name) const;
    std::vector<std::string> unknown() const;

    Cursor object_;
    std::vector<std::string_view> asked_;
};

/// ": did you mean "x"?" for the nearest of `known`, or "" when none is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

/// "a, b, c"
std::string listed(std::span<const std::string_view> words);

}  // namespace metalwright::spec
