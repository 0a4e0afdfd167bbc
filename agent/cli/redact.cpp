#include "agent/cli/redact.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "cloudinit/base64.hpp"

namespace metalwright::agent::cli {
namespace {

constexpr std::size_t shortest_secret = 6;
constexpr std::size_t longest_base64 = 80;  // digests are shorter, and are no secrets

bool is_any_of(char c, std::string_view chars) {
    return chars.find(c) != std::string_view::npos;
}
bool is_alnum(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0;
}
bool is_space(char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0;
}

void replace_all(std::string& text, std::string_view what) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos;
         at += redacted_word.size())
        text.replace(at, what.size(), redacted_word);
}

/// How a secret looks inside a longer text that is in Base64: the characters that depend on it
/// alone, for each place that it may have in a group of three bytes.
std::vector<std::string> in_base64(const std::string& secret) {
    std::vector<std::string> forms;
    for (std::size_t before = 0; before < 3; ++before) {
        const std::string whole = cloudinit::encode_base64(std::string(before, '\0') + secret);
        const std::size_t from = (before * 8 + 5) / 6;
        const std::size_t to = (before + secret.size()) * 8 / 6;
        if (to > from + shortest_secret) forms.push_back(whole.substr(from, to - from));
    }
    return forms;
}

/// From `at` on, as far as `belongs` holds.
std::size_t end_of(std::string_view text, std::size_t at, const auto& belongs) {
    while (at < text.size() && belongs(text[at])) ++at;
    return at;
}

/// "$y$j9T$salt$hash": what is behind the name of the method.
void hashes(std::string& text) {
    static constexpr std::array<std::string_view, 9> methods{"$y$",  "$gy$", "$7$",  "$6$", "$5$",
                                                             "$2a$", "$2b$", "$2y$", "$1$"};
    for (std::size_t at = 0; (at = text.find('$', at)) != std::string::npos; ++at) {
        const std::string_view rest = std::string_view(text).substr(at);
        const auto method = std::ranges::find_if(
            methods, [&](std::string_view one) { return rest.starts_with(one); });
        if (method == methods.end()) continue;
        const std::size_t from = at + method->size();
        const std::size_t to =
            end_of(text, from, [](char c) { return is_alnum(c) || is_any_of(c, "./$=,-+"); });
        if (to < from + 8) continue;
        text.replace(from, to - from, redacted_word);
    }
}

void private_keys(std::string& text) {
    constexpr std::string_view begin = "-----BEGIN ", kind = "PRIVATE KEY-----", end = "-----END ";
    for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos; ++at) {
        const std::size_t named = text.find(kind, at);
        if (named == std::string::npos || named - at > 40) continue;
        const std::size_t last = text.find(end, named);
        const std::size_t to = last == std::string::npos ? text.size() : last;
        const std::size_t from = named + kind.size();
        text.replace(from, to - from, redacted_word);
        at = from;
    }
}

/// "https://user:password@proxy:3128"
void users_in_urls(std::string& text) {
    constexpr std::string_view scheme = "://";
    for (std::size_t at = 0; (at = text.find(scheme, at)) != std::string::npos;) {
        at += scheme.size();
        const std::size_t to =
            end_of(text, at, [](char c) { return !is_space(c) && !is_any_of(c, "/\"'<>@"); });
        if (to < text.size() && text[to] == '@') text.replace(at, to - at, redacted_word);
    }
}

void bearers(std::string& text) {
    constexpr std::string_view word = "Bearer ";
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos;) {
        at += word.size();
        const std::size_t to =
            end_of(text, at, [](char c) { return !is_space(c) && !is_any_of(c, "\"'"); });
        text.replace(at, to - at, redacted_word);
    }
}

void long_base64(std::string& text) {
    const auto belongs = [](char c) { return is_alnum(c) || is_any_of(c, "+/="); };
    for (std::size_t at = 0; at < text.size();) {
        if (!belongs(text[at])) {
            ++at;
            continue;
        }
        const std::size_t to = end_of(text, at, belongs);
        const std::string_view run = std::string_view(text).substr(at, to - at);
        const bool is_hex = run.find_first_not_of("0123456789abcdefABCDEF") == run.npos;
        if (run.size() >= longest_base64 && !is_hex) {
            text.replace(at, to - at, redacted_word);
            at += redacted_word.size();
        } else {
            at = to;
        }
    }
}

std::string lower(std::string_view text) {
    std::string small(text);
    std::ranges::transform(small, small.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return small;
}

/// Whether what is called so is a secret itself, and not where one is or when it came.
bool names_a_secret(std::string_view name) {
    const std::string small = lower(name);
    for (const std::string_view end : {"_file", "_files", "file", "algorithm", "id", "seconds"})
        if (small.ends_with(end)) return false;
    return std::ranges::any_of(
        std::array<std::string_view, 5>{"password", "passwd", "secret", "token", "privatekey"},
        [&](std::string_view word) { return small.find(word) != small.npos; });
}

/// `token = "..."`, a line each.
void settings(std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t feed = std::min(text.find('\n', at), text.size());
        const std::string_view line = std::string_view(text).substr(at, feed - at);
        const std::size_t equals = line.find('=');
        const std::string_view before = line.substr(0, std::min(equals, line.size()));
        const std::size_t last = before.find_last_not_of(" \t\"'");
        const std::size_t first =
            last == before.npos ? before.npos : before.find_last_of(" \t\"'.{,#", last);
        const std::string_view name =
            last == before.npos ? std::string_view()
                                : before.substr(first == before.npos ? 0 : first + 1,
                                                last - (first == before.npos ? 0 : first + 1) + 1);
        if (equals != line.npos && names_a_secret(name)) {
            out += line.substr(0, equals + 1);
            out += " \"" + std::string(redacted_word) + '"';
        } else {
            out += line;
        }
        if (feed < text.size()) out += '\n';
        at = feed + 1;
    }
    text = std::move(out);
}

bool holds_secrets(const std::string& member) {
    static constexpr std::array<std::string_view, 7> of_the_tenant{
        "base64", "hash", "output", "text", "userData", "sealed", "encrypted"};
    return names_a_secret(member) ||
           std::ranges::find(of_the_tenant, member) != of_the_tenant.end();
}

}  // namespace

std::string redacted(std::string_view text, const std::vector<std::string>& secrets) {
    std::string out(text);
    private_keys(out);
    for (const std::string& secret : secrets) {
        if (secret.size() < shortest_secret) continue;
        replace_all(out, secret);
        for (const std::string& form : in_base64(secret)) replace_all(out, form);
    }
    hashes(out);
    users_in_urls(out);
    bearers(out);
    settings(out);
    long_base64(out);
    return out;
}

Json redacted_json(const Json& json, const std::vector<std::string>& secrets) {
    if (json.is_string()) return redacted(json.get_ref<const std::string&>(), secrets);
    if (json.is_array()) {
        Json out = Json::array();
        for (const Json& one : json) out.push_back(redacted_json(one, secrets));
        return out;
    }
    if (!json.is_object()) return json;
    Json out = Json::object();
    for (const auto& [name, value] : json.items()) {
        // How user data stands is told as an object of that name.
        const bool is_secret = holds_secrets(name) && !value.is_null() && !value.is_boolean() &&
                               !(value.is_object() && name == "userData");
        out[name] = is_secret ? Json(redacted_word) : redacted_json(value, secrets);
    }
    return out;
}

}  // namespace metalwright::agent::cli
