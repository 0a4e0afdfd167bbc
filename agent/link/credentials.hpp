#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/link/tls.hpp"
#include "core/error.hpp"

namespace metalwright::agent::link {

/// What a link shows its control plane, and whom it believes, as it is at this moment.
struct Credentials {
    std::string token{};  ///< empty: none is sent
    TlsFiles tls{};
    std::shared_ptr<const void> held{};  ///< the files are there as long as this is
    /// What people know the files as: a path in an error is told as that.
    std::vector<std::pair<std::string, std::string>> names{};
};

/// The error in the words of people.
Error named(Error error, const Credentials& shown);

/// Certificate and key of `identity`, and whom `shown` says to believe, where it says so.
TlsFiles with_trust_of(const Credentials& shown, TlsFiles identity);

}  // namespace metalwright::agent::link
