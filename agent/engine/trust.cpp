// The links may one day be a process without privileges, or be taken over: whether a document of
// theirs is an order is decided here, on the side that is root.

#include "agent/engine/trust.hpp"

#include <algorithm>

#include "agent/engine/engine.hpp"
#include "agent/spec/address_edit.hpp"
#include "agent/spec/detached_signature.hpp"
#include "agent/vendor/dialect.hpp"
#include "sys/secret_file.hpp"

namespace metalwright::engine {

bool came_over_a_link(std::string_view source) {
    const auto is_vendor = [&](const vendor::Dialect& one) { return one.name == source; };
    return source != "admin" && source != "raid" && source != spec::address_source &&
           std::ranges::none_of(vendor::dialects(), is_vendor);
}

std::expected<std::vector<spec::TrustedKey>, Errors> load_trusted_keys(
    const std::filesystem::path& file) {
    const auto text = sys::read_own_file(file);
    if (!text) return std::unexpected(Errors{text.error()});
    auto keys = spec::read_trusted_keys(*text);
    if (!keys)
        for (Error& error : keys.error())
            error.message = "in the trusted keys of " + file.native() + ": " + error.message;
    return keys;
}

std::expected<std::optional<std::uint64_t>, Errors> signed_generation(
    const agent::Submission& submission, const Options& options) {
    if (!came_over_a_link(submission.source)) return std::nullopt;
    if (options.trusted_keys.empty() && !options.require_signature) return std::nullopt;
    if (!submission.signature) {
        if (!options.require_signature) return std::nullopt;
        return std::unexpected(
            Errors{{Errc::refused,
                    "the document is not signed, and this host takes signed ones alone ([link] "
                    "require_signature): send its signature along, see docs/control-plane.md",
                    "signature"}});
    }
    const auto keys = load_trusted_keys(options.trusted_keys);
    if (!keys) return std::unexpected(keys.error());
    return spec::verify_signature({.bytes = submission.document,
                                   .signature = *submission.signature,
                                   .generation = submission.generation},
                                  *keys, options.host_id);
}

}  // namespace metalwright::engine
