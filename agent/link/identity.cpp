#include "agent/link/identity.hpp"

#include <nlohmann/json.hpp>

#include "agent/link/openssl_owned.hpp"
#include "agent/link/own_directory.hpp"
#include "agent/link/signing_request.hpp"
#include "core/fail_point.hpp"

namespace metalwright::agent::link {
namespace {

constexpr const char* identity_name = "identity.pem";
constexpr const char* broken_name = "identity.pem.broken";
constexpr const char* pending_name = "pending.pem";
constexpr const char* authority_name = "authority.pem";
constexpr const char* record_name = "record.json";
constexpr std::string_view purpose_line = "purpose: ";
constexpr std::string_view request_begins = "-----BEGIN CERTIFICATE REQUEST-----";

std::string as_json(const IdentityRecord& record) {
    return nlohmann::json{{"spent", record.spent},
                          {"denied", record.denied},
                          {"revoked", record.revoked},
                          {"urls", record.urls},
                          {"trouble", record.trouble}}
               .dump(1) +
           "\n";
}

/// What cannot be read is as if it were not there: a token is then tried once more, and no more.
IdentityRecord record_from(const std::string& text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    IdentityRecord record;
    if (!json.is_object()) return record;
    const auto word = [&](const char* key, std::string& into) {
        if (json.contains(key) && json[key].is_string()) into = json[key].get<std::string>();
    };
    word("spent", record.spent);
    word("denied", record.denied);
    word("revoked", record.revoked);
    word("trouble", record.trouble);
    if (json.contains("urls") && json["urls"].is_array())
        for (const auto& url : json["urls"])
            if (url.is_string()) record.urls.push_back(url.get<std::string>());
    return record;
}

/// Nothing, when it is not whole: its request was never sent, or is made anew.
std::optional<PendingRequest> pending_from(std::string&& text) {
    const SecretText whole(std::move(text));
    const std::string_view all = whole.view();
    const std::size_t line = all.find('\n'), request = all.find(request_begins);
    if (!all.starts_with(purpose_line) || request == std::string_view::npos) return std::nullopt;
    PendingRequest pending{
        .purpose = std::string(all.substr(purpose_line.size(), line - purpose_line.size())),
        .key = SecretText(std::string(all.substr(line + 1, request - line - 1))),
        .request = std::string(all.substr(request))};
    const Owned<BIO> bio = bio_of(pending.request);
    const Owned<X509_REQ> read(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    if (!read || !key_of(pending.key.view())) return std::nullopt;
    return pending;
}

Error damaged(const std::filesystem::path& file, const Error& why, const std::string& next) {
    return {Errc::io, "the stored identity of this host cannot be used: " + why.message + next,
            file.native()};
}

}  // namespace

std::string purpose_of_token(const std::string& token_fingerprint) {
    return "token " + token_fingerprint;
}

std::string purpose_of_rotation(const std::string& serial) {
    return "rotation of " + serial;
}

IdentityFiles::IdentityFiles(std::filesystem::path directory, std::string host_id)
    : directory_(std::move(directory)), host_id_(std::move(host_id)) {}

Result<StoredIdentity> IdentityFiles::look() const {
    StoredIdentity found;
    const auto at = OwnDirectory::open(directory_, /*make=*/false);
    if (!at && at.error().code == Errc::not_found) return found;
    if (!at) return std::unexpected(at.error());
    auto record = at->read(record_name, /*secret=*/true);
    if (!record) return std::unexpected(record.error());
    if (*record) found.record = record_from(**record);
    const auto authority = at->read(authority_name, /*secret=*/false);
    if (!authority) return std::unexpected(authority.error());
    found.pinned = authority->has_value();
    auto pending = at->read(pending_name, /*secret=*/true);
    if (!pending) return std::unexpected(pending.error());
    if (*pending) found.pending = pending_from(std::move(**pending));
    auto identity = at->read(identity_name, /*secret=*/true);
    if (!identity) return std::unexpected(identity.error());
    if (!*identity) return found;
    const SecretText whole(std::move(**identity));
    auto certificate = read_host_certificate(whole.view(), whole.view(), host_id_);
    if (certificate)
        found.certificate = std::move(*certificate);
    else
        found.damage = damaged(this->identity(), certificate.error(),
                               ": put a new one-time token into the enrolment file");
    return found;
}

Result<StoredIdentity> IdentityFiles::open() {
    const auto at = OwnDirectory::open(directory_, /*make=*/true);
    if (!at) return std::unexpected(at.error());
    auto found = look();
    if (!found) return found;
    if (found->damage) {
        if (auto aside = at->rename(identity_name, broken_name); !aside)
            return std::unexpected(aside.error());
        found->damage->message += " (what was there is kept as " + std::string(broken_name) + ")";
    }
    if (!found->certificate || !found->pending) return found;
    auto identity = at->read(identity_name, /*secret=*/true);
    if (!identity || !*identity) return found;
    const SecretText whole(std::move(**identity));
    if (whole.view().starts_with(found->pending->key.view())) {
        if (auto ended = finish(*found->pending, found->record); !ended)
            return std::unexpected(ended.error());
        found->pending.reset();
    }
    return found;
}

Result<void> IdentityFiles::keep_pending(const PendingRequest& pending) {
    const auto at = OwnDirectory::open(directory_, /*make=*/true);
    if (!at) return std::unexpected(at.error());
    std::string text;
    // No growing string leaves pieces of a key behind.
    text.reserve(purpose_line.size() + pending.purpose.size() + 1 + pending.key.view().size() +
                 pending.request.size());
    ((text += purpose_line) += pending.purpose) += '\n';
    (text += pending.key.view()) += pending.request;
    const SecretText whole(std::move(text));
    return at->write(pending_name, whole.view(), 0600);
}

Result<void> IdentityFiles::keep_authorities(const std::string& pem) {
    const auto at = OwnDirectory::open(directory_, /*make=*/true);
    if (!at) return std::unexpected(at.error());
    return at->write(authority_name, pem, 0644);
}

Result<void> IdentityFiles::keep_record(const IdentityRecord& record) {
    const auto at = OwnDirectory::open(directory_, /*make=*/true);
    if (!at) return std::unexpected(at.error());
    return at->write(record_name, as_json(record), 0600);
}

Result<void> IdentityFiles::keep_identity(const PendingRequest& pending, const std::string& chain,
                                          IdentityRecord& record) {
    const auto at = OwnDirectory::open(directory_, /*make=*/true);
    if (!at) return std::unexpected(at.error());
    std::string text;
    text.reserve(pending.key.view().size() + chain.size());
    (text += pending.key.view()) += chain;
    const SecretText whole(std::move(text));
    if (auto kept = at->write(identity_name, whole.view(), 0600); !kept) return kept;
    fail_point("enrol.after-stored");
    return finish(pending, record);
}

Result<void> IdentityFiles::remove_token(const std::filesystem::path& file) {
    if (file.parent_path() != directory_) return {};
    const auto at = OwnDirectory::open(directory_, /*make=*/false);
    if (!at) return std::unexpected(at.error());
    return at->remove(file.filename().c_str());
}

Result<void> IdentityFiles::finish(const PendingRequest& pending, IdentityRecord& record) {
    const std::string token = purpose_of_token("");
    if (pending.purpose.starts_with(token)) record.spent = pending.purpose.substr(token.size());
    record.denied.clear();
    record.revoked.clear();
    record.trouble.clear();
    if (auto kept = keep_record(record); !kept) return kept;
    fail_point("enrol.after-spent");
    const auto at = OwnDirectory::open(directory_, /*make=*/false);
    if (!at) return std::unexpected(at.error());
    return at->remove(pending_name);
}

std::vector<std::string> enrolled_urls(const IdentityFiles& files,
                                       const Result<Bootstrap>& handed) {
    const auto stored = files.look();
    const bool fresh = handed && !handed->urls.empty() &&
                       (!stored || fingerprint(handed->token.view()) != stored->record.spent);
    if (fresh) return handed->urls;
    return stored ? stored->record.urls : std::vector<std::string>();
}

}  // namespace metalwright::agent::link
