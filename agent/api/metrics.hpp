#pragma once

#include <string>
#include <string_view>

namespace metalwright::agent::api {

/// A status (Desk::status()) in the text format that Prometheus reads, every name with
/// "metalwright_" before it. What the status does not tell is left out, or 0.
std::string metrics_text(std::string_view status);

}  // namespace metalwright::agent::api
