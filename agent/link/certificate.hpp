#pragma once

#include <chrono>
#include <filesystem>
#include <vector>

#include "agent/link/tls.hpp"
#include "core/error.hpp"

namespace metalwright::agent::link {

/// When a certificate may be used.
struct Validity {
    std::chrono::sys_seconds from{};
    std::chrono::sys_seconds to{};

    bool operator==(const Validity&) const = default;
};

/// That of every certificate (PEM) in the file, in its order. Errors: not_found, io, invalid_spec
/// (there is none in it).
Result<std::vector<Validity>> read_validities(const std::filesystem::path& file);

/// What the link would find wrong with its files when it connects. Errors: of make_tls_context().
Result<void> check_tls(const TlsFiles& files);

}  // namespace metalwright::agent::link
