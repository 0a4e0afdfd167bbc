#include "raid/mdadm_conf.hpp"

#include <vector>

#include "raid/identity.hpp"

namespace metalwright::raid {
namespace {

constexpr std::string_view begin_mark = "# metalwright: begin. Lines up to the end mark are ours.";
constexpr std::string_view end_mark = "# metalwright: end.";

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.push_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return lines;
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (std::size_t at = line.find_first_not_of(" \t"); at != std::string_view::npos;) {
        const std::size_t end = line.find_first_of(" \t", at);
        words.push_back(line.substr(at, end == std::string_view::npos ? end : end - at));
        at = end == std::string_view::npos ? end : line.find_first_not_of(" \t", end);
    }
    return words;
}

/// An ARRAY line taken apart; keywords count from three letters on and in either case.
struct ArrayLine {
    std::string device;
    std::string uuid;
};

bool equals_folded(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if ((a[i] | 0x20) != (b[i] | 0x20)) return false;
    return true;
}

ArrayLine array_line(std::string_view line) {
    const std::vector<std::string_view> words = words_of(line);
    if (words.empty() || !equals_folded(words[0], "array")) return {};
    ArrayLine parsed;
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (words[i].size() > 5 && equals_folded(words[i].substr(0, 5), "uuid="))
            parsed.uuid = words[i].substr(5);
        else if (i == 1 && words[i].find('=') == std::string_view::npos)
            parsed.device = words[i];
    }
    return parsed;
}

}  // namespace

bool lists_array(std::string_view conf, std::string_view name, std::string_view uuid) {
    const std::string device = "/dev/md/" + std::string(name);
    for (const std::string_view line : lines_of(conf)) {
        const ArrayLine parsed = array_line(line);
        if (same_uuid(parsed.uuid, uuid) && (parsed.device.empty() || parsed.device == device))
            return true;
    }
    return false;
}

std::string with_array(std::string_view conf, std::string_view name, std::string_view uuid,
                       std::string_view metadata) {
    const std::string device = "/dev/md/" + std::string(name);
    const std::string ours = "ARRAY " + device + " metadata=" + std::string(metadata) +
                             " UUID=" + std::string(uuid) + '\n';
    std::string text;
    bool inside = false, written = false;
    for (const std::string_view line : lines_of(conf)) {
        if (line == begin_mark) {
            inside = true;
        } else if (line == end_mark) {
            if (inside && !written) text += ours;
            written = written || inside;
            inside = false;
        } else if (inside) {
            const ArrayLine parsed = array_line(line);
            if (parsed.device == device || same_uuid(parsed.uuid, uuid)) continue;
        }
        text += line;
        text += '\n';
    }
    if (inside && !written) {  // somebody took the end mark away
        text += ours + std::string(end_mark) + '\n';
        written = true;
    }
    if (!written) text += std::string(begin_mark) + '\n' + ours + std::string(end_mark) + '\n';
    return text;
}

std::string without_our_arrays(std::string_view conf) {
    std::string text;
    bool inside = false;
    for (const std::string_view line : lines_of(conf)) {
        inside = inside || line == begin_mark;
        if (!inside) {
            text += line;
            text += '\n';
        }
        if (line == end_mark) inside = false;
    }
    return text;
}

std::string without_array(std::string_view conf, std::string_view uuid) {
    std::string text;
    bool inside = false;
    for (const std::string_view line : lines_of(conf)) {
        if (line == begin_mark || line == end_mark) inside = line == begin_mark;
        if (inside && same_uuid(array_line(line).uuid, uuid)) continue;
        text += line;
        text += '\n';
    }
    return text;
}

}  // namespace metalwright::raid
