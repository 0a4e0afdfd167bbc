#include "agent/vendor/reading.hpp"

#include <array>
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>

namespace metalwright::vendor {

std::expected<Json, Fault> parse_body(const std::string& body) {
    if (body.find_first_not_of(" \t\r\n") == std::string::npos) return Json::object();
    auto json = spec::parse_json(body);
    if (!json) return std::unexpected(Fault{true, std::move(json).error()});
    if (json->is_object()) return std::move(*json);
    return std::unexpected(Fault{true, {{Errc::invalid_spec, "the body is no JSON object"}}});
}

Json query_json(const agent::VendorRequest& request) {
    Json json = Json::object();
    for (const auto& [name, value] : request.query) json[name] = value;
    return json;
}

std::string value_in(const agent::VendorRequest& request, std::string_view name) {
    const auto found = request.query.find(std::string(name));
    return found == request.query.end() ? std::string() : found->second;
}

std::optional<std::uint64_t> number_in(const agent::VendorRequest& request, std::string_view name,
                                       std::uint64_t otherwise, std::uint64_t least,
                                       std::uint64_t most) {
    const std::string text = value_in(request, name);
    if (text.empty()) return otherwise;
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    if (std::from_chars(text.data(), end, value).ptr != end) return std::nullopt;
    if (value < least || value > most) return std::nullopt;
    return value;
}

std::string told(const Error& error) {
    std::string where;
    for (const char c : error.where) where += c == '/' ? '.' : c;
    for (const std::string_view wrapping : {".request.", "."})
        if (where.starts_with(wrapping)) {
            where.erase(0, wrapping.size());
            break;
        }
    return where.empty() ? error.message : where + ": " + error.message;
}

std::string told(const Errors& errors) {
    std::string text;
    for (const Error& error : errors) text += (text.empty() ? "" : "; ") + told(error);
    return text;
}

}  // namespace metalwright::vendor
