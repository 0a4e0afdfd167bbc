#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/api/message.hpp"
#include "agent/desk/desk.hpp"

namespace metalwright::agent::api {

/// The tag of a document in force: its generation, in quotes.
std::string entity_tag(std::uint64_t generation);

/// Whether the caller has this generation already: If-None-Match names it.
bool has_already(const Request& request, std::uint64_t generation);

/// What If-Match, or If-None-Match: *, of a PUT asks for; nothing where neither is there. A tag
/// that is none of ours matches nothing. Errors: invalid_spec. Source: RFC 9110, 13.1.
Result<std::optional<Replaces>> replaces_of(const Request& request);

}  // namespace metalwright::agent::api
