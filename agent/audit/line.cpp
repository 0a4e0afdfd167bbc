// One line of the audit: made, read, chained. Pure.

#include "agent/audit/line.hpp"

#include <sha2.h>
#include <sys/types.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "core/hex.hpp"
#include "core/utc.hpp"

namespace metalwright::agent::audit {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t longest_word = 300;  // a stranger chooses the path
constexpr std::size_t chain_digits = std::size_t{2} * SHA256_DIGEST_LENGTH;
constexpr std::string_view chain_name = R"(,"chain":")";

std::string bounded(const std::string& text) {
    return text.size() <= longest_word ? text : text.substr(0, longest_word) + "...";
}

void put(Json& json, const char* name, const std::string& text) {
    if (!text.empty()) json[name] = bounded(text);
}

template <class T>
void put(Json& json, const char* name, const std::optional<T>& value) {
    if (value) json[name] = *value;
}

Json json_of(const Who& who) {
    Json json{{"door", who.door}};
    put(json, "uid", who.uid);
    put(json, "gid", who.gid);
    put(json, "pid", who.pid);
    put(json, "vendor", who.vendor);
    put(json, "key", who.key);
    put(json, "address", who.address);
    return json;
}

bool is_chain(std::string_view text) {
    return text.size() == chain_digits &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string chain_over(std::string_view former, std::string_view covered) {
    SHA2_CTX context;
    ::SHA256Init(&context);
    for (const std::string_view part : {former, covered})
        ::SHA256Update(&context, reinterpret_cast<const std::uint8_t*>(part.data()), part.size());
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
    ::SHA256Final(digest.data(), &context);
    return hex_of(digest);
}

Line make_line(const Deed& deed, std::int64_t at_ms, const Gaps& gaps, const Link& former,
               bool begins) {
    Json json{{"n", former.n + 1}, {"at", utc_with_ms(at_ms)}, {"who", json_of(deed.who)}};
    json["did"] = bounded(deed.did);
    if (deed.status != 0) json["status"] = deed.status;
    put(json, "code", deed.code);
    put(json, "operation", deed.operation);
    put(json, "generation", deed.generation);
    put(json, "instance", deed.instance);
    if (gaps.missing != 0) json["missing"] = gaps.missing;
    if (gaps.left_out != 0) json["leftOut"] = gaps.left_out;
    if (gaps.torn) json["torn"] = true;
    if (begins) json["after"] = former.chain;
    Line line{json.dump(-1, ' ', false, Json::error_handler_t::replace), {former.n + 1, {}}};
    line.text.pop_back();  // the brace: the chain is the last member
    line.link.chain = chain_over(former.chain, line.text);
    line.text += std::string(chain_name) + line.link.chain + "\"}\n";
    return line;
}

std::optional<Read> read_line(std::string_view text) {
    const std::size_t end = text.rfind(chain_name);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view tail = text.substr(end + chain_name.size());
    if (!tail.ends_with("\"}") || !is_chain(tail.substr(0, tail.size() - 2))) return std::nullopt;
    const auto json = nlohmann::json::parse(text, nullptr, false);
    const auto is = [&](const char* name, auto kind) {
        return !json.contains(name) || (json[name].*kind)();
    };
    using Value = nlohmann::json;
    if (!json.is_object() || !json.contains("n") || !is("n", &Value::is_number_integer) ||
        !is("at", &Value::is_string) || !is("after", &Value::is_string) ||
        !is("missing", &Value::is_number_integer) || !is("leftOut", &Value::is_number_integer) ||
        !is("torn", &Value::is_boolean))
        return std::nullopt;
    return Read{.link = {json["n"].get<std::int64_t>(), std::string(tail.substr(0, chain_digits))},
                .after = json.value("after", ""),
                .at = json.value("at", ""),
                .gaps = {json.value("missing", std::int64_t{0}),
                         json.value("leftOut", std::int64_t{0}), json.value("torn", false)},
                .covered = text.substr(0, end)};
}

}  // namespace metalwright::agent::audit
