// JDCLOUD2-HMAC-SHA256 (Go and JavaScript SDKs) and JDCLOUD3-HMAC-SHA256 (Python). Source:
// jdcloud-sdk-go core/Signer.go, jdcloud-sdk-python core/signer.py.

#include <algorithm>

#include "agent/signature/parts.hpp"
#include "core/hex.hpp"

namespace metalwright::signature {
namespace {

constexpr std::string_view second = "JDCLOUD2-HMAC-SHA256";
constexpr std::string_view third = "JDCLOUD3-HMAC-SHA256";

/// Runs of blanks inside become one.
std::string collapsed(std::string_view text) {
    std::string out;
    for (const char c : trimmed(text))
        if (c != ' ' || out.empty() || out.back() != ' ') out += c;
    return out;
}

std::string path_of_third(std::string_view path) {
    std::string clean;
    for (const char c : decoded(path, true))
        if (c != '/' || clean.empty() || clean.back() != '/') clean += c;
    return encoded(clean, "/");
}

std::string query_of_third(std::string_view query) {
    std::vector<std::string> pairs;
    for (const std::string& pair : split(query, '&')) {
        const std::size_t equals = pair.find('=');
        if (equals == std::string::npos || equals + 1 == pair.size()) continue;
        pairs.push_back(encoded(decoded(pair.substr(0, equals), true)) + '=' +
                        encoded(decoded(pair.substr(equals + 1), true)));
    }
    std::ranges::sort(pairs);
    std::string text;
    for (const std::string& pair : pairs) text += (text.empty() ? "" : "&") + pair;
    return text;
}

std::optional<std::string> canonical(const Message& message, const Authorization& authorization) {
    const bool old = authorization.scheme == second;
    const std::size_t mark = message.target.find('?');
    const std::string path = message.target.substr(0, mark);
    const std::string query = mark == std::string::npos ? "" : message.target.substr(mark + 1);
    std::string text = message.method + '\n' + (old ? path : path_of_third(path)) + '\n' +
                       (old ? query : query_of_third(query)) + '\n';
    std::vector<std::string> names;
    for (const std::string& name : authorization.signed_headers) names.push_back(lower(name));
    std::ranges::sort(names);
    std::string list;
    for (const std::string& name : names) {
        const auto value = header(message, name);
        if (!value) return std::nullopt;
        text += name + ':' + (old ? collapsed(*value) : trimmed(*value)) + '\n';
        list += (list.empty() ? "" : ";") + name;
    }
    return text + '\n' + list + '\n' + sha256_hex(message.body);
}

}  // namespace

std::expected<Signed, Refused> verify_jdcloud(const Message& message, std::span<const Key> keys,
                                              const Clock& clock) {
    const auto given = header(message, "authorization");
    if (!given) return refuse(Fault::absent, "lack of header authorization");
    const auto authorization = read_authorization(*given);
    if (!authorization || (authorization->scheme != second && authorization->scheme != third))
        return refuse(Fault::malformed,
                      "the header authorization is none of JDCLOUD2-HMAC-SHA256 "
                      "or JDCLOUD3-HMAC-SHA256");
    const std::string version = authorization->scheme.substr(0, 8);  // "JDCLOUD2"
    const std::string request = lower(version) + "_request";
    const std::vector<std::string> scope = split(authorization->credential, '/');
    const auto date = header(message, "x-jdcloud-date");
    const auto at = date ? basic_time(*date) : std::nullopt;
    if (scope.size() != 5 || scope[4] != request || !at || !date->starts_with(scope[1]))
        return refuse(Fault::malformed, "the credential is not KEY/DATE/REGION/SERVICE/" + request +
                                            " with the date of the header x-jdcloud-date");
    const Key* key = find_key(keys, "jdcloud", scope[0]);
    if (key == nullptr) return refuse(Fault::unknown_key, "this access key is not known here");
    const auto& names = authorization->signed_headers;
    const auto is_signed = [&](std::string_view name) {
        return std::ranges::any_of(names, [&](const auto& one) { return lower(one) == name; });
    };
    if (!is_signed("host")) return refuse(Fault::malformed, "the header host is not signed");
    const auto text = canonical(message, *authorization);
    if (!text) return refuse(Fault::malformed, "a signed header is not there");
    const std::string to_sign = authorization->scheme + '\n' + *date + '\n' + scope[1] + '/' +
                                scope[2] + '/' + scope[3] + '/' + scope[4] + '\n' +
                                sha256_hex(*text);
    std::string derived = hmac(version + key->secret, scope[1]);
    for (std::size_t part = 2; part < scope.size(); ++part) derived = hmac(derived, scope[part]);
    if (!same(hex_of(hmac(derived, to_sign)), authorization->signature))
        return refuse(Fault::wrong, "the signature does not match");
    if (*at > clock.now_ms + clock.skew_ms || *at < clock.now_ms - clock.skew_ms)
        return refuse(Fault::expired, "the request was signed at " + *date +
                                          ", which is too far from this host's time");
    const auto nonce = header(message, "x-jdcloud-nonce");
    constexpr std::size_t longest_nonce = 128;
    if (nonce && (nonce->size() > longest_nonce || nonce->find_first_of(" \t") != nonce->npos))
        return refuse(Fault::malformed, "the header x-jdcloud-nonce is none");
    return Signed{.vendor = "jdcloud",
                  .key_id = key->id,
                  .nonce = nonce && is_signed("x-jdcloud-nonce") ? *nonce : "",
                  .until_ms = *at + clock.skew_ms,
                  .since_ms = *at};
}

}  // namespace metalwright::signature
