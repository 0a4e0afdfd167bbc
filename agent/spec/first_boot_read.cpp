#include "agent/spec/first_boot_read.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "cloudinit/base64.hpp"
#include "cloudinit/script.hpp"

namespace metalwright::spec {
namespace {

constexpr std::size_t most_keys = 256;
constexpr std::uint32_t most_seconds = 86'400;

constexpr std::array<std::string_view, 7> key_types{"ssh-ed25519",
                                                    "ssh-rsa",
                                                    "ecdsa-sha2-nistp256",
                                                    "ecdsa-sha2-nistp384",
                                                    "ecdsa-sha2-nistp521",
                                                    "sk-ssh-ed25519@openssh.com",
                                                    "sk-ecdsa-sha2-nistp256@openssh.com"};

/// "type base64" of a line, without its comment.
std::string_view key_of(std::string_view line) {
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) return line;
    return line.substr(0, line.find(' ', blank + 1));
}

/// Why `line` is no public key; empty when it is one. RFC 4253 section 6.6: the blob starts with
/// the length and the name of its type.
std::string not_a_key(std::string_view line) {
    const std::size_t blank = line.find(' ');
    const std::string_view type = line.substr(0, blank);
    if (line.starts_with("-----BEGIN"))
        return "is a PEM block, perhaps a private key: give the one line of the .pub file";
    if (std::find(key_types.begin(), key_types.end(), type) == key_types.end())
        return "does not start with a key type such as ssh-ed25519: give one line of a .pub file";
    if (blank == std::string_view::npos) return "has no key after its type";
    const auto blob = cloudinit::decode_base64(key_of(line).substr(blank + 1));
    if (!blob) return "holds no Base64 after its type: " + blob.error().message;
    const std::string head =
        std::string(3, '\0') + static_cast<char>(type.size()) + std::string(type);
    if (!blob->starts_with(head) || blob->size() < head.size() + 32)
        return "is cut short, or its Base64 is of another type than it says";
    return {};
}

}  // namespace

std::optional<std::string> read_script(const Cursor& base64) {
    const auto text = base64.text({.most = most_document_bytes, .secret = true});
    if (!text) return std::nullopt;
    const auto bytes = cloudinit::decode_base64(*text);
    if (!bytes) {
        base64.error(bytes.error().message);
        return std::nullopt;
    }
    auto checked = cloudinit::check_user_data(*bytes);
    if (checked) return std::move(*checked);
    base64.error(checked.error().message);
    return std::nullopt;
}

std::optional<UserData> read_user_data(Fields& fields) {
    UserData data;
    std::optional<std::string> bytes;
    if (const auto at = fields.need("base64")) bytes = read_script(*at);
    if (const auto seconds = fields.number32("timeoutSeconds", 1, most_seconds))
        data.timeout = std::chrono::seconds(*seconds);
    data.rerun_interrupted = fields.flag("rerunInterrupted").value_or(false);
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
        problem = not_a_key(*line);
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
        if (seen.insert(std::string(key_of(*line))).second)
            keys.push_back(std::move(*line));
        else
            item.error("the same key stands before");
    }
    return keys;
}

}  // namespace metalwright::spec
