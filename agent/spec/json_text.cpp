#include "agent/spec/json_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>
#include <vector>

#include "agent/spec/model.hpp"
#include "core/hex.hpp"
#include "core/json_pointer.hpp"

namespace metalwright::spec {
namespace {

constexpr std::size_t most_errors = 100;

/// Builds the value itself because the library's own builder lets the last of two equal keys win.
class Builder final : public nlohmann::json_sax<Json> {
 public:
    explicit Builder(std::string_view text) : text_(text) {}

    bool null() override { return put(nullptr); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(value); }
    bool number_unsigned(number_unsigned_t value) override { return put(value); }
    bool number_float(number_float_t value, const string_t&) override { return put(value); }
    bool string(string_t& value) override { return put(std::move(value)); }
    bool binary(binary_t&) override { return false; }  // only CBOR and its kin have any

    bool start_object(std::size_t) override { return open(Json::object()); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_array() override { return close(); }

    bool key(string_t& name) override {
        Level& level = levels_.back();
        if (!level.keys.insert(name).second && errors.size() < most_errors)
            errors.push_back(
                {Errc::invalid_spec,
                 "the field " + in_quotes(name) + " stands twice in one object: keep one of them",
                 pointer_to(pointer(), name)});
        level.key = std::move(name);
        return true;
    }

    bool parse_error(std::size_t at, const std::string&,
                     const nlohmann::detail::exception& problem) override {
        // The library counts the byte it stumbled over, from 1, and one more at the end.
        const std::size_t offset = std::min(at == 0 ? 0 : at - 1, text_.size());
        const std::string_view before = text_.substr(0, offset);
        const auto line = 1 + std::count(before.begin(), before.end(), '\n');
        const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
        errors.assign(1, {Errc::invalid_spec,
                          "not valid JSON at line " + std::to_string(line) + ", column " +
                              std::to_string(offset - line_start + 1) + " (byte " +
                              std::to_string(offset) + ")" + reason(problem.what()),
                          ""});
        return false;
    }

    Json root;
    Errors errors;

 private:
    struct Level {
        Json* value;
        std::unordered_set<std::string> keys{};
        std::string key{};
    };

    /// What the library says without what it read last: that may be a piece of a secret.
    static std::string reason(std::string_view what) {
        constexpr std::string_view start = "syntax error ";
        const std::size_t at = what.find(start);
        if (at == std::string_view::npos) return {};
        what.remove_prefix(at + start.size());
        return ": " + std::string(what.substr(0, what.find("; last read:")));
    }

    std::string pointer() const {
        std::string path;
        for (std::size_t i = 0; i + 1 < levels_.size(); ++i) {
            const Level& level = levels_[i];
            path = level.value->is_array() ? pointer_to(path, level.value->size() - 1)
                                           : pointer_to(path, level.key);
        }
        return path;
    }

    Json* place(Json value) {
        if (levels_.empty()) {
            root = std::move(value);
            return &root;
        }
        Level& level = levels_.back();
        if (level.value->is_array()) {
            level.value->push_back(std::move(value));
            return &level.value->back();
        }
        // push_back of the vector beneath: emplace would search all keys each time.
        auto& object = level.value->get_ref<Json::object_t&>();
        object.push_back({level.key, std::move(value)});
        return &object.back().second;
    }

    template <class T>
    bool put(T&& value) {
        place(Json(std::forward<T>(value)));
        return true;
    }

    bool open(Json value) {
        if (levels_.size() == most_depth) {
            errors.assign(1, {Errc::invalid_spec,
                              "objects and arrays stand more than " + std::to_string(most_depth) +
                                  " deep in each other",
                              pointer()});
            return false;
        }
        levels_.push_back({place(std::move(value))});
        return true;
    }

    bool close() {
        levels_.pop_back();
        return true;
    }

    std::string_view text_;
    std::vector<Level> levels_;
};

}  // namespace

std::expected<Json, Errors> parse_json(std::string_view text) {
    if (text.size() > most_document_bytes)
        return std::unexpected(
            Errors{{Errc::invalid_spec,
                    "the document has " + std::to_string(text.size()) + " bytes; at most " +
                        std::to_string(most_document_bytes) + " are read",
                    ""}});
    // The library skips a byte order mark silently; RFC 8259 lets a reader refuse it.
    if (text.starts_with("\xEF\xBB\xBF"))
        return std::unexpected(Errors{{Errc::invalid_spec,
                                       "not valid JSON at byte 0: a byte order mark; save the "
                                       "document as UTF-8 without one",
                                       ""}});
    Builder builder(text);
    const bool whole = Json::sax_parse(text, &builder);
    if (!builder.errors.empty()) return std::unexpected(std::move(builder.errors));
    if (!whole)
        return std::unexpected(Errors{{Errc::internal, "the JSON reader stopped without a word"}});
    return std::move(builder.root);
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t most = 64;
    std::size_t end = text.size();
    if (end > most) {
        end = most;
        // Not in the middle of a character.
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    }
    std::string said = "\"";
    for (const char c : text.substr(0, end)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) {
            append_hex(said += "\\x", byte);
        } else {
            said += c;
        }
    }
    return said + (end < text.size() ? "...\"" : "\"");
}

std::size_t characters(std::string_view utf8) noexcept {
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

}  // namespace metalwright::spec
