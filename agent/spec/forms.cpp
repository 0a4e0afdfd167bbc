#include "agent/spec/forms.hpp"

#include <algorithm>
#include <array>

namespace metalwright::spec::forms {
namespace {

bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool alphanumeric(char c) {
    return letter(c) || digit(c);
}
bool visible(char c) {
    return c > ' ' && c < '\x7F';
}

template <class Allowed>
bool all(std::string_view text, Allowed allowed) {
    return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

bool dots(std::string_view text) {
    return text == "." || text == "..";
}

bool plain(std::string_view text) {
    return all(text, [](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_printable(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; });
}

bool is_id(std::string_view text) {
    return all(text,
               [](char c) {
                   return alphanumeric(c) || c == '.' || c == '_' || c == ':' || c == '-';
               }) &&
           alphanumeric(text.front());
}

bool is_variable(std::string_view text) {
    return all(text, [](char c) { return alphanumeric(c) || c == '_'; }) && !digit(text.front());
}

bool is_mount_point(std::string_view text) {
    if (text.size() < 2 || text.front() != '/') return false;
    while (!text.empty()) {
        text.remove_prefix(1);
        const std::string_view part = text.substr(0, text.find('/'));
        if (!plain(part) || dots(part)) return false;
        text.remove_prefix(part.size());
    }
    return true;
}

bool is_mac(std::string_view text) {
    if (text.size() != 17) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool hexadecimal = digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (i % 3 == 2 ? c != ':' : !hexadecimal) return false;
    }
    return true;
}

bool is_host_name(std::string_view text) {
    while (true) {
        const std::size_t dot = text.find('.');
        const std::string_view part = text.substr(0, dot);
        if (part.size() > 63 || !all(part, [](char c) { return alphanumeric(c) || c == '-'; }) ||
            part.front() == '-' || part.back() == '-')
            return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

/// How many bytes a CJK unified ideograph (U+4E00..U+9FFF) has at the front of `text`: 3 or 0.
std::size_t chinese(std::string_view text) {
    if (text.size() < 3) return 0;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned point =
        ((byte(0) & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU);
    return (byte(0) & 0xF0U) == 0xE0U && point >= 0x4E00 && point <= 0x9FFF ? 3 : 0;
}

bool is_jd_name(std::string_view text) {
    if (text.empty() || (!letter(text.front()) && chinese(text) == 0)) return false;
    while (!text.empty()) {
        const char c = text.front();
        const std::size_t ideograph = chinese(text);
        if (ideograph == 0 && !alphanumeric(c) && c != '.' && c != '_' && c != ':' && c != '-')
            return false;
        text.remove_prefix(ideograph == 0 ? 1 : ideograph);
    }
    return true;
}

bool is_password_hash(std::string_view text) {
    // Without MD5 and DES, which are no protection any more.
    constexpr std::array<std::string_view, 7> kinds{"$y$",  "$gy$", "$7$", "$2b$",
                                                    "$2y$", "$6$",  "$5$"};
    const auto* const kind = std::find_if(kinds.begin(), kinds.end(),
                                          [&](std::string_view k) { return text.starts_with(k); });
    return kind != kinds.end() && all(text.substr(kind->size()), [](char c) {
               return alphanumeric(c) || c == '.' || c == '/' || c == '$' || c == '=' || c == ',';
           });
}

bool is_pci_address(std::string_view text) {
    constexpr std::string_view form = "xxxx:xx:xx.x";
    return std::ranges::equal(text, form, [](char c, char is) {
        return is == 'x' ? (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') : c == is;
    });
}

bool is_kernel_release(std::string_view text) {
    const auto digits = [&] {
        std::size_t count = 0;
        while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
        text.remove_prefix(count);
        return count > 0;
    };
    if (!digits() || !text.starts_with('.')) return false;
    text.remove_prefix(1);
    return digits() && (text.empty() || all(text, [](char c) {
                            return alphanumeric(c) || c == '.' || c == '+' || c == '~' ||
                                   c == '_' || c == '-';
                        }));
}

}  // namespace

const Form printable{"text without control characters", is_printable};
const Form id{"an id: letters, digits, '.', '_', ':' and '-', starting with a letter or digit",
              is_id};
const Form variable{"a name of letters, digits and _, no digit first", &is_variable};
const Form token{"a token: visible ASCII characters without blanks",
                 [](std::string_view text) { return all(text, visible); }};
const Form disk_id{
    "a serial number or WWN (visible ASCII without '/'); device names are no identity",
    [](std::string_view text) { return all(text, [](char c) { return visible(c) && c != '/'; }); }};
const Form signature{"a signature type as blkid names it, such as ext4 or LVM2_member", plain};
const Form array_name{
    R"(an array name: letters, digits, '.', '_' and '-', not starting with '-', not "." or "..")",
    [](std::string_view text) { return plain(text) && !dots(text) && text.front() != '-'; }};
const Form volume_name{
    "a volume name: letters, digits, '_' and '-'", [](std::string_view text) {
        return all(text, [](char c) { return alphanumeric(c) || c == '_' || c == '-'; });
    }};
const Form pci_address{"a PCI address, such as 0000:3b:00.0", is_pci_address};
const Form kernel_release{"a kernel release, such as 6.1.0-30-amd64", is_kernel_release};
const Form label{"a label: letters, digits, '.', '_' and '-'", plain};
const Form mount_point{
    "a mount point: an absolute path of letters, digits, '.', '_' and '-', without \"..\" or a "
    "slash at its end",
    is_mount_point};
const Form mac{"a MAC address, such as 52:54:00:4d:57:01", is_mac};
const Form nic_name{
    "the name of a NIC", [](std::string_view text) {
        return all(text, [](char c) { return visible(c) && c != '/' && c != ':'; }) && !dots(text);
    }};
const Form host_name{
    "a host name: letters, digits and '-' in segments of at most 63 joined by single dots, none "
    "starting or ending with '-'",
    is_host_name};
const Form jd_host_name{
    "a host name: letters, digits and single '-' in segments of at most 63 joined by single dots, "
    "none starting or ending with '-'",
    [](std::string_view text) {
        return is_host_name(text) && text.find("--") == std::string_view::npos;
    }};
const Form jd_name{
    "an instance name: a letter or Chinese character first, then letters, digits, Chinese "
    "characters, '.', '_', ':' and '-'",
    is_jd_name};
const Form password_hash{"a crypt(5) hash of kind $y$, $gy$, $7$, $2b$, $2y$, $6$ or $5$",
                         is_password_hash};

}  // namespace metalwright::spec::forms
