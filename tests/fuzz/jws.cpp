// spec::verify_signature(), read_trusted_keys() and decode_base64url: of all that can be written,
// one text alone is believed, and for its own document alone.
#include <cstdlib>
#include <string>

#include "agent/spec/detached_signature.hpp"
#include "cloudinit/base64.hpp"
#include "tests/fuzz/target.hpp"

namespace metalwright::fuzz {
namespace {

// RFC 8037, appendix A: the key, and what it makes of this document.
constexpr std::string_view keys =
    R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";
constexpr std::string_view document = R"({"apiVersion":"metalwright/v1"})";
constexpr std::string_view good =
    "eyJhbGciOiJFZERTQSIsImtpZCI6ImEiLCJob3N0IjoiaCIsImdlbmVyYXRpb24iOjE3LCJjcml0IjpbImhvc3QiLC"
    "JnZW5lcmF0aW9uIl19..Toy314HIkoSJ8tCsxSh7Sf_3dcc9X4U5GfI-yuOKZ2iNYoTzYlhc_7ElEYoLlDbRYzd4Q6"
    "vIoka5moN3M-f9BA";
constexpr std::string_view of_another_host =
    "eyJhbGciOiJFZERTQSIsImtpZCI6ImEiLCJob3N0Ijoib3RoZXIiLCJnZW5lcmF0aW9uIjoxNywiY3JpdCI6WyJob3"
    "N0IiwiZ2VuZXJhdGlvbiJdfQ..sDSkaqTGB31S4NeeA6LvjKxBwT8kMI4_ZW2ZNsB4A6Q2p0h2FpS0NPqbztNF3fok"
    "vwPR0fMoAK725WoEI-3bCA";
constexpr std::string_view of_another_generation =
    "eyJhbGciOiJFZERTQSIsImtpZCI6ImEiLCJob3N0IjoiaCIsImdlbmVyYXRpb24iOjE2LCJjcml0IjpbImhvc3QiLC"
    "JnZW5lcmF0aW9uIl19..a6UOF30C9uh4NtbXgKvDMDanftIikUmiZfTJkYr62ho6UfgFfigaym3w3Wn8Ur3DkjRTU8"
    "KmMCtQGEOfb91QDw";
constexpr std::string_view with_more_to_understand =
    "eyJhbGciOiJFZERTQSIsImtpZCI6ImEiLCJob3N0IjoiaCIsImdlbmVyYXRpb24iOjE3LCJjcml0IjpbImhvc3QiLC"
    "JnZW5lcmF0aW9uIiwiZXhwIl0sImV4cCI6MX0..yhzKs3WmfrtwAYYAhGp2lf3Pj6iCikM2Wwsu2TRS9mEEhe6y7Hw"
    "v5pwKbOjkMrFtzNFBFpu-6FfV8VU90ULsDQ";

void check(bool promise) {
    if (!promise) std::abort();
}

}  // namespace

void run(std::span<const std::uint8_t> input) {
    const std::string text(input.begin(), input.end());
    const std::size_t line = text.find('\n');
    const std::string signature = text.substr(0, line);
    const std::string bytes =
        line == std::string::npos ? std::string(document) : text.substr(line + 1);

    static const auto trusted = spec::read_trusted_keys(keys).value();
    const auto believed = spec::verify_signature({bytes, signature, 17}, trusted, "h");
    check(believed.has_value() == (signature == good && bytes == document));
    if (believed) check(*believed == 17);
    if (!believed)
        for (const Error& error : believed.error())
            check(error.code == Errc::refused && error.where.starts_with("signature") &&
                  !error.message.empty());

    if (const auto read = spec::read_trusted_keys(text)) {
        check(!read->empty());
        for (const spec::TrustedKey& key : *read) check(key.bytes.size() == 32 && !key.id.empty());
    }
    if (const auto decoded = cloudinit::decode_base64url(text))
        check(cloudinit::encode_base64url(*decoded) == text);
    check(cloudinit::decode_base64url(cloudinit::encode_base64url(text)) == text);
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> all;
    const auto add = [&](const std::string& one) { all.emplace_back(one.begin(), one.end()); };
    for (const std::string_view one :
         {good, of_another_host, of_another_generation, with_more_to_understand})
        add(std::string(one) + "\n" + std::string(document));
    add(std::string(keys));
    add(cloudinit::encode_base64url(R"({"alg":"none","b64":false,"crit":["b64"]})") + "..AAAA");
    return all;
}

}  // namespace metalwright::fuzz
