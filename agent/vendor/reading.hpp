#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "agent/spec/cursor.hpp"
#include "agent/vendor/model.hpp"

namespace metalwright::vendor {

/// What is wrong with a body.
struct Fault {
    bool malformed = false;  ///< it is no JSON object at all
    Errors errors{};
};

/// The body as JSON. Nothing at all is an empty object, as some clients send it.
std::expected<Json, Fault> parse_body(const std::string& body);

/// Reads the fields of a body, or of a query that stands for one; `read` gets Fields&. Fields that
/// it does not ask for are the vendor's own business.
template <class Read>
std::expected<void, Fault> read_fields(const Json& body, Read read) {
    spec::Findings findings;
    auto fields = spec::Cursor(body, "", findings).fields();
    if (fields) read(*fields);
    if (findings.clean()) return {};
    return std::unexpected(Fault{.errors = findings.take_errors(body)});
}

/// The query as an object of strings.
Json query_json(const agent::VendorRequest& request);

/// A whole number that came as text. `otherwise` where it is absent, nothing where it is none or
/// out of its bounds.
std::optional<std::uint64_t> number_in(const agent::VendorRequest& request, std::string_view name,
                                       std::uint64_t otherwise, std::uint64_t least,
                                       std::uint64_t most);

std::string value_in(const agent::VendorRequest& request, std::string_view name);

/// "instanceSpec.privateIp: must be ...": the pointer as a vendor's clients write it.
std::string told(const Error& error);
/// All of them in one line.
std::string told(const Errors& errors);

}  // namespace metalwright::vendor
