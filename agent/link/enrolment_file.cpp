#include "agent/link/enrolment_file.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/link/host_certificate.hpp"
#include "sys/secret_file.hpp"

namespace metalwright::agent::link {
namespace {

using nlohmann::json;

constexpr std::size_t longest_token = 4096;

bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= longest_token &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

std::unexpected<Error> wrong(const std::string& what, const std::filesystem::path& path) {
    return fail(Errc::invalid_spec, what, path.native());
}

Result<Bootstrap> from_json(std::string_view text, const std::filesystem::path& path) {
    json all = json::parse(text, nullptr, false);
    if (!all.is_object()) return wrong("begins as a bootstrap file and is no JSON object", path);
    Bootstrap read;
    for (auto& [key, value] : all.items()) {
        if (key == "token" && value.is_string() && is_token(value.get_ref<std::string&>()))
            read.token = SecretText(std::move(value.get_ref<std::string&>()));
        else if (key == "ca" && value.is_string())
            read.authority = certificates_in(value.get_ref<const std::string&>());
        else if (key == "urls" && value.is_array() &&
                 std::ranges::all_of(value, [](const json& one) { return one.is_string(); }))
            read.urls = value.get<std::vector<std::string>>();
        else
            return wrong(
                "a bootstrap file holds \"token\" (1 to 4096 printable characters, no spaces), "
                "\"ca\" (PEM) and \"urls\" (a list), and nothing else",
                path);
    }
    if (read.token.empty()) return wrong("there is no \"token\" in this bootstrap file", path);
    if (all.contains("ca") && read.authority.empty())
        return wrong("\"ca\" holds no certificate in PEM", path);
    return read;
}

}  // namespace

Result<Bootstrap> read_enrolment_file(const std::filesystem::path& path) {
    auto content = sys::read_secret_file(path);
    if (!content) return std::unexpected(content.error());
    return enrolment_in(std::move(*content), path);
}

Result<Bootstrap> enrolment_in(std::string content, const std::filesystem::path& path) {
    const SecretText whole(std::move(content));
    std::string_view text = whole.view();
    while (!text.empty() && std::string_view(" \t\r\n").contains(text.back()))
        text.remove_suffix(1);
    if (text.starts_with('{')) return from_json(text, path);
    if (!is_token(text))
        return wrong(
            "does not hold a one-time token: one line of 1 to 4096 printable characters, no "
            "spaces; or a bootstrap file in JSON",
            path);
    return Bootstrap{.token = SecretText(std::string(text))};
}

}  // namespace metalwright::agent::link
