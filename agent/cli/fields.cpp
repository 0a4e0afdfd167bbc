#include "agent/cli/fields.hpp"

#include <limits>

namespace metalwright::agent::cli {
namespace {

const Json nothing;
const Json empty_list = Json::array();

const Json& field(const Json& object, const char* key) {
    if (!object.is_object()) return nothing;
    const auto found = object.find(key);
    return found == object.end() ? nothing : *found;
}

}  // namespace

std::string text(const Json& object, const char* key) {
    const Json& value = field(object, key);
    return value.is_string() ? value.get<std::string>() : std::string{};
}

std::optional<std::int64_t> number(const Json& object, const char* key) {
    const Json& value = field(object, key);
    if (!value.is_number_integer()) return std::nullopt;
    if (value.is_number_unsigned() &&
        value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
        return std::nullopt;
    return value.get<std::int64_t>();
}

std::optional<double> real(const Json& object, const char* key) {
    const Json& value = field(object, key);
    return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

bool flag(const Json& object, const char* key) {
    const Json& value = field(object, key);
    return value.is_boolean() && value.get<bool>();
}

const Json& list(const Json& object, const char* key) {
    const Json& value = field(object, key);
    return value.is_array() ? value : empty_list;
}

std::vector<std::string> texts(const Json& object, const char* key) {
    std::vector<std::string> found;
    for (const Json& value : list(object, key))
        if (value.is_string()) found.push_back(value.get<std::string>());
    return found;
}

const Json& part(const Json& object, const char* key) {
    const Json& value = field(object, key);
    return value.is_object() ? value : nothing;
}

std::optional<Error> error(const Json& object, const char* key) {
    const Json& value = field(object, key);
    return value.is_object() ? std::optional(to_error(value)) : std::nullopt;
}

Error to_error(const Json& object) {
    return {errc_from(text(object, "code")), text(object, "message"), text(object, "where")};
}

Json to_json(const Error& error) {
    // What the system said goes into the sentence: the API's errors have three fields.
    return {{"code", to_string(error.code)},
            {"message", describe({error.code, error.message, {}, error.sys})},
            {"where", error.where}};
}

std::string pretty(const Json& value) {
    return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string join(const std::vector<std::string>& parts, const char* between) {
    std::string joined;
    for (const std::string& one : parts) {
        if (!joined.empty()) joined += between;
        joined += one;
    }
    return joined;
}

}  // namespace metalwright::agent::cli
