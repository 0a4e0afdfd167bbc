#include "agent/spec/detached_signature.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "agent/spec/cursor.hpp"
#include "agent/spec/findings.hpp"
#include "agent/spec/json_text.hpp"
#include "cloudinit/base64.hpp"

namespace metalwright::spec {
namespace {

constexpr std::size_t signature_size = 64;
constexpr std::string_view where = "signature";
/// What a signature has to say of the document beyond its bytes, so that whoever does not know of
/// it must refuse it.
constexpr std::array<std::string_view, 2> critical{"host", "generation"};

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

std::unexpected<Errors> refuse(std::string message, std::string_view member = {}) {
    std::string at(where);
    if (!member.empty()) (at += '/') += member;
    return std::unexpected(Errors{{Errc::refused, std::move(message), std::move(at)}});
}

struct Parts {
    std::string_view header;
    std::string_view signature;
};

std::expected<Parts, Errors> take_apart(std::string_view text) {
    if (text.size() > most_signature_bytes)
        return refuse("has " + std::to_string(text.size()) + " bytes; at most " +
                      std::to_string(most_signature_bytes) + " are read");
    const std::size_t first = text.find('.'), last = text.rfind('.');
    const bool two = first != last && std::ranges::count(text, '.') == 2;
    if (two && last > first + 1)
        return refuse(
            "holds a payload of its own: detach it, so that nothing stands between the two dots; "
            "what is signed is the document that it comes with");
    if (!two || first == 0 || last + 1 == text.size())
        return refuse(
            "is no compact JWS with a detached payload: it has to be "
            "BASE64URL(header)..BASE64URL(signature)");
    return Parts{text.substr(0, first), text.substr(last + 1)};
}

/// What the protected header says, once it is whole.
struct Header {
    std::string key_id;
    std::string host;
    std::uint64_t generation = 0;
};

void read_critical(Fields& header) {
    const auto list = header.need("crit");
    const auto items = list ? list->items(16) : std::nullopt;
    if (!items) return;
    std::vector<std::string> named;
    for (const Cursor& item : *items) {
        auto name = item.text({.most = 64});
        if (!name) return;
        if (std::ranges::find(critical, *name) == critical.end())
            item.error(in_quotes(*name) +
                       " has to be understood, and this agent does not know it: sign without it");
        if (std::ranges::find(named, *name) != named.end())
            item.error(in_quotes(*name) + " stands twice: name it once");
        named.push_back(std::move(*name));
    }
    for (const std::string_view name : critical)
        if (std::ranges::find(named, name) == named.end())
            list->error("does not name " + in_quotes(name) +
                        ": crit has to be [\"host\", "
                        "\"generation\"]");
}

std::expected<Header, Errors> read_header(std::string_view text) {
    const auto fail_with = [](Errors errors) {
        for (Error& error : errors) {
            error.code = Errc::refused;
            if (error.where.empty()) error.message.insert(0, "the header: ");
            error.where.insert(0, where);
        }
        return std::unexpected(std::move(errors));
    };
    const auto bytes = cloudinit::decode_base64url(text);
    if (!bytes) return refuse("the header: " + bytes.error().message);
    const auto json = parse_json(*bytes);
    if (!json) return fail_with(json.error());
    Findings findings;
    Header header;
    if (auto fields = Cursor(*json, "", findings).fields()) {
        if (const auto algorithm = fields->need_text("alg", {.most = 64});
            algorithm && *algorithm != "EdDSA")
            fields->error("alg", "is " + in_quotes(*algorithm) +
                                     ": only EdDSA, with an Ed25519 key, is taken");
        header.key_id = fields->need_text("kid", {.most = 128}).value_or("");
        header.host = fields->need_text("host", {}).value_or("");
        if (const auto generation = fields->need("generation"))
            header.generation = generation->number(1, most_number).value_or(0);
        read_critical(*fields);
        // RFC 7797 wants it under "crit"; who forgets that would be told of a wrong signature.
        if (fields->has("b64"))
            fields->error("b64",
                          "is not taken: sign the Base64 of the document, as RFC 7515 has "
                          "it, and leave b64 out");
    }
    if (!findings.clean()) return fail_with(findings.take_errors(*json));
    return header;
}

/// Errors: internal.
Result<bool> is_made_by(const std::string& key, std::string_view text, std::string_view signature) {
    const auto bytes = [](std::string_view of) {
        return reinterpret_cast<const unsigned char*>(of.data());
    };
    const Owned<EVP_PKEY> known(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(key), key.size()));
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    const bool ready =
        known && context &&
        EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, known.get()) == 1;
    const bool good = ready && EVP_DigestVerify(context.get(), bytes(signature), signature.size(),
                                                bytes(text), text.size()) == 1;
    ERR_clear_error();
    if (!ready) return fail(Errc::internal, "OpenSSL cannot verify Ed25519 here", "signature");
    return good;
}

std::string names_of(std::span<const TrustedKey> keys) {
    std::string all;
    for (const TrustedKey& key : keys) all += (all.empty() ? "" : ", ") + in_quotes(key.id);
    return all;
}

}  // namespace

std::expected<std::uint64_t, Errors> verify_signature(const SignedDocument& document,
                                                      std::span<const TrustedKey> keys,
                                                      std::string_view host_id) {
    const auto parts = take_apart(document.signature);
    if (!parts) return std::unexpected(parts.error());
    const auto header = read_header(parts->header);
    if (!header) return std::unexpected(header.error());
    const auto signature = cloudinit::decode_base64url(parts->signature);
    if (!signature) return refuse("after the dots: " + signature.error().message);
    if (signature->size() != signature_size)
        return refuse("is " + std::to_string(signature->size()) +
                      " bytes after the dots: Ed25519 makes 64");
    const auto key = std::ranges::find(keys, header->key_id, &TrustedKey::id);
    if (key == keys.end())
        return refuse("is made with the key " + in_quotes(header->key_id) +
                          ", which is not trusted here; these are: " + names_of(keys),
                      "kid");

    const auto good = is_made_by(
        key->bytes, std::string(parts->header) + "." + cloudinit::encode_base64url(document.bytes),
        *signature);
    if (!good) return std::unexpected(Errors{good.error()});
    if (!*good)
        return refuse("is not what the key " + in_quotes(key->id) +
                      " makes of this document: deliver the very bytes that were signed, and sign "
                      "again whenever one of them changes");
    // Only now is what it says more than somebody's word.
    if (header->host != host_id)
        return refuse("is for host " + in_quotes(header->host) + ", this is " + in_quotes(host_id) +
                          ": sign each host's document for itself",
                      "host");
    if (document.generation && *document.generation != header->generation)
        return refuse("is for generation " + std::to_string(header->generation) +
                          ", and the document was delivered as generation " +
                          std::to_string(*document.generation) +
                          ": sign again whenever the generation changes",
                      "generation");
    return header->generation;
}

}  // namespace metalwright::spec
