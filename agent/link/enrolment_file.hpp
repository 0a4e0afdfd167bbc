#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "agent/link/secret_text.hpp"
#include "core/error.hpp"

namespace metalwright::agent::link {

/// What an operator hands to a new host.
struct Bootstrap {
    SecretText token{};       ///< good for one exchange
    std::string authority{};  ///< PEM of the control plane's authority; empty: none is named
    std::vector<std::string> urls{};  ///< base URLs; empty: those of the configuration
};

/// Reads the file: one line, the token alone; or `{"token": "...", "ca": "-----BEGIN...", "urls":
/// ["https://..."]}`, of which only the token must be there. What it holds is in no error.
/// Errors: those of sys::read_secret_file(); invalid_spec (neither form; a member that is not known
/// or of the wrong kind; a "ca" without a certificate).
Result<Bootstrap> read_enrolment_file(const std::filesystem::path& path);

/// The same of what it holds; `where` is for the error. Errors: invalid_spec.
Result<Bootstrap> enrolment_in(std::string content, const std::filesystem::path& where);

}  // namespace metalwright::agent::link
