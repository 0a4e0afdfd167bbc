#include "cloudinit/etc_files.hpp"

#include <algorithm>
#include <array>

#include "cloudinit/password.hpp"

namespace metalwright::cloudinit {
namespace {

constexpr std::string_view blanks = " \t";

/// Lines without their '\n'. A last line without one is a line too.
std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (;;) {
        const std::size_t first = line.find_first_not_of(blanks);
        if (first == std::string_view::npos) return words;
        line.remove_prefix(first);
        words.push_back(line.substr(0, line.find_first_of(blanks)));
        line.remove_prefix(words.back().size());
    }
}

std::string_view trimmed(std::string_view line) {
    constexpr std::string_view ends = " \t\r";
    const std::size_t first = line.find_first_not_of(ends);
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(ends) - first + 1);
}

std::string_view without_comment(std::string_view line) {
    return line.substr(0, line.find('#'));
}

bool alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool segment(std::string_view text) {
    return !text.empty() && text.front() != '-' && text.back() != '-' &&
           std::ranges::all_of(text, [](char c) { return alphanumeric(c) || c == '-'; });
}

/// Where root's second field stands in /etc/shadow: [first, end).
struct Field {
    std::size_t first;
    std::size_t end;
};

Result<Field> root_hash_field(std::string_view shadow) {
    constexpr std::string_view start = "root:";
    for (std::size_t at = 0; at < shadow.size();) {
        const std::size_t line_end = std::min(shadow.find('\n', at), shadow.size());
        if (shadow.substr(at, line_end - at).starts_with(start)) {
            const std::size_t first = at + start.size();
            const std::size_t end = std::min(shadow.find(':', first), line_end);
            return Field{first, end};
        }
        at = line_end + 1;
    }
    return fail(Errc::not_found, "root has no line in /etc/shadow, restore it (pwconv)",
                "/etc/shadow");
}

bool key_type(std::string_view word) {
    constexpr std::array<std::string_view, 4> families{"ssh-", "ecdsa-sha2-", "sk-ssh-",
                                                       "sk-ecdsa-sha2-"};
    return std::ranges::any_of(families, [&](auto family) { return word.starts_with(family); });
}

}  // namespace

Result<void> check_hostname(std::string_view name) {
    constexpr std::size_t kernel_limit = 64;
    bool good = !name.empty() && name.size() <= kernel_limit;
    for (std::string_view rest = name; good;) {
        const std::size_t dot = rest.find('.');
        good = segment(rest.substr(0, dot));
        if (dot == std::string_view::npos) break;
        rest.remove_prefix(dot + 1);
    }
    if (!good)
        return fail(Errc::invalid_spec,
                    "a host name has 1 to 64 characters: segments of letters, digits and '-', "
                    "joined by '.', none of which starts or ends with '-'");
    return {};
}

Result<std::string> root_password(std::string_view shadow) {
    const Result<Field> field = root_hash_field(shadow);
    if (!field) return std::unexpected(field.error());
    return std::string(shadow.substr(field->first, field->end - field->first));
}

Result<std::string> with_root_password(std::string_view shadow, std::string_view hash, long day) {
    if (Result<void> clean = check_password_hash(hash); !clean)
        return std::unexpected(clean.error());
    const Result<Field> field = root_hash_field(shadow);
    if (!field) return std::unexpected(field.error());

    const std::size_t line_end = std::min(shadow.find('\n', field->first), shadow.size());
    const std::string_view rest = shadow.substr(field->end, line_end - field->end);  // ":day:0:..."
    const std::size_t after_day = rest.empty() ? 0 : std::min(rest.find(':', 1), rest.size());

    std::string edited(shadow.substr(0, field->first));
    edited += hash;
    edited += ':';
    if (day >= 1) edited += std::to_string(day);
    edited += rest.substr(after_day);
    edited += shadow.substr(line_end);
    return edited;
}

std::string with_own_name(std::string_view hosts, std::string_view name) {
    constexpr std::string_view own_address = "127.0.1.1";
    std::string own(own_address);
    own += '\t' + std::string(name);
    if (const std::size_t dot = name.find('.'); dot != std::string_view::npos)
        own += ' ' + std::string(name.substr(0, dot));

    bool written = false;
    bool resolves = false;
    std::string edited;
    for (const std::string_view line : lines_of(hosts)) {
        const std::vector<std::string_view> words = words_of(without_comment(line));
        const bool ours = !words.empty() && words.front() == own_address;
        if (!ours) {
            resolves |= words.size() > 1 &&
                        std::ranges::find(words.begin() + 1, words.end(), name) != words.end();
            edited += line;
            edited += '\n';
            continue;
        }
        if (written) continue;  // a second 127.0.1.1 line would bring the old name back
        written = true;
        const std::size_t comment = line.find('#');
        const bool already = words_of(own) == words;
        edited += already ? std::string(line) : own;
        if (!already && comment != std::string_view::npos)
            edited += ' ' + std::string(line.substr(comment));
        edited += '\n';
    }
    if (!written && !resolves) edited += own + '\n';
    return edited;
}

Result<void> check_authorized_key(std::string_view line) {
    const bool clean = std::ranges::none_of(line, [](char c) {
        return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f;
    });
    const std::vector<std::string_view> words = words_of(line);
    bool key = false;
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
        key |= key_type(words[i]) && words[i + 1].starts_with("AAAA");
    if (!clean || !key || words.front().starts_with('#'))
        return fail(Errc::invalid_spec,
                    "not a line of authorized_keys: expected a key type and Base64 on one line, as "
                    "in 'ssh-ed25519 AAAA... name'");
    return {};
}

std::vector<std::string> missing_keys(std::string_view authorized_keys,
                                      std::span<const std::string> wanted) {
    std::vector<std::string_view> there;
    for (const std::string_view line : lines_of(authorized_keys)) there.push_back(trimmed(line));
    std::vector<std::string> missing;
    for (const std::string& line : wanted) {
        const std::string_view key = trimmed(line);
        if (std::ranges::find(there, key) != there.end()) continue;
        missing.emplace_back(key);
        there.push_back(key);
    }
    return missing;
}

namespace {

constexpr std::string_view block_begins = "# metalwright: these keys are the order's";
constexpr std::string_view block_ends = "# metalwright: end";

struct KeyLines {
    std::vector<std::string_view> ours{};    // between our two comments
    std::vector<std::string_view> theirs{};  // all others
};

/// A block without its end is nobody's: what follows may be somebody else's.
KeyLines key_lines(std::string_view authorized_keys) {
    KeyLines lines;
    std::vector<std::string_view> block;
    bool inside = false;
    for (const std::string_view line : lines_of(authorized_keys)) {
        if (!inside) {
            inside = trimmed(line) == block_begins;
            (inside ? block : lines.theirs).push_back(line);
            continue;
        }
        block.push_back(line);
        if (trimmed(line) != block_ends) continue;
        lines.ours.insert(lines.ours.end(), block.begin() + 1, block.end() - 1);
        block.clear();
        inside = false;
    }
    lines.theirs.insert(lines.theirs.end(), block.begin(), block.end());
    return lines;
}

}  // namespace

std::vector<std::string> our_keys(std::string_view authorized_keys) {
    std::vector<std::string> keys;
    const KeyLines lines = key_lines(authorized_keys);
    for (const std::string_view line : lines.ours)
        if (!trimmed(line).empty()) keys.emplace_back(trimmed(line));
    return keys;
}

std::string without_our_keys(std::string_view authorized_keys) {
    std::string edited;
    const KeyLines lines = key_lines(authorized_keys);
    for (const std::string_view line : lines.theirs) (edited += line) += '\n';
    return edited;
}

std::string with_keys(std::string_view authorized_keys, std::span<const std::string> lines) {
    std::string edited = without_our_keys(authorized_keys);
    if (lines.empty()) return edited;
    (edited += block_begins) += '\n';
    for (const std::string& line : lines) edited += line + '\n';
    return (edited += block_ends) += '\n';
}

Result<std::string> without_root_password(std::string_view shadow) {
    const Result<Field> field = root_hash_field(shadow);
    if (!field) return std::unexpected(field.error());
    return std::string(shadow.substr(0, field->first)) + '*' +
           std::string(shadow.substr(field->end));
}

}  // namespace metalwright::cloudinit
