// bce-auth-v1. Source: cloud.baidu.com/doc/Reference/s/njwvz1yfu, bce-sdk-go auth/signer.go.

#include <algorithm>
#include <array>
#include <charconv>

#include "agent/signature/parts.hpp"
#include "core/hex.hpp"

namespace metalwright::signature {
namespace {

constexpr std::size_t parts_of_it = 6;
constexpr std::int64_t longest_s = 24LL * 3600;

std::string canonical_query(std::string_view query) {
    std::vector<std::string> pairs;
    for (const std::string& pair : split(query, '&')) {
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        const std::string name = decoded(pair.substr(0, equals));
        if (lower(name) == "authorization") continue;
        const std::string value =
            equals == std::string::npos ? "" : decoded(pair.substr(equals + 1));
        pairs.push_back(encoded(name) + '=' + encoded(value));
    }
    std::ranges::sort(pairs);
    std::string text;
    for (const std::string& pair : pairs) text += (text.empty() ? "" : "&") + pair;
    return text;
}

/// Those that are signed where the signer does not say which.
std::vector<std::string> usual_headers(const Message& message) {
    constexpr std::array<std::string_view, 4> usual{"host", "content-length", "content-type",
                                                    "content-md5"};
    std::vector<std::string> names;
    for (const auto& [name, value] : message.headers) {
        const std::string low = lower(name);
        if (low.starts_with("x-bce-") || std::ranges::find(usual, low) != usual.end())
            names.push_back(low);
    }
    return names;
}

}  // namespace

std::expected<Signed, Refused> verify_baidu(const Message& message, std::span<const Key> keys,
                                            const Clock& clock) {
    const auto given = header(message, "authorization");
    if (!given) return refuse(Fault::absent, "there is no header Authorization");
    const std::vector<std::string> parts = split(*given, '/');
    if (parts.size() != parts_of_it || parts[0] != "bce-auth-v1")
        return refuse(Fault::malformed,
                      "the header Authorization is not bce-auth-v1/KEY/TIME/"
                      "SECONDS/HEADERS/SIGNATURE");
    const auto at = extended_time(parts[2]);
    std::int64_t lasts = 0;
    const char* end = parts[3].data() + parts[3].size();
    if (!at || std::from_chars(parts[3].data(), end, lasts).ptr != end || lasts <= 0 ||
        lasts > longest_s)
        return refuse(Fault::malformed, "the time of the signature, or how long it lasts, is none");
    const Key* key = find_key(keys, "baidu", parts[1]);
    if (key == nullptr) return refuse(Fault::unknown_key, "this access key is not known here");
    std::vector<std::string> names =
        parts[4].empty() ? usual_headers(message) : split(parts[4], ';');
    if (std::ranges::find(names, "host") == names.end())
        return refuse(Fault::malformed, "the header host is not signed");
    std::vector<std::string> lines;
    for (const std::string& name : names) {
        const auto value = header(message, lower(name));
        if (!value) return refuse(Fault::malformed, "a signed header is not there");
        if (const std::string text = trimmed(*value); !text.empty())
            lines.push_back(encoded(lower(name)) + ':' + encoded(text));
    }
    std::ranges::sort(lines);
    const std::size_t mark = message.target.find('?');
    std::string text = message.method + '\n' +
                       encoded(decoded(message.target.substr(0, mark)), "/") + '\n' +
                       (mark == std::string::npos
                            ? ""
                            : canonical_query(std::string_view(message.target).substr(mark + 1))) +
                       '\n';
    for (std::size_t i = 0; i < lines.size(); ++i) text += (i == 0 ? "" : "\n") + lines[i];
    const std::string prefix = parts[0] + '/' + parts[1] + '/' + parts[2] + '/' + parts[3];
    const std::string derived = hex_of(hmac(key->secret, prefix));
    if (!same(hex_of(hmac(derived, text)), parts[5]))
        return refuse(Fault::wrong,
                      "The request signature we calculated does not match the "
                      "signature you provided");
    // The body is not signed, but where its digest is, it is held to it.
    const auto md5 = header(message, "content-md5");
    if (md5 && std::ranges::find(names, "content-md5") != names.end() &&
        !same(md5_base64(message.body), *md5))
        return refuse(Fault::wrong, "the body is not the one of Content-MD5");
    const std::int64_t until = *at + lasts * 1000;
    if (*at > clock.now_ms + clock.skew_ms || until < clock.now_ms - clock.skew_ms)
        return refuse(Fault::expired, "Request has expired. Timestamp date is " + parts[2]);
    return Signed{
        .vendor = "baidu", .key_id = key->id, .until_ms = until + clock.skew_ms, .since_ms = *at};
}

}  // namespace metalwright::signature
