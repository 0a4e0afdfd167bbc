#include "agent/spec/trusted_keys.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "agent/spec/cursor.hpp"
#include "agent/spec/findings.hpp"
#include "agent/spec/json_text.hpp"
#include "cloudinit/base64.hpp"

namespace metalwright::spec {
namespace {

constexpr std::size_t most_keys = 64;
constexpr std::size_t key_size = 32;

using namespace std::string_view_literals;

// What is said of such a key elsewhere may be left out; where it is there, it must be this.
constexpr std::array kinds{"OKP"sv};
constexpr std::array curves{"Ed25519"sv};
constexpr std::array uses{"sig"sv};
constexpr std::array algorithms{"EdDSA"sv};

/// The y of the points of small order, little-endian, the sign apart: under such a "key" anybody
/// makes signatures, and one of zeros is what is left of a template. OpenSSL takes them. The last
/// two are 0 and 1 once more, plus the prime.
constexpr std::array<std::string_view, 7> small_order{
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"sv,
    "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"sv,
    "\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"sv,
    "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
    "\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05"sv,
    "\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
    "\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a"sv,
    "\xed\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"sv,
    "\xee\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"sv};

bool is_of_small_order(std::string key) {
    key.back() = static_cast<char>(static_cast<unsigned char>(key.back()) & 0x7FU);
    return std::ranges::find(small_order, key) != small_order.end();
}

std::optional<std::string> read_x(Fields& key) {
    const auto text = key.need_text("x", {.most = 64});
    if (!text) return std::nullopt;
    auto bytes = cloudinit::decode_base64url(*text);
    if (!bytes)
        key.error("x", bytes.error().message);
    else if (bytes->size() != key_size)
        key.error("x", "is " + std::to_string(bytes->size()) + " bytes: an Ed25519 key has 32");
    else if (is_of_small_order(*bytes))
        key.error("x", "is no key: anybody could sign with it; put the public key here");
    else
        return std::move(*bytes);
    return std::nullopt;
}

std::optional<TrustedKey> read_key(const Cursor& cursor) {
    auto fields = cursor.fields();
    if (!fields) return std::nullopt;
    // Whoever has this file could then give the whole fleet orders.
    if (fields->has("d"))
        fields->error("d",
                      "is the private half: take it out, and replace the key; it has no "
                      "business on a host");
    if (const auto kind = fields->need("kty")) (void)kind->word(kinds);
    if (const auto curve = fields->need("crv")) (void)curve->word(curves);
    (void)fields->word("use", uses);
    (void)fields->word("alg", algorithms);
    auto id = fields->need_text("kid", {.most = 128, .form = &forms::printable});
    auto bytes = read_x(*fields);
    if (!id || !bytes) return std::nullopt;
    return TrustedKey{std::move(*id), std::move(*bytes)};
}

}  // namespace

std::expected<std::vector<TrustedKey>, Errors> read_trusted_keys(std::string_view jwk_set) {
    const auto json = parse_json(jwk_set);
    if (!json) return std::unexpected(json.error());
    Findings findings;
    std::vector<TrustedKey> keys;
    auto set = Cursor(*json, "", findings).fields();
    const auto list = set ? set->need("keys") : std::nullopt;
    const auto items = list ? list->items(most_keys) : std::nullopt;
    if (items && items->empty()) list->error("holds no key: no document could be believed");
    for (const Cursor& item : items.value_or(std::vector<Cursor>())) {
        auto key = read_key(item);
        if (!key) continue;
        if (std::ranges::find(keys, key->id, &TrustedKey::id) != keys.end())
            item.error("another key is called " + in_quotes(key->id) +
                       " too: give each a kid of its own");
        keys.push_back(std::move(*key));
    }
    if (!findings.clean()) return std::unexpected(findings.take_errors(*json));
    return keys;
}

}  // namespace metalwright::spec
