#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/error.hpp"

namespace metalwright::agent {

/// The certificate that a link shows the control plane.
struct LinkCertificate {
    std::string serial{};  ///< hex
    std::chrono::sys_seconds until{};
    bool revoked = false;

    bool operator==(const LinkCertificate&) const = default;
};

/// How a link is doing, for `GET /v1/status` and for people.
struct LinkStatus {
    std::string name{};  ///< "link", "file"
    std::optional<std::chrono::sys_time<std::chrono::milliseconds>>
        last_contact{};                     ///< last good answer
    std::optional<Error> document_error{};  ///< why no document comes in; empty when all is well
    std::optional<Error> report_error{};    ///< why no report goes out
    Errors refused{};                       ///< what was wrong with the last document, if refused
    std::optional<std::uint64_t> generation{};     ///< of the last document taken
    std::optional<LinkCertificate> certificate{};  ///< of a host that was enrolled
    std::optional<Error> certificate_error{};      ///< why it has none, or not the next one

    bool operator==(const LinkStatus&) const = default;
};

}  // namespace metalwright::agent
