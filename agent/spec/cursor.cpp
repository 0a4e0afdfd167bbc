#include "agent/spec/cursor.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/json_pointer.hpp"

namespace metalwright::spec {
namespace {

std::string_view kind_of(const Json& value) {
    switch (value.type()) {
        case Json::value_t::null: return "null";
        case Json::value_t::object: return "an object";
        case Json::value_t::array: return "an array";
        case Json::value_t::string: return "a string";
        case Json::value_t::boolean: return "a boolean";
        case Json::value_t::number_integer:
        case Json::value_t::number_unsigned:
        case Json::value_t::number_float: return "a number";
        default: return "something else";
    }
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Single-character edits and swaps of neighbours between two words, case apart.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before = std::exchange(last, row);
    }
    return last[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
    std::string_view nearest;
    std::size_t best = 1 + std::clamp<std::size_t>(word.size() / 3, 1, 3);
    if (word.size() > 64) return {};
    for (const std::string_view candidate : known) {
        if (const std::size_t far = distance(word, candidate); far < best) {
            best = far;
            nearest = candidate;
        }
    }
    return nearest.empty() ? std::string() : ": did you mean " + in_quotes(nearest) + "?";
}

std::string listed(std::span<const std::string_view> words) {
    std::string list;
    for (const std::string_view word : words) {
        if (!list.empty()) list += ", ";
        list += word;
    }
    return list;
}

void Cursor::error(std::string message, Errc code) const {
    findings_->error(pointer_, std::move(message), code);
}

void Cursor::note(std::string message) const {
    findings_->note(pointer_, std::move(message));
}

void Cursor::expected(std::string_view what) const {
    error("expected " + std::string(what) + ", got " + std::string(kind_of(*value_)));
}

std::optional<std::string> Cursor::text(const Text& rule) const {
    if (!value_->is_string()) {
        expected("a string");
        return std::nullopt;
    }
    const auto& value = value_->get_ref<const std::string&>();
    const std::size_t length = characters(value);
    if (length == 0 && rule.least > 0) {
        error("is empty; leave the field out to leave it unmanaged");
    } else if (length < rule.least) {
        error("has " + std::to_string(length) + " characters; at least " +
              std::to_string(rule.least) + " are needed");
    } else if (length > rule.most) {
        error("has " + std::to_string(length) + " characters; at most " +
              std::to_string(rule.most) + " are allowed");
    } else if (rule.form != nullptr && !rule.form->holds(value)) {
        error((rule.secret ? "the value" : in_quotes(value)) + " is not " +
              std::string(rule.form->is));
    } else {
        return value;
    }
    return std::nullopt;
}

std::optional<std::string> Cursor::word(std::span<const std::string_view> allowed) const {
    if (!value_->is_string()) {
        expected("a string");
        return std::nullopt;
    }
    const auto& value = value_->get_ref<const std::string&>();
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return value;
    error(in_quotes(value) + " is not one of: " + listed(allowed));
    return std::nullopt;
}

std::optional<std::uint64_t> Cursor::number(std::uint64_t least, std::uint64_t most) const {
    if (!value_->is_number()) {
        expected("a number");
        return std::nullopt;
    }
    if (value_->is_number_float()) {
        error("expected a whole number, got " + value_->dump());
        return std::nullopt;
    }
    // Negative numbers are the only ones that are not unsigned.
    if (value_->is_number_unsigned()) {
        const auto value = value_->get<std::uint64_t>();
        if (value >= least && value <= most) return value;
    }
    error(value_->dump() + " is out of range: " + std::to_string(least) + " to " +
          std::to_string(most));
    return std::nullopt;
}

std::optional<std::uint32_t> Cursor::number32(std::uint32_t least, std::uint32_t most) const {
    const std::optional<std::uint64_t> value = number(least, most);
    if (!value) return std::nullopt;
    return static_cast<std::uint32_t>(*value);
}

std::optional<bool> Cursor::flag() const {
    if (value_->is_boolean()) return value_->get<bool>();
    expected("true or false");
    return std::nullopt;
}

std::optional<Fields> Cursor::fields() const {
    if (value_->is_object()) return Fields(*this);
    expected("an object");
    return std::nullopt;
}

std::optional<std::vector<Cursor>> Cursor::items(std::size_t most) const {
    if (!value_->is_array()) {
        expected("an array");
        return std::nullopt;
    }
    if (value_->size() > most) {
        error("has " + std::to_string(value_->size()) + " elements; at most " +
              std::to_string(most) + " are allowed");
        return std::nullopt;
    }
    std::vector<Cursor> elements;
    elements.reserve(value_->size());
    for (std::size_t i = 0; i < value_->size(); ++i)
        elements.emplace_back((*value_)[i], pointer_to(pointer_, i), *findings_);
    return elements;
}

std::string Fields::pointer(std::string_view name) const {
    return pointer_to(object_.pointer(), name);
}

void Fields::error(std::string_view name, std::string message, Errc code) const {
    object_.findings().error(pointer(name), std::move(message), code);
}

const Json* Fields::value_of(std::string_view name) const {
    for (const auto& [key, value] : object_.json().get_ref<const Json::object_t&>())
        if (key == name) return &value;
    return nullptr;
}

bool Fields::has(std::string_view name) const {
    const Json* value = value_of(name);
    return value != nullptr && !value->is_null();
}

std::optional<Cursor> Fields::find(std::string_view name) {
    asked_.push_back(name);
    const Json* value = value_of(name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    return Cursor(*value, pointer(name), object_.findings());
}

std::optional<Cursor> Fields::need(std::string_view name) {
    std::optional<Cursor> found = find(name);
    if (!found) error(name, value_of(name) ? "is required, but null" : "is required, but missing");
    return found;
}

std::optional<std::string> Fields::text(std::string_view name, const Text& rule) {
    const std::optional<Cursor> at = find(name);
    return at ? at->text(rule) : std::nullopt;
}

std::optional<std::string> Fields::need_text(std::string_view name, const Text& rule) {
    const std::optional<Cursor> at = need(name);
    return at ? at->text(rule) : std::nullopt;
}

std::optional<std::string> Fields::word(std::string_view name,
                                        std::span<const std::string_view> allowed) {
    const std::optional<Cursor> at = find(name);
    return at ? at->word(allowed) : std::nullopt;
}

std::optional<std::uint64_t> Fields::number(std::string_view name, std::uint64_t least,
                                            std::uint64_t most) {
    const std::optional<Cursor> at = find(name);
    return at ? at->number(least, most) : std::nullopt;
}

std::optional<std::uint32_t> Fields::number32(std::string_view name, std::uint32_t least,
                                              std::uint32_t most) {
    const std::optional<Cursor> at = find(name);
    return at ? at->number32(least, most) : std::nullopt;
}

std::optional<bool> Fields::flag(std::string_view name) {
    const std::optional<Cursor> at = find(name);
    return at ? at->flag() : std::nullopt;
}

std::optional<Fields> Fields::fields(std::string_view name) {
    const std::optional<Cursor> at = find(name);
    return at ? at->fields() : std::nullopt;
}

std::optional<Fields> Fields::need_fields(std::string_view name) {
    const std::optional<Cursor> at = need(name);
    return at ? at->fields() : std::nullopt;
}

std::vector<std::string> Fields::unknown() const {
    std::vector<std::string> names;
    for (const auto& [key, value] : object_.json().get_ref<const Json::object_t&>())
        if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) names.push_back(key);
    return names;
}

void Fields::refuse_unknown() const {
    for (const std::string& name : unknown()) {
        if (object_.findings().full()) {
            error(name, {});
            continue;
        }
        std::string hint = did_you_mean(name, asked_);
        if (hint.empty()) hint = "; known here: " + listed(asked_);
        error(name, "unknown field " + in_quotes(name) + hint);
    }
}

void Fields::note_unknown() const {
    for (const std::string& name : unknown())
        object_.findings().note(pointer(name), "unknown field " + in_quotes(name) +
                                                   " is left aside" + did_you_mean(name, asked_));
}

}  // namespace metalwright::spec
