// ZC2-HMAC-SHA256. Source: docs.console.zenlayer.com (api-introduction, sign),
// zenlayercloud-sdk-go common/client.go.

#include <algorithm>
#include <charconv>

#include "agent/signature/parts.hpp"
#include "core/hex.hpp"

namespace metalwright::signature {

std::expected<Signed, Refused> verify_zenlayer(const Message& message, std::span<const Key> keys,
                                               const Clock& clock) {
    constexpr std::string_view scheme = "ZC2-HMAC-SHA256";
    const auto given = header(message, "authorization");
    if (!given) return refuse(Fault::absent, "there is no header Authorization");
    const auto authorization = read_authorization(*given);
    const auto stamp = header(message, "x-zc-timestamp");
    std::int64_t seconds = 0;
    if (!authorization || authorization->scheme != scheme || !stamp ||
        std::from_chars(stamp->data(), stamp->data() + stamp->size(), seconds).ptr !=
            stamp->data() + stamp->size())
        return refuse(Fault::malformed,
                      "the header Authorization is not ZC2-HMAC-SHA256 with x-zc-timestamp");
    const Key* key = find_key(keys, "zenlayer", authorization->credential);
    if (key == nullptr) return refuse(Fault::unknown_key, "this access key is not known here");
    std::vector<std::string> names;
    for (const std::string& name : authorization->signed_headers) names.push_back(lower(name));
    std::ranges::sort(names);
    if (std::ranges::find(names, "host") == names.end())
        return refuse(Fault::malformed, "the header host is not signed");
    std::string text = message.method + "\n/\n\n";  // the path is left out by the scheme
    std::string list;
    for (const std::string& name : names) {
        const auto value = header(message, name);
        if (!value) return refuse(Fault::malformed, "a signed header is not there");
        text += name + ':' + trimmed(*value) + '\n';
        list += (list.empty() ? "" : ";") + name;
    }
    text += '\n' + list + '\n' + sha256_hex(message.body);
    const std::string to_sign = std::string(scheme) + '\n' + *stamp + '\n' + sha256_hex(text);
    if (!same(hex_of(hmac(key->secret, to_sign)), authorization->signature))
        return refuse(Fault::wrong, "the signature does not match");
    constexpr std::int64_t latest_s = 100'000'000'000;  // what is beyond it is no time
    const std::int64_t at = std::clamp(seconds, -latest_s, latest_s) * 1000;
    if (at > clock.now_ms + clock.skew_ms || at < clock.now_ms - clock.skew_ms)
        return refuse(Fault::expired, "the time of the request is too far from this host's");
    return Signed{
        .vendor = "zenlayer", .key_id = key->id, .until_ms = at + clock.skew_ms, .since_ms = at};
}

}  // namespace metalwright::signature
