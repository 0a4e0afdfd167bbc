#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"

namespace metalwright::agent::api {

/// A status (Desk::status()) in the text format that Prometheus reads, every name with
/// "metalwright_" before it. What the status does not tell is left out, or 0.
/// Errors: unavailable (the module that makes it is not installed, or lacks its library).
Result<std::string> metrics_text(std::string_view status);

}  // namespace metalwright::agent::api
