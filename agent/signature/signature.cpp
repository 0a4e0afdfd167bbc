#include "agent/signature/signature.hpp"

#include <nlohmann/json.hpp>
#include <sstream>

namespace metalwright::signature {

Result<std::vector<Key>> read_keys(std::string_view text) {
    const auto wrong = [](const std::string& why) {
        return fail(Errc::invalid_spec,
                    why + R"(; it must hold {"keys":[{"vendor","id","secret"}]})");
    };
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object() || !json.contains("keys") || !json["keys"].is_array())
        return wrong("the file of keys is no such JSON");
    std::vector<Key> keys;
    for (const auto& one : json["keys"]) {
        const auto text_of = [&](const char* name) {
            const bool there = one.is_object() && one.contains(name) && one[name].is_string();
            return there ? one[name].get<std::string>() : std::string();
        };
        Key key{text_of("vendor"), text_of("id"), text_of("secret")};
        if (key.vendor != "jdcloud" && key.vendor != "baidu" && key.vendor != "zenlayer")
            return wrong("a key is for no vendor of jdcloud, baidu and zenlayer");
        if (key.id.empty() || key.secret.size() < 16)
            return wrong("a key has no id, or a secret of less than 16 characters");
        keys.push_back(std::move(key));
    }
    if (keys.empty()) return wrong("there is no key");
    return keys;
}

std::expected<Signed, Refused> verify(std::string_view vendor, const Message& message,
                                      std::span<const Key> keys, const Clock& clock) {
    if (vendor == "jdcloud") return verify_jdcloud(message, keys, clock);
    if (vendor == "baidu") return verify_baidu(message, keys, clock);
    if (vendor == "zenlayer") return verify_zenlayer(message, keys, clock);
    return std::unexpected(Refused{Fault::unknown_key, "no vendor of this name signs here"});
}

Nonces::Nonces(std::int64_t start_ms, std::size_t most, const std::optional<std::string>& known)
    // Signers tell whole seconds.
    : start_ms_(known ? 0 : start_ms - start_ms % 1000), most_(most) {
    std::istringstream lines(known.value_or(""));
    std::string name;
    for (std::int64_t until = 0; lines >> until >> name;) seen_.emplace(name, until);
}

std::string Nonces::line_of(const Signed& request) {
    return std::to_string(request.until_ms) + ' ' + request.vendor + '/' + request.key_id + '/' +
           request.nonce + '\n';
}

std::string Nonces::text() const {
    std::string all;
    for (const auto& [name, until] : seen_) all += std::to_string(until) + ' ' + name + '\n';
    return all;
}

std::expected<void, Refused> Nonces::take(const Signed& request, const Clock& clock) {
    if (request.nonce.empty()) return {};
    if (request.since_ms < start_ms_ && request.until_ms >= clock.now_ms)
        return std::unexpected(
            Refused{Fault::expired,
                    "the request was signed before this agent started, which cannot "
                    "tell whether it was seen before: sign it again"});
    if (clock.now_ms - swept_ms_ > 60'000 || seen_.size() >= most_) {
        swept_ms_ = clock.now_ms;
        std::erase_if(seen_, [&](const auto& one) { return one.second < clock.now_ms; });
    }
    if (seen_.size() >= most_)
        return std::unexpected(Refused{Fault::expired,
                                       "too many requests within the time in which one could be "
                                       "replayed: send it later, signed again"});
    const std::string name = request.vendor + '/' + request.key_id + '/' + request.nonce;
    if (!seen_.emplace(name, request.until_ms).second)
        return std::unexpected(Refused{Fault::replayed, "this request was seen before"});
    return {};
}

}  // namespace metalwright::signature
