#include "agent/spec/public_key.hpp"

#include <algorithm>
#include <array>

#include "cloudinit/base64.hpp"

namespace metalwright::spec {
namespace {

constexpr std::array<std::string_view, 7> key_types{"ssh-ed25519",
                                                    "ssh-rsa",
                                                    "ecdsa-sha2-nistp256",
                                                    "ecdsa-sha2-nistp384",
                                                    "ecdsa-sha2-nistp521",
                                                    "sk-ssh-ed25519@openssh.com",
                                                    "sk-ecdsa-sha2-nistp256@openssh.com"};

/// A line without the options before its key, such as `from="10.0.0.0/8",no-pty`; blanks in quotes
/// are part of them. Source: sshd(8), AUTHORIZED_KEYS FILE FORMAT.
std::string_view without_options(std::string_view line) {
    const auto starts_with_type = [](std::string_view text) {
        return std::ranges::find(key_types, text.substr(0, text.find(' '))) != key_types.end();
    };
    if (starts_with_type(line)) return line;
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '"')
            ++i;
        else if (line[i] == '"')
            quoted = !quoted;
        else if (line[i] == ' ' && !quoted)
            return starts_with_type(line.substr(i + 1)) ? line.substr(i + 1) : line;
    }
    return line;
}

}  // namespace

std::string_view public_key_of(std::string_view line) {
    line = without_options(line);
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) return line;
    return line.substr(0, line.find(' ', blank + 1));
}

std::string not_a_public_key(std::string_view line) {
    line = without_options(line);
    const std::size_t blank = line.find(' ');
    const std::string_view type = line.substr(0, blank);
    if (line.starts_with("-----BEGIN"))
        return "is a PEM block, perhaps a private key: give the one line of the .pub file";
    if (std::find(key_types.begin(), key_types.end(), type) == key_types.end())
        return "does not start with a key type such as ssh-ed25519, nor with options and one: give "
               "one line of a .pub file";
    if (blank == std::string_view::npos) return "has no key after its type";
    const auto blob = cloudinit::decode_base64(public_key_of(line).substr(blank + 1));
    if (!blob) return "holds no Base64 after its type: " + blob.error().message;
    const std::string head =
        std::string(3, '\0') + static_cast<char>(type.size()) + std::string(type);
    if (!blob->starts_with(head) || blob->size() < head.size() + 32)
        return "is cut short, or its Base64 is of another type than it says";
    return {};
}

}  // namespace metalwright::spec
