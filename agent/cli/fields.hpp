#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"

/// Reading the daemon's answers with a light hand: a field that is absent, null or of another type
/// is empty, so an older command line still shows what a newer daemon says.
namespace metalwright::agent::cli {

/// Keeps the keys in the daemon's order, so `-o json` prints what the API says.
using Json = nlohmann::ordered_json;

std::string text(const Json& object, const char* key);
std::optional<std::int64_t> number(const Json& object, const char* key);
std::optional<double> real(const Json& object, const char* key);
bool flag(const Json& object, const char* key);
/// The array under `key`; an empty one when there is none.
const Json& list(const Json& object, const char* key);
/// The strings in the array under `key`.
std::vector<std::string> texts(const Json& object, const char* key);
/// The object under `key`, or null.
const Json& part(const Json& object, const char* key);
/// {"code","message","where"} under `key`; empty when there is none.
std::optional<Error> error(const Json& object, const char* key);
/// The same of an object itself.
Error to_error(const Json& object);
Json to_json(const Error& error);
/// Indented, one line feed at the end.
std::string pretty(const Json& value);

std::string join(const std::vector<std::string>& parts, const char* between);

}  // namespace metalwright::agent::cli
