#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace metalwright::cloudinit {

/// Whether the bytes begin as gzip does. Source: RFC 1952 section 2.3.1.
bool is_gzip(std::string_view bytes) noexcept;

/// What gzip has packed; several members behind each other are one text, as for gunzip(1). Never
/// holds more than `most` bytes, however little they were packed into.
/// Errors: invalid_spec (not gzip, cut short, altered, more than `most`), with the offset.
Result<std::string> gunzip(std::string_view packed, std::size_t most);

}  // namespace metalwright::cloudinit
