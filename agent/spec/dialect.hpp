#pragma once

#include <span>
#include <string_view>

#include "agent/spec/catalogue.hpp"
#include "agent/spec/cursor.hpp"
#include "agent/spec/model.hpp"

namespace metalwright::spec {

/// How one vendor's request becomes a spec: pure, no I/O.
struct Dialect {
    std::string_view name;  ///< the envelope's "dialect": "<vendor>.<operation>"
    std::string_view mark;  ///< a field only its requests have: a bare one is recognised by it
    /// Errors and notes go to the request's findings. Without a catalogue opaque ids are checked
    /// for form only and what they stand for is left out.
    void (*read)(Fields& request, const Catalogue* catalogue, HostSpec& spec);
};

/// All of them: one file in dialects/ and one line in dialects.cpp each.
std::span<const Dialect> dialects() noexcept;

/// Nothing for an unknown name.
const Dialect* find_dialect(std::string_view name) noexcept;

}  // namespace metalwright::spec
