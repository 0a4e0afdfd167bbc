#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/link/enrolment_file.hpp"
#include "agent/link/host_certificate.hpp"
#include "agent/link/secret_text.hpp"
#include "core/error.hpp"

namespace metalwright::agent::link {

/// A key that waits for its certificate.
struct PendingRequest {
    std::string purpose{};  ///< what it is to be exchanged for; one of another purpose is not used
    SecretText key{};       ///< PEM
    std::string request{};  ///< PEM
};

/// What is remembered beside keys and certificates.
struct IdentityRecord {
    std::string spent{};              ///< fingerprint() of the token that was exchanged last
    std::string denied{};             ///< of the token that the control plane has refused
    std::string revoked{};            ///< serial number of the certificate that it has revoked
    std::vector<std::string> urls{};  ///< of the bootstrap file
    std::string trouble{};            ///< why the next certificate is not there yet; for the doctor

    bool operator==(const IdentityRecord&) const = default;
};

/// All that the directory holds.
struct StoredIdentity {
    std::optional<HostCertificate> certificate{};
    std::optional<PendingRequest> pending{};
    IdentityRecord record{};
    bool pinned = false;            ///< there is an authorities() file
    std::optional<Error> damage{};  ///< an identity that cannot be used; where it was set aside
};

/// Who this host is to its control plane: the one place that reads and writes it. A directory of
/// its own, mode 0700, ours alone; in it
///
///     identity.pem   the private key and its certificate chain, in one file that is replaced as a
///                    whole: they fit each other at any moment
///     pending.pem    a key and the request for its certificate, while that is under way: after a
///                    crash the same request is made again, and answered with the same certificate
///     authority.pem  whom the bootstrap file names as the control plane's authority
///     record.json    an IdentityRecord
///
/// Each is written under another name, synced, renamed, and the directory synced; no symbolic link
/// is followed. Blocking: on the pool.
class IdentityFiles {
 public:
    IdentityFiles(std::filesystem::path directory, std::string host_id);

    std::filesystem::path identity() const { return directory_ / "identity.pem"; }
    std::filesystem::path authorities() const { return directory_ / "authority.pem"; }
    const std::filesystem::path& directory() const { return directory_; }

    /// What is there; nothing is changed. An absent directory holds nothing. Errors: io, refused (a
    /// symbolic link; others own or may change the directory, or may read a key).
    Result<StoredIdentity> look() const;

    /// The same, after putting in order what a crash has left: the directory is made; what cannot
    /// be used as identity is set aside as identity.pem.broken; an exchange that was cut off after
    /// its certificate was stored is ended.
    Result<StoredIdentity> open();

    /// Errors of all that write: io, no_space, refused.
    Result<void> keep_pending(const PendingRequest& pending);
    Result<void> keep_authorities(const std::string& pem);
    Result<void> keep_record(const IdentityRecord& record);
    /// Puts the pending key and its chain into force and ends the exchange: the token is spent.
    Result<void> keep_identity(const PendingRequest& pending, const std::string& chain,
                               IdentityRecord& record);
    /// A used token, where it lies in the directory itself; elsewhere it is not ours to remove.
    Result<void> remove_token(const std::filesystem::path& file);

 private:
    Result<void> finish(const PendingRequest& pending, IdentityRecord& record);

    std::filesystem::path directory_;
    std::string host_id_;
};

/// The base URLs of a host that the configuration names none for: of the bootstrap file, until its
/// token is spent, else of the one that it was enrolled with. None: neither says any.
std::vector<std::string> enrolled_urls(const IdentityFiles& files, const Result<Bootstrap>& handed);

/// The purpose of a request that a token is exchanged with, and of one that a certificate is.
std::string purpose_of_token(const std::string& token_fingerprint);
std::string purpose_of_rotation(const std::string& serial);

}  // namespace metalwright::agent::link
