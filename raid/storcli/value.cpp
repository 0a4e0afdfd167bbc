#include "raid/storcli/value.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace metalwright::raid::storcli {
namespace {

constexpr std::size_t most_bytes = 32U << 20;
constexpr std::size_t most_values = 500'000;
constexpr std::size_t most_depth = 24;

/// Builds the tree. Its functions are nlohmann's SAX interface; false ends the parse.
class Builder {
 public:
    // NOLINTBEGIN(readability-identifier-naming): the names are those of the interface.
    using number_integer_t = nlohmann::json::number_integer_t;
    using number_unsigned_t = nlohmann::json::number_unsigned_t;
    using number_float_t = nlohmann::json::number_float_t;
    using string_t = nlohmann::json::string_t;
    using binary_t = nlohmann::json::binary_t;
    // NOLINTEND(readability-identifier-naming)

    bool null() { return add(Value::Kind::nothing, {}); }
    bool boolean(bool value) { return add(Value::Kind::text, value ? "true" : "false"); }
    bool number_integer(number_integer_t value) { return number(std::to_string(value)); }
    bool number_unsigned(number_unsigned_t value) { return number(std::to_string(value)); }
    bool number_float(number_float_t, const string_t& written) { return number(written); }
    bool string(string_t& value) { return add(Value::Kind::text, trimmed(value)); }
    bool binary(binary_t&) { return false; }
    bool start_object(std::size_t) { return open(Value::Kind::object); }
    bool start_array(std::size_t) { return open(Value::Kind::list); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }
    bool key(string_t& name) {
        open_.back().keys.emplace_back(trimmed(name));
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) {
        return false;
    }

    Value root{};
    bool too_much = false;

 private:
    bool number(std::string_view written) { return add(Value::Kind::number, written); }

    bool counted() {
        too_much = ++count_ > most_values || open_.size() >= most_depth;
        return !too_much;
    }

    bool add(Value::Kind kind, std::string_view word) {
        if (!counted()) return false;
        put({.kind = kind, .word = std::string(word)});
        return true;
    }

    bool open(Value::Kind kind) {
        if (!counted()) return false;
        open_.push_back({.kind = kind});
        return true;
    }

    bool close() {
        Value value = std::move(open_.back());
        open_.pop_back();
        put(std::move(value));
        return true;
    }

    void put(Value value) {
        if (open_.empty())
            root = std::move(value);
        else
            open_.back().items.push_back(std::move(value));
    }

    std::vector<Value> open_;
    std::size_t count_ = 0;
};

std::string printable(std::string_view text) {
    std::string clean(text);
    for (char& c : clean) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) c = ' ';
        if (byte >= 0x80) c = '?';
    }
    return clean;
}

bool says_nothing(std::string_view word) {
    return word.empty() || word == "-" || word == "NA" || word == "N/A";
}

}  // namespace

std::string_view trimmed(std::string_view text) noexcept {
    const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

const Value& Value::operator[](std::string_view key) const noexcept {
    static const Value none;
    if (kind != Kind::object) return none;
    const auto at = std::ranges::find(keys, key);
    return at == keys.end() ? none : items[static_cast<std::size_t>(at - keys.begin())];
}

std::string Value::word_of(std::initializer_list<std::string_view> wanted) const {
    for (const std::string_view key : wanted)
        if (const std::string& word_there = (*this)[key].word; !says_nothing(word_there))
            return word_there;
    return {};
}

std::optional<std::uint64_t> Value::whole() const noexcept {
    std::uint64_t number = 0;
    const char* end = word.data() + word.size();
    const auto read = std::from_chars(word.data(), end, number);
    if (word.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return number;
}

Result<Value> read_json(std::string_view text) {
    text = text.substr(0, most_bytes);
    const std::size_t start = text.find('{');
    if (start == std::string_view::npos) return fail(Errc::io, "there is no JSON in it");
    const std::string clean = printable(text.substr(start));
    Builder builder;
    const bool whole =
        nlohmann::json::sax_parse(clean, &builder, nlohmann::json::input_format_t::json,
                                  /*strict=*/false);
    if (builder.too_much) return fail(Errc::io, "its JSON is nested too deep or too large");
    if (!whole) return fail(Errc::io, "its JSON is broken");
    return std::move(builder.root);
}

}  // namespace metalwright::raid::storcli
