#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "agent/link/certificate.hpp"
#include "core/error.hpp"

namespace metalwright::agent::link {

/// What this host's own certificate says of itself.
struct HostCertificate {
    std::string subject{};  ///< "CN = rack1-host7"
    std::string serial{};   ///< hex, as `openssl x509 -serial` prints it
    Validity valid{};

    bool operator==(const HostCertificate&) const = default;
};

/// Reads a chain (PEM, the host's own certificate first) and holds it against the private key (PEM)
/// and the host's id; `chain` and `key` may be one text. The time is not looked at.
/// Errors: invalid_spec (no certificate, more than ten, of another key, another host, or not for
/// TLS clients), each with what to do.
Result<HostCertificate> read_host_certificate(std::string_view chain, std::string_view key,
                                              const std::string& host_id);

/// The certificates of a text and nothing else of it, PEM, in their order.
std::string certificates_in(std::string_view text);

/// Errors: refused (not valid now), with both times: one of the two clocks is wrong, or the
/// certificate's lifetime is.
Result<void> check_time(const HostCertificate& certificate, std::chrono::sys_seconds now);

/// When its successor is asked for: after two thirds of its life, and up to a twentieth of it
/// later; how much says the serial number, so that the hosts of a fleet do not come all at once.
std::chrono::sys_seconds rotation_of(const HostCertificate& certificate);

}  // namespace metalwright::agent::link
