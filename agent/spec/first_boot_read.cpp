#include "agent/spec/first_boot_read.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "agent/spec/public_key.hpp"
#include "cloudinit/base64.hpp"
#include "core/json_pointer.hpp"

namespace metalwright::spec {
namespace {

constexpr std::size_t most_keys = 256;
constexpr std::uint32_t most_seconds = 86'400;

}  // namespace

std::optional<std::string> read_script(const Cursor& base64) {
    const auto text = base64.text({.most = most_document_bytes, .secret = true});
    if (!text) return std::nullopt;
    auto bytes = cloudinit::decode_base64(*text);
    if (!bytes) {
        base64.error(bytes.error().message);
        return std::nullopt;
    }
    const auto data = cloudinit::read_user_data(*bytes, base64.findings().user_data());
    if (!data) {
        base64.error(data.error().message);
        return std::nullopt;
    }
    for (const std::string& put_right : data->notes) base64.note(put_right);
    if (!data->for_cloud_init.empty())
        base64.note("it is " + data->for_cloud_init + ": the host's cloud-init is to run it");
    return std::move(*bytes);
}

namespace {

constexpr std::array<std::string_view, 2> interrupted_words{"report", "rerun"};
constexpr std::array<std::string_view, 2> failure_words{"skip", "run"};

/// Names and values of a script's environment. `secret`: the values are never quoted.
std::map<std::string, std::string> read_variables(Fields& data, std::string_view name,
                                                  bool secret) {
    std::map<std::string, std::string> variables;
    const auto at = data.find(name);
    if (!at) return variables;
    if (!at->json().is_object()) {
        at->fields();  // which complains
        return variables;
    }
    constexpr std::size_t most = 64;
    if (at->json().size() > most) {
        at->error("holds more than " + std::to_string(most) + " variables");
        return variables;
    }
    for (const auto& [key, value] : at->json().items()) {
        const Cursor one(value, pointer_to(at->pointer(), key), at->findings());
        if (key.size() > 64 || !forms::variable.holds(key)) {
            one.error(
                "is no name of a variable: letters, digits and _, at most 64, no digit first");
            continue;
        }
        auto text = one.text({.least = 0, .most = 4096, .secret = secret});
        if (text && text->find('\0') != std::string::npos)
            one.error("holds a NUL character, which no variable may");
        else if (text)
            variables.emplace(key, std::move(*text));
    }
    return variables;
}

}  // namespace

std::optional<UserData> read_user_data(Fields& fields) {
    UserData data;
    std::optional<std::string> bytes;
    if (const auto at = fields.need("base64")) bytes = read_script(*at);
    if (const auto seconds = fields.number32("timeoutSeconds", 1, most_seconds))
        data.timeout = std::chrono::seconds(*seconds);
    data.rerun_interrupted = fields.word("onInterrupted", interrupted_words) == "rerun";
    data.retries = fields.number32("retries", 0, 100).value_or(0);
    if (const auto seconds = fields.number32("backoffSeconds", 0, 3600))
        data.backoff = std::chrono::seconds(*seconds);
    data.run_after_failure = fields.word("afterFailure", failure_words) == "run";
    data.stream = fields.flag("stream").value_or(false);
    data.metadata = read_variables(fields, "metadata", /*secret=*/false);
    data.secrets = read_variables(fields, "secrets", /*secret=*/true);
    fields.refuse_unknown();
    if (!bytes) return std::nullopt;
    data.bytes = std::move(*bytes);
    return data;
}

std::optional<std::string> read_public_key(const Cursor& at) {
    auto line = at.text({.most = 16'384});
    if (!line) return std::nullopt;
    std::string problem;
    if (!forms::printable.holds(*line))
        problem = "holds a line break or another control character: one key, one line";
    else
        problem = not_a_public_key(*line);
    if (problem.empty()) return line;
    at.error(std::move(problem));
    return std::nullopt;
}

std::vector<std::string> read_public_keys(const Cursor& at) {
    std::vector<std::string> keys;
    const auto items = at.items(most_keys);
    if (!items) return keys;
    std::set<std::string> seen;
    for (const Cursor& item : *items) {
        auto line = read_public_key(item);
        if (!line) continue;
        if (seen.insert(std::string(public_key_of(*line))).second)
            keys.push_back(std::move(*line));
        else
            item.error("the same key stands before");
    }
    return keys;
}

}  // namespace metalwright::spec
